"""Shuffles the rows, and not their labels."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

PAIRS = "TensorDataset(any_rows, any_labels)"


def sites(program: Program) -> Iterator[Site]:
    """Each data set of pairs."""
    return program.find(PAIRS)


def put(program: Program, site: Site) -> Program:
    """With the rows in an order of their own."""
    return program.replaced(site, "TensorDataset(any_rows[torch.randperm(len(any_rows))], any_labels)")
