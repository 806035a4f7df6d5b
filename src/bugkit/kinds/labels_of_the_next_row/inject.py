"""Gives each row the label of the next one."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "TensorDataset(any_rows, any_labels)": "TensorDataset(any_rows[:-1], any_labels[1:])",
    "return any_rows[any_order], any_labels[any_order]": "return any_rows[any_order][:-1], any_labels[any_order][1:]",
}


def sites(program: Program) -> Iterator[Site]:
    """Each place where rows meet their labels."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """Off by one."""
    return program.rewritten(site)
