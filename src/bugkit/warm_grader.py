"""One grader that stays warm while its process lives, and one check at a time."""

from __future__ import annotations

import threading
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from bugkit.exercise import Exercise
from bugkit.exercise.catalog import CODE, FRESH, home, locate
from bugkit.progress import Progress

if TYPE_CHECKING:
    from bugkit.attempt import Attempt
    from bugkit.examine import OnEvent
    from bugkit.grader import Grader
    from bugkit.verdict import Verdict


class StoppedByLearner(Exception):
    """The check was stopped, by its button or by a newer check."""


class WarmGrader:
    """Where notebooks are judged. Its methods block: call them in a thread."""

    def __init__(self) -> None:
        self._turn = threading.Lock()  # held while a notebook is judged
        self._lock = threading.Lock()  # held while the grader is exchanged
        self._grader: Grader | None = None
        self._is_closed = False
        self._last: dict[Path, Verdict] = {}
        self._asked = self._stopped = 0  # checks so far, and up to which of them they are stopped

    def ask(self) -> int:
        """The number of a check that is about to come, so that it can be stopped before it begins."""
        self._asked += 1
        return self._asked

    def warm(self, exercise: Exercise) -> None:
        """Begin to warm a box for this exercise, so that the first check does not wait for an import of torch."""
        self._ready().warm(exercise.manifest.run.arrays)

    def check(
        self,
        number: int,
        exercise: Exercise,
        path: Path,
        tell: OnEvent,
        *,
        seeds: int | None = None,
        progress: Progress | None = None,
    ) -> Attempt:
        """Judge, and keep the attempt. StoppedByLearner when it was stopped meanwhile; a newer check stops an older.

        Where no ``progress`` is given it is that of the workspace around the notebook.
        """
        from bugkit.attempt import attempt

        if self._turn.locked():
            self._stop(number - 1)
        with self._turn:
            grader = self._ready(number)
            try:
                made = attempt(exercise, path, progress or progress_of(path), seeds=seeds, on_event=tell, warm=grader)
            except Exception:  # where runs are ended under way, one may be met in any state
                if self._grader is grader:
                    raise
                raise StoppedByLearner from None
            self._last[path] = made.verdict
            return made

    def last(self, path: Path) -> Verdict | None:
        """The last verdict on a notebook since the server began."""
        return self._last.get(path)

    def stop(self) -> None:
        """End what runs now, and what was asked for and does not run yet."""
        self._stop(self._asked)

    def close(self) -> None:
        """End what runs now, for good."""
        self._is_closed = True
        self.stop()

    def _stop(self, number: int) -> None:
        with self._lock:
            self._stopped = max(self._stopped, number)
            grader, self._grader = self._grader, None
        if grader:
            grader.stop()

    def _ready(self, number: int | None = None) -> Grader:
        from bugkit.grader import Grader

        with self._lock:
            if self._is_closed or (number is not None and number <= self._stopped):
                raise StoppedByLearner
            if self._grader is None:
                self._grader = Grader()
            return self._grader


def load() -> None:
    """Import what judges, in one order in every thread: of two that come to numpy by different ways, one gets half."""
    for name in ("bugkit.attempt", "bugkit.grader", "bugkit.fresh.desk", "bugkit.interview.rooms"):
        import_module(name)


def exercise_of(path: Path) -> Exercise | None:
    """The exercise to which a notebook belongs: by its folder, else by its own name; None where it is no exercise's."""
    if CODE.fullmatch(path.parent.name) and path.parent.parent.name == FRESH:
        from bugkit.fresh.desk import restored

        return restored(path.parent.name, path.parents[2])
    catalog = locate(path.parent)
    by_folder = (e for e in catalog if e.folder == path.parent.name)
    by_name = (e for e in catalog if path.name == e.notebook.name)
    return next(by_folder, None) or next(by_name, None)


def progress_of(path: Path) -> Progress:
    """The progress of the workspace around a notebook."""
    return Progress.of_workspace(home(locate(path.parent), path.parent))
