"""Divides each feature by its length over the batch, instead of each row by its own length."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "F.normalize(any_rows, dim=-1)": "F.normalize(any_rows, dim=0)",
    "F.normalize(any_rows, dim=1)": "F.normalize(any_rows, dim=0)",
    "any_rows / any_rows.norm(dim=-1, keepdim=True)": "any_rows / any_rows.norm(dim=0, keepdim=True)",
    "any_rows / any_rows.norm(dim=1, keepdim=True)": "any_rows / any_rows.norm(dim=0, keepdim=True)",
}


def sites(program: Program) -> Iterator[Site]:
    """Each division of rows by their lengths in a function."""
    return (site for site in program.rewritable(REWRITES) if site.function)
