"""What a box is told to run, and the guard that ends it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from numpy.typing import NDArray

from bugkit.box.channel import Channel, Stopped
from bugkit.box.frames import Arrays

WALL_TIMES = 10  # wall time by CPU time: a machine that has ten times too much to do


@dataclass(frozen=True, slots=True)
class Job:
    """One run: the cells in order and the seed."""

    cells: tuple[tuple[str, str], ...]  # (cell id, source)
    seed: int
    arrays: str = "torch"  # what the notebook's functions take
    may_raise: tuple[str, ...] = ()  # cells after which the others run, whatever they raise
    needed: int | None = None  # how many of the cells have to run; what ends the later ones ends no run. None: all
    names: tuple[str, ...] = ()  # what the checks will ask for
    max_steps: int = 1000  # that are expected at most: some of them are looked at closely
    memory_mib: int = 4096
    processes: int | None = None  # that it may have; counted per user, so known only where the box has its own
    data: str | None = None  # the set of bugkit.data that ``drawn`` stands in for
    drawn: tuple[NDArray[Any], ...] = ()  # the training part of a redrawn task

    @property
    def seeded_cells(self) -> list[tuple[str, str]]:
        """The cells with ``SEED = seed`` after the cell ``parameters``, as papermill injects parameters."""
        out = []
        for name, source in self.cells:
            out.append((name, source))
            if name == "parameters":
                out.append((name, f"SEED = {self.seed}"))
        return out

    @property
    def spared(self) -> set[str]:
        """The cells that may end early without ending the run: the learner's own, after all of the exercise's."""
        return set() if self.needed is None else {name for name, _ in self.cells[self.needed :]}

    def frame(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """As it crosses the wall."""
        header = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "drawn"}
        return header, {str(i): array for i, array in enumerate(self.drawn)}

    @classmethod
    def of(cls, header: dict[str, Any], arrays: Arrays) -> Job:
        """The job that a frame describes."""
        known = {one.name: header[one.name] for one in fields(cls) if one.name in header}
        known["cells"] = tuple((name, source) for name, source in known["cells"])
        lists = {name: tuple(known[name]) for name in ("names", "may_raise")}
        return cls(**{**known, **lists, "drawn": tuple(arrays.values())})


@dataclass(frozen=True, slots=True)
class Guard:
    """Limits that are held from outside the run."""

    seconds: float = 60.0  # CPU time of the run and its children together: another's work must not end a run
    memory_mib: int = 4096  # resident, of the run and its children together
    output_bytes: int = field(default=4 << 20)  # what it may print

    @property
    def wall_seconds(self) -> float:
        """From the start of the cells to the last answer, for those that sleep."""
        return WALL_TIMES * self.seconds

    def look(self, used: Used) -> None:
        """Raise Stopped where a run has used more than it may."""
        if used.memory_mib > self.memory_mib:
            raise Stopped("out_of_memory", f"it used more than {self.memory_mib} MiB of memory")
        if used.cpu_seconds > self.seconds:
            raise Stopped("timed_out", f"it computed for longer than {self.seconds:g} s")


@dataclass(frozen=True, slots=True)
class Used:
    """What a run and its children use."""

    memory_mib: int  # resident now
    cpu_seconds: float  # so far


class Runs(Protocol):
    """An engine: what runs jobs, each behind a wall of its own."""

    def run(self, job: Job, guard: Guard) -> AbstractContextManager[Channel]:
        """Start a job; its report is the first frame, then it answers. Raises Stopped when it ends early."""
        ...

    def close(self) -> None:
        """End what is still alive."""
        ...
