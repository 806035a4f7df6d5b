"""What a learner has met, and how well each kind of bug went: in exercises, listings and earlier interviews."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bugkit.fresh.evidence import matrix
from bugkit.interview.plan import Past, Plan
from bugkit.progress import Progress
from bugkit.progress.coach import effortless
from bugkit.progress.interviews import Interviews
from bugkit.progress.recall import GOOD


def past(progress: Progress) -> Past:
    """All of it, by the progress that is kept."""
    kinds, weak, strong = matrix().kinds(), set[str](), set[str]()
    for name, events in progress.events().items():
        if kind := kinds.get(name):
            (strong if effortless(events) else weak).add(kind)
    for item, answers in progress.answers().items():
        command, _, name = item.partition(":")
        if command == "spot" and (kind := kinds.get(name)):
            (strong if answers[-1].rating >= GOOD else weak).add(kind)
    met = set(progress.summary())
    for record in Interviews(progress).all():
        plan = Plan.of(record.plan)
        met |= {plan.code, *plan.listings}
    weak |= {kind for record in _ended(progress) for kind in record.get("missed", ())}
    return Past(met, weak, strong - weak)


def _ended(progress: Progress) -> list[Mapping[str, Any]]:
    """The debriefs of earlier interviews."""
    kept = Interviews(progress)
    return [full.debrief for one in kept.all() if one.condition == "ended" and (full := kept.of(one.number))]
