"""Keeps a weight as a plain tensor."""

REWRITES = {
    "nn.Parameter(any_values)": "any_values",
}
