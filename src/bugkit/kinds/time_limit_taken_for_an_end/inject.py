"""Lets the future end where only the time was up."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "any_rewards + any_gamma * any_next * ~terminated": "any_rewards + any_gamma * any_next * ~done",
}


def sites(program: Program) -> Iterator[Site]:
    """Each target that looks one step ahead."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """Without a future after any end of an episode."""
    return program.rewritten(site)
