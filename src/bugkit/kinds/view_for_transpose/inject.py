"""Cuts the heads out of the wrong axis."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "any_x.view(any_n, any_t, any_h, any_d).transpose(1, 2)": "any_x.view(any_n, any_h, any_t, any_d)",
    "any_x.reshape(any_n, any_t, any_h, any_d).transpose(1, 2)": "any_x.reshape(any_n, any_h, any_t, any_d)",
    "any_x.unflatten(-1, (any_h, -1)).transpose(1, 2)": "any_x.reshape(len(any_x), any_h, any_x.shape[1], -1)",
}


def sites(program: Program) -> Iterator[Site]:
    """Each place that makes heads."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """By the shape alone."""
    return program.rewritten(site)
