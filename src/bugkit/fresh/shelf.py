"""The fresh exercises of a workspace, as far as lists need them: nothing here takes long to import.

``fresh/CODE/`` holds the notebook, and an ``exercise.toml`` with its heading. What was put in stands nowhere there.
"""

from __future__ import annotations

import re
from pathlib import Path

from bugkit.errors import UsageError
from bugkit.exercise import Exercise
from bugkit.exercise.catalog import CODE, FRESH


def shelved(workspace: Path) -> list[Exercise]:
    """Those that a workspace has, in order. Only their headings and notebooks are there."""
    folder = workspace / FRESH
    found = sorted(path for path in folder.iterdir() if CODE.fullmatch(path.name)) if folder.is_dir() else []
    return [Exercise(path, path) for path in found if (path / "exercise.toml").is_file()]


def code_named(workspace: Path, name: str) -> str | None:
    """The code that a name begins, or that names its notebook; None where this cannot be a fresh exercise.

    UsageError where several begin so.
    """
    stem = Path(name).stem
    if not re.fullmatch(r"f\d+", stem):
        return None
    found = [one.id for one in shelved(workspace) if one.id.startswith(stem)]
    if len(found) > 1:
        raise UsageError(f"{stem!r} fits {len(found)} fresh exercises", evidence=found, next_command="bugkit list")
    return found[0] if found else stem
