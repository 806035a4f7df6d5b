"""Copies the values of a weight that two layers are meant to share."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {"any_one.weight = any_other.weight": "any_one.weight.data.copy_(any_other.weight.data)"}


def sites(program: Program) -> Iterator[Site]:
    """Each weight of a layer that is made that of another one; with the names of both as attributes."""
    for site in program.rewritable(REWRITES):
        first, second = (site.names[name].removeprefix("self.") for name in ("one", "other"))
        if site.inside[1:] == ("__init__",) and first.isidentifier() and second.isidentifier():
            yield site.naming(first=first, second=second)
