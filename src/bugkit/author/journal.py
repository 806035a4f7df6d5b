"""What a proof has measured so far, kept in a file, so that one that was ended goes on where it was."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bugkit.author.fingerprint import fingerprint, of_program
from bugkit.author.variants import Variant
from bugkit.exercise import Exercise
from bugkit.notebook import Notebook
from bugkit.verdict import CheckResult, LearnerError, RunResult

FOLDER = Path(".bugkit") / "verify"

Key = tuple[str, str, str, int]  # fingerprint of the exercise, program's id, its code, seed


@dataclass
class Journal:
    """One file of JSON lines for each exercise, under a workspace; runs of what has changed since do not count.

    ``engine`` is part of what was measured. A line that cannot be read is as good as none.
    """

    workspace: Path
    engine: str = ""
    _known: dict[str, dict[Key, RunResult]] = field(default_factory=dict)
    _prints: dict[str, str] = field(default_factory=dict)
    _codes: dict[Notebook, str] = field(default_factory=dict)

    def find(self, exercise: Exercise, variant: Variant, seed: int) -> RunResult | None:
        """The run's result, where it was made."""
        if exercise.id not in self._known:
            self._known[exercise.id] = _read(self._path(exercise))
        return self._known[exercise.id].get(self._key(exercise, variant, seed))

    def keep(self, exercise: Exercise, variant: Variant, seed: int, result: RunResult) -> None:
        """Add a run; of most programs without the curve, which nobody looks at."""
        looked_at = variant.is_witness or variant.kind == "half"
        kept = result if looked_at else replace(result, curve=())
        path = self._path(exercise)
        path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"key": self._key(exercise, variant, seed), "result": asdict(kept)})
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\n{line}")  # after whatever a process that was ended has left of its last line

    def forget(self, exercise: Exercise) -> None:
        """The proof is complete."""
        self._path(exercise).unlink(missing_ok=True)
        self._known.pop(exercise.id, None)

    def _path(self, exercise: Exercise) -> Path:
        return self.workspace / FOLDER / f"{exercise.folder}.jsonl"

    def _key(self, exercise: Exercise, variant: Variant, seed: int) -> Key:
        if exercise.folder not in self._prints:
            self._prints[exercise.folder] = f"{fingerprint(exercise)} {self.engine}".strip()
        if variant.notebook not in self._codes:
            self._codes[variant.notebook] = of_program(variant.notebook)
        return self._prints[exercise.folder], variant.id, self._codes[variant.notebook], seed


def _read(path: Path) -> dict[Key, RunResult]:
    out: dict[Key, RunResult] = {}
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return out
    for line in lines:
        try:
            document = json.loads(line)
            prints, name, code, seed = document["key"]
            out[prints, name, code, seed] = _result(document["result"])
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
    return out


def _result(stored: dict[str, Any]) -> RunResult:
    error = stored["error"]
    return RunResult(
        **{
            **stored,
            "curve": tuple(stored["curve"]),
            "error": LearnerError(**{**error, "trace": tuple(error["trace"])}) if error else None,
            "checks": tuple(CheckResult(**check) for check in stored["checks"]),
        }
    )
