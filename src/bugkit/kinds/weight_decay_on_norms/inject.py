"""Lets weight decay shrink the scales of normalization layers, too."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site


def sites(program: Program) -> Iterator[Site]:
    """Each group of weights without decay."""
    return (s for s in program.find('{"params": any_weights, "weight_decay": 0.0}'))


def put(program: Program, site: Site) -> Program:
    """With the decay of the other group."""
    other = program.first('{"params": any_weights, "weight_decay": any_decay}', cell=site.cell)
    assert other
    return program.replaced(site, '{"params": any_weights, "weight_decay": any_decay}', decay=other.names["decay"])
