"""Lets each position see the one after it."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "any_mask.triu(diagonal=1)": "any_mask.triu(diagonal=2)",
    "any_mask.triu(1)": "any_mask.triu(2)",
    "any_mask.tril(any_past)": "any_mask.tril(any_past + 1)",
    "any_mask.tril()": "any_mask.tril(1)",
}


def sites(program: Program) -> Iterator[Site]:
    """Each triangle."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """One diagonal off."""
    return program.rewritten(site)
