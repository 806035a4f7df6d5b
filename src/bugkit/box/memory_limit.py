"""A ceiling over the grader's own memory: a check that is made to compute a huge table raises MemoryError instead.

OpenBLAS, below numpy's ``@``, raises nothing where it gets no memory: it calls exit(), and in a thread even that hangs
(seen with 0.3.31). Its buffers, 32 MiB for each thread that multiplies at once, are kept once they are made.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np

ALLOWANCE_MIB = 256  # beyond what is held already; an answer's four million numbers take 32
THREAD_MIB = 128  # beyond that: the stack of a worker's thread, its heap, what it computes with


class MemoryLimit:
    """In force until it is lifted; on Linux only. Boxes have limits of their own, and lift what they inherit of it."""

    def __init__(self, workers: int) -> None:
        self._before: tuple[int, int] | None = None
        _have_buffers(workers)
        with suppress(ImportError, OSError, StopIteration):  # no such limits, or no /proc: not Linux
            import resource

            held = _held_mib()
            self._before = resource.getrlimit(resource.RLIMIT_DATA)
            hard = self._before[1]
            wanted = (held + ALLOWANCE_MIB + THREAD_MIB * workers) << 20
            resource.setrlimit(
                resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
            )

    def lift(self) -> None:
        """Put back the limit that there was."""
        if self._before is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_DATA, self._before)
            self._before = None


def _have_buffers(workers: int) -> None:
    """Multiply in as many threads at once: each for longer than the system lets a thread run in one go."""
    matrix, together = np.ones((512, 512)), threading.Barrier(workers)

    def multiply(_: int) -> None:
        together.wait()
        matrix @ matrix

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(multiply, range(workers)))


def _held_mib() -> int:
    """The private memory that this process may write, in MiB: what RLIMIT_DATA counts."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmData:")) >> 10
