"""Every person's box: made when it is wanted, warm beforehand, behind walls where there may be any, ended with them."""

from __future__ import annotations

import os
import threading
from typing import Literal

from bugkit.box.bwrap import Missing, Tool, find
from bugkit.box.job import Runs
from bugkit.box.pool import BoxPool
from bugkit.box.sandbox import Sandboxed
from bugkit.box.start import Box, BoxDiedError
from bugkit.box.zygote import Zygote
from bugkit.errors import Fault

Engine = Literal["fork", "jupyter"]


class BoxSupply:
    """One box for each person and kind of arrays. ``sandbox`` and ``ahead`` are those of ``bugkit.grader.Grader``."""

    def __init__(self, engine: Engine, *, sandbox: bool | None, ahead: int) -> None:
        self.closed = False
        self._engine = engine
        self._tool, self.no_sandbox = _sandbox(engine, wanted=sandbox)
        self._may_do_without = sandbox is None
        self._many = bool(sandbox)
        self._ahead = ahead
        self._lock = threading.RLock()
        self._pools: dict[str, BoxPool] = {}
        self._zygotes: dict[str, Zygote] = {}
        self._boxes: dict[tuple[str, str], Runs] = {}

    def box(self, person: str, arrays: str) -> Runs:
        """The person's box for runs of this kind."""
        place = (person, arrays)
        with self._lock:
            if self.closed:  # who comes now would leave a box that nobody ends
                raise Fault("the grader was stopped")
            if place not in self._boxes:
                pool = self._pools.setdefault(arrays, BoxPool(lambda: self._new(arrays), self._ahead))
                self._boxes[place] = pool.take()
            return self._boxes[place]

    def leave(self, person: str) -> None:
        """Close the person's boxes."""
        with self._lock:
            for place in [place for place in self._boxes if place[0] == person]:
                self._boxes.pop(place).close()

    def retire(self, place: tuple[str, str], box: Runs, fault: Fault) -> None:
        """Take a box out of use, unless another run has seen to it already."""
        with self._lock:
            if self._boxes.get(place) is not box:
                return
            del self._boxes[place]
            box.close()
            lives = isinstance(fault, BoxDiedError) and (fault.warm or fault.silent)
            if self._tool and self._may_do_without and not lives:  # a slow machine is no reason to do without walls
                self._tool, self.no_sandbox = None, f"it did not start here: {'; '.join((fault.what, *fault.evidence))}"
                for pool in self._pools.values():
                    pool.close()

    def close(self) -> None:
        """End all boxes."""
        self.closed = True
        with self._lock:
            for box in self._boxes.values():
                box.close()
            for pool in self._pools.values():
                pool.close()
            for zygote in self._zygotes.values():
                zygote.close()

    def _new(self, arrays: str) -> Runs:
        if self._engine == "fork":
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
    """The means of a sandbox, or why there is none; Fault where it is required and missing."""
    found = find() if engine == "fork" else Missing("the Jupyter engine has none", "--engine fork")
    if isinstance(found, Tool) and wanted is not False:
        return found, ""
    if isinstance(found, Missing) and wanted:
        raise Fault("there is no sandbox here, and it is needed", evidence=[found.reason], next_command=found.remedy)
    return None, found.reason if isinstance(found, Missing) and wanted is None else "--no-sandbox was given"
