"""Takes a softmax over the neighbor of the right axis."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "F.softmax(any_scores, dim=-1)": "F.softmax(any_scores, dim=-2)",
    "any_scores.softmax(dim=-1)": "any_scores.softmax(dim=-2)",
    "any_scores.softmax(-1)": "any_scores.softmax(-2)",
    "F.softmax(any_scores, dim=1)": "F.softmax(any_scores, dim=0)",
    "any_scores.softmax(dim=1)": "any_scores.softmax(dim=0)",
    "F.softmax(any_scores, dim=2)": "F.softmax(any_scores, dim=1)",
}


def sites(program: Program) -> Iterator[Site]:
    """Each softmax in a class or a function."""
    return (site for site in program.rewritable(REWRITES) if site.function)
