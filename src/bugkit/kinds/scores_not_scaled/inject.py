"""Leaves the scores of attention as large as they come."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "any_q @ any_k.transpose(any_a, any_b) / any_scale": "any_q @ any_k.transpose(any_a, any_b)",
    "any_q @ any_k.mT / any_scale": "any_q @ any_k.mT",
}


def sites(program: Program) -> Iterator[Site]:
    """Each product of queries and keys that is scaled."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """As it is."""
    return program.rewritten(site)
