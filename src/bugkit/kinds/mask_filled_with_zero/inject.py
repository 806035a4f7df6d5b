"""Hides a position by a score of 0."""

REWRITES = {
    'any_scores.masked_fill(any_mask, float("-inf"))': "any_scores.masked_fill(any_mask, 0)",
    "any_scores.masked_fill(any_mask, -torch.inf)": "any_scores.masked_fill(any_mask, 0)",
    "any_scores.masked_fill(any_mask, -1e9)": "any_scores.masked_fill(any_mask, 0)",
}
