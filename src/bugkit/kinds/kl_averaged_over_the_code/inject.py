"""Averages the KL divergence over the dimensions of a code."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "any_terms.sum(dim=1)": "any_terms.mean(dim=1)",
    "any_terms.sum(1)": "any_terms.mean(1)",
}


def sites(program: Program) -> Iterator[Site]:
    """Each sum over a code."""
    return (site for site in program.rewritable(REWRITES) if "kl" in site.function)
