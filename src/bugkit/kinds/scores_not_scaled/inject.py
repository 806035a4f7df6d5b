"""Leaves the scores of attention as large as they come."""

REWRITES = {
    "any_q @ any_k.transpose(any_a, any_b) / any_scale": "any_q @ any_k.transpose(any_a, any_b)",
    "any_q @ any_k.mT / any_scale": "any_q @ any_k.mT",
}
