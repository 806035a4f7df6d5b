"""A new exercise, complete and sound, for its author to change step by step."""

from __future__ import annotations

import json
from pathlib import Path

from bugkit.author.build import build
from bugkit.errors import UsageError
from bugkit.exercise import Exercise
from bugkit.exercise.catalog import FOLDER
from bugkit.notebook import Notebook, read
from bugkit.notebook.files import write_whole

TEMPLATE = Path(__file__).parent / "template"


def create(root: Path, name: str, title: str) -> list[Path]:
    """Write both folders of a new exercise under a catalog's root and return the files.

    ``name`` is the folder's, an id and a symptom: ``ex34_falls_then_rises``. UsageError where it is no such
    name, or where its id is taken.
    """
    exercise = Exercise(root / "exercises" / name, root / "solutions" / name)
    _refuse_bad_name(name)
    _refuse_taken(root, exercise)
    texts = {
        exercise.path / "exercise.toml": _text("exercise/exercise.toml", exercise, _toml(title)),
        exercise.checks: _text("exercise/checks.py.txt", exercise, title),
        exercise.solution: _notebook(exercise, title).to_json(),
        exercise.solution_path / "bugs.toml": _text("solution/bugs.toml", exercise, title),
        exercise.solution_path / "explanation.md": _text("solution/explanation.md", exercise, title),
    }
    for path, text in texts.items():
        write_whole(path, text)
    build(exercise, write=True)
    return [*texts, exercise.notebook]


def _refuse_bad_name(name: str) -> None:
    if not FOLDER.match(name):
        evidence = ["expected: small letters and a number, then the symptom with underscores"]
        example = "bugkit author new ex34_falls_then_rises --title 'It falls, then it rises'"
        raise UsageError(f"{name!r} is no name for an exercise", evidence=evidence, next_command=example)


def _refuse_taken(root: Path, exercise: Exercise) -> None:
    parts = [root / "exercises", root / "solutions"]
    taken = sorted(p for part in parts if part.is_dir() for p in part.iterdir() if _id(p) == exercise.id)
    if taken:
        evidence = [f"found: {path}" for path in taken]
        what = f"there is already an exercise {exercise.id!r}"
        raise UsageError(what, evidence=evidence, next_command="bugkit list")


def _id(folder: Path) -> str:
    return folder.name.split("_")[0]


def _text(name: str, exercise: Exercise, title: str) -> str:
    return _filled((TEMPLATE / name).read_text(encoding="utf-8"), exercise, title)


def _notebook(exercise: Exercise, title: str) -> Notebook:
    """Filled cell by cell: a title with quotes must not meet the file's JSON."""
    cells = read(TEMPLATE / "solution" / "notebook.ipynb").cells
    return Notebook(tuple(cell.with_source(_filled(cell.source, exercise, title)) for cell in cells))


def _filled(text: str, exercise: Exercise, title: str) -> str:
    return text.replace("__ID__", exercise.id).replace("__TITLE__", title)


def _toml(title: str) -> str:
    """The inside of a TOML string, whose escapes are those of JSON."""
    return json.dumps(title, ensure_ascii=False)[1:-1].replace("\x7f", "\\u007f")
