"""Takes the logarithm of the variance for that of the standard deviation."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "torch.exp(0.5 * any_logvar)": "torch.exp(any_logvar)",
    "(0.5 * any_logvar).exp()": "any_logvar.exp()",
}


def sites(program: Program) -> Iterator[Site]:
    """Each standard deviation from a log-variance."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """Without the half."""
    return program.rewritten(site)
