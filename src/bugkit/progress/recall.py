"""What comes back when: answers scheduled by FSRS, from how well each thing was known before. Pure.

A card is made again from all answers, in order, so that two machines that exchange answers agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from fsrs import Card, Rating, Scheduler

from bugkit.progress.store import Answer

AGAIN, HARD, GOOD = Rating.Again.value, Rating.Hard.value, Rating.Good.value
SCHEDULER = Scheduler(enable_fuzzing=False)


def due_at(answers: Sequence[Answer]) -> datetime | None:
    """When to ask again, in UTC; None for what was never asked."""
    if not answers:
        return None
    card = Card(card_id=1)
    for answer in answers:
        at = datetime.fromisoformat(answer.at).astimezone(UTC)
        card, _ = SCHEDULER.review_card(card, Rating(answer.rating), at)
    return card.due


def in_turn(items: Iterable[str], answers: Mapping[str, Sequence[Answer]], now: datetime) -> list[str]:
    """What is due, the longest due first, then what is new as it comes, then the rest by when it is due."""
    dates = {item: due_at(answers.get(item, ())) for item in items}
    known = sorted((due, item) for item, due in dates.items() if due)
    late = [item for due, item in known if due <= now]
    return [*late, *(item for item, due in dates.items() if due is None), *(item for due, item in known if due > now)]
