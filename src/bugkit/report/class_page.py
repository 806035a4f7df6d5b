"""A class in pages: one of everybody, one of each exercise, one of each learner's verdicts. No network.

The one script sorts tables and filters rows; the pages' policy lets in no other, and without it everything is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from bugkit.report.charts import Bars, Small, Strip
from bugkit.report.html import TEMPLATES, digest, environment, style
from bugkit.report.phrases import count
from bugkit.verdict import Outcome

ENOUGH = 5  # works: of fewer a number says nothing


@dataclass(frozen=True)
class GradeCell:
    """One learner and one exercise of the matrix."""

    outcome: Outcome | None  # None: graded not yet, nothing was handed in, or it is excused
    score: float = 0.0
    attempts: int = 0
    says: str = ""  # in words, for whoever points at it or does not see it
    state: str = ""  # nothing handed in, not graded yet, graded or excused
    late: bool = False
    decided: bool = False  # whether an instructor has decided something

    @property
    def quarter(self) -> int:
        """Which quarter of the score it lies in, from 0: how strong its color is."""
        return min(int(4 * self.score), 3)


@dataclass(frozen=True)
class FailureKind:
    """What went wrong in notebooks of an exercise: a symptom, or an end that left nothing to judge."""

    name: str
    count: int
    example: str  # as it was told to one of them


@dataclass(frozen=True)
class SimilarFixes:
    """People whose fixes of an exercise are alike."""

    people: tuple[str, ...]
    fixes: tuple[tuple[tuple[str, ...], str], ...]  # different texts, each with whose it is


@dataclass(frozen=True)
class Row:
    """One learner."""

    name: str
    section: str
    page: str  # the name of the files of their reports
    cells: tuple[GradeCell, ...]

    @property
    def passed(self) -> int:
        """How many exercises."""
        return sum(cell.outcome == "passed" for cell in self.cells)


@dataclass(frozen=True)
class CheckCount:
    """How many of the judged notebooks failed a check."""

    sentence: str
    failed: int
    made: int
    hidden: bool

    @property
    def note(self) -> str:
        """What is odd about it; of few submissions that says nothing."""
        if self.made < ENOUGH or self.failed not in (0, self.made):
            return ""
        return "nobody fails it" if self.failed == 0 else "everybody fails it"


@dataclass(frozen=True)
class Panel:
    """One learner's curve among those of an exercise."""

    name: str
    page: str
    outcome: Outcome
    score: float
    small: Small | None


@dataclass(frozen=True)
class Column:
    """One exercise over the class."""

    id: str
    title: str
    handed_in: int
    passed: int
    score: float  # the mean over what was handed in
    attempts: float  # the median number of different notebooks
    seconds: float  # the median of a grading's runs
    failures: tuple[FailureKind, ...]  # the most common first
    checks: tuple[CheckCount, ...]
    alike: tuple[SimilarFixes, ...]
    not_compared: int = 0  # fixes that are too short, or the author's own
    difficulty: float | None = None  # None where too few were graded
    discrimination: float | None = None
    panels: tuple[Panel, ...] = ()
    scores: Bars | None = None
    losses: Strip | None = None
    unit: str = ""
    over_time: Bars | None = None


@dataclass(frozen=True)
class Class:
    """What the pages show."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    troubles: tuple[tuple[str, str], ...]  # what waits for a decision, or is to be looked at
    when: str
    over_time: Bars | None = None


def page(course: Class) -> str:
    """The class page."""
    heading = f"{count(len(course.rows), 'learner')}, {count(len(course.columns), 'exercise')}"
    return _rendered("class_page.html", course.name or heading, course=course, sizes=heading, here="")


def exercise_page(column: Column, when: str) -> str:
    """One exercise over the class."""
    return _rendered("exercise_page.html", f"{column.id} {column.title}", column=column, when=when, here="../")


def _rendered(template: str, heading: str, **told: object) -> str:
    css, script = style() + _text("class_page.css"), _text("class_page.js")
    digests = [digest(css), digest(script)]
    return (
        environment()
        .get_template(template)
        .render(heading=heading, style=css, script=script, digests=digests, enough=ENOUGH, **told)
    )


@cache
def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
