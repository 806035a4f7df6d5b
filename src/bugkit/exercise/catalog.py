"""The catalog: every exercise under one root, in order, found by a unique prefix."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bugkit.errors import UsageError

if TYPE_CHECKING:
    from bugkit.exercise.manifest import Bugs, Manifest

FOLDER = re.compile(r"^(?P<id>[a-z]+\d+)_[a-z0-9_]+$")
FRESH = "fresh"  # the folder of a workspace with exercises that are made when they are asked for
CODE = re.compile(r"f\d{8}")  # their ids
INTERVIEW = "interview"  # the folder of a workspace with notebooks of interviews
INTERVIEW_CODE = re.compile(r"i\d{8}")  # their ids
ANSWERS = '## Answers to "To go on with"'  # the last part of an explanation
INSTALLED = "installed"  # how the catalog that came with bugkit is named beside others
PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Heading:
    """What lists show of an exercise."""

    title: str
    track: str
    difficulty: int
    minutes: int
    concepts: list[str]


@dataclass(frozen=True)
class Exercise:
    """One folder, one story, one notebook."""

    path: Path  # .../exercises/ID_SYMPTOM
    solution_path: Path  # .../solutions/ID_SYMPTOM; it may be withheld
    desk: Path | None = None  # where the learner's notebook lies, if not in `path`

    @property
    def folder(self) -> str:
        """The folder's name: the id, then the symptom in words."""
        return self.path.name

    @property
    def id(self) -> str:
        """The folder's name up to the first underscore."""
        return self.folder.split("_")[0]

    @property
    def notebook(self) -> Path:
        """The notebook that a learner opens."""
        return (self.desk or self.path) / f"{self.id}.ipynb"

    @property
    def checks(self) -> Path:
        """The author's measure and checks."""
        return self.path / "checks.py"

    @property
    def solution(self) -> Path:
        """The working notebook."""
        return self.solution_path / f"{self.id}.ipynb"

    @property
    def hidden_checks(self) -> Path:
        """More checks, made when a class is graded, which learners do not have; it may not be there."""
        return self.solution_path / "hidden_checks.py"

    @property
    def has_solution(self) -> bool:
        """Whether the instructor's side is here."""
        return self.solution.is_file()

    @cached_property
    def heading(self) -> Heading:
        """The first lines of ``exercise.toml``, as they stand.

        The import of what validates a manifest costs more than all the rest of a list. ManifestError where they do not
        do as a heading.
        """
        try:
            document = tomllib.loads((self.path / "exercise.toml").read_text(encoding="utf-8"))
            return Heading(**{field.name: _of_kind(document[field.name], field.type) for field in fields(Heading)})
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            manifest = self.manifest  # it says what is wrong
            return Heading(**{field.name: getattr(manifest, field.name) for field in fields(Heading)})

    @cached_property
    def manifest(self) -> Manifest:
        """``exercise.toml``, read when first asked for."""
        from bugkit.exercise.manifest import Manifest, load

        return load(self.path / "exercise.toml", Manifest)

    @cached_property
    def bugs(self) -> Bugs:
        """``bugs.toml``, read when first asked for."""
        from bugkit.exercise.manifest import Bugs, load

        return load(self.solution_path / "bugs.toml", Bugs)


@dataclass(frozen=True)
class Catalog:
    """The exercises under one root that holds ``exercises/``, and under others after it."""

    root: Path
    others: tuple[Path, ...] = ()

    def __iter__(self) -> Iterator[Exercise]:
        return iter(self.exercises)

    @property
    def roots(self) -> tuple[Path, ...]:
        """All of them, in order."""
        return (self.root, *self.others)

    @cached_property
    def exercises(self) -> tuple[Exercise, ...]:
        """All exercises: root by root, in the order of their folders. UsageError where two have the same id."""
        found = [one for root in self.roots for one in _under(root)]
        first: dict[str, Path] = {}
        for one in found:
            if first.setdefault(one.id, one.path).parent != one.path.parent:
                evidence = [f"found: {first[one.id]}", f"found: {one.path}"]
                raise UsageError(f"two catalogs have an exercise {one.id}", evidence=evidence)
        return tuple(found)

    def find(self, name: str) -> Exercise:
        """The exercise whose id or folder starts with ``name``, or UsageError with the names that are near."""
        exact = [e for e in self if name in (e.id, e.folder)]
        found = exact or [e for e in self if e.folder.startswith(name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(
                f"{name!r} fits {len(found)} exercises", evidence=[e.folder for e in found], next_command="bugkit list"
            )
        names = {key: e for e in self for key in (e.id, e.folder)}
        near = {names[n].folder: None for n in difflib.get_close_matches(name, names, n=3, cutoff=0.4)}
        evidence = [f"near: {', '.join(near)}"] if near else []
        raise UsageError(f"there is no exercise {name!r} here", evidence=evidence, next_command="bugkit list")


def _of_kind(value: Any, kind: object) -> Any:
    """The value of a heading's field, or TypeError."""
    words = type(value) is list and all(type(word) is str for word in value)
    if kind != ("list[str]" if words else type(value).__name__):
        raise TypeError(f"{value!r} is no {kind}")
    return value


def _under(root: Path) -> list[Exercise]:
    folders = sorted(p for p in (root / "exercises").iterdir() if FOLDER.match(p.name) and p.is_dir())
    return [Exercise(path, root / "solutions" / path.name) for path in folders]


def is_root(path: Path) -> bool:
    """Whether a folder is a catalog: exercises lie below it."""
    return any((path / "exercises").glob("*/exercise.toml"))


def installed() -> Catalog:
    """The catalog that came with bugkit: in the wheel, or beside ``src`` in a checkout."""
    for root in (PACKAGE / "catalog", PACKAGE.parents[1]):
        if is_root(root):
            return Catalog(root)
    raise UsageError("bugkit was installed without its exercises", next_command="bugkit --catalog DIR list")


def locate(start: Path, given: Sequence[Path] = ()) -> Catalog:
    """The catalog to use: those given together, else the one that ``start`` lies in, else the installed one.

    INSTALLED among those given is the one that came with bugkit, where there is no folder of that name.
    """
    if given:
        first, *others = dict.fromkeys(_root(path) for path in given)
        return Catalog(first, tuple(others))
    inside = next((folder for folder in (start, *start.parents) if is_root(folder)), None)
    return Catalog(inside) if inside else installed()


def _root(given: Path) -> Path:
    if is_root(given):
        return given.resolve()
    if str(given) == INSTALLED:
        return installed().root
    evidence = ["a catalog holds exercises/<id>_<symptom>/exercise.toml"]
    raise UsageError(f"{given} is no catalog", evidence=evidence)


def home(catalog: Catalog, here: Path) -> Path:
    """Where ``.bugkit`` lies for one who works ``here``: the catalog's root when that is around, and may be written.

    Of a fresh exercise it is the folder that holds ``fresh/``, of an interview that which holds ``interview/``.
    """
    for folder in (here, *here.parents):
        code = {FRESH: CODE, INTERVIEW: INTERVIEW_CODE}.get(folder.parent.name)
        if code and code.fullmatch(folder.name):
            return folder.parents[1]
    root = catalog.root
    theirs = root in (here, *here.parents) and root != PACKAGE / "catalog" and os.access(root, os.W_OK)
    return root if theirs else here
