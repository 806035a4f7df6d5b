"""A class that nobody taught: right, wrong, unfinished, broken and hostile notebooks, with what each deserves.

``python benchmarks/made_class.py FOLDER`` writes ``submitted/STUDENT/EXERCISE/EXERCISE.ipynb`` as nbgrader lays it out,
and ``intended.json``: for each student and exercise its kind, what it is, and the outcomes that are right. The same
seed makes the same class.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bugkit.author.variants import variants
from bugkit.exercise import Catalog, Exercise
from bugkit.notebook import Notebook

ROOT = Path(__file__).parents[1]
EXERCISES = "ex01,ex02,ex03,ex04,ex05,ex06"
SHARES = {"right": 48, "wrong": 26, "unfinished": 12, "broken": 8, "hostile": 6}
HOG = "hog = []\nwhile True:\n    hog.append(bytearray(1 << 26))"
THIEF = """import os
found = ["/etc/shadow"]
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/sys")]
    for name in files:
        if name in ("hidden_checks.py", "bugs.toml", "intended.json") or name.startswith("gradebook"):
            found.append(os.path.join(folder, name))
for name in found:
    if os.access(name, os.R_OK):
        raise RuntimeError(f"it can read {name}")"""
HOSTILE = {  # what is done before the first line of one's own, and what that deserves
    "loops-for-ever": ("while True:\n    pass", ["error"]),
    "leaves": ("import os\nos._exit(0)", ["error"]),
    "eats-memory": (HOG, ["error"]),
    "prints-for-ever": ('while True:\n    print("x" * 100_000)', ["error"]),
    "looks-for-secrets": (THIEF, ["passed"]),  # the notebook is right, and there is nothing to be found
}
BROKEN: dict[str, Callable[[Notebook], bytes]] = {
    "cut-off": lambda notebook: notebook.to_json().encode()[: len(notebook.to_json()) // 2],
    "syntax-error": lambda notebook: begun_with(notebook, "def fix(:").to_json().encode(),
    "raises": lambda notebook: begun_with(notebook, 'raise ValueError("not finished")').to_json().encode(),
    "empty": lambda _notebook: b"",
}


def begun_with(notebook: Notebook, source: str) -> Notebook:
    """The notebook with lines put before its first editable code."""
    cells = list(notebook.cells)
    first = next(n for n, c in enumerate(cells) if c.runs and not c.locked and "parameters" not in c.tags)
    cells[first] = cells[first].with_source(f"{source}\n{cells[first].source}")
    return Notebook(tuple(cells))


def programs(exercise: Exercise) -> dict[str, list[tuple[str, Notebook]]]:
    """An exercise's right, wrong and unfinished notebooks by kind, each with a name."""
    whole = [one for one in variants(exercise) if not one.id.startswith("stage-")]
    return {
        "right": [(f"{one.kind}:{one.id}", one.notebook) for one in whole if one.correct],
        "wrong": [(one.id, one.notebook) for one in whole if one.kind == "wrong"],
        "unfinished": [("shipped", one.notebook) for one in whole if one.kind == "shipped"],
    }


def handed_in(
    rng: random.Random, kind: str, made: dict[str, list[tuple[str, Notebook]]]
) -> tuple[bytes, str, list[str]]:
    """One notebook's bytes, what it is, and the outcomes that are right."""
    right = rng.choice(made["right"])[1]
    if kind == "broken":
        name = rng.choice(sorted(BROKEN))
        return BROKEN[name](right), name, ["error"]
    if kind == "hostile":
        name = rng.choice(sorted(HOSTILE))
        source, outcomes = HOSTILE[name]
        return begun_with(right, source).to_json().encode(), name, outcomes
    name, notebook = rng.choice(made[kind])
    # a wrong fix may raise on every seed: it is not passed, and that is what it deserves
    outcomes = {"right": ["passed"], "wrong": ["failed", "error"], "unfinished": ["failed"]}[kind]
    return notebook.to_json().encode(), name, outcomes


def make(
    folder: Path, exercises: Sequence[Exercise], students: int, seed: int = 0, shares: dict[str, int] | None = None
) -> dict[str, dict[str, Any]]:
    """Write a class into a folder; what was intended, by student and exercise."""
    rng = random.Random(seed)
    chances = shares or SHARES
    made = {exercise.id: programs(exercise) for exercise in exercises}
    intended: dict[str, dict[str, Any]] = {}
    for number in range(students):
        student = f"student{number:04d}"
        for exercise in exercises:
            kind = rng.choices(list(chances), weights=list(chances.values()))[0]
            content, what, outcomes = handed_in(rng, kind, made[exercise.id])
            path = folder / "submitted" / student / exercise.id / f"{exercise.id}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            intended.setdefault(student, {})[exercise.id] = {"kind": kind, "what": what, "outcomes": outcomes}
    (folder / "intended.json").write_text(json.dumps(intended, indent=1) + "\n")
    return intended


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--students", type=int, default=60)
    parser.add_argument("--exercises", default=EXERCISES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--catalog", type=Path, default=ROOT)
    wishes = parser.parse_args()
    catalog = Catalog(wishes.catalog)
    exercises = [catalog.find(name) for name in wishes.exercises.split(",")]
    intended = make(wishes.folder, exercises, wishes.students, wishes.seed)
    kinds = [one["kind"] for mine in intended.values() for one in mine.values()]
    print(", ".join(f"{kinds.count(kind)} {kind}" for kind in SHARES), "in", wishes.folder)


if __name__ == "__main__":
    main()
