"""Takes the line out that clears the gradients."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site


def sites(program: Program) -> Iterator[Site]:
    """Each line that clears them, in a step that goes on to compute new ones."""
    for site in program.find("any_optimizer.zero_grad(*...)"):
        if program.beside(site, "any_loss.backward()"):
            yield site


def put(program: Program, site: Site) -> Program:
    """Without it."""
    return program.without(site)
