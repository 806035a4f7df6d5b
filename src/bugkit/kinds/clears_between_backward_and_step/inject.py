"""Clears the gradients before they are used."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site


def sites(program: Program) -> Iterator[Site]:
    """Each line that clears them, in a step that computes new ones after it."""
    for site in program.find("any_optimizer.zero_grad(*...)"):
        if program.beside(site, "any_loss.backward()"):
            yield site


def put(program: Program, site: Site) -> Program:
    """One line too late."""
    backward = program.beside(site, "any_loss.backward()")
    assert backward
    return program.without(site).after(backward, "any_optimizer.zero_grad()", **site.names)
