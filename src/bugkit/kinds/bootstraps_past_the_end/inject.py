"""Lets the value of the next state count where the episode has ended."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

WITHOUT = "any_rewards + any_gamma * any_next"
REWRITES = {
    f"{WITHOUT} * ~terminated": WITHOUT,
    f"{WITHOUT} * (1 - terminated)": WITHOUT,
    f"{WITHOUT} * (1 - terminated.float())": WITHOUT,
    f"{WITHOUT} * (1.0 - terminated)": WITHOUT,
}


def sites(program: Program) -> Iterator[Site]:
    """Each mask in a function that is given the values of the next states."""
    return (site for site in program.rewritable(REWRITES) if site.function and site.names["next"].isidentifier())
