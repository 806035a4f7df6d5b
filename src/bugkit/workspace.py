"""A learner's own folder of exercises, made from the installed catalog and brought up to date from it.

What was delivered is remembered by its hash, so that an update can tell a file that nobody touched from a learner's
work: the first is replaced, the second is kept.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bugkit import __version__
from bugkit.errors import UsageError
from bugkit.exercise import Catalog, Exercise
from bugkit.exercise.catalog import is_root
from bugkit.notebook.files import write_whole

FORMAT = 1
ORIGIN = Path(".bugkit") / "delivered.json"
RENAMES = Path("docs") / "renames.json"  # of a catalog
README = """# bugkit

Notebooks whose model runs but does not learn. Open one of `exercises/`, find the bug, fix it, save, and then:

    bugkit check {first}

`bugkit` tells what is next, `bugkit hint {first}` helps, `bugkit watch` judges whenever you save, `bugkit update`
brings new exercises and leaves your work alone.
"""


@dataclass(frozen=True, slots=True)
class Change:
    """What was done with one file: ``added``, ``replaced``, or ``kept`` because it is the learner's by now."""

    path: str  # below the workspace
    what: str


def create(folder: Path, catalog: Catalog) -> list[Change]:
    """A new workspace; UsageError where the folder holds something else."""
    if is_root(folder):
        raise UsageError(f"{folder} is a workspace already", next_command="bugkit update")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        evidence = ["expected: a new folder, or an empty one"]
        raise UsageError(f"{folder} is not empty", evidence=evidence, next_command="bugkit init bugkit-exercises")
    write_whole(folder / "README.md", README.format(first=catalog.exercises[0].id))
    return update(folder, catalog)


def update(folder: Path, catalog: Catalog) -> list[Change]:
    """Bring new and fixed exercises; every file that the learner changed or removed stays as it is."""
    if folder.resolve() in [root.resolve() for root in catalog.roots]:
        raise UsageError("these are the installed exercises themselves", next_command="bugkit init bugkit-exercises")
    delivered = _delivered(folder)
    changes = []
    for name, content in _files(catalog):
        change = _brought(folder / name, content, delivered.get(name))
        delivered[name] = _hash(content)
        if change:
            changes.append(Change(name, change))
    document = {"format": FORMAT, "bugkit": __version__, "files": dict(sorted(delivered.items()))}
    write_whole(folder / ORIGIN, json.dumps(document, indent=1) + "\n")
    return changes


def renamed(catalog: Catalog, exercise: Exercise, notebook: Path) -> dict[str, str]:
    """Names that an earlier version of the exercise had in its code and that this notebook still has: old to new."""
    try:
        names = json.loads((catalog.root / RENAMES).read_bytes()).get(exercise.id, {})
        text = notebook.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return {old: new for old, new in names.items() if re.search(rf"\b{re.escape(old)}\b", text)}


def _brought(path: Path, content: bytes, delivered: str | None) -> str | None:
    """Write a file unless it is the learner's; what was done, None for nothing."""
    found = _hash(path.read_bytes()) if path.is_file() else None
    new = _hash(content)
    if found == new or (delivered == new and found != delivered):
        return None  # it is there, or nothing new came since the learner changed it
    if found == delivered:  # untouched; or never delivered, and not there
        write_whole(path, content)
        return "replaced" if found else "added"
    return "kept"


def _files(catalog: Catalog) -> Iterator[tuple[str, bytes]]:
    """Everything of the exercises, by its place in a workspace."""
    for exercise in catalog:
        for path in sorted(exercise.path.rglob("*")):
            inside = path.relative_to(exercise.path)
            if path.is_file() and not any(part.startswith((".", "__")) for part in inside.parts):
                yield f"exercises/{exercise.folder}/{inside.as_posix()}", path.read_bytes()


def _delivered(folder: Path) -> dict[str, str]:
    """What an earlier delivery brought; nothing where that is not known, so that all that differs is kept."""
    try:
        document = json.loads((folder / ORIGIN).read_bytes())
        return dict(document["files"]) if document["format"] == FORMAT else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
