"""Names a method without calling it."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "any_optimizer.zero_grad()": "any_optimizer.zero_grad",
    "any_optimizer.zero_grad(set_to_none=True)": "any_optimizer.zero_grad",
}


def sites(program: Program) -> Iterator[Site]:
    """Each line that clears gradients."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """The name alone, which does nothing."""
    return program.rewritten(site)
