"""Prove exercises from all sides: run every program on every seed, and judge what was seen."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed
from contextlib import nullcontext
from dataclasses import dataclass, replace

from bugkit.author.evidence import Evidence
from bugkit.author.soundness import assess
from bugkit.author.variants import Variant, variants
from bugkit.errors import UsageError
from bugkit.exercise import Exercise
from bugkit.grader import Engine, Grader, target_of
from bugkit.verdict import RunResult

OnProgress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One run of the proof."""

    exercise: Exercise
    variant: Variant
    seed: int

    @property
    def label(self) -> str:
        """As shown while it goes on."""
        return f"{self.exercise.id} {self.variant.id}, seed {self.seed}"

    def given_to(self, grader: Grader) -> Future[RunResult]:
        """Every second seed meets a task drawn anew, as in a class, where the exercise can draw one."""
        redraw = self.seed if self.seed % 2 else None
        return grader.submit(self.exercise, self.variant.notebook, self.seed, redraw=redraw)


def verify(
    exercises: Sequence[Exercise],
    seeds: Sequence[int],
    on_progress: OnProgress,
    *,
    engine: Engine | None = None,
    grader: Grader | None = None,
    fixes: int | None = None,
) -> list[Evidence]:
    """The evidence of each exercise, in order; ``on_progress(done, total, label)`` is called after every run.

    Odd seeds are run on tasks drawn anew. A grader that is warm already has to make hidden checks, too.

    With a number of ``fixes`` the proof is brief. What is shipped, the solution and each bug alone run on all seeds;
    of the others at most so many, valid ones on one seed each, those that have to fail until they have. Whether every
    check is good for something is not asked then.

    All patches are tried before anything runs: ManifestError where one does not fit.
    """
    if not seeds:
        raise UsageError("nothing is proved without a seed", next_command="bugkit author verify --seeds 20")
    programs = {exercise.id: variants(exercise) for exercise in exercises}
    if fixes is not None:
        programs = {name: _briefly(some, fixes, seeds) for name, some in programs.items()}
    cases = [Case(e, v, seed) for e in exercises for v in programs[e.id] for seed in v.among(seeds)]
    first: list[Case] = []
    later: list[Case] = []
    for case in cases:
        waits = fixes is not None and case.variant.may_fail_once and case.seed != seeds[0]
        (later if waits else first).append(case)
    with nullcontext(grader) if grader else Grader(engine, hidden=True) as hall:
        results = _gathered(hall, first, on_progress)
        failed = {(exercise, variant) for (exercise, variant, _), result in results.items() if not result.passed}
        results |= _gathered(hall, [c for c in later if (c.exercise.id, c.variant) not in failed], on_progress)

    def seen(exercise: Exercise) -> dict[Variant, list[RunResult]]:
        keys = {v: [(exercise.id, v, seed) for seed in seeds] for v in programs[exercise.id]}
        runs = {variant: [results[key] for key in of_it if key in results] for variant, of_it in keys.items()}
        return {variant: some for variant, some in runs.items() if some}

    return [assess(e, seen(e), target_of(e), whole=fixes is None) for e in exercises]


def _briefly(programs: Sequence[Variant], fixes: int, seeds: Sequence[int]) -> list[Variant]:
    """The witnesses, and some of the rest from all over; of these, the right ones on a seed each."""
    witnesses = [one for one in programs if one.is_witness]
    rest = [one for one in programs if not one.is_witness and one.among(seeds)]
    some = rest[:: max(1, -(-len(rest) // fixes))]
    turns = itertools.cycle(range(len(seeds)))
    return witnesses + [replace(one, turn=next(turns)) if one.correct else one for one in some]


def _gathered(
    grader: Grader, cases: Sequence[Case], on_progress: OnProgress
) -> dict[tuple[str, Variant, int], RunResult]:
    """The results of these runs; what the grader could not do ends it all."""
    futures = {case.given_to(grader): case for case in cases}
    results = {}
    for done, future in enumerate(as_completed(futures), start=1):
        case = futures[future]
        results[case.exercise.id, case.variant, case.seed] = future.result()
        on_progress(done, len(futures), case.label)
    return results
