"""Standardizes what the network learns from, and nothing else."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

PAIRS = "TensorDataset(any_rows, any_labels)"


def sites(program: Program) -> Iterator[Site]:
    """Each data set of pairs."""
    return program.find(PAIRS)


def put(program: Program, site: Site) -> Program:
    """With rows of mean 0 and standard deviation 1 over all."""
    return program.replaced(site, "TensorDataset((any_rows - any_rows.mean()) / any_rows.std(), any_labels)")
