"""The grader: runs notebooks in boxes, as many at once as there are cores. Every command comes through here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from bugkit import checks as authors
from bugkit.box.memory_limit import MemoryLimit
from bugkit.box.start import BoxDiedError
from bugkit.box.supply import BoxSupply, Engine
from bugkit.errors import Fault, ManifestError
from bugkit.examine import Examination, OnEvent
from bugkit.exercise import Exercise
from bugkit.judge import judge
from bugkit.notebook import Notebook, at_their_stage, read, rebuild
from bugkit.verdict import CONVERGENCE, RunResult, Verdict


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
    with nullcontext(grader) if grader else Grader(engine, sandbox=sandbox) as used:
        waiting = [
            used.submit(exercise, rebuilt.notebook, seed, on_event) for seed in seeds or exercise.manifest.run.seeds
        ]
        runs = [future.result() for future in waiting]
    return judge(exercise, runs, engine=used.engine, no_sandbox=used.no_sandbox, rebuilt=rebuilt)


class Grader:
    """Runs notebooks and examines them, as many at once as there are cores. Use it in a ``with``.

    With ``sandbox`` True a Fault says what is missing where there is none; with False there is none; with None there
    is one where this machine has it. Each person's runs share one box, and no two people's do; ``ahead`` boxes are
    kept warm for those to come. Who asks for a sandbox grades other people's notebooks, whose answers must not make
    this process grow: its memory is limited then. ``hidden`` makes an exercise's hidden checks, too.
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
        self._supply = BoxSupply(self.engine, sandbox=sandbox, ahead=ahead)
        self._hidden = hidden
        workers = workers or cores()
        self._pool = ThreadPoolExecutor(workers)
        self._checks: dict[Path, tuple[tuple[int, ...], authors.Checks]] = {}
        # checks multiply small matrices: BLAS' own threads would wait for the next one on cores that train
        self._one_thread = threadpool_limits(1, user_api="blas")
        self._memory = MemoryLimit(workers) if sandbox else None

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._pool.shutdown()

    def stop(self) -> None:
        """End all runs now: those that wait for one get a fault."""
        self._supply.closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._supply.close()
        if self._memory:
            self._memory.lift()
        self._one_thread.restore_original_limits()

    @property
    def no_sandbox(self) -> str:
        """Why there is no sandbox; "" where there is one."""
        return self._supply.no_sandbox

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

        With ``redraw``, the seed of a generator, the exercise's task is redrawn, where it has a ``draw``.
        """
        manifest, checks = exercise.manifest, self._loaded(exercise)
        tell = _teller(seed, on_event)
        task = checks.draw(np.random.default_rng(redraw)) if checks.draw and redraw is not None else None
        examination = Examination(manifest, checks, notebook, seed, task, tell)
        place = (person, manifest.run.arrays)
        self._supply.box(*place)  # it warms up while others are at work

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
        self._supply.box("", arrays)

    def leave(self, person: str) -> None:
        """Close the person's boxes: nothing of theirs is left."""
        self._supply.leave(person)

    def _examined(self, examination: Examination, place: tuple[str, str]) -> RunResult:
        """A fault is tried once more in a new box. A run that ends its warm box twice ended it itself."""
        box = self._supply.box(*place)
        try:
            return examination(box)
        except MemoryError:  # of the grader: by this run's answers, or by a neighbor's at the same moment
            pass
        except Fault as fault:
            if self._supply.closed:
                raise
            self._supply.retire(place, box, fault)
        try:
            return examination(self._supply.box(*place))
        except MemoryError:
            detail = "to judge its answers takes more memory than the grader gives"
            return RunResult(seed=examination.seed, status="no_answer", detail=detail)
        except BoxDiedError as died:
            if died.warm:
                detail = "it ended the interpreter that its runs are made from"
                return RunResult(seed=examination.seed, status="killed", detail=detail)
            raise

    def _loaded(self, exercise: Exercise) -> authors.Checks:
        """The exercise's checks, imported once, and again when a file was changed: a proof submits hundreds of runs."""
        hidden = exercise.hidden_checks if self._hidden else None
        files = (exercise.checks, exercise.path / "exercise.toml", *([hidden] if hidden else []))
        stamp = tuple(path.stat().st_mtime_ns if path.is_file() else 0 for path in files)
        before, checks = self._checks.get(exercise.checks, (None, None))
        if checks is None or before != stamp:
            checks = authors.load(exercise.checks, exercise.manifest.converge.measure, hidden)
            _refuse_unknown_checks(exercise, checks)
            self._checks[exercise.checks] = stamp, checks
        return checks


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


def _teller(seed: int, on_event: OnEvent | None) -> OnEvent:
    return lambda event: on_event({"seed": seed, **event}) if on_event else None
