"""Prove exercises from all sides: run every program on every seed, and judge what was seen."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

from bugkit.author.evidence import Evidence
from bugkit.author.generated import generated as make_generated
from bugkit.author.journal import Journal
from bugkit.author.proof_runs import Case, OnProgress, ProofRuns
from bugkit.author.soundness import assess
from bugkit.author.surprises import Surprises, surprises
from bugkit.author.variants import Variant, variants
from bugkit.box.supply import Engine
from bugkit.errors import UsageError
from bugkit.exercise import Exercise
from bugkit.grader import Grader
from bugkit.judge import target_of
from bugkit.verdict import RunResult

FIRST = 6  # seeds, on which nearly everything fails that has to


def verify(
    exercises: Sequence[Exercise],
    seeds: Sequence[int],
    on_progress: OnProgress,
    *,
    engine: Engine | None = None,
    grader: Grader | None = None,
    fixes: int | None = None,
    generated: bool = False,
    journal: Journal | None = None,
) -> list[Evidence]:
    """The evidence of each exercise, in order; ``on_progress(done, total, label)`` is called after every run.

    Odd seeds are run on redrawn tasks. A grader that is warm already has to make hidden checks, too. What is
    shipped and correct programs run on all seeds; what else must fail on the first FIRST and, if it passed on any of
    them, on all the rest. ``generated`` programs are made and run where they are asked for, a ``journal`` keeps what
    is measured for another time.

    With a number of ``fixes`` the proof is brief. What is shipped, the solution and each bug alone run on all seeds;
    of the others at most so many, valid ones on one seed each, those that have to fail until they have. Whether every
    check is good for something is not asked then.

    All patches are tried before anything runs: ManifestError where one does not fit, or an ``[[equivalent]]`` is none.
    """
    _refuse_no_seeds(seeds)
    programs = {exercise.id: variants(exercise) for exercise in exercises}
    for exercise in exercises if generated else ():
        make_generated(exercise, steps=exercise.manifest.run.max_steps)
    if fixes is not None:
        programs = {name: _briefly(some, fixes, seeds) for name, some in programs.items()}
    cases = [Case(e, v, seed) for e in exercises for v in programs[e.id] for seed in v.among(seeds)]
    first, later = _in_turn(cases, seeds, brief=fixes is not None)
    found: dict[str, Surprises] = {}
    with nullcontext(grader) if grader else Grader(engine, hidden=True) as warm:
        proof = ProofRuns(warm, on_progress, journal)
        results = proof.until_failed(first, later)
        for exercise in exercises if generated else ():
            found[exercise.id] = surprises(exercise, seeds, proof)

    def seen(exercise: Exercise) -> dict[Variant, list[RunResult]]:
        keys = {v: [(exercise.id, v, seed) for seed in seeds] for v in programs[exercise.id]}
        runs = {variant: [results[key] for key in of_it if key in results] for variant, of_it in keys.items()}
        return {variant: some for variant, some in runs.items() if some}

    proofs = [assess(e, seen(e), target_of(e), whole=fixes is None) for e in exercises]
    return [_with(proof, found.get(proof.exercise)) for proof in proofs]


def only_generated(
    exercises: Sequence[Exercise], seeds: Sequence[int], on_progress: OnProgress, *, engine: Engine | None = None
) -> list[Surprises]:
    """What generated programs show of each exercise; of the others, only the solution is run."""
    _refuse_no_seeds(seeds)
    with Grader(engine, hidden=True) as warm:
        return [surprises(exercise, seeds, ProofRuns(warm, on_progress)) for exercise in exercises]


def _refuse_no_seeds(seeds: Sequence[int]) -> None:
    if not seeds:
        raise UsageError("nothing is proved without a seed", next_command="bugkit author verify --seeds 20")


def _in_turn(cases: Sequence[Case], seeds: Sequence[int], *, brief: bool) -> tuple[list[Case], list[Case]]:
    """The cases to begin with, and those that wait for them: other seeds of what has to fail on one of them."""
    begin = set(seeds[: 1 if brief else FIRST])

    def waits(case: Case) -> bool:
        may = case.variant.may_fail_once if brief else case.variant.must_fail
        return may and case.variant.turn is None and case.seed not in begin

    return [case for case in cases if not waits(case)], [case for case in cases if waits(case)]


def _with(proof: Evidence, found: Surprises | None) -> Evidence:
    return replace(proof, generated=found, problems=(*proof.problems, *found.problems)) if found else proof


def _briefly(programs: Sequence[Variant], fixes: int, seeds: Sequence[int]) -> list[Variant]:
    """The witnesses, and some of the rest from all over; of these, the right ones on a seed each."""
    witnesses = [one for one in programs if one.is_witness]
    rest = [one for one in programs if not one.is_witness and one.among(seeds)]
    some = rest[:: max(1, -(-len(rest) // fixes))]
    turns = itertools.cycle(range(len(seeds)))
    return witnesses + [replace(one, turn=next(turns)) if one.correct else one for one in some]
