"""Runs of generated programs, and what came out otherwise than it must."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bugkit.author.generated import Generated, generated, trap
from bugkit.author.proof_runs import Case, Key, ProofRuns
from bugkit.author.variants import Variant
from bugkit.exercise import Exercise
from bugkit.notebook import read
from bugkit.verdict import RunResult

SEEDS = 3  # of those given, for each generated program


@dataclass(frozen=True, slots=True)
class Sort:
    """Half fixes or styles."""

    made: int = 0  # and run
    skipped: int = 0  # rewrites that do not apply, or whose program cannot be run or never meets the bug
    equivalent: int = 0
    wrong: tuple[str, ...] = ()  # ids: of half fixes that pass, of styles that fail


@dataclass(frozen=True, slots=True)
class Surprises:
    """What generated programs show of an exercise."""

    half_fixes: Sort = Sort()
    styles: Sort = Sort()
    problems: tuple[str, ...] = ()  # in sentences


def surprises(exercise: Exercise, seeds: Sequence[int], proof: ProofRuns) -> Surprises:
    """Run the generated programs of an exercise; its solution tells first how many steps it takes."""
    seeds = seeds[:SEEDS]
    known = solution_runs(exercise, seeds, proof)
    made = generated(exercise, _steps(known[0]))
    styles = [Case(exercise, one, seed) for one in made.of("style") for seed in seeds]
    halves = [Case(exercise, one, seed) for one in made.of("half") for seed in seeds]
    first = [case for case in halves if case.seed == seeds[0]]
    results = proof.results(styles) | proof.until_failed(first, [case for case in halves if case.seed != seeds[0]])
    met = judged(made, results).half_fixes.wrong
    unmet = unmet_among(exercise, [one for one in made.of("half") if one.id in met], seeds, proof)
    return judged(made, results, known, unmet)


def unmet_among(exercise: Exercise, passed: Sequence[Variant], seeds: Sequence[int], proof: ProofRuns) -> set[str]:
    """Those of the half fixes whose broken side is never called, or does the same whenever a notebook or check does."""
    traps = {one.id: made for one in passed if (made := trap(one))}
    cases = [Case(exercise, made, seed) for made in traps.values() for seed in seeds]
    runs = proof.until_failed([c for c in cases if c.seed == seeds[0]], [c for c in cases if c.seed != seeds[0]])
    caught = {variant for (_, variant, _), run in runs.items() if not run.passed}
    return {name for name, made in traps.items() if made not in caught}


def solution_runs(exercise: Exercise, seeds: Sequence[int], proof: ProofRuns) -> list[RunResult]:
    """The solution on each seed."""
    solution = Variant("solution", "solution", read(exercise.solution))
    runs = proof.results([Case(exercise, solution, seed) for seed in seeds])
    return [runs[exercise.id, solution, seed] for seed in seeds]


def steps_of(exercise: Exercise, proof: ProofRuns) -> int:
    """How many losses the solution records."""
    return _steps(solution_runs(exercise, [0], proof)[0])


def _steps(run: RunResult) -> int:
    return len(run.curve) or run.steps


def judged(
    made: Generated,
    results: Mapping[Key, RunResult],
    known: Sequence[RunResult] = (),
    unmet: Collection[str] = (),
) -> Surprises:
    """What the results add up to, beside those ``known`` of the solution. Pure.

    What raises everywhere proves nothing, nor does what is ``unmet``, a half fix whose broken side never matters.
    """
    runs: dict[Variant, list[RunResult]] = {}
    for (_, variant, _), result in sorted(results.items(), key=lambda item: item[0][2]):
        runs.setdefault(variant, []).append(result)
    never = [one.id for one in made.of("half") if one.id in unmet or _never_ran(runs[one])]
    passed = [one for one in made.of("half") if one.id not in never and all(run.passed for run in runs[one])]
    failed = [one for one in made.of("style") if not all(run.passed for run in runs[one])]
    sentences = [f"the half fix {one.id!r} passes{_idle(runs[one], known)}" for one in passed]
    sentences += [f"the style {one.id!r} fails: {_reason(runs[one])}" for one in failed]
    halves, styles = len(made.of("half")) - len(never), len(made.of("style"))
    return Surprises(
        Sort(halves, made.skipped_half_fixes + len(never), len(made.equivalent), tuple(one.id for one in passed)),
        Sort(styles, made.skipped_styles, 0, tuple(one.id for one in failed)),
        tuple(sentences),
    )


def _idle(runs: Sequence[RunResult], known: Sequence[RunResult]) -> str:
    """What an author wants to know first: whether the bug has changed anything that was measured."""
    pairs = list(zip(runs, known, strict=False))
    alike = all((run.curve, run.loss) == (other.curve, other.loss) for run, other in pairs)
    return ", with the solution's own losses" if pairs and alike else ""


def _never_ran(runs: Sequence[RunResult]) -> bool:
    """What raises on every seed is caught by any grader, and proves nothing."""
    return all(run.status == "raised" for run in runs)


def _reason(runs: Sequence[RunResult]) -> str:
    """The first thing that is wrong on the first seed that fails."""
    run = next(run for run in runs if not run.passed)
    where = f"seed {run.seed}"
    if run.status != "ok":
        return f"{run.status}, {where}" + (f" ({run.detail})" if run.detail else "")
    for check in run.checks:
        if check.outcome == "failed":
            return f"{check.name}, {where} ({check.message})"
    return f"convergence, {where} (loss {run.loss:.4g}, {run.steps} steps)" if run.loss is not None else where
