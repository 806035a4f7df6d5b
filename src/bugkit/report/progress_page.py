"""A learner's progress as one page: every exercise a tile, and the way to each pass as a row of marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from bugkit.report.html import TEMPLATES, digest, environment, style

MOST_MARKS = 24  # of one exercise; of a longer way only the end is shown
MARKS = {  # of an event: what is drawn, and its color in the style sheet
    "passed": ("✓", "passed"),
    "failed": ("✗", "failed"),
    "error": ("!", "error"),
    "hint": ("?", "hint"),
    "explained": ("?", "hint"),
    "gave up": ("–", "quiet"),
}
STAGE = ("◐", "passed")  # an early stage's pass


@dataclass(frozen=True, slots=True)
class HistoryMark:
    """One thing that was done, and the day."""

    what: str  # "passed", "failed", "error", "hint", "gave up" or "stage-1"
    on: str

    @property
    def mark(self) -> tuple[str, str]:
        """What is drawn, and its color."""
        return MARKS.get(self.what, STAGE)


@dataclass(frozen=True, slots=True)
class ExerciseHistory:
    """One exercise and what was done on it."""

    id: str
    title: str
    track: str
    state: str  # "passed", "tried" or "new"
    steps: Sequence[HistoryMark] = ()
    minutes: float = 0.0  # at work
    passed_on: str = ""

    @property
    def earlier(self) -> int:
        """How many steps are not drawn."""
        return max(0, len(self.steps) - MOST_MARKS)

    @property
    def shown(self) -> Sequence[HistoryMark]:
        """The steps that are drawn."""
        return self.steps[self.earlier :]


def progress_page(ways: Sequence[ExerciseHistory], concepts: Iterable[tuple[str, int]], following: str) -> str:
    """The page. ``concepts`` are names with the number of exercises passed; ``following`` says what is next."""
    text = style() + (TEMPLATES / "progress_page.css").read_text(encoding="utf-8")
    steps = [step for way in ways for step in way.steps]
    return (
        environment()
        .get_template("progress_page.html")
        .render(
            tracks=[(name, list(group)) for name, group in groupby(ways, key=lambda way: way.track)],
            tried=[way for way in ways if way.steps],
            longest=max((way.minutes for way in ways), default=0.0) or 1.0,
            passed=sum(way.state == "passed" for way in ways),
            total=len(ways),
            attempts=sum(step.what not in ("hint", "explained", "gave up") for step in steps),
            hints=sum(step.what in ("hint", "explained") for step in steps),
            minutes=sum(way.minutes for way in ways),
            concepts=list(concepts),
            following=following,
            style=text,
            digest=digest(text),
        )
    )
