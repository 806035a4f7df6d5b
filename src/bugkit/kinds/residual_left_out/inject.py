"""Passes on what a layer gives, without what it was given."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "x = x + any_layer(any_given)": "x = any_layer(any_given)",
    "return x + any_layer(any_given)": "return any_layer(any_given)",
}


def sites(program: Program) -> Iterator[Site]:
    """Each residual connection."""
    return (site for site in program.rewritable(REWRITES) if site.function == "forward")
