"""The hall: from a notebook and an exercise to a verdict. Every door comes through here."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bugkit import checks as authors
from bugkit.box import Box, Guard, Job, Runs, Stopped
from bugkit.errors import ManifestError
from bugkit.exercise import Exercise, Manifest
from bugkit.notebook import Notebook, Rebuilt, read, rebuild
from bugkit.run import Run, Task
from bugkit.symptoms import diagnose
from bugkit.verdict import CONVERGENCE, LearnerError, RunResult, Target, Verdict, outcome_of, over_seeds, score_of

Engine = Literal["fork", "jupyter"]
OnEvent = Callable[[dict[str, Any]], None]


def check(
    exercise: Exercise,
    path: Path,
    *,
    template: Notebook,
    seeds: Sequence[int] | None = None,
    engine: Engine | None = None,
    on_event: OnEvent | None = None,
) -> Verdict:
    """Judge one learner's notebook on every seed of the exercise."""
    rebuilt = rebuild(template, read(path))
    with Grader(engine) as grader:
        waiting = [
            grader.submit(exercise, rebuilt.notebook, seed, on_event) for seed in seeds or exercise.manifest.run.seeds
        ]
        runs = [future.result() for future in waiting]
    return judge(exercise, runs, engine=grader.engine, rebuilt=rebuilt)


class Grader:
    """Runs notebooks and examines them, as many at once as there are cores. Use it in a ``with``."""

    def __init__(self, engine: Engine | None = None, workers: int | None = None) -> None:
        self.engine: Engine = engine or ("fork" if hasattr(os, "fork") else "jupyter")
        self._pool = ThreadPoolExecutor(workers or cores())
        self._boxes: dict[str, Runs] = {}
        self._checks: dict[Path, authors.Checks] = {}

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        for box in self._boxes.values():
            box.close()

    def submit(
        self,
        exercise: Exercise,
        notebook: Notebook,
        seed: int,
        on_event: OnEvent | None = None,
        *,
        redraw: int | None = None,
    ) -> Future[RunResult]:
        """Run and examine in the background; the future raises only for faults and broken manifests.

        With ``redraw``, the seed of a generator, the exercise's task is drawn anew, where it has a ``draw``.
        """
        manifest = exercise.manifest
        checks = self._loaded(exercise)
        box = self._box(manifest.run.arrays)
        tell = _teller(seed, on_event)
        task = checks.draw(np.random.default_rng(redraw)) if checks.draw and redraw is not None else None

        def examine() -> RunResult:
            result = _examine(manifest, checks, notebook, seed, box, tell, task)
            tell({"event": "done", "result": result})
            return result

        return self._pool.submit(examine)

    def _loaded(self, exercise: Exercise) -> authors.Checks:
        """The exercise's checks, imported once: a proof submits hundreds of runs of one exercise."""
        if exercise.checks not in self._checks:
            checks = authors.load(exercise.checks, exercise.manifest.converge.measure)
            _refuse_idle_weights(exercise, checks)
            self._checks[exercise.checks] = checks
        return self._checks[exercise.checks]

    def _box(self, arrays: str) -> Runs:
        if arrays not in self._boxes:
            self._boxes[arrays] = Box(arrays=arrays) if self.engine == "fork" else _kernels()
        return self._boxes[arrays]


def _refuse_idle_weights(exercise: Exercise, checks: authors.Checks) -> None:
    known = [CONVERGENCE, *(check.__name__ for check in checks.checks)]
    for name in exercise.manifest.weights:
        if name not in known:
            evidence = [f"found: {name!r}", f"known: {', '.join(known)}"]
            raise ManifestError(f"{exercise.path / 'exercise.toml'}: [weights] names no check", evidence=evidence)


def _kernels() -> Runs:
    from bugkit.box.kernel import Kernels

    return Kernels()


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def judge(exercise: Exercise, runs: Sequence[RunResult], *, engine: str, rebuilt: Rebuilt | None = None) -> Verdict:
    """What the runs add up to. Pure."""
    target = target_of(exercise)
    outcome = outcome_of(runs)
    verdict = Verdict(
        exercise=exercise.id,
        title=exercise.manifest.title,
        outcome=outcome,
        score=score_of(runs, exercise.manifest.weights),
        engine=engine,
        sandbox=False,
        target=target,
        runs=tuple(runs),
        checks=over_seeds(runs),
        symptoms=() if outcome == "passed" else diagnose(runs, target),
        next=f"bugkit solution {exercise.id}" if outcome == "passed" else f"bugkit hint {exercise.id}",
    )
    if rebuilt is None:
        return verdict
    return replace(
        verdict,
        restored_cells=rebuilt.restored,
        missing_cells=rebuilt.missing,
        extra_cells=rebuilt.extra,
        changed_lines=rebuilt.changed_lines,
    )


def target_of(exercise: Exercise) -> Target:
    """The band and the budget of an exercise, with its measure in words."""
    band, limits = exercise.manifest.converge, exercise.manifest.run
    measured = authors.load(exercise.checks, band.measure).measured
    return Target(measured, band.unit, band.below, band.above, band.at_start, limits.max_steps)


def _examine(
    manifest: Manifest,
    checks: authors.Checks,
    notebook: Notebook,
    seed: int,
    box: Runs,
    tell: OnEvent,
    task: Task | None,
) -> RunResult:
    """One run: the cells, the measure, the checks."""
    limits = manifest.run
    job = Job(
        cells=tuple((str(cell.id), cell.source) for cell in notebook.cells if cell.runs),
        seed=seed,
        arrays=limits.arrays,
        record=tuple(limits.record),
        names=tuple(limits.names),
        memory_mib=limits.memory_mib,
        data=limits.data,
        drawn=task.train if task else (),
    )
    result = RunResult(seed=seed, status="ok")
    try:
        with box.run(job, Guard(seconds=limits.seconds, memory_mib=limits.memory_mib)) as channel:
            channel.on_event = tell
            header, arrays = channel.receive()
            result = _reported(result, header["report"], arrays)
            missing = [name for name in limits.names if name not in header["report"]["names"]]
            if result.status == "ok" and missing:
                raise Stopped("no_answer", f"the notebook has no `{missing[0]}` after its last cell")
            if result.status == "ok":
                run = Run(
                    channel, seed=seed, curve=arrays["curve"], arrays=limits.arrays, dataset=limits.data, task=task
                )
                result = _judged(result, manifest, checks, run)
    except Stopped as stop:
        return replace(result, status=stop.status, detail=stop.detail, converged=False)
    return result


def _judged(result: RunResult, manifest: Manifest, checks: authors.Checks, run: Run) -> RunResult:
    loss = authors.measure(checks, run)
    in_budget = result.steps <= manifest.run.max_steps
    return replace(
        result,
        loss=loss,
        converged=manifest.converge.holds(loss) and in_budget,
        checks=tuple(authors.perform(check, run) for check in checks.checks),
    )


def _reported(result: RunResult, report: dict[str, Any], arrays: dict[str, Any]) -> RunResult:
    """The run's own account: its status and curve are for the learner to read, no verdict rests on them."""
    error = report["error"]
    told = LearnerError(**{**error, "trace": tuple(error["trace"])}) if error else None
    return replace(
        result,
        status=report["status"],
        detail=f"{told.type}: {told.message}" if told else "",
        error=told,
        steps=int(report["steps"]),
        seconds=float(report["seconds"]),
        curve=tuple(float(x) for x in arrays["curve"]),
    )


def _teller(seed: int, on_event: OnEvent | None) -> OnEvent:
    return lambda event: on_event({"seed": seed, **event}) if on_event else None
