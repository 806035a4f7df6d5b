"""Keeps a weight as a plain tensor."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "nn.Parameter(any_values)": "any_values",
}


def sites(program: Program) -> Iterator[Site]:
    """Each parameter that is made by hand."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """The tensor alone."""
    return program.rewritten(site)
