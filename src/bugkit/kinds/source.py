"""Where bugs can be put in: the working notebook of an exercise, or a program that has no exercise."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bugkit.errors import UsageError
from bugkit.exercise import Catalog, Exercise
from bugkit.exercise.catalog import FOLDER
from bugkit.exercise.manifest import Edit, Judged, ProgramManifest, Roles, ValidFixes, load
from bugkit.notebook import Cell, Notebook, apply, read

if TYPE_CHECKING:
    from bugkit.kinds.program import Program

PROGRAMS = "programs"  # the folder of a catalog with those that have no exercise


@dataclass(frozen=True)
class Source:
    """A notebook that works, with the checks that tell so."""

    id: str
    manifest: Judged
    roles: Roles
    path: Path  # of the notebook
    checks: Path
    exercise: Exercise | None = None  # whose solution it is

    @property
    def measured(self) -> str:
        """What its loss is, in words: the first line of the docstring of its measure, read without an import."""
        for node in ast.parse(self.checks.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name == self.manifest.converge.measure:
                return (ast.get_docstring(node) or "").partition("\n")[0].strip()
        return self.manifest.converge.measure

    @cached_property
    def notebook(self) -> Notebook:
        """As it works; without docstrings of functions, which would tell what the code does not do with a bug in it."""
        return replace(self._original, cells=tuple(map(_undocumented, self._original.cells)))

    @cached_property
    def _original(self) -> Notebook:
        return read(self.path)

    @cached_property
    def program(self) -> Program:
        """The same, to put bugs in."""
        from bugkit.kinds.program import Program  # libcst takes most of a second, and learners do without it

        return Program.of(self.notebook, self.roles)

    def is_shipped(self, edits: Sequence[Edit]) -> bool:
        """Whether these edits make the notebook of its exercise."""
        if self.exercise is None:
            return False
        shipped = replace(self.notebook, cells=tuple(map(_undocumented, apply(self._original, self._own_bugs).cells)))
        return apply(self.notebook, edits) == shipped

    @property
    def _own_bugs(self) -> list[Edit]:
        return [edit for bug in self.exercise.bugs.bug for edit in bug.edits] if self.exercise else []

    def valid(self) -> Iterator[tuple[str, Notebook]]:
        """The same program in other words, by name: all of these have to pass."""
        if self.exercise is None:
            path = self.path.with_name("valid.toml")
            fixes = load(path, ValidFixes).valid_fix if path.is_file() else []
            starts = {"solution": self._original, "shipped": self._original}
        else:
            broken = apply(self._original, self._own_bugs)
            fixes, starts = self.exercise.bugs.valid_fix, {"solution": self._original, "shipped": broken}
        for fix in fixes:
            yield fix.id, apply(starts[fix.on], fix.edits)


def sources(catalog: Catalog) -> list[Source]:
    """All of a catalog, in order: of its exercises those that have roles and one stage, then its programs."""
    own = (_of_exercise(exercise) for exercise in catalog)
    alone = (path for root in catalog.roots for path in sorted((root / PROGRAMS).glob("*/program.toml")))
    return [*(one for one in own if one), *map(_alone, alone)]


def source(catalog: Catalog, name: str) -> Source:
    """The one of this id; UsageError where there is none."""
    for exercise in catalog:
        if exercise.id == name and (found := _of_exercise(exercise)):
            return found
    for root in catalog.roots:
        for path in (root / PROGRAMS).glob(f"{name}_*/program.toml"):
            return _alone(path)
    known = ", ".join(one.id for one in sources(catalog))
    raise UsageError(f"there is no program {name!r} here", evidence=[f"known: {known or 'none'}"])


def _of_exercise(exercise: Exercise) -> Source | None:
    """None where it has no roles, several stages, or no solution here."""
    if not exercise.has_solution:
        return None
    manifest = exercise.manifest
    if manifest.program is None or manifest.stages > 1:
        return None
    return Source(exercise.id, manifest, manifest.program, exercise.solution, exercise.checks, exercise)


def _alone(path: Path) -> Source:
    folder, manifest = path.parent, load(path, ProgramManifest)
    name = FOLDER.match(folder.name)
    if name is None:
        raise UsageError(f"{folder}: its name is not of the form id_words, as in p01_name_writer")
    notebook = folder / f"{name['id']}.ipynb"
    return Source(name["id"], manifest, manifest.program, notebook, folder / "checks.py")


def _undocumented(cell: Cell) -> Cell:
    """Without the docstrings of functions on its top level. Those of classes tell shapes, and stay."""
    if not cell.runs:
        return cell
    try:
        functions = [node for node in ast.parse(cell.source).body if isinstance(node, ast.FunctionDef)]
    except SyntaxError:  # a magic
        return cell
    documented = [node.body[0] for node in functions if ast.get_docstring(node) is not None and len(node.body) > 1]
    gone = {number for text in documented for number in range(text.lineno, (text.end_lineno or text.lineno) + 1)}
    lines = [line for number, line in enumerate(cell.source.split("\n"), start=1) if number not in gone]
    return cell.with_source("\n".join(lines))
