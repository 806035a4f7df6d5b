"""Hides a position by a score of 0."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    'any_scores.masked_fill(any_mask, float("-inf"))': "any_scores.masked_fill(any_mask, 0)",
    "any_scores.masked_fill(any_mask, -torch.inf)": "any_scores.masked_fill(any_mask, 0)",
    "any_scores.masked_fill(any_mask, -1e9)": "any_scores.masked_fill(any_mask, 0)",
}


def sites(program: Program) -> Iterator[Site]:
    """Each mask of scores."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """With a score that softmax does not ignore."""
    return program.rewritten(site)
