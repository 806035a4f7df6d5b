"""Grading on the machines of a Dask cluster: batches travel with their tasks, verdicts come back; no disk is shared.

Dask grades a dead worker's people elsewhere. Each worker process keeps one grader, with its boxes, for all its people.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from distributed import Client, Future, as_completed

from bugkit.classroom.batch import GradingFailure, GradingOptions, LearnerBatch, graded
from bugkit.classroom.grades import Graded
from bugkit.classroom.grading import Reading
from bugkit.classroom.pack import unpacked
from bugkit.classroom.scratch import scratch
from bugkit.errors import Fault, ManifestError
from bugkit.exercise import Catalog
from bugkit.grader import Grader

AHEAD = 2  # batches that wait for each thread of the cluster, so that none is idle
SECONDS = 30  # to wait for the scheduler
_opening = threading.Lock()


class DaskExecutor:
    """An executor like ``Here``, on a scheduler's workers."""

    def __init__(self, scheduler: str, pack: bytes, options: GradingOptions) -> None:
        self._scheduler = scheduler
        self._pack = pack
        self._options = options

    def __call__(self, batches: Iterator[Reading]) -> Iterator[Graded | GradingFailure]:
        """Batches are taken as there is room; where a batch's workers died too often, all its notebooks failed."""
        read = filter(None, (reading() for reading in batches))
        with _client(self._scheduler) as client:
            # a task: if every worker that has its result dies, it is made again
            pack = client.submit(bytes, self._pack)
            under_way: dict[Future[Any], LearnerBatch] = {}
            done = as_completed()
            while True:
                room = max(AHEAD * sum(client.nthreads().values()), 1)  # workers come and go
                while len(under_way) < room and (batch := next(read, None)) is not None:
                    task = client.submit(grade_there, pack, self._options, batch, pure=False)
                    under_way[task] = batch
                    done.add(task)
                if not under_way:
                    return
                task = next(done)
                yield from _came(task, under_way.pop(task))


def grade_there(pack: bytes, options: GradingOptions, batch: LearnerBatch) -> list[Graded | GradingFailure]:
    """On a worker: grade one person's notebooks."""
    grader, catalog = _worker_grader(pack, options)
    return list(graded(grader, catalog, batch, options))


def _worker_grader(pack: bytes, options: GradingOptions) -> tuple[Grader, Catalog]:
    """This process' grader for these exercises, warm from the second person on."""
    with _opening:  # a worker may have several threads
        return _new_worker_grader(pack, options)


@cache
def _new_worker_grader(pack: bytes, options: GradingOptions) -> tuple[Grader, Catalog]:
    folder = scratch()
    grader = Grader("fork", 1, sandbox=options.sandbox, ahead=1, hidden=True)
    atexit.register(folder.cleanup)
    atexit.register(grader.stop)
    return grader, unpacked(pack, Path(folder.name))


def _came(task: Future[Any], batch: LearnerBatch) -> list[Graded | GradingFailure]:
    if task.status == "finished":
        return list(task.result())
    error = task.exception() if task.status == "error" else None
    if isinstance(error, Fault | ManifestError):
        raise error  # no worker is any better: there is no sandbox, say
    reason = f"{type(error).__name__}: {error}" if error else f"the cluster gave it back as {task.status}"
    return [GradingFailure(batch.person, parsed.exercise, reason) for parsed in batch.submissions]


def _client(scheduler: str) -> Client:
    try:
        return Client(scheduler, timeout=SECONDS)
    except (OSError, ValueError) as error:
        raise Fault(
            f"{scheduler}: the scheduler does not answer",
            evidence=[str(error)],
            next_command="dask scheduler; dask worker tcp://HOST:8786 --nworkers auto --nthreads 1",
        ) from None
