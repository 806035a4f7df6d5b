"""Does not tell the network where a symbol stands."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "self.any_token(any_numbers) + self.any_pos(any_where)": "self.any_token(any_numbers)",
    "self.any_token(any_numbers) + self.any_pos.weight[any_where]": "self.any_token(any_numbers)",
    "self.any_token(any_numbers) + self.any_pos": "self.any_token(any_numbers)",
}


def sites(program: Program) -> Iterator[Site]:
    """Each sum of symbols and positions."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """Symbols alone."""
    return program.rewritten(site)
