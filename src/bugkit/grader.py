"""The hall: from a notebook and an exercise to a verdict. Every door comes through here."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from threadpoolctl import threadpool_limits

from bugkit import checks as authors
from bugkit.box import Box, Runs
from bugkit.box.boxes import Boxes
from bugkit.box.bwrap import Missing, Tool, find
from bugkit.box.ceiling import Ceiling
from bugkit.box.sandbox import Sandboxed
from bugkit.box.start import BoxDiedError
from bugkit.box.zygote import Zygote
from bugkit.errors import Fault, ManifestError
from bugkit.examine import Examination, OnEvent
from bugkit.exercise import Exercise
from bugkit.notebook import Notebook, Rebuilt, at_their_stage, read, rebuild, stage_of
from bugkit.symptoms import diagnose
from bugkit.verdict import CONVERGENCE, RunResult, Target, Verdict, outcome_of, over_seeds, score_of

Engine = Literal["fork", "jupyter"]


def check(
    exercise: Exercise,
    path: Path,
    *,
    template: Notebook,
    seeds: Sequence[int] | None = None,
    engine: Engine | None = None,
    sandbox: bool | None = None,
    on_event: OnEvent | None = None,
    grader: Grader | None = None,
) -> Verdict:
    """Judge one learner's notebook on every seed of the exercise, with a Grader of its own or one that is warm."""
    rebuilt = rebuild(*at_their_stage(template, read(path)))
    with nullcontext(grader) if grader else Grader(engine, sandbox=sandbox) as hall:
        waiting = [
            hall.submit(exercise, rebuilt.notebook, seed, on_event) for seed in seeds or exercise.manifest.run.seeds
        ]
        runs = [future.result() for future in waiting]
    return judge(exercise, runs, engine=hall.engine, no_sandbox=hall.no_sandbox, rebuilt=rebuilt)


class Grader:
    """Runs notebooks and examines them, as many at once as there are cores. Use it in a ``with``.

    With ``sandbox`` True a Fault says what is missing where there is none; with False there is none; with None there
    is one where this machine has it. ``no_sandbox`` says why there is none, "" where there is. Each person's runs
    share one box, and no two persons' do; ``ahead`` boxes are kept warm for those to come. Who asks for a sandbox
    grades strangers, whose answers must not make this process grow: its memory has a ceiling then. ``hidden`` makes
    an exercise's hidden checks, too.
    """

    def __init__(
        self,
        engine: Engine | None = None,
        workers: int | None = None,
        *,
        sandbox: bool | None = None,
        ahead: int = 0,
        hidden: bool = False,
    ) -> None:
        self.engine: Engine = engine or ("fork" if hasattr(os, "fork") else "jupyter")
        self._tool, self.no_sandbox = _sandbox(self.engine, wanted=sandbox)
        self._may_do_without = sandbox is None
        self._ahead = ahead
        self._hidden = hidden
        workers = workers or cores()
        self._pool = ThreadPoolExecutor(workers)
        self._lock = threading.RLock()
        self._stock: dict[str, Boxes] = {}
        self._many = bool(sandbox)
        self._zygotes: dict[str, Zygote] = {}
        self._boxes: dict[tuple[str, str], Runs] = {}
        self._checks: dict[Path, authors.Checks] = {}
        self._closed = False
        # checks multiply small matrices: BLAS' own threads would wait for the next one on cores that train
        self._one_thread = threadpool_limits(1, user_api="blas")
        self._ceiling = Ceiling(workers) if sandbox else None

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._pool.shutdown()

    def stop(self) -> None:
        """End all runs now: those that wait for one get a fault."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for box in self._boxes.values():
                box.close()
            for stock in self._stock.values():
                stock.close()
            for zygote in self._zygotes.values():
                zygote.close()
            if self._ceiling:
                self._ceiling.lift()
            self._one_thread.restore_original_limits()

    def submit(
        self,
        exercise: Exercise,
        notebook: Notebook,
        seed: int,
        on_event: OnEvent | None = None,
        *,
        redraw: int | None = None,
        person: str = "",
    ) -> Future[RunResult]:
        """Run and examine in the background; the future raises only for faults and broken manifests.

        With ``redraw``, the seed of a generator, the exercise's task is drawn anew, where it has a ``draw``.
        """
        manifest, checks = exercise.manifest, self._loaded(exercise)
        tell = _teller(seed, on_event)
        task = checks.draw(np.random.default_rng(redraw)) if checks.draw and redraw is not None else None
        examination = Examination(manifest, checks, notebook, seed, task, tell)
        place = (person, manifest.run.arrays)
        self._box(place)  # it warms up while others are at work

        def examine() -> RunResult:
            result = self._examined(examination, place)
            tell({"event": "done", "result": result})
            return result

        return self._pool.submit(examine)

    def hidden_checks(self, exercise: Exercise) -> tuple[str, ...]:
        """The names of those that it makes of an exercise."""
        return self._loaded(exercise).hidden

    def warm(self, arrays: str) -> None:
        """A box for runs of this kind begins to warm up: who submits one later need not wait for it."""
        self._box(("", arrays))

    def leave(self, person: str) -> None:
        """Close the person's boxes: nothing of theirs is left."""
        with self._lock:
            for place in [place for place in self._boxes if place[0] == person]:
                self._boxes.pop(place).close()

    def _examined(self, examination: Examination, place: tuple[str, str]) -> RunResult:
        """A fault is tried once more in a new box. A run that ends its warm box twice ended it itself."""
        box = self._box(place)
        try:
            return examination(box)
        except MemoryError:  # of the grader: by this run's answers, or by a neighbour's at the same moment
            pass
        except Fault as fault:
            if self._closed:
                raise
            self._retire(place, box, fault)
        try:
            return examination(self._box(place))
        except MemoryError:
            detail = "to judge its answers takes more memory than the grader gives"
            return RunResult(seed=examination.seed, status="no_answer", detail=detail)
        except BoxDiedError as died:
            if died.warm:
                detail = "it ended the interpreter that its runs are made from"
                return RunResult(seed=examination.seed, status="killed", detail=detail)
            raise

    def _retire(self, place: tuple[str, str], box: Runs, fault: Fault) -> None:
        """Take a box out of use, unless another run has seen to it already."""
        with self._lock:
            if self._boxes.get(place) is not box:
                return
            del self._boxes[place]
            box.close()
            lives = isinstance(fault, BoxDiedError) and (fault.warm or fault.silent)
            if self._tool and self._may_do_without and not lives:  # a slow machine is no reason to do without walls
                self._tool, self.no_sandbox = None, f"it did not start here: {'; '.join((fault.what, *fault.evidence))}"
                for stock in self._stock.values():
                    stock.close()

    def _loaded(self, exercise: Exercise) -> authors.Checks:
        """The exercise's checks, imported once: a proof submits hundreds of runs of one exercise."""
        if exercise.checks not in self._checks:
            checks = authors.load(
                exercise.checks,
                exercise.manifest.converge.measure,
                exercise.hidden_checks if self._hidden else None,
            )
            _refuse_unknown_checks(exercise, checks)
            self._checks[exercise.checks] = checks
        return self._checks[exercise.checks]

    def _box(self, place: tuple[str, str]) -> Runs:
        with self._lock:
            if self._closed:  # who comes now would leave a box that nobody ends
                raise Fault("the grader was stopped")
            if place not in self._boxes:
                stock = self._stock.setdefault(place[1], Boxes(lambda: self._new(place[1]), self._ahead))
                self._boxes[place] = stock.take()
            return self._boxes[place]

    def _new(self, arrays: str) -> Runs:
        if self.engine == "fork":
            return Box(arrays=arrays, wall=Sandboxed(self._tool, self._zygote(arrays)) if self._tool else None)
        from bugkit.box.kernel import Kernels

        return Kernels()

    def _zygote(self, arrays: str) -> Zygote | None:
        """What boxes of this kind are forked from, where many are to come and this process may move others."""
        if not self._many or self._tool is None or os.geteuid() != 0:
            return None
        if arrays not in self._zygotes:
            self._zygotes[arrays] = Zygote(self._tool, arrays)
        return self._zygotes[arrays]


