"""Asks for the symbol after the next one."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "return any_text[any_where], any_text[any_where + 1]": "return any_text[any_where], any_text[any_where + 2]",
    "any_tokens[i + 1 : i + 1 + any_size]": "any_tokens[i + 2 : i + 2 + any_size]",
    "F.cross_entropy(any_logits.flatten(0, 1), any_wanted.flatten())": (
        "F.cross_entropy(any_logits[:, :-1].flatten(0, 1), any_wanted[:, 1:].flatten())"
    ),
}


def sites(program: Program) -> Iterator[Site]:
    """Each place that cuts targets from a text, or compares them."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """One further."""
    return program.rewritten(site)
