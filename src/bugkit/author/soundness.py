"""What a sound exercise shows, judged from its runs. Pure."""

from __future__ import annotations

import math
import platform
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from statistics import fmean

import bugkit
from bugkit import invariants
from bugkit.author.evidence import Evidence, Program, fingerprint
from bugkit.author.variants import Kind, Variant
from bugkit.exercise import Exercise
from bugkit.exercise.manifest import Bug
from bugkit.notebook import Notebook
from bugkit.symptoms import diagnose
from bugkit.verdict import RunResult, Target

MARGIN = 0.15  # of `below`: other machines and versions move losses by a few per cent
MIN_NEEDLE = 4  # characters; shorter pieces of code stand in any sentence

Results = Mapping[Variant, Sequence[RunResult]]


def assess(exercise: Exercise, results: Results, target: Target, *, whole: bool = True) -> Evidence:
    """The evidence of one exercise; ``results`` holds every variant with one run per seed, or some of them."""
    programs = {variant: program(variant, runs) for variant, runs in results.items()}
    by_kind: dict[Kind, list[Program]] = {}
    for variant, one in programs.items():
        by_kind.setdefault(variant.kind, []).append(one)
    margin = _margin([one for variant, one in programs.items() if variant.correct], target.below)
    solution_runs = next(runs for variant, runs in results.items() if variant.kind == "solution")
    return Evidence(
        exercise=exercise.id,
        bugkit=bugkit.__version__,
        torch=metadata.version("torch"),
        python=platform.python_version(),
        seeds=len(solution_runs),
        margin=margin,
        seconds_per_run=fmean(run.seconds for run in solution_runs),
        sources=fingerprint(exercise),
        shipped=by_kind["shipped"][0],
        solution=by_kind["solution"][0],
        partial_fixes=tuple(by_kind.get("partial", ())),
        wrong_fixes=tuple(by_kind.get("wrong", ())),
        valid_fixes=tuple(by_kind.get("valid", ())),
        problems=tuple(_problems(exercise, results, target, margin, whole=whole)),
    )


def program(variant: Variant, runs: Sequence[RunResult]) -> Program:
    """What the runs of one program add up to."""
    losses = tuple(None if run.loss is None or not math.isfinite(run.loss) else run.loss for run in runs)
    told = variant.kind in ("partial", "wrong")
    caught = dict.fromkeys(reason for run in runs for reason in _caught_by(run) if told)
    return Program(variant.id, sum(run.passed for run in runs), losses, tuple(caught))


def _caught_by(run: RunResult) -> Iterator[str]:
    if run.status != "ok":
        yield run.status
        return
    if not run.converged:
        yield "convergence"
    yield from (check.name for check in run.checks if check.outcome == "failed")


def _margin(correct: Iterable[Program], below: float) -> float | None:
    """How far the worst correct loss stays below the band's end, relative to it."""
    losses = [loss for one in correct for loss in one.loss]
    known = [loss for loss in losses if loss is not None]
    return (below - max(known)) / (abs(below) or 1.0) if len(known) == len(losses) else None


def _problems(
    exercise: Exercise, results: Results, target: Target, margin: float | None, *, whole: bool
) -> Iterator[str]:
    for variant, runs in results.items():
        yield from _right_outcome(variant, runs)
        yield from _runs_at_all(variant, runs)
        if variant.correct:
            yield from _limits_held(exercise, variant, runs)
    if margin is not None and margin < MARGIN:
        yield f"the worst correct loss is {margin:.0%} of the way under `below`, {MARGIN:.0%} expected"
    yield from _seeds_matter(results)
    yield from _symptoms_shown(exercise, results, target)
    yield from _ticks_that_turn(exercise, results)
    yield from _never_decided(results)
    if whole:
        yield from _idle_checks(results)
    yield from _telling_hints(exercise, results)


def _right_outcome(variant: Variant, runs: Sequence[RunResult]) -> Iterator[str]:
    """Shipped fails and a correct program passes on every seed; another must fail on at least one."""
    passed = [run.seed for run in runs if run.passed]
    failed = [run.seed for run in runs if not run.passed]
    if variant.correct and failed:
        first = next(run for run in runs if not run.passed)
        reasons = ", ".join(_caught_by(first)) + (f" ({first.detail})" if first.detail else "")
        yield f"{_name(variant)} fails on {_seeds(failed, runs)}: {reasons}"
    if variant.kind == "shipped" and passed:
        yield f"{_name(variant)} passes on {_seeds(passed, runs)}"
    if variant.kind in ("wrong", "partial") and not failed:
        yield f"{_name(variant)} passes"


def _runs_at_all(variant: Variant, runs: Sequence[RunResult]) -> Iterator[str]:
    """What raises on every seed is caught by any grader and proves nothing; shipped must run on each."""
    raised = [run for run in runs if run.status == "raised"]
    enough = 1 if variant.kind == "shipped" else len(runs)
    if not variant.correct and len(raised) >= enough:
        yield f"{_name(variant)} does not run on {_seeds([r.seed for r in raised], runs)}: {raised[0].detail}"


def _limits_held(exercise: Exercise, variant: Variant, runs: Sequence[RunResult]) -> Iterator[str]:
    limits = exercise.manifest.run
    seconds, steps = max(run.seconds for run in runs), max(run.steps for run in runs)
    if seconds > limits.seconds:
        yield f"{_name(variant)} takes {seconds:.1f} s, {limits.seconds} s allowed"
    if steps > limits.max_steps:
        yield f"{_name(variant)} takes {steps} steps, {limits.max_steps} allowed"


