"""What comes back when: answers scheduled by FSRS, from how well each thing was known before. Pure.

A card is made again from all answers, in order, so that two machines that exchange answers agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from fsrs import Card, Rating, Scheduler

from bugkit.progress.records import Answer

AGAIN, HARD, GOOD = Rating.Again.value, Rating.Hard.value, Rating.Good.value
SCHEDULER = Scheduler(enable_fuzzing=False)
IN_DAYS = Scheduler(
    enable_fuzzing=False, learning_steps=(), relearning_steps=()
)  # what takes long is not asked twice a day


def due_at(answers: Sequence[Answer]) -> datetime | None:
    """When to ask again, in UTC; None for what was never asked."""
    if not answers:
        return None
    times = [(datetime.fromisoformat(one.at).astimezone(UTC), one.rating) for one in answers]
    return _due(SCHEDULER, times)


def due_after(rated: Sequence[tuple[datetime, int]]) -> datetime:
    """When to do again what takes long, days apart: from times, in UTC, with how well it went each time, in order."""
    return _due(IN_DAYS, rated)


def _due(scheduler: Scheduler, rated: Sequence[tuple[datetime, int]]) -> datetime:
    card = Card(card_id=1)
    for at, rating in rated:
        card, _ = scheduler.review_card(card, Rating(rating), at)
    return card.due


def in_turn(items: Iterable[str], answers: Mapping[str, Sequence[Answer]], now: datetime) -> list[str]:
    """What is due, the longest due first, then what is new as it comes, then the rest by when it is due."""
    dates = {item: due_at(answers.get(item, ())) for item in items}
    known = sorted((due, item) for item, due in dates.items() if due)
    late = [item for due, item in known if due <= now]
    return [*late, *(item for item, due in dates.items() if due is None), *(item for due, item in known if due > now)]
