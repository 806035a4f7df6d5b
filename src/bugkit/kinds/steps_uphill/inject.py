"""Makes the optimizer climb."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

OPTIMIZER = "torch.optim.any_kind(any_weights, *...)"
BY_HAND = {  # steps without an optimizer
    "any_weight -= any_rate * any_grad": "any_weight += any_rate * any_grad",
    "any_weight = any_weight - any_rate * any_grad": "any_weight = any_weight + any_rate * any_grad",
}


def sites(program: Program) -> Iterator[Site]:
    """Each optimizer, and each step by hand."""
    yield from program.find(OPTIMIZER)
    yield from program.rewritable(BY_HAND)


def put(program: Program, site: Site) -> Program:
    """Uphill."""
    return program.with_argument(site, "maximize", "True")