def _seeds_matter(results: Results) -> Iterator[str]:
    """On the task as it is given out, which even seeds get, another seed has to be another training."""
    for variant, runs in results.items():
        losses = {repr(run.loss) for run in runs if run.seed % 2 == 0}
        count = sum(run.seed % 2 == 0 for run in runs)
        if variant.kind == "solution" and count > 1 and len(losses) == 1:
            yield f"seeds make no difference: {_name(variant)} has the loss {losses.pop()} on all of {count} seeds"


def _symptoms_shown(exercise: Exercise, results: Results, target: Target) -> Iterator[str]:
    """Each bug's symptom on half of the seeds: in what is shipped or, where another bug hides it, with it alone."""
    for bug in exercise.bugs.bug:
        alone = [v for v in results if v.kind == "shipped" or v.left == (bug.id,)]
        seen = [[{s.id for s in diagnose([run], target)} for run in results[v]] for v in alone]
        if not any(2 * sum(bug.symptom in ids for ids in per_seed) >= len(per_seed) for per_seed in seen):
            shown = ", ".join(sorted({i for per_seed in seen for ids in per_seed for i in ids})) or "none"
            yield f"the bug {bug.id!r} does not show the symptom {bug.symptom!r} on half of the seeds, but: {shown}"


def _idle_checks(results: Results) -> Iterator[str]:
    """A check that no broken program fails may be a check of nothing. The invariants have tests of their own."""
    checks = [(v, check) for v, runs in results.items() for run in runs for check in run.checks]
    failed = {check.name for v, check in checks if not v.correct and check.outcome == "failed"} | set(vars(invariants))
    for name in dict.fromkeys(check.name for _, check in checks if check.name not in failed):
        yield f"{name} never failed: add a wrong fix that it catches, or drop it"


def _never_decided(results: Results) -> Iterator[str]:
    """A check that the solution leaves undecided holds nothing back: wrong fixes leave it so, too."""
    outcomes = [_outcomes(run) for variant, runs in results.items() if variant.kind == "solution" for run in runs]
    for name in dict.fromkeys(name for one in outcomes for name in one):
        if all(one.get(name, "undecided") == "undecided" for one in outcomes):
            yield f"{name} is undecided for the solution on all seeds: what it needs to see cannot be seen there"


def _ticks_that_turn(exercise: Exercise, results: Results) -> Iterator[str]:
    """A check that is shown as held must not fail when another bug is fixed: until then it is undecided."""
    everything = tuple(bug.id for bug in exercise.bugs.bug)
    left = {v: frozenset(v.left or everything) for v in results if v.kind in ("shipped", "partial")}
    told: set[str] = set()
    for before, more in left.items():
        for after, fewer in left.items():
            if not (fewer < more and len(more - fewer) == 1):
                continue
            fixed, outcomes = next(iter(more - fewer)), {run.seed: _outcomes(run) for run in results[after]}
            turned = [n for run in results[before] for n in _turned(_outcomes(run), outcomes.get(run.seed, {}))]
            for name in dict.fromkeys(turned):
                if name not in told:
                    told.add(name)
                    yield f"{name} holds in {_name(before)}, and fails when {fixed!r} is fixed: say what it `needs`"


def _outcomes(run: RunResult) -> dict[str, str]:
    return {check.name: check.outcome for check in run.checks}


def _turned(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    return (name for name, outcome in before.items() if outcome == "passed" and after.get(name) == "failed")


def _telling_hints(exercise: Exercise, results: Results) -> Iterator[str]:
    """A hint before the last must neither hold the text of the fix nor name the bug."""
    solution = next(v.notebook for v in results if v.kind == "solution")
    for bug in exercise.bugs.bug:
        name = bug.id.replace("-", " ")
        for number, hint in enumerate(exercise.manifest.hint[:-1], start=1):
            text = _squeezed(hint.text)
            given = next((needle for needle in _fix(solution, bug) if _stands_in(needle, text)), None)
            if given is not None:
                yield f"hint {number} contains the fix of the bug {bug.id!r}: {given!r}"
            elif _stands_in(name, text.replace("-", " ").lower()):
                yield f"hint {number} names the bug {bug.id!r}"


def _fix(solution: Notebook, bug: Bug) -> Iterator[str]:
    """What stands in the solution where the bug is: the whole text, and each line that the bug takes away."""
    for edit in bug.edits:
        cell = solution.cell(edit.cell)
        find = edit.find or (cell.source if cell else "")
        kept = {_squeezed(line) for line in edit.replace.splitlines()}
        pieces = [_squeezed(find), *(_squeezed(line) for line in find.splitlines())]
        yield from (p for p in dict.fromkeys(pieces) if len(p) >= MIN_NEEDLE and p not in kept)


def _stands_in(needle: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(needle)}(?!\w)", text) is not None


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _name(variant: Variant) -> str:
    match variant.kind:
        case "shipped":
            return "the shipped notebook"
        case "solution":
            return "the solution"
        case "partial":
            return f"the partial fix {variant.id!r}"
        case _:
            return f"the {variant.kind} fix {variant.id!r}"


def _seeds(some: Sequence[int], runs: Sequence[RunResult]) -> str:
    first = ", ".join(map(str, some[:5])) + (" ..." if len(some) > 5 else "")
    return f"{len(some)} of {len(runs)} seeds ({first})"
