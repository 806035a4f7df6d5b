"""Turns logits into probabilities before cross-entropy turns them into probabilities."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

LOSS = "F.cross_entropy(any_logits, any_labels)"


def sites(program: Program) -> Iterator[Site]:
    """Each cross-entropy of a function."""
    return (site for site in program.find(LOSS) if site.function and "softmax" not in site.names["logits"])


def put(program: Program, site: Site) -> Program:
    """With a softmax over the classes, which are the second axis for cross-entropy."""
    return program.replaced(site, "F.cross_entropy(F.softmax(any_logits, dim=1), any_labels)")
