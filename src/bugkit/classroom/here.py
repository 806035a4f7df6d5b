"""Grading on this machine: several persons at once, each in a box of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

from bugkit.classroom.grades import Graded
from bugkit.classroom.grading import Reading
from bugkit.classroom.pack import unpacked
from bugkit.classroom.scratch import scratch
from bugkit.classroom.work import Failed, Rules, graded
from bugkit.exercise import Catalog
from bugkit.grader import Grader, cores


class Here:
    """An executor: calling it with piles gives what becomes of their notebooks, in the order in which it comes."""

    def __init__(self, pack: bytes, rules: Rules, workers: int | None = None) -> None:
        self._pack = pack
        self._rules = rules
        self._workers = workers or cores()

    def __call__(self, piles: Iterator[Reading]) -> Iterator[Graded | Failed]:
        """Piles are read as there is room, so that only those under way are in memory; one never waits for another."""
        with (
            scratch() as folder,
            Grader("fork", self._workers, sandbox=self._rules.sandbox, ahead=1, hidden=True) as grader,
            ThreadPoolExecutor(self._workers, thread_name_prefix="person") as people,
        ):
            desk = _Desk(grader, unpacked(self._pack, Path(folder)), self._rules, piles)
            try:
                for _ in range(self._workers):
                    people.submit(desk.serve)
                for _ in range(self._workers):
                    while (came := desk.results.get()) is not None:
                        if isinstance(came, BaseException):
                            raise came
                        yield came
            finally:  # also where nobody wants the rest
                desk.closed = True
                grader.stop()


class _Desk:
    """What the threads share: the piles that wait, and the results."""

    def __init__(self, grader: Grader, catalog: Catalog, rules: Rules, piles: Iterator[Reading]) -> None:
        self.results: SimpleQueue[Graded | Failed | BaseException | None] = SimpleQueue()
        self.closed = False
        self._grader = grader
        self._catalog = catalog
        self._rules = rules
        self._piles = piles
        self._lock = threading.Lock()

    def serve(self) -> None:
        """Grade one pile after the other. None is put when there is none left."""
        try:
            while (reading := self._next()) is not None:
                if pile := reading():
                    for came in graded(self._grader, self._catalog, pile, self._rules):
                        self.results.put(came)
        except BaseException as error:  # noqa: BLE001 - it is raised where the results are wanted
            self.results.put(error)
        finally:
            self.results.put(None)

    def _next(self) -> Reading | None:
        with self._lock, suppress(StopIteration):
            return None if self.closed else next(self._piles)
        return None
