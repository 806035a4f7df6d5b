"""Which of a candidate's own cells are tests: they fail with a bug, and pass on the program without it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from bugkit.grader import Grader
from bugkit.notebook import Cell, Notebook, read, up_to
from bugkit.verdict import RunResult

if TYPE_CHECKING:
    from bugkit.interview.room import Room

MOST = 8  # cells that are tried, the latest
NAME = "the-test"
TESTING = (ast.Assert, ast.Raise)


def isolated(room: Room, warm: Grader | None) -> dict[str, Any]:
    """By cell, the places of the bugs that it finds, each alone in the program; cells that find none are left out."""
    sources = asserting_cells(room)
    if not sources:
        return {"tests": []}
    if warm is None:
        with Grader() as grader:
            return {"tests": _tried(room, sources, grader)}
    return {"tests": _tried(room, sources, warm)}


def asserting_cells(room: Room) -> list[str]:
    """The candidate's own cells that assert or raise, at any of the checks."""
    found = (
        source
        for check in room.of("check")
        for name, source in check.body["cells"].items()
        if name.startswith("+") and _may_fail(source)
    )
    return list(dict.fromkeys(found))[-MOST:]


def _tried(room: Room, sources: list[str], grader: Grader) -> list[dict[str, Any]]:
    made, broken = room.exercise, room.broken
    right = up_to(read(made.solution), 1)
    programs = [right, *(broken.with_bugs(right, [bug]) for bug in broken.bugs)]
    seed = made.manifest.run.seeds[0]
    waiting = [[grader.submit(made, with_cell(one, source), seed) for one in programs] for source in sources]
    out = []
    for source, futures in zip(sources, waiting, strict=True):
        on_right, *on_broken = (future.result() for future in futures)
        bugs = [place for place, run in enumerate(on_broken) if _fails(run)]
        if not _fails(on_right) and on_right.status == "ok" and bugs:
            out.append({"source": source, "bugs": bugs})
    return out


def with_cell(notebook: Notebook, source: str) -> Notebook:
    """A notebook with one more cell after the last that runs; what it raises ends nothing."""
    last = max(number for number, cell in enumerate(notebook.cells) if cell.runs)
    cell = Cell(NAME, "code", source, own=True)
    return Notebook((*notebook.cells[: last + 1], cell, *notebook.cells[last + 1 :]))


def _fails(run: RunResult) -> bool:
    return run.error is not None and run.error.cell == NAME


def _may_fail(source: str) -> bool:
    try:
        return any(isinstance(node, TESTING) for node in ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError):  # a magic
        return False
