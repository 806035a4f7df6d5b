"""Clips gradients when they have been used."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site


def sites(program: Program) -> Iterator[Site]:
    """Each line that clips them, before a step."""
    for site in program.find("nn.utils.clip_grad_norm_(any_weights, any_limit)"):
        if program.beside(site, "any_optimizer.step()"):
            yield site


def put(program: Program, site: Site) -> Program:
    """After the step."""
    step = program.beside(site, "any_optimizer.step()")
    assert step
    return program.moved(site, step)
