"""Multiplies logits by the temperature."""

REWRITES = {
    "any_logits / temperature": "any_logits * temperature",
}
