"""Multiplies logits by the temperature."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "any_logits / temperature": "any_logits * temperature",
}


def sites(program: Program) -> Iterator[Site]:
    """Each place that divides by it."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """Times."""
    return program.rewritten(site)
