"""A fresh exercise as files, of the same form as any other: the rest of bugkit need not know how it came about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import tomli_w

from bugkit.exercise import Exercise
from bugkit.exercise.catalog import ANSWERS, FRESH
from bugkit.exercise.manifest import Edit
from bugkit.fresh.plant import Planted
from bugkit.fresh.story import Measured, difficulty, neutral
from bugkit.kinds import Kind
from bugkit.kinds.source import Source

TEST = "test_"  # with which the files of tests begin: each tells one bug
MINUTES = 8  # for each point of difficulty


@dataclass(frozen=True)
class Folders:
    """Where exercises are written, as in a catalog."""

    root: Path
    desk: Path | None = None  # where the learner's notebook lies, if not there

    def exercise(self, code: str) -> Exercise:
        """The exercise of this code, whether it is written or not."""
        name = f"{code}_{FRESH}"
        return Exercise(self.root / "exercises" / name, self.root / "solutions" / name, self.desk)


def make(
    folders: Folders,
    code: str,
    source: Source,
    bugs: Sequence[Planted],
    *,
    kinds: Sequence[Kind] = (),
    measured: Measured | None = None,
) -> Exercise:
    """Write the exercise: manifest, checks, solution, bugs and explanation, but not the learner's notebook.

    The checks are the program's own, those of the kinds that were put in, and those of more ``kinds``.
    """
    exercise = folders.exercise(code)
    every = {one.id: one for one in (*(one.kind for one in bugs), *kinds)}
    files = {
        exercise.path / "exercise.toml": tomli_w.dumps(_manifest(source, bugs, measured)),
        exercise.checks: _checks(source, list(every.values())),
        exercise.solution: neutral(source, bugs, measured).to_json(),
        exercise.solution_path / "bugs.toml": tomli_w.dumps({"bug": [_bug(one) for one in bugs]}),
        exercise.solution_path / "explanation.md": explanation(source, bugs),
    }
    for one in bugs:
        test = one.told(one.kind.manifest.test).strip() + "\n"
        files[exercise.solution_path / f"{TEST}{one.kind.path.name}.py"] = test
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return exercise


def explanation(source: Source, bugs: Sequence[Planted]) -> str:
    """What there is to learn from each bug, and the answers to the last questions at the end."""
    parts = [one.told(one.kind.explanation).partition(ANSWERS) for one in bugs]
    told = "\n\n".join(
        f"## {one.kind.manifest.title}\n\n{part[0].strip()}" for one, part in zip(bugs, parts, strict=True)
    )
    answers = "\n\n".join(part[2].strip() for part in parts if part[2].strip())
    return f"# {source.roles.title}\n\n{told}\n" + (f"\n{ANSWERS}\n\n{answers}\n" if answers else "")


def _manifest(source: Source, bugs: Sequence[Planted], measured: Measured | None) -> dict[str, Any]:
    base, hard = source.manifest, difficulty(source, len(bugs), measured)
    hints = [_hints(one, f"Bug {number}: " if len(bugs) > 1 else "") for number, one in enumerate(bugs, start=1)]
    by_level = [text for text in chain.from_iterable(zip_longest(*hints)) if text]
    concepts = dict.fromkeys(concept for one in bugs for concept in one.kind.manifest.concepts)
    return {
        "format_version": 1,
        "title": source.roles.title,
        "track": FRESH,
        "difficulty": hard,
        "minutes": MINUTES * hard,
        "concepts": list(concepts) or base.concepts,
        **({"curve_unit": base.curve_unit} if base.curve_unit else {}),
        "run": base.run.model_dump(exclude_none=True),
        "converge": base.converge.model_dump(exclude_none=True),
        "program": source.roles.model_dump(exclude_none=True),
        "hint": [{"text": text} for text in by_level or ["-"] * 3],
    }


def _hints(bug: Planted, before: str) -> list[str]:
    """The hints on one bug, each with words before it."""
    return [f"{before}{bug.told(hint.text)}" for hint in bug.kind.manifest.hint]


def _checks(source: Source, kinds: Sequence[Kind]) -> str:
    """The program's ``checks.py``, and below it those of kinds."""
    imports = "".join(f"from {one.checks} import {', '.join(sorted(one.check_names))}\n" for one in kinds)
    return f"{source.checks.read_text(encoding='utf-8')}\n\n{imports}"


def _bug(one: Planted) -> dict[str, Any]:
    first, *more = one.edits
    return {
        "id": one.kind.id,
        "symptom": "any",
        **_edit(first),
        "why": one.kind.manifest.symptom,
        "also": [_edit(edit) for edit in more],
    }


def _edit(edit: Edit) -> dict[str, str]:
    return {"cell": edit.cell, "find": edit.find, "replace": edit.replace}
