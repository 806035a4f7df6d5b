"""Leaves the network in training mode where it is used."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site


def sites(program: Program) -> Iterator[Site]:
    """Each switch to evaluation mode in a function."""
    return (site for site in program.find("any_model.eval()") if site.function)


def put(program: Program, site: Site) -> Program:
    """Without it."""
    return program.without(site)
