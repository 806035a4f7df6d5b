"""What the works of a class say of an exercise: how hard it is, and whether it tells the strong from the weak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import StatisticsError, correlation, fmean

ENOUGH = 5  # works: of fewer these numbers say nothing

Scores = Mapping[str, float]  # by person, from 0 to 1


def difficulty(scores: Sequence[float]) -> float | None:
    """1 less the mean score: 0 where everybody has all of it (the complement of the item's facility)."""
    return 1 - fmean(scores) if len(scores) >= ENOUGH else None


def discrimination(exercise: str, scores: Mapping[str, Scores]) -> float | None:
    """The correlation of the scores with the same learners' mean scores in the other exercises, from -1 to 1.

    Item-rest correlation, as for the items of a test; None for too few learners, or where all have the same.
    """
    pairs = []
    for person, mine in scores.get(exercise, {}).items():
        rest = [others[person] for name, others in scores.items() if name != exercise and person in others]
        if rest:
            pairs.append((mine, fmean(rest)))
    if len(pairs) < ENOUGH:
        return None
    try:
        return round(correlation([mine for mine, _ in pairs], [rest for _, rest in pairs]), 4) + 0.0  # no -0.0
    except StatisticsError:
        return None
