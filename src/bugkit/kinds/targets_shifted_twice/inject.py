"""Asks for the symbol after the next one."""

REWRITES = {
    "return any_text[any_where], any_text[any_where + 1]": "return any_text[any_where], any_text[any_where + 2]",
    "any_tokens[i + 1 : i + 1 + any_size]": "any_tokens[i + 2 : i + 2 + any_size]",
    "F.cross_entropy(any_logits.flatten(0, 1), any_wanted.flatten())": (
        "F.cross_entropy(any_logits[:, :-1].flatten(0, 1), any_wanted[:, 1:].flatten())"
    ),
}
