"""Leaves the scaling out where the network is used."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "any_model((any_rows - any_mean) / any_std)": "any_model(any_rows)",
    "any_model(normalize(any_rows))": "any_model(any_rows)",
    "any_model(standardize(any_rows))": "any_model(any_rows)",
}


def sites(program: Program) -> Iterator[Site]:
    """Each call of a network on rows that are scaled for it, in a function."""
    return (
        site for site in program.rewritable(REWRITES) if site.function and site.names["model"] == program.roles.model
    )
