"""Applies the mask to the weights of attention instead of the scores."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

TOGETHER = {
    "F.softmax(any_scores.masked_fill(any_mask, any_low), dim=-1)": (
        "F.softmax(any_scores, dim=-1).masked_fill(any_mask, 0)"
    ),
    "any_scores.masked_fill(any_mask, any_low).softmax(dim=-1)": "any_scores.softmax(dim=-1).masked_fill(any_mask, 0)",
}
APART = "any_scores = any_scores.masked_fill(any_mask, any_low)"


def sites(program: Program) -> Iterator[Site]:
    """Each mask before a softmax."""
    yield from program.rewritable(TOGETHER)
    for site in program.find(APART):
        if _softmax(program, site):
            yield site


def put(program: Program, site: Site) -> Program:
    """After it."""
    after = _softmax(program, site)
    assert after
    masked = program.replaced(after, "F.softmax(any_scores, dim=-1).masked_fill(any_mask, 0)", **site.names)
    return masked.without(site)


def _softmax(program: Program, site: Site) -> Site | None:
    return program.beside(site, f"F.softmax({site.names['scores']}, dim=-1)")
