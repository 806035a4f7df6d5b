"""Bugs at their places: what a recipe is made of when it is carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bugkit.errors import ManifestError
from bugkit.exercise.manifest import Edit
from bugkit.fresh.evidence import Matrix, Proof
from bugkit.fresh.recipe import Recipe
from bugkit.kinds import Kind, kind
from bugkit.kinds.source import Source
from bugkit.notebook import apply


@dataclass(frozen=True)
class Planted:
    """One bug of a recipe, at its place."""

    kind: Kind
    names: Mapping[str, str]  # that the kind's texts may use
    edits: tuple[Edit, ...]

    def told(self, text: str) -> str:
        """One of the kind's texts, about this program."""
        return self.kind.told(text, self.names)


def planted(source: Source, recipe: Recipe) -> list[Planted]:
    """The bugs of a recipe, put in now; ManifestError where two of them meet in one line."""
    out = []
    for name, place in recipe.bugs:
        one = kind(name)
        site = one.site(source.program, place)
        edits = tuple(one.edits(source.program, site))
        out.append(Planted(one, one.names(source.program, site), edits))
    together = apply(source.notebook, [edit for one in out for edit in one.edits])
    backward = apply(source.notebook, [edit for one in reversed(out) for edit in one.edits])
    if together != backward:
        raise ManifestError(f"{source.id}: the bugs {recipe.bugs} do not fit together")
    return out


def recalled(source: Source, proof: Proof, known: Matrix) -> list[Planted]:
    """The bugs of a proof, as they were put in when it was made."""
    alone = {one.recipe: one for one in known.alone}
    out = []
    for bug in proof.recipe.bugs:
        one = alone[Recipe(proof.recipe.program, (bug,))]
        edits = tuple(Edit(cell=cell, find=find, replace=replace) for cell, find, replace in one.edits)
        out.append(Planted(kind(bug[0]), {**source.roles.names, **one.names}, edits))
    return out
