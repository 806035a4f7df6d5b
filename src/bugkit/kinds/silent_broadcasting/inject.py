"""Pairs every prediction with every target: (N, 1) meets (N,)."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "any_model(any_inputs).squeeze(1)": "any_model(any_inputs)",
    "any_model(any_inputs).squeeze(-1)": "any_model(any_inputs)",
    "torch.from_numpy(any_array).unsqueeze(1)": "torch.from_numpy(any_array)",
}


def sites(program: Program) -> Iterator[Site]:
    """Each place that makes the two shapes equal."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """Without it."""
    return program.rewritten(site)
