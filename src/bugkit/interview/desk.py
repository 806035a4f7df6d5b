"""The notebook of an interview: a fresh exercise that says nothing of how many bugs it has, and an extension."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import tomli_w

from bugkit.exercise import Exercise
from bugkit.exercise.catalog import INTERVIEW
from bugkit.fresh.desk import measured, scratch
from bugkit.fresh.evidence import matrix
from bugkit.fresh.make import Folders, make
from bugkit.fresh.story import STORY, asked_to_fix, ends
from bugkit.interview.bugs import Broken
from bugkit.interview.extension import Extension, extension
from bugkit.interview.plan import Plan
from bugkit.notebook import Cell, Notebook, apply, read, up_to
from bugkit.notebook.files import write_whole

ABOUT_CHECK = "about-check"
OWN = ("notes", ABOUT_CHECK, "check")  # cells of an exercise that an interview has in its own words
CHECK = """
%load_ext bugkit
%bugkit interview check
""".strip()
HOW = """
## Check

Save, then check: in the terminal in which the interview runs, or here. The lines above the check are yours: what you
think it is, what you expect to see, and the cheapest test of it.
""".strip()


def code_of(plan: Plan) -> str:
    """The id of the notebook of an interview."""
    return f"i{plan.code[1:]}"


@cache
def exercise(plan: Plan, workspace: Path) -> Exercise:
    """The exercise of an interview, made again from its plan; the notebook lies in the workspace."""
    proof = matrix().by_code()[plan.code]
    broken, code = Broken(proof), code_of(plan)
    folders = Folders(scratch(), workspace / INTERVIEW / code)
    told = measured(broken.program, proof, matrix())
    made = make(folders, code, broken.program, broken.planted, measured=told)
    roles = broken.program.roles
    story = f"# {roles.title}\n\n{roles.about}\n\n{ends(told)} {asked_to_fix(broken.program)}"
    added = extension(plan.extension) if plan.extension else None
    working = _dressed(read(made.solution), story.strip(), added, roles.names)
    made.solution.write_text(working.to_json(), encoding="utf-8")
    if added:
        extend(made, added, roles.names)
    return made


def put(plan: Plan, workspace: Path) -> Exercise:
    """The same with its notebook on the desk; one that lies there stays as it is."""
    made = exercise(plan, workspace)
    if not made.notebook.exists():
        edits = [edit for bug in made.bugs.bug for edit in bug.edits]
        write_whole(made.notebook, up_to(apply(read(made.solution), edits), 1).to_json())
    return made


def _dressed(working: Notebook, story: str, added: Extension | None, roles: dict[str, str]) -> Notebook:
    kept = [cell for cell in working.cells if cell.id not in OWN]
    cells = [cell.with_source(story) if cell.id == STORY else cell for cell in kept]
    locked = {"editable": False, "deletable": False}
    last = [Cell(ABOUT_CHECK, "markdown", HOW), Cell("check", "code", CHECK, locked)]
    return replace(working, cells=(*cells, *(added.cells(roles) if added else ()), *last))


def extend(made: Exercise, added: Extension, roles: dict[str, str]) -> None:
    """The extension as a second stage: its cells come when the program works, and it has checks of its own."""
    path = made.path / "exercise.toml"
    document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    wanted = added.manifest
    document["stage"] = [{"title": wanted.title, "checks": added.check_names, "names": wanted.names}]
    path.write_text(tomli_w.dumps(document), encoding="utf-8")
    names = ", ".join(added.check_names)
    source = made.checks.read_text(encoding="utf-8")
    lines = [
        "from bugkit.interview.extension import extension as _extension",
        f"_added = _extension({added.id!r}).checks({roles!r})",
        f"{names} = (_added[name] for name in {added.check_names!r})",
    ]
    made.checks.write_text("\n".join([source, *lines, ""]), encoding="utf-8")
