"""`bugkit class release`: what students get, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bugkit import __version__
from bugkit.classroom.fresh import LEDGER, Ledger
from bugkit.classroom.matching import KEY
from bugkit.classroom.naming import file_name
from bugkit.classroom.pack import notebook_of, refuse_misplaced
from bugkit.errors import ManifestError, UsageError
from bugkit.exercise import Exercise
from bugkit.exercise.catalog import FRESH
from bugkit.fresh.desk import put
from bugkit.notebook import Cell, sealed
from bugkit.notebook.files import write_whole
from bugkit.templates import template

SCHEMA = 3  # of nbgrader's cell metadata
README = """# {count}

Install bugkit, then open a notebook below `exercises/`, find the bug, fix it, save, and run

    bugkit check {first}

`bugkit hint {first}` helps. Hand in the notebooks, under the names that they have.

{listing}
"""
README_FRESH = """# Your own exercises

They are yours: others have equally hard ones. Install bugkit, unpack this folder, open a notebook below `fresh/`, find
the bug, fix it, save, and run in this folder

    bugkit check {first}

`bugkit hint {first}` helps. Hand in the notebooks, under the names that they have.

{listing}
"""


def release(folder: Path, exercises: Sequence[Exercise]) -> list[Path]:
    """Write a catalog without solutions into a new or empty folder; the files, each below the folder."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        evidence = ["expected: a new folder, or an empty one"]
        raise UsageError(f"{folder} is not empty", evidence=evidence, next_command="bugkit class release NEW_FOLDER")
    refuse_misplaced(exercises)
    for exercise in exercises:
        _refuse_out_of_step(exercise)
    written = []
    for name, content in _files(exercises):
        write_whole(folder / name, content)
        written.append(Path(name))
    return written


def release_fresh(folder: Path, ledger: Ledger) -> list[Path]:
    """An own folder for each student, and the ledger, which is the instructor's; the files, each below the folder.

    A student's folder has notebooks and their headings. What was put in is derived from the code, by bugkit itself.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        evidence = ["expected: a new folder, or an empty one"]
        raise UsageError(f"{folder} is not empty", evidence=evidence, next_command="bugkit class release NEW_FOLDER")
    written = {Path(LEDGER): json.dumps(ledger.to_json(), indent=1, ensure_ascii=False) + "\n"}
    with TemporaryDirectory(prefix="bugkit-") as scratch:
        exercises = {code: put(code, Path(scratch))[0] for code in ledger.every_code}
        notebooks = {code: handed_out(one) for code, one in exercises.items()}
        headings = {code: one.notebook.with_name("exercise.toml").read_text() for code, one in exercises.items()}
        listings = {code: f"- `{code}` {one.heading.title}" for code, one in exercises.items()}
    for person, mine in ledger.codes.items():
        place, codes = Path("people") / file_name(person), list(mine.values())
        listing = "\n".join(listings[code] for code in codes)
        written[place / "README.md"] = README_FRESH.format(first=codes[0], listing=listing)
        for code in codes:
            written[place / FRESH / code / f"{code}.ipynb"] = notebooks[code]
            written[place / FRESH / code / "exercise.toml"] = headings[code]
    for name, content in written.items():
        write_whole(folder / name, content)
    return list(written)


def _refuse_out_of_step(exercise: Exercise) -> None:
    """Where the solution is here, the notebook beside it has to be what is handed out."""
    wanted = notebook_of(exercise)
    if exercise.has_solution and (not exercise.notebook.is_file() or exercise.notebook.read_bytes() != wanted):
        raise ManifestError(
            f"{exercise.id}: the learner's notebook is out of step with its solution",
            evidence=[f"found: {exercise.notebook}; somebody changed it, or it was not built since"],
            next_command=f"bugkit author build {exercise.id}, or bugkit reset {exercise.id}",
        )


def _files(exercises: Sequence[Exercise]) -> Iterator[tuple[str, str]]:
    listing = "\n".join(f"- `{one.id}` {one.manifest.title}, about {one.manifest.minutes} minutes" for one in exercises)
    count = "1 exercise" if len(exercises) == 1 else f"{len(exercises)} exercises"
    yield "README.md", README.format(count=count, first=exercises[0].id, listing=listing)
    for exercise in exercises:
        place = f"exercises/{exercise.folder}"
        yield f"{place}/{exercise.id}.ipynb", handed_out(exercise)
        for name in ("exercise.toml", "checks.py"):
            yield f"{place}/{name}", (exercise.path / name).read_text(encoding="utf-8")


def handed_out(exercise: Exercise) -> str:
    """The notebook with nbgrader's metadata in its locked cells, and the exercise's id in its own."""
    notebook = sealed(template(exercise))
    document = json.loads(notebook.to_json())
    document["metadata"][KEY] = {"exercise": exercise.id, "version": __version__}
    for cell, described in zip(notebook.cells, document["cells"], strict=True):
        if cell.locked:
            described["metadata"]["nbgrader"] = read_only(exercise, cell)
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def read_only(exercise: Exercise, cell: Cell) -> dict[str, Any]:
    """What nbgrader calls a locked cell, so that it puts it back as well.

    The cells that a learner fixes are plain ones to it: an answer's text is emptied when nbgrader hands it out.
    """
    return {
        "schema_version": SCHEMA,
        "grade": False,
        "grade_id": f"{exercise.id}-{cell.id}",
        "locked": True,
        "solution": False,
        "task": False,
    }
