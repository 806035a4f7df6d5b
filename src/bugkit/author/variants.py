"""The programs by which an exercise is proved: broken, correct and in between."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations
from typing import Literal

from bugkit.author.build import patched, shipped
from bugkit.exercise import Exercise
from bugkit.exercise.manifest import Bug, FixPatch, Patch
from bugkit.notebook import Notebook, read, stage_of, up_to

Kind = Literal["shipped", "solution", "partial", "wrong", "valid", "half", "style"]
MAX_EXHAUSTIVE = 5  # bugs; beyond, the subsets are too many to run them all
DRAWN = 100
DRAWN_A_SEED = 5  # so that twenty seeds run all that are drawn, each once


@dataclass(frozen=True, slots=True)
class Variant:
    """One program of an exercise."""

    kind: Kind
    id: str  # the patch's; of a partial fix the fixed bugs, joined with "+"
    notebook: Notebook
    left: tuple[str, ...] = ()  # of a partial fix: the bugs of its stage that are still in it
    turn: int | None = None  # of a drawn one: which of the seeds is its own; None: it runs on all

    @property
    def correct(self) -> bool:
        """Whether it must pass."""
        return self.kind in ("solution", "valid", "style")

    @property
    def is_witness(self) -> bool:
        """Whether a proof cannot do without any run of it: a bug alone shows its symptom."""
        return self.kind in ("shipped", "solution") or len(self.left) == 1

    @property
    def must_fail(self) -> bool:
        """Whether it is a fix that is none: it must fail a verdict, which one seed does."""
        return self.kind in ("partial", "wrong", "half")

    @property
    def may_fail_once(self) -> bool:
        """Whether one failure proves all that is wanted of it."""
        return self.must_fail and not self.is_witness

    def among(self, seeds: Sequence[int]) -> Sequence[int]:
        """The seeds that it runs on, which may be none."""
        return seeds if self.turn is None else seeds[self.turn : self.turn + 1]


def variants(exercise: Exercise) -> list[Variant]:
    """All programs of an exercise; ManifestError where a patch does not fit.

    A fix is judged at the last stage whose cells it changes.
    """
    solution, broken, bugs = read(exercise.solution), shipped(exercise), exercise.bugs
    start = {"shipped": broken, "solution": solution}
    return [
        Variant("shipped", "shipped", broken),
        Variant("solution", "solution", solution),
        *(one for stage in range(1, stage_of(solution) + 1) for one in _at(stage, exercise, solution)),
        *(Variant("wrong", p.id, _fixed(exercise, start[p.on], p)) for p in bugs.wrong_fix),
        *(Variant("valid", p.id, _fixed(exercise, start[p.on], p)) for p in bugs.valid_fix),
    ]


def _at(stage: int, exercise: Exercise, solution: Notebook) -> Iterator[Variant]:
    """What a learner may have at a stage: the stages before it are fixed, and the bugs of later ones are all there."""
    bugs = exercise.bugs.bug
    own = [bug for bug in bugs if _stage(solution, bug) == stage]

    def left(kind: Kind, name: str, some: Sequence[Bug]) -> Variant:
        there = [bug for bug in bugs if bug in some or _stage(solution, bug) > stage]
        still = tuple(bug.id for bug in some)
        return Variant(kind, name, up_to(patched(exercise, solution, there), stage), still)

    last = stage_of(solution)
    if stage < last:
        yield left("valid", f"stage-{stage}", [])
    if last > 1:
        yield left("wrong", f"stage-{stage}-shipped", own)
    for some in partial_fixes(own):
        yield left("partial", _name_of(own, some), some)
    for number, some in enumerate(drawn_fixes(own)):
        yield replace(left("partial", _name_of(own, some), some), turn=number // DRAWN_A_SEED)


def _name_of(bugs: Sequence[Bug], left: Sequence[Bug]) -> str:
    return "+".join(bug.id for bug in bugs if bug not in left)


def _stage(notebook: Notebook, patch: Patch) -> int:
    """The last stage among the cells that a patch changes."""
    touched = {edit.cell for edit in patch.edits}
    return stage_of(Notebook(tuple(cell for cell in notebook.cells if cell.id in touched)))


def _fixed(exercise: Exercise, start: Notebook, fix: FixPatch) -> Notebook:
    return up_to(patched(exercise, start, [fix]), _stage(start, fix))


def partial_fixes(bugs: Sequence[Bug]) -> list[tuple[Bug, ...]]:
    """The bugs that a partial fix may leave: every subset but none and all.

    Beyond MAX_EXHAUSTIVE bugs: each alone, and all but each.
    """
    count = len(bugs)
    sizes = range(1, count) if count <= MAX_EXHAUSTIVE else (1, count - 1)
    return list(chain.from_iterable(combinations(bugs, size) for size in sizes))


def drawn_fixes(bugs: Sequence[Bug]) -> list[tuple[Bug, ...]]:
    """Beyond MAX_EXHAUSTIVE bugs, DRAWN of the other subsets, the same ones every time."""
    rng, count = random.Random(0), len(bugs)
    if count <= MAX_EXHAUSTIVE:
        return []
    there_are = 2**count - 2 - 2 * count  # without none, all, each alone and all but each
    drawn: dict[tuple[int, ...], None] = {}
    while len(drawn) < min(DRAWN, there_are):
        drawn[tuple(sorted(rng.sample(range(count), rng.randint(2, count - 2))))] = None
    return [tuple(bugs[i] for i in chosen) for chosen in drawn]
