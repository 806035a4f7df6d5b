"""Does not switch back to training mode after an evaluation."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site


def sites(program: Program) -> Iterator[Site]:
    """Each switch to training mode."""
    return program.find("any_model.train()")


def put(program: Program, site: Site) -> Program:
    """Without it. Where the training never switches to evaluation mode, nothing changes."""
    return program.without(site)
