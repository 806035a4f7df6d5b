"""What is kept of a learner's work, as records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

State = Literal["new", "tried", "passed"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One judged notebook."""

    at: str  # UTC, ISO 8601
    outcome: str
    score: float
    seconds: float  # wall time of the whole check


@dataclass(frozen=True, slots=True)
class Event:
    """What was done: ``passed``, ``failed`` and the like, ``hint``, ``explained``, ``gave up`` or ``opened``."""

    at: str  # UTC, ISO 8601
    what: str

    @property
    def when(self) -> datetime:
        """The time, in UTC."""
        return datetime.fromisoformat(self.at).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Note:
    """What a learner thought at a time."""

    at: str  # UTC, ISO 8601
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """How well something was known at a time."""

    item: str  # "quiz:" and a question's id
    at: str  # UTC, ISO 8601
    rating: int  # as fsrs has it: 1 again, 2 hard, 3 good, 4 easy
    seconds: float  # until it was answered


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that was done on one exercise, added up."""

    exercise: str
    attempts: int = 0
    seconds: float = 0.0  # of judging
    passed_at: str | None = None  # the first pass, UTC, ISO 8601
    hints: int = 0  # an explained report counts as one
    gave_up: bool = False

    @property
    def state(self) -> State:
        """Once passed, passed for good."""
        if self.passed_at:
            return "passed"
        return "tried" if self.attempts else "new"
