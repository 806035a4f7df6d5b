"""The programs by which an exercise is proved: broken, correct and in between."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Literal

from bugkit.author.build import patched, shipped
from bugkit.exercise import Exercise
from bugkit.exercise.manifest import Bug
from bugkit.notebook import Notebook, read, stage_of, up_to

Kind = Literal["shipped", "solution", "partial", "wrong", "valid"]
MAX_EXHAUSTIVE = 5  # bugs; beyond, the subsets are too many to run them all
DRAWN = 100


@dataclass(frozen=True, slots=True)
class Variant:
    """One program of an exercise."""

    kind: Kind
    id: str  # the patch's; of a partial fix the mended bugs, joined with "+"
    notebook: Notebook
    left: tuple[str, ...] = ()  # of a partial fix: the bugs that are still in it

    @property
    def correct(self) -> bool:
        """Whether it must pass."""
        return self.kind in ("solution", "valid")


def variants(exercise: Exercise) -> list[Variant]:
    """All programs of an exercise; ManifestError where a patch does not fit."""
    solution, broken, bugs = read(exercise.solution), shipped(exercise), exercise.bugs
    return [
        Variant("shipped", "shipped", broken),
        Variant("solution", "solution", solution),
        *(Variant("valid", f"stage-{stage}", up_to(solution, stage)) for stage in range(1, stage_of(solution))),
        *(Variant("wrong", f"stage-{stage}-shipped", up_to(broken, stage)) for stage in range(1, stage_of(solution))),
        *(_partial(exercise, solution, left) for left in partial_fixes(bugs.bug)),
        *(Variant("wrong", p.id, patched(exercise, broken, [p])) for p in bugs.wrong_fix),
        *(Variant("valid", p.id, patched(exercise, broken, [p])) for p in bugs.valid_fix),
    ]


def partial_fixes(bugs: Sequence[Bug]) -> list[tuple[Bug, ...]]:
    """The bugs that a partial fix may leave: every subset but none and all.

    Beyond MAX_EXHAUSTIVE bugs: each alone, all but each, and DRAWN others, the same ones every time.
    """
    count = len(bugs)
    sizes = range(1, count) if count <= MAX_EXHAUSTIVE else sorted({1, count - 1})
    chosen = list(chain.from_iterable(combinations(bugs, size) for size in sizes))
    if count > MAX_EXHAUSTIVE:
        chosen += _drawn(bugs)
    return chosen


def _drawn(bugs: Sequence[Bug]) -> list[tuple[Bug, ...]]:
    rng, count = random.Random(0), len(bugs)
    there_are = 2**count - 2 - 2 * count  # without none, all, each alone and all but each
    drawn: dict[tuple[int, ...], None] = {}
    while len(drawn) < min(DRAWN, there_are):
        drawn[tuple(sorted(rng.sample(range(count), rng.randint(2, count - 2))))] = None
    return [tuple(bugs[i] for i in chosen) for chosen in drawn]


def _partial(exercise: Exercise, solution: Notebook, left: Sequence[Bug]) -> Variant:
    still = tuple(bug.id for bug in left)
    mended = "+".join(bug.id for bug in exercise.bugs.bug if bug.id not in still)
    return Variant("partial", mended, patched(exercise, solution, left), still)
