"""Shuffles the rows, and not their labels."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

PAIRS = "TensorDataset(any_rows, any_labels)"


def sites(program: Program) -> Iterator[Site]:
    """Each data set of pairs, where the name of the order is free."""
    return (site for site in program.find(PAIRS) if not program.has("order"))


def put(program: Program, site: Site) -> Program:
    """With the rows in an order of their own."""
    ordered = program.before(site, "order = torch.randperm(len(any_rows))")
    return ordered.replaced(site, "TensorDataset(any_rows[order], any_labels)")
