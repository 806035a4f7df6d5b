"""Bugs at their places: what a recipe is made of when it is carried out."""

from __future__ import annotations

from dataclasses import dataclass

from bugkit.errors import ManifestError
from bugkit.exercise.manifest import Edit
from bugkit.fresh.recipe import Recipe
from bugkit.kinds import Kind, kind
from bugkit.kinds.program import Site
from bugkit.kinds.source import Source
from bugkit.notebook import apply


@dataclass(frozen=True)
class Planted:
    """One bug of a recipe, at its place."""

    kind: Kind
    site: Site
    edits: tuple[Edit, ...]


def planted(source: Source, recipe: Recipe) -> list[Planted]:
    """The bugs of a recipe, each as edits on the working notebook; ManifestError where two of them meet in one line."""
    out = []
    for name, place in recipe.bugs:
        one = kind(name)
        site = one.site(source.program, place)
        out.append(Planted(one, site, tuple(one.edits(source.program, site))))
    together = apply(source.notebook, [edit for one in out for edit in one.edits])
    backward = apply(source.notebook, [edit for one in reversed(out) for edit in one.edits])
    if together != backward:
        raise ManifestError(f"{source.id}: the bugs {recipe.bugs} do not fit together")
    return out
