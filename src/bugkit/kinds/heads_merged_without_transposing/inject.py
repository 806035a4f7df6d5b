"""Merges the heads without bringing each position back together."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "any_y.transpose(1, 2).reshape(any_n, any_t, any_c)": "any_y.reshape(any_n, any_t, any_c)",
    "any_y.transpose(1, 2).contiguous().view(any_n, any_t, any_c)": "any_y.contiguous().view(any_n, any_t, any_c)",
    "any_y.transpose(1, 2).flatten(2)": "any_y.reshape(x.shape)",
}


def sites(program: Program) -> Iterator[Site]:
    """Each place that merges heads."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """By the shape alone."""
    return program.rewritten(site)
