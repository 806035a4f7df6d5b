"""Which of a candidate's own cells are tests: they fail with a bug, and pass on the program without it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bugkit.grader import Grader
from bugkit.notebook import Cell, Notebook, read, up_to
from bugkit.verdict import RunResult

if TYPE_CHECKING:
    from bugkit.interview.room import Room

MOST = 8  # cells that are tried, the latest
NAME = "the-test"
TESTING = (ast.Assert, ast.Raise)
DEFINING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class OwnTest:
    """A cell of the candidate's that may fail."""

    source: str
    above: str = ""  # what it may use of their cells above it


def isolated(room: Room, warm: Grader | None) -> dict[str, Any]:
    """By cell, the places of the bugs that it finds, each alone in the program; cells that find none are left out."""
    tests = asserting_cells(room)
    if not tests:
        return {"tests": []}
    if warm is None:
        with Grader() as grader:
            return {"tests": _tried(room, tests, grader)}
    return {"tests": _tried(room, tests, warm)}


def asserting_cells(room: Room) -> list[OwnTest]:
    """The candidate's own cells that assert or raise, at any of the checks, each with what cells above it define."""
    found: dict[str, OwnTest] = {}
    for check in room.of("check"):
        own = [source for name, source in check.body["cells"].items() if name.startswith("+")]
        for place, source in enumerate(own):
            if _may_fail(source):
                found[source] = OwnTest(source, "\n".join(filter(None, map(_definitions, own[:place]))))
    return list(found.values())[-MOST:]


def _tried(room: Room, tests: list[OwnTest], grader: Grader) -> list[dict[str, Any]]:
    made, broken = room.exercise, room.broken
    right = up_to(read(made.solution), 1)
    programs = [right, *(broken.with_bugs(right, [bug]) for bug in broken.bugs)]
    seed = made.manifest.run.seeds[0]
    waiting = [[grader.submit(made, with_test(one, test), seed) for one in programs] for test in tests]
    out = []
    for test, futures in zip(tests, waiting, strict=True):
        on_right, *on_broken = (future.result() for future in futures)
        bugs = [place for place, run in enumerate(on_broken) if _fails(run)]
        if not _fails(on_right) and on_right.status == "ok" and bugs:
            out.append({"source": test.source, "bugs": bugs})
    return out


def with_test(notebook: Notebook, test: OwnTest) -> Notebook:
    """A notebook with a test after the last cell that runs; what it raises ends nothing."""
    above = [Cell("its-definitions", "code", test.above, own=True)] if test.above else []
    return notebook.with_last(*above, Cell(NAME, "code", test.source, own=True))


def _fails(run: RunResult) -> bool:
    return run.error is not None and run.error.cell == NAME


def _may_fail(source: str) -> bool:
    return any(isinstance(node, TESTING) for node in ast.walk(_parsed(source)))


def _definitions(source: str) -> str:
    """What a cell gives to those below it: all of it, or of one that may fail its imports, functions and classes."""
    tree = _parsed(source)
    if not _may_fail(source):
        return source if tree.body else ""
    return "\n".join(ast.unparse(node) for node in tree.body if isinstance(node, DEFINING))


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):  # a magic
        return ast.Module([], [])
