"""Adds the entropy of the policy to the loss, with the sign of a cost."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

BONUSES = ("any_rest - any_weight * any_entropy", "any_rest - any_entropy * any_weight")


def sites(program: Program) -> Iterator[Site]:
    """Each bonus for an entropy in a function; with what a step is given, which may be nothing."""
    for bonus in BONUSES:
        for site in program.find(bonus):
            if site.function and "entropy" in site.names["entropy"] and "\n" not in site.code:
                yield site.naming(given=program.roles.batch or "")


def put(program: Program, site: Site) -> Program:
    """The same with a plus; what stands before it needs no parentheses."""
    rest = site.names["rest"]
    return program.replaced(site, rest + site.code.removeprefix(rest).replace("-", "+", 1))
