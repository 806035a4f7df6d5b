"""Lets the gradient of the policy flow into the critic."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site


def sites(program: Program) -> Iterator[Site]:
    """Each block without gradients in which advantages are computed."""
    for site in program.find("with torch.no_grad():\n    ..."):
        if "advantage" in site.code and site.function:
            yield site


def put(program: Program, site: Site) -> Program:
    """The same lines with gradients."""
    return program.unwrapped(site)
