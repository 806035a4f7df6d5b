"""What to do next: new exercises in order, and old kinds of bug again when they are about to be forgotten. Pure.

When a kind comes back, FSRS says, from what each pass took.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import pairwise

from bugkit.exercise import Exercise
from bugkit.progress.records import Event

PAUSE = timedelta(minutes=30)  # who did nothing for longer was away
MOST = timedelta(days=120)  # what would come back later than that is known for good
HARD_PASS = 3  # failed attempts and hints together, from which on a pass was no easy one


@dataclass(frozen=True, slots=True)
class Advice:
    """An exercise and why it is its turn; ``again`` when it was passed before, and its kind of bug is due."""

    exercise: Exercise
    why: str
    again: bool = False


Histories = Mapping[str, Sequence[Event]]


def advice(
    exercises: Iterable[Exercise], histories: Histories, now: datetime, kinds: Mapping[str, str] | None = None
) -> Iterator[Advice]:
    """What to do, most urgent first: what is due again, then what is new, easy before hard within a track.

    ``kinds`` has the kind of bug by exercise, those not in the catalog among them: a pass of one counts for all of its
    kind.
    """
    everything, kinds = list(exercises), kinds or {}
    passed = {e.id for e in everything if _passes(histories.get(e.id, ()))}
    by_kind = _by_kind(histories, kinds)
    late: dict[str, tuple[datetime, Exercise]] = {}
    for exercise in everything:
        kind = kinds.get(exercise.id, exercise.id)
        due = due_again(by_kind.get(kind, ())) if exercise.id in passed else None
        if due and due <= now:
            late.setdefault(kind, (due, exercise))
    for due, exercise in sorted(late.values(), key=lambda pair: (pair[0], pair[1].id)):
        days = (now - due).days
        since = "since today" if days == 0 else f"for {days} day{'s' if days > 1 else ''}"
        yield Advice(exercise, f"it was hard, and has been due again {since}", again=True)
    known = {concept for e in everything if e.id in passed for concept in e.heading.concepts}
    tracks = list(dict.fromkeys(e.heading.track for e in everything))
    new = [e for e in everything if e.id not in passed]
    for exercise in sorted(new, key=lambda e: (tracks.index(e.heading.track), e.heading.difficulty)):
        builds_on = any(concept in known for concept in exercise.heading.concepts)  # which one would be a hint
        why = "it builds on what you have passed" if builds_on else "it is new"
        yield Advice(exercise, "you have begun it" if histories.get(exercise.id) else why)


def due_again(events: Sequence[Event]) -> datetime | None:
    """When to meet a kind of bug once more; never, if its first pass came easily, or when it is known for good."""
    passes = list(_days_apart(_passes(events)))
    if not passes or _effort(events, "", passes[0].at) == Effort.LITTLE:
        return None
    from bugkit.progress.recall import AGAIN, GOOD, HARD, due_after

    ratings = {Effort.LITTLE: GOOD, Effort.MUCH: HARD, Effort.TOO_MUCH: AGAIN}
    since, rated = "", []
    for one in passes:
        rated.append((one.when, ratings[_effort(events, since, one.at)]))
        since = one.at
    due = due_after(rated)
    return due if due - passes[-1].when <= MOST else None


def active(events: Sequence[Event]) -> timedelta:
    """The time at work from the first event to the first pass, without pauses of over half an hour."""
    passes = _passes(events)
    until = passes[0].at if passes else "9999"
    times = sorted(event.when for event in events if event.at <= until)
    gaps = (later - earlier for earlier, later in pairwise(times))
    return sum((gap for gap in gaps if gap <= PAUSE), timedelta())


def effortless(events: Sequence[Event]) -> bool:
    """Whether it was passed, and the first pass came easily."""
    passes = _passes(events)
    return bool(passes) and _effort(events, "", passes[0].at) == Effort.LITTLE


class Effort(Enum):
    """What a pass took."""

    LITTLE = 1
    MUCH = 2
    TOO_MUCH = 3  # the solution was asked for


def _effort(events: Sequence[Event], since: str, until: str) -> Effort:
    before = [event.what for event in events if since < event.at < until and event.what != "opened"]
    if "gave up" in before:
        return Effort.TOO_MUCH
    return Effort.MUCH if len(before) >= HARD_PASS else Effort.LITTLE


def _by_kind(histories: Histories, kinds: Mapping[str, str]) -> dict[str, list[Event]]:
    """What was done, in order, by kind of bug; by exercise where its kind is not known."""
    out: dict[str, list[Event]] = {}
    for exercise, events in histories.items():
        out.setdefault(kinds.get(exercise, exercise), []).extend(events)
    return {kind: sorted(events, key=lambda event: event.at) for kind, events in out.items()}


def _passes(events: Sequence[Event]) -> list[Event]:
    return sorted((event for event in events if event.what == "passed"), key=lambda event: event.at)


def _days_apart(passes: Sequence[Event]) -> Iterator[Event]:
    """Two passes on one day are one."""
    last: Event | None = None
    for event in passes:
        if last is None or event.when - last.when >= timedelta(hours=20):
            last = event
            yield event
