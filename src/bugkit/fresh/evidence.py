"""What was proved of kinds on programs, as a committed file: only what stands in it is offered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from bugkit.fresh.recipe import Recipe
from bugkit.notebook.files import write_whole

FORMAT = 1
PATH = Path(__file__).resolve().parents[1] / "kinds" / "evidence.json"
DIGITS = 4  # significant; the rest differs between machines


@dataclass(frozen=True, slots=True)
class Proof:
    """One recipe that holds: its notebook failed on every seed, and all that is correct passed."""

    recipe: Recipe
    sources: str  # fingerprint of what was run
    losses: tuple[float | None, ...]  # with the bugs, a seed each; None where it is no number
    caught_by: tuple[str, ...]  # "convergence", and names of checks that failed on every seed
    half_fixes: int = 0  # generated ones, which all failed
    # Of a single bug, as it was put in: edits (cell, find, replace), and what its texts name beside the roles.
    edits: tuple[tuple[str, str, str], ...] = ()
    names: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def code(self) -> str:
        """The exercise's id."""
        return self.recipe.code(self.sources)

    @property
    def is_loud(self) -> bool:
        """Whether the loss shows it on every seed."""
        return "convergence" in self.caught_by


@dataclass(frozen=True, slots=True)
class Whole:
    """A program without a bug, as the proofs saw it."""

    losses: tuple[float, ...]
    valid: int  # other programs that are right, and passed every check of every kind that is offered for it
    styles: int
    own: str = ""  # the kind of the bug that its exercise has, "" where the library has none of that kind
    refused: tuple[str, ...] = ()  # kinds that are not offered for it: a check of theirs failed on what is right


@dataclass(frozen=True)
class Matrix:
    """All of it."""

    programs: dict[str, Whole]
    proofs: tuple[Proof, ...]

    @property
    def alone(self) -> list[Proof]:
        """Those of one bug."""
        return [proof for proof in self.proofs if len(proof.recipe.bugs) == 1]

    def by_code(self) -> dict[str, Proof]:
        """Every proof by its exercise's id."""
        return {proof.code: proof for proof in self.proofs}

    def kinds(self) -> dict[str, str]:
        """The kind of bug in each exercise that has one bug of a kind: of the catalog's, and of fresh ones."""
        alone = {proof.code: proof.recipe.bugs[0][0] for proof in self.alone}
        return {**{name: whole.own for name, whole in self.programs.items() if whole.own}, **alone}


@cache
def matrix(path: Path = PATH) -> Matrix:
    """The committed evidence; an empty one where nothing was proved yet."""
    if not path.is_file():
        return Matrix({}, ())
    document = json.loads(path.read_bytes())
    programs = {name: Whole(**_tuples(one)) for name, one in document["programs"].items()}
    return Matrix(programs, tuple(_proof(one) for one in document["proofs"]))


def write(programs: dict[str, Whole], proofs: Iterable[Proof], path: Path = PATH) -> None:
    """Write it, whole or not at all, in an order that does not depend on how it was measured."""
    ordered = sorted(proofs, key=lambda one: (one.recipe.program, len(one.recipe.bugs), one.recipe.bugs))
    lines = ",\n".join(f"  {_line(_document(one))}" for one in ordered)
    wholes = ",\n".join(f"  {json.dumps(name)}: {_line(asdict(programs[name]))}" for name in sorted(programs))
    text = f'{{\n "format": {FORMAT},\n "programs": {{\n{wholes}\n }},\n "proofs": [\n{lines}\n ]\n}}\n'
    write_whole(path, text)
    matrix.cache_clear()


def _line(document: dict[str, Any]) -> str:
    return json.dumps(_rounded(document), ensure_ascii=False, allow_nan=False)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value


def _document(proof: Proof) -> dict[str, Any]:
    rest = {name: getattr(proof, name) for name in ("sources", "losses", "caught_by", "half_fixes")}
    put = {"edits": proof.edits, "names": dict(proof.names)} if proof.edits else {}
    return {"program": proof.recipe.program, "bugs": proof.recipe.bugs, **rest, **put}


def _proof(document: dict[str, Any]) -> Proof:
    program, bugs = document.pop("program"), document.pop("bugs")
    return Proof(Recipe(program, tuple((kind, site) for kind, site in bugs)), **_tuples(document))


def _tuples(document: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in document.items()}
