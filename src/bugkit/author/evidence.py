"""What ``verify`` measured, as a record, as the committed file and as a table."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bugkit.author.fingerprint import fingerprint
from bugkit.author.surprises import Sort, Surprises
from bugkit.errors import ManifestError
from bugkit.exercise import Exercise
from bugkit.notebook.files import write_whole

__all__ = ["Evidence", "Program", "fingerprint", "path_of", "read", "table", "write"]

FORMAT = 1
DIGITS = 4  # significant; the rest differs between machines


@dataclass(frozen=True, slots=True)
class Program:
    """One program over all seeds."""

    id: str  # the patch's; "shipped" and "solution"; of a partial fix the fixed bugs, joined with "+"
    passed: int  # seeds
    loss: tuple[float | None, ...]  # held-out, per seed it ran on; None where not finite or not to be had
    caught_by: tuple[str, ...] = ()  # of partial and wrong fixes: "convergence", checks, run statuses

    @property
    def sound(self) -> bool:
        """Whether it passed on every seed that it ran on."""
        return self.passed == len(self.loss)


@dataclass(frozen=True, slots=True)
class Evidence:
    """An exercise seen from all sides."""

    exercise: str
    bugkit: str
    torch: str
    python: str
    seeds: int
    margin: float | None  # (below - worst loss of a correct program) / below; None where one had no loss
    seconds_per_run: float  # mean over the solution's runs
    sources: str  # fingerprint of what was measured
    shipped: Program
    solution: Program
    partial_fixes: tuple[Program, ...] = ()
    wrong_fixes: tuple[Program, ...] = ()
    valid_fixes: tuple[Program, ...] = ()
    generated: Surprises | None = None  # None where no generated program was run
    problems: tuple[str, ...] = field(default=(), compare=False)  # in sentences

    def to_json(self) -> str:
        """The text of ``evidence.json``."""
        document: dict[str, Any] = {
            "format": FORMAT,
            "exercise": self.exercise,
            "bugkit": self.bugkit,
            "torch": self.torch,
            "python": self.python,
            "seeds": self.seeds,
            "margin": _rounded(self.margin),
            "seconds_per_run": _rounded(self.seconds_per_run),
            "sources": self.sources,
            "shipped": _judged(self.shipped),
            "solution": _judged(self.solution),
            "partial_fixes": [_caught(p) for p in self.partial_fixes],
            "wrong_fixes": [_caught(p) for p in self.wrong_fixes],
            "valid_fixes": [{"id": p.id, **_judged(p)} for p in self.valid_fixes],
        }
        if self.generated:
            document["generated"] = _told(self.generated)
        if self.problems:
            document["problems"] = list(self.problems)
        return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def path_of(exercise: Exercise) -> Path:
    """Where an exercise's evidence lies."""
    return exercise.solution_path / "evidence.json"


def write(exercise: Exercise, evidence: Evidence) -> None:
    """Write ``evidence.json``, whole or not at all."""
    write_whole(path_of(exercise), evidence.to_json())


def read(exercise: Exercise) -> Evidence:
    """The committed evidence; ManifestError where it cannot be read."""
    path, again = path_of(exercise), f"bugkit author verify {exercise.id}"
    try:
        document = json.loads(path.read_bytes())
        if document["format"] != FORMAT:
            raise ManifestError(
                f"{path}: the evidence is of another format",
                evidence=[f"found {document['format']!r}, expected {FORMAT}"],
                next_command=again,
            )
        return _evidence(document)
    except FileNotFoundError:
        raise ManifestError(f"{exercise.id}: nothing was measured yet", next_command=again) from None
    except (ValueError, KeyError, TypeError) as error:
        raise ManifestError(f"{path} is no evidence", evidence=[repr(error)], next_command=again) from None


def table(evidences: Sequence[Evidence]) -> Group:
    """One row for each exercise: seeds passed, margin, time; what all prove; and below it the problems, if any.

    Of fixes and generated programs: how many came out as they must, of how many; "skipped" are half fixes and styles
    that could not be made or run.
    """
    wrong = [p.sound for e in evidences for p in (*e.partial_fixes, *e.wrong_fixes)]
    valid = [p.sound for e in evidences for p in e.valid_fixes]
    told = f"{sum(wrong)} of {len(wrong)} wrong fixes pass, {valid.count(False)} of {len(valid)} valid fixes fail"
    equivalent = sum(e.generated.half_fixes.equivalent for e in evidences if e.generated)
    told += f", {equivalent} half fixes are called equivalent" if equivalent else ""
    out = _table(("shipped", "solution", "partial", "wrong", "valid", *GENERATED, "margin", "s/run"))
    for evidence in evidences:
        out.add_row(*_row(evidence))
    return Group(out, Text(told), *_problems((e.exercise, e.problems) for e in evidences))


