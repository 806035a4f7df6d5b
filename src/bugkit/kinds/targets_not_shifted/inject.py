"""Asks for the symbol that is given."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "return any_rows[:, :-1], any_rows[:, 1:]": "return any_rows[:, :-1], any_rows[:, :-1]",
    "return any_text[any_where], any_text[any_where + 1]": "return any_text[any_where], any_text[any_where]",
    "any_tokens[i + 1 : i + 1 + any_size]": "any_tokens[i : i + any_size]",
}


def sites(program: Program) -> Iterator[Site]:
    """Each place that cuts inputs and targets from a text."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """Targets equal to inputs."""
    return program.rewritten(site)
