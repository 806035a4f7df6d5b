"""Gives every symbol that is read with a cache the first positions."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "self.any_pos(torch.arange(past, past + any_new))": "self.any_pos(torch.arange(any_new))",
}


def sites(program: Program) -> Iterator[Site]:
    """Each place that counts positions after a cache."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """From 0."""
    return program.rewritten(site)
