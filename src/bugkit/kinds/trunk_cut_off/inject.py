"""Detaches what the last layer is given."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

LAST = "return self.any_head(any_features)"


def sites(program: Program) -> Iterator[Site]:
    """Each last layer of a network that is given more than an argument of `forward`."""
    for site in program.find(LAST):
        if site.function == "forward" and not site.names["features"].isidentifier():
            yield site


def put(program: Program, site: Site) -> Program:
    """Cut off from what comes before it."""
    return program.replaced(site, "return self.any_head(any_features.detach())")