def generated_table(exercises: Sequence[Exercise], found: Sequence[Surprises]) -> Group:
    """One row for each exercise: what came out as it must of the generated programs; below it what did not."""
    out = _table(GENERATED)
    for exercise, one in zip(exercises, found, strict=True):
        out.add_row(exercise.id, *_generated(one))
    return Group(out, *_problems((e.id, one.problems) for e, one in zip(exercises, found, strict=True)))


GENERATED = ("half", "styles", "skipped")  # columns


def _table(columns: Iterable[str]) -> Table:
    out = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    out.add_column("exercise")
    for name in columns:
        out.add_column(name, justify="right")
    return out


def _problems(problems: Iterable[tuple[str, Sequence[str]]]) -> Iterator[Text]:
    """In sentences; plain, since code in them may look like markup."""
    sentences = [f"{exercise}: {sentence}" for exercise, some in problems for sentence in some]
    yield Text("\n".join(["", *sentences]) if sentences else "problems: none")


def _row(e: Evidence) -> list[str]:
    """Of the fixes: how many came out as they must, of how many."""
    return [
        e.exercise,
        f"{e.shipped.passed}/{e.seeds}",
        f"{e.solution.passed}/{e.seeds}",
        _share(not p.sound for p in e.partial_fixes),
        _share(not p.sound for p in e.wrong_fixes),
        _share(p.sound for p in e.valid_fixes),
        *_generated(e.generated),
        "-" if e.margin is None else f"{e.margin:.0%}",
        f"{e.seconds_per_run:.1f}",
    ]


def _generated(found: Surprises | None) -> list[str]:
    if found is None:
        return ["-"] * len(GENERATED)
    halves, styles = found.half_fixes, found.styles
    shares = [f"{one.made - len(one.wrong)}/{one.made}" for one in (halves, styles)]
    return [*shares, f"{halves.skipped}+{styles.skipped}"]


def _share(right: Iterable[bool]) -> str:
    all_of_them = list(right)
    return f"{sum(all_of_them)}/{len(all_of_them)}" if all_of_them else "-"


def _evidence(document: dict[str, Any]) -> Evidence:
    one = {name: _program(name, document[name]) for name in ("shipped", "solution")}
    many = {
        name: tuple(_program(stored["id"], stored) for stored in document[name])
        for name in ("partial_fixes", "wrong_fixes", "valid_fixes")
    }
    plain = {name: value for name, value in document.items() if name != "format"}
    found = _surprises(document["generated"]) if "generated" in document else None
    told = tuple(document.get("problems", ())) or (found.problems if found else ())
    return Evidence(**{**plain, **one, **many, "generated": found, "problems": told})


def _told(found: Surprises) -> dict[str, Any]:
    halves, styles = found.half_fixes, found.styles
    counts = {"made": halves.made, "skipped": halves.skipped, "equivalent": halves.equivalent}
    return {
        "half_fixes": {**counts, "passed": list(halves.wrong)},
        "styles": {"made": styles.made, "skipped": styles.skipped, "failed": list(styles.wrong)},
    }


def _surprises(stored: dict[str, Any]) -> Surprises:
    halves, styles = stored["half_fixes"], stored["styles"]
    return Surprises(
        Sort(halves["made"], halves["skipped"], halves["equivalent"], tuple(halves["passed"])),
        Sort(styles["made"], styles["skipped"], 0, tuple(styles["failed"])),
        tuple(f"the half fix {name!r} passes" for name in halves["passed"])
        + tuple(f"the style {name!r} fails" for name in styles["failed"]),
    )


def _program(name: str, stored: dict[str, Any]) -> Program:
    return Program(name, stored["passed"], tuple(stored["loss"]), tuple(stored.get("caught_by", ())))


def _judged(program: Program) -> dict[str, Any]:
    return {"passed": program.passed, "loss": [_rounded(loss) for loss in program.loss]}


def _caught(program: Program) -> dict[str, Any]:
    return {"id": program.id, **_judged(program), "caught_by": list(program.caught_by)}


def _rounded(value: float | None) -> float | None:
    return float(f"{value:.{DIGITS}g}") if value is not None and math.isfinite(value) else None
