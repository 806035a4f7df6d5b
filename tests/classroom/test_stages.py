"""Every exercise with stages, through every door, with the cells' ids, their tags or both lost on the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bugkit.box.bwrap import Missing, find
from bugkit.classroom.batch import GradingOptions
from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.grading import Grading
from bugkit.classroom.local import LocalExecutor
from bugkit.classroom.pack import packed, unpacked
from bugkit.exercise import Catalog, Exercise
from bugkit.notebook import (
    Cell,
    Notebook,
    at_the_last_stage,
    at_their_stage,
    read,
    rebuild,
    sealed,
    stage_of,
    up_to,
)
from bugkit.templates import template

STAGED = [one for one in Catalog(Path(__file__).parents[2]) if one.manifest.stages > 1]
LOST = ["nothing", "ids", "tags", "ids and tags"]


def file_of(exercise: Exercise, kind: str, lost: str) -> Notebook:
    """What somebody has: the first stage fixed and the rest sealed; that unlocked; or all fixed."""
    shipped, solution = sealed(template(exercise)), read(exercise.solution)
    first = {cell.id for cell in up_to(solution, 1).cells}
    cells = []
    for cell in shipped.cells if kind == "first" else up_to(template(exercise), 9).cells:
        fixed = solution.cell(str(cell.id))
        done = cell.id in first or kind == "all"
        cells.append(cell.with_source(fixed.source) if fixed and done else cell)
    return Notebook(tuple(_without(cell, lost) for cell in cells))


def _without(cell: Cell, lost: str) -> Cell:
    metadata = {} if "tags" in lost else cell.metadata
    return replace(cell, id=None if "ids" in lost else cell.id, metadata=metadata)


def test_there_is_one_to_try() -> None:
    assert STAGED


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("exercise", STAGED, ids=lambda one: one.id)
def test_a_check_knows_the_stage(exercise, lost):
    pristine = sealed(template(exercise))
    last = exercise.manifest.stages
    # in a file without tags, a stage of which nothing was changed may as well be sealed
    expected = {"first": 1, "second": 1 if "tags" in lost else last, "all": last}
    for kind, stage in expected.items():
        rebuilt = rebuild(*at_their_stage(pristine, file_of(exercise, kind, lost)))
        assert (kind, stage_of(rebuilt.notebook)) == (kind, stage)
        assert (rebuilt.extra, rebuilt.missing) == (0, ())
        solution = {cell.id: cell.source for cell in up_to(read(exercise.solution), 1 if kind != "all" else last).cells}
        assert {cell.id: cell.source for cell in rebuilt.notebook.cells if cell.id in solution} == solution


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("kind", ["first", "second", "all"])
@pytest.mark.parametrize("exercise", STAGED, ids=lambda one: one.id)
def test_a_class_is_graded_at_the_last_stage(exercise, kind, lost):
    rebuilt = rebuild(*at_the_last_stage(sealed(template(exercise)), file_of(exercise, kind, lost)))
    assert stage_of(rebuilt.notebook) == exercise.manifest.stages
    assert (rebuilt.extra, rebuilt.missing) == (0, ())
    wanted = read(exercise.solution) if kind == "all" else file_of(exercise, "second", "nothing")
    assert [cell.source for cell in rebuilt.notebook.cells] == [cell.source for cell in wanted.cells]


@pytest.mark.slow
@pytest.mark.skipif(isinstance(find(), Missing), reason="a class is graded in the sandbox")
@pytest.mark.xdist_group("class")
@pytest.mark.parametrize("exercise", STAGED, ids=lambda one: one.id)
def test_who_lacks_a_stage_has_not_passed(exercise, put, tmp_path):
    for kind in ("first", "second", "all"):
        for lost in ("nothing", "ids and tags"):
            put(tmp_path / "class", f"{kind} {lost}/x.ipynb", file_of(exercise, kind, lost))
    options, pack = GradingOptions("salt", seeds=1, redraw=False), packed([exercise])
    with Gradebook(str(tmp_path / "grades.db"), salt="salt") as book:
        grading = Grading(book, unpacked(pack, tmp_path / "pack"), options)
        summary = grading.run(tmp_path / "class", LocalExecutor(pack, options, 2), lambda *_: None)
        assert (summary.troubles, summary.failed) == ([], [])
        grades = {one.submission.person: one.graded for one in book.grades()}
    for person, graded in grades.items():
        assert (person, graded.outcome) == (person, "passed" if person.startswith("all") else "failed")
        assert (graded.score == 1) == person.startswith("all")
        assert (graded.read.stage, graded.read.stages) == (exercise.manifest.stages,) * 2
