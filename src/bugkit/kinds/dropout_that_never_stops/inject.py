"""Drops units in use, too."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "F.dropout(any_x, any_p, training=self.training)": "F.dropout(any_x, any_p)",
    "F.dropout(any_x, any_p, self.training)": "F.dropout(any_x, any_p)",
    "F.dropout(any_x, p=any_p, training=self.training)": "F.dropout(any_x, p=any_p)",
}


def sites(program: Program) -> Iterator[Site]:
    """Each functional dropout."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """With its default, which is training mode."""
    return program.rewritten(site)
