"""Grading on this machine: several people at once, each in a box of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

from bugkit.classroom.batch import GradingFailure, GradingOptions, graded
from bugkit.classroom.grades import Graded
from bugkit.classroom.grading import Reading
from bugkit.classroom.pack import unpacked
from bugkit.classroom.scratch import scratch
from bugkit.exercise import Catalog
from bugkit.grader import Grader, cores


class LocalExecutor:
    """An executor: calling it with batches gives what becomes of their notebooks, in the order in which it comes."""

    def __init__(self, pack: bytes, options: GradingOptions, workers: int | None = None) -> None:
        self._pack = pack
        self._options = options
        self._workers = workers or cores()

    def __call__(self, batches: Iterator[Reading]) -> Iterator[Graded | GradingFailure]:
        """Batches are read as there is room: only those under way are in memory, and none waits for another."""
        with (
            scratch() as folder,
            Grader("fork", self._workers, sandbox=self._options.sandbox, ahead=1, hidden=True) as grader,
            ThreadPoolExecutor(self._workers, thread_name_prefix="person") as people,
        ):
            shared = _SharedWork(grader, unpacked(self._pack, Path(folder)), self._options, batches)
            try:
                for _ in range(self._workers):
                    people.submit(shared.serve)
                for _ in range(self._workers):
                    while (came := shared.results.get()) is not None:
                        if isinstance(came, BaseException):
                            raise came
                        yield came
            finally:  # also where nobody wants the rest
                shared.closed = True
                grader.stop()


class _SharedWork:
    """What the threads share: the batches that wait, and the results."""

    def __init__(self, grader: Grader, catalog: Catalog, options: GradingOptions, batches: Iterator[Reading]) -> None:
        self.results: SimpleQueue[Graded | GradingFailure | BaseException | None] = SimpleQueue()
        self.closed = False
        self._grader = grader
        self._catalog = catalog
        self._options = options
        self._batches = batches
        self._lock = threading.Lock()

    def serve(self) -> None:
        """Grade one batch after the other. None is put when there is none left."""
        try:
            while (reading := self._next()) is not None:
                if batch := reading():
                    for came in graded(self._grader, self._catalog, batch, self._options):
                        self.results.put(came)
        except BaseException as error:  # noqa: BLE001 - it is raised where the results are wanted
            self.results.put(error)
        finally:
            self.results.put(None)

    def _next(self) -> Reading | None:
        with self._lock, suppress(StopIteration):
            return None if self.closed else next(self._batches)
        return None
