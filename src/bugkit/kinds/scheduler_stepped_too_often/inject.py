"""Lowers the learning rate with every batch, or twice."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

STEP = "any_scheduler.step()"


def sites(program: Program) -> Iterator[Site]:
    """Each step of a scheduler."""
    return (site for site in program.find(STEP) if "sched" in site.names["scheduler"])


def put(program: Program, site: Site) -> Program:
    """Once per batch, where it was once per epoch; else twice."""
    calls = [one for one in program.find("any_losses.append(any_value)", cell=site.cell) if one.inside == site.inside]
    if not site.function and calls:
        return program.without(site).after(calls[0], "any_scheduler.step()", **site.names)
    return program.after(site, "any_scheduler.step()")
