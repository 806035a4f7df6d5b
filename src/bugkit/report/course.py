"""A class on one page: who did what, what went wrong, what an instructor may want to look at. One file, no network.

The one script sorts tables; the page's policy lets in no other, and without it everything is still there to read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from bugkit.report.html import TEMPLATES, digest, environment, style
from bugkit.report.words import count
from bugkit.verdict import Outcome


@dataclass(frozen=True)
class Square:
    """One learner and one exercise of the heat map."""

    outcome: Outcome | None  # None: graded not yet, or nothing was handed in
    score: float = 0.0
    attempts: int = 0
    says: str = ""  # in words, for whoever points at it or does not see it
    state: str = ""  # nothing handed in, not graded yet, graded or excused
    late: bool = False

    @property
    def quarter(self) -> int:
        """Which quarter of the score it lies in, from 0: how strong its colour is."""
        return min(int(4 * self.score), 3)


@dataclass(frozen=True)
class Wrong:
    """What went wrong in notebooks of an exercise: a symptom, or an end that left nothing to judge."""

    name: str
    count: int
    example: str  # as it was told to one of them


@dataclass(frozen=True)
class Alike:
    """People whose fixes of an exercise are alike."""

    people: tuple[str, ...]
    fixes: tuple[tuple[tuple[str, ...], str], ...]  # different texts, each with whose it is


@dataclass(frozen=True)
class Row:
    """One learner."""

    name: str
    page: str  # the name of the file of their own report
    squares: tuple[Square, ...]

    @property
    def passed(self) -> int:
        """How many exercises."""
        return sum(square.outcome == "passed" for square in self.squares)


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
    wrongs: tuple[Wrong, ...]  # the commonest first
    checks: tuple[tuple[str, int, int, bool], ...]  # sentence, failed, made, hidden
    alike: tuple[Alike, ...]

    @property
    def odd_checks(self) -> list[tuple[str, str]]:
        """Checks that tell nobody from anybody, with what is odd; of few submissions that says nothing."""
        told = []
        for sentence, failed, made, _ in self.checks:
            if made >= ENOUGH and failed in (0, made):
                told.append((sentence, "nobody fails it" if failed == 0 else "everybody fails it"))
        return told


@dataclass(frozen=True)
class Course:
    """What the page shows."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    troubles: tuple[
        tuple[str, str], ...
    ]  # files that wait for a decision, and passes that rest on less than all checks
    when: str


ENOUGH = 5


def page(course: Course) -> str:
    """The class page."""
    css, script = style() + _text("course.css"), _text("sort.js")
    heading = f"{count(len(course.rows), 'learner')}, {count(len(course.columns), 'exercise')}"
    return (
        environment()
        .get_template("course.html")
        .render(course=course, heading=heading, style=css, script=script, digests=[digest(css), digest(script)])
    )


@cache
def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