def _sandbox(engine: Engine, *, wanted: bool | None) -> tuple[Tool | None, str]:
    """The means of a sandbox, or why there is none; Fault where it has to be and is not to be had."""
    found = find() if engine == "fork" else Missing("the Jupyter engine has none", "--engine fork")
    if isinstance(found, Tool) and wanted is not False:
        return found, ""
    if isinstance(found, Missing) and wanted:
        raise Fault("there is no sandbox here, and it is needed", evidence=[found.reason], next_command=found.remedy)
    return None, found.reason if isinstance(found, Missing) and wanted is None else "--no-sandbox was given"


def _refuse_unknown_checks(exercise: Exercise, checks: authors.Checks) -> None:
    known = [CONVERGENCE, *(check.__name__ for check in checks.checks)]
    for name in (*exercise.manifest.weights, *exercise.manifest.later_checks(1)):
        if name not in known:
            evidence = [f"found: {name!r}", f"known: {', '.join(known)}"]
            raise ManifestError(
                f"{exercise.path / 'exercise.toml'}: [weights] or [[stage]] names no check", evidence=evidence
            )


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def judge(
    exercise: Exercise,
    runs: Sequence[RunResult],
    *,
    engine: str,
    no_sandbox: str = "",
    rebuilt: Rebuilt | None = None,
) -> Verdict:
    """What the runs add up to. Pure."""
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
        next=f"bugkit solution {exercise.id}" if outcome == "passed" else f"bugkit hint {exercise.id}",
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


def target_of(exercise: Exercise) -> Target:
    """The band and the budget of an exercise, with its measure in words."""
    band, limits = exercise.manifest.converge, exercise.manifest.run
    measured = authors.load(exercise.checks, band.measure).measured
    return Target(measured, band.unit, band.below, band.above, band.at_start, limits.max_steps)


def _teller(seed: int, on_event: OnEvent | None) -> OnEvent:
    return lambda event: on_event({"seed": seed, **event}) if on_event else None
