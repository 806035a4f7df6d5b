"""From runs to a verdict: what they add up to, against the band and the budget of their exercise. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bugkit import checks as authors
from bugkit.exercise import Exercise
from bugkit.notebook import Rebuilt, stage_of
from bugkit.symptoms import diagnose
from bugkit.verdict import RunResult, Target, Verdict, outcome_of, over_seeds, score_of


def judge(
    exercise: Exercise,
    runs: Sequence[RunResult],
    *,
    engine: str,
    no_sandbox: str = "",
    rebuilt: Rebuilt | None = None,
) -> Verdict:
    """What the runs of one notebook add up to; ``no_sandbox`` says why there was none, "" where there was."""
    target = target_of(exercise)
    outcome = outcome_of(runs)
    verdict = Verdict(
        exercise=exercise.id,
        title=exercise.manifest.title,
        outcome=outcome,
        score=score_of(runs, exercise.manifest.weights),
        engine=engine,
        sandbox=not no_sandbox,
        no_sandbox=no_sandbox,
        target=target,
        runs=tuple(runs),
        checks=over_seeds(runs),
        symptoms=() if outcome == "passed" else diagnose(runs, target),
        next=_next(exercise, passed=outcome == "passed", seeds=len(runs)),
    )
    if rebuilt is None:
        return verdict
    return replace(
        verdict,
        stage=stage_of(rebuilt.notebook),
        stages=exercise.manifest.stages,
        restored_cells=rebuilt.restored,
        missing_cells=rebuilt.missing,
        extra_cells=rebuilt.extra,
        changed_lines=rebuilt.changed_lines,
    )


def is_short(exercise: Exercise, seeds: int) -> bool:
    """Whether these are fewer seeds than the exercise wants: a pass on them is not one yet."""
    return seeds < len(exercise.manifest.run.seeds)


def _next(exercise: Exercise, *, passed: bool, seeds: int) -> str:
    if passed and is_short(exercise, seeds):
        return f"bugkit check {exercise.id}"
    return f"bugkit {'solution' if passed else 'hint'} {exercise.id}"


def target_of(exercise: Exercise) -> Target:
    """The band and the budget of an exercise, with its measure in words."""
    band, limits = exercise.manifest.converge, exercise.manifest.run
    measured = authors.load(exercise.checks, band.measure).measured
    unit = exercise.manifest.curve_unit or ""
    return Target(measured, band.unit, band.below, band.above, band.at_start, limits.max_steps, unit)
