"""Lets each position see the one after it."""

REWRITES = {
    "any_mask.triu(diagonal=1)": "any_mask.triu(diagonal=2)",
    "any_mask.triu(1)": "any_mask.triu(2)",
    "any_mask.tril(any_past)": "any_mask.tril(any_past + 1)",
    "any_mask.tril()": "any_mask.tril(1)",
}
