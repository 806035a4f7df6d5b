"""How somebody stands with an exercise: what counts of what was handed in, when it was due, what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Literal

from bugkit.classroom.course import Course
from bugkit.classroom.fresh import OwnExercise
from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.grades import Decision, Grade, Kind
from bugkit.classroom.identity import Person
from bugkit.classroom.ownership import one_named
from bugkit.classroom.pack import digest_of_exercise
from bugkit.exercise import Exercise
from bugkit.verdict import Verdict

State = Literal["nothing handed in", "not graded yet", "graded", "excused"]


@dataclass(frozen=True)
class Standing:
    """One person and one exercise."""

    person: Person
    exercise: Exercise
    state: State
    grade: Grade | None = None  # None: nothing is known to be handed in
    due: datetime | None = None
    late: timedelta = timedelta()
    taken_off: float = 0.0  # the share of the score that being late costs
    decisions: tuple[Decision, ...] = ()  # the instructor's that hold
    outdated: bool = False  # whether the verdict is older than the exercise
    own: Exercise | None = None  # of a task in which everybody has another exercise, theirs

    @property
    def task(self) -> Exercise:
        """The exercise that this person had."""
        return self.own or self.exercise

    @cached_property
    def verdict(self) -> Verdict | None:
        """None where there is none, or its text cannot be read."""
        if self.grade is None or self.grade.graded is None:
            return None
        try:
            return self.grade.graded.read
        except (ValueError, RecursionError):
            return None

    @property
    def is_unreadable(self) -> bool:
        """Whether there is a verdict whose text is none."""
        return self.grade is not None and self.grade.graded is not None and self.verdict is None

    @property
    def outcome(self) -> str:
        """Of the verdict; "" for none."""
        return self.grade.graded.outcome if self.grade and self.grade.graded else ""

    @property
    def attempts(self) -> int:
        """How many different notebooks were handed in."""
        return self.grade.attempts if self.grade else 0

    @property
    def decided_score(self) -> float | None:
        """What an instructor gave instead of the verdict's."""
        decided = self.decided("score")
        return float(decided.value) if decided else None

    @property
    def score(self) -> float | None:
        """What counts, from 0 to 1; None where nothing does: nothing is graded and none was given, or it is excused."""
        if self.state == "excused":
            return None
        if self.decided_score is not None:
            return self.decided_score
        return self.grade.graded.score * (1 - self.taken_off) if self.grade and self.grade.graded else None

    def decided(self, kind: Kind) -> Decision | None:
        """The decision of this kind that holds."""
        return next((one for one in self.decisions if one.kind == kind), None)

    def remarks(self, *, reasons: bool = True) -> list[str]:
        """What there is to say besides the verdict, in short sentences; the instructor's reasons are theirs."""
        said = []
        if self.late:
            cost = f", {self.taken_off:.0%} taken off" if self.taken_off else ""
            said.append(f"late by {in_words(self.late)}{cost}")
        for one in self.decisions:
            because = f": {one.reason}" if one.reason and reasons else ""
            said.append(f"{DECIDED[one.kind].format(value=one.value)}{because}")
        if self.outdated:
            said.append("graded before the exercise was changed")
        if self.is_unreadable:
            said.append("the text of its verdict cannot be read")
        return said


DECIDED: dict[Kind, str] = {
    "accept": "the instructor chose this version",
    "excuse": "excused by the instructor",
    "score": "the instructor set the score to {value}",
    "extend": "due later for this person, {value}",
    "aside": "put aside by the instructor",
}


def standings(
    gradebook: Gradebook, exercises: Sequence[Exercise], course: Course, people: Iterable[Person] | None = None
) -> Iterator[Standing]:
    """Every person with every exercise, in their orders; one person at a time, since a verdict is some kilobytes."""
    decisions: dict[tuple[str, str], list[Decision]] = {}
    for one in gradebook.decisions():
        decisions.setdefault((one.person, one.exercise), []).append(one)
    waiting, digest_of = gradebook.waiting(), cache(digest_of_exercise)
    ids = [one.id for one in exercises]
    for person in gradebook.people() if people is None else people:
        mine = {one.submission.exercise: one for one in gradebook.grades(person.id)}
        # a file that nobody has looked into may be of the exercise that it names, else of any
        unread = {one_named(place, ids) or "" for place in waiting.get(person.id, ())}
        for exercise in exercises:
            own = exercise.of(person.id) if isinstance(exercise, OwnExercise) else exercise
            grade = mine.get(own.id) if own else None
            decided = tuple(decisions.get((person.id, exercise.id), ()))
            state = _state(grade, decided, maybe=bool(unread & {"", exercise.id}))
            due = _due(person, exercise, course, decided)
            late = _late(grade, due)
            digest = grade.graded.exercise_digest if grade and grade.graded else ""
            outdated = bool(digest and own) and digest != digest_of(own)
            taken_off = course.late.taken_off(late)
            theirs = own if own is not exercise else None
            yield Standing(person, exercise, state, grade, due, late, taken_off, decided, outdated, theirs)


def in_words(late: timedelta) -> str:
    """A time in days, hours or minutes, as it matters."""
    minutes = max(1, round(late.total_seconds() / 60))
    if minutes < 2 * 60:
        return f"{minutes} min"
    return f"{round(minutes / 60)} h" if minutes < 48 * 60 else f"{round(minutes / 60 / 24)} days"


def _state(grade: Grade | None, decided: Sequence[Decision], *, maybe: bool) -> State:
    if any(one.kind == "excuse" for one in decided):
        return "excused"
    if grade is not None:
        return "graded" if grade.graded else "not graded yet"
    return "not graded yet" if maybe else "nothing handed in"


def _due(person: Person, exercise: Exercise, course: Course, decided: Sequence[Decision]) -> datetime | None:
    extended = next((one for one in decided if one.kind == "extend"), None)
    if extended:
        return datetime.fromisoformat(extended.value).astimezone(UTC)
    return course.due_for(exercise.id, (person.id, *person.known_as, person.number, person.email, person.name))


def _late(grade: Grade | None, due: datetime | None) -> timedelta:
    if grade is None or due is None:
        return timedelta()
    return max(datetime.fromisoformat(grade.submission.at) - due, timedelta())
