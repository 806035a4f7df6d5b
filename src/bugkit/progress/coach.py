"""What to do next: new exercises in order, and old kinds of bug again when they are about to be forgotten. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from bugkit.exercise import Exercise
from bugkit.progress.store import Event

PAUSE = timedelta(minutes=30)  # who did nothing for longer was away
DAYS = (1, 3, 7, 21, 60)  # between a pass and its review, and on after each further pass
HARD = 3  # failed attempts and hints together, from which on a pass was no easy one


@dataclass(frozen=True, slots=True)
class Advice:
    """An exercise and why it is its turn; ``again`` when it was passed before."""

    exercise: Exercise
    why: str
    again: bool = False


Histories = Mapping[str, Sequence[Event]]


def advice(exercises: Iterable[Exercise], histories: Histories, now: datetime) -> Iterator[Advice]:
    """What to do, most urgent first: what is due again, then what is new, easy before hard within a track."""
    everything = list(exercises)
    passed = {e.id for e in everything if _passes(histories.get(e.id, ()))}
    late = sorted((due, e.id, e) for e in everything if (due := due_again(histories.get(e.id, ()))) and due <= now)
    for due, _, exercise in late:
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
    """When to do an exercise once more; never, if its first pass came easily."""
    passes = _passes(events)
    if not passes:
        return None
    before = [event for event in events if event.at < passes[0].at and event.what != "opened"]
    hard = len(before) >= HARD or any(event.what == "gave up" for event in events)
    spread = list(_days_apart(passes))
    if not hard or len(spread) > len(DAYS):
        return None
    return spread[-1].when + timedelta(days=DAYS[len(spread) - 1])


def active(events: Sequence[Event]) -> timedelta:
    """The time at work from the first event to the first pass, without pauses of over half an hour."""
    passes = _passes(events)
    until = passes[0].at if passes else "9999"
    times = sorted(event.when for event in events if event.at <= until)
    gaps = (later - earlier for earlier, later in pairwise(times))
    return sum((gap for gap in gaps if gap <= PAUSE), timedelta())


def _passes(events: Sequence[Event]) -> list[Event]:
    return sorted((event for event in events if event.what == "passed"), key=lambda event: event.at)


def _days_apart(passes: Sequence[Event]) -> Iterator[Event]:
    """Two passes on one day are one."""
    last: Event | None = None
    for event in passes:
        if last is None or event.when - last.when >= timedelta(hours=20):
            last = event
            yield event
