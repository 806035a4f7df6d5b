"""A ceiling over the grader's own memory: a check that is made to compute a huge table raises MemoryError instead."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

ALLOWANCE_MIB = 256  # beyond what is held already; an answer's four million numbers take 32


class Ceiling:
    """In force until it is lifted; on Linux only. Boxes have limits of their own, and lift what they inherit of it."""

    def __init__(self, allowance_mib: int = ALLOWANCE_MIB) -> None:
        self._before: tuple[int, int] | None = None
        with suppress(ImportError, OSError, StopIteration):  # no such limits, or no /proc: not Linux
            import resource

            held = _held_mib()
            self._before = resource.getrlimit(resource.RLIMIT_DATA)
            hard = self._before[1]
            wanted = (held + allowance_mib) << 20
            resource.setrlimit(
                resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
            )

    def lift(self) -> None:
        """Put back the limit that there was."""
        if self._before is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_DATA, self._before)
            self._before = None


def _held_mib() -> int:
    """The private memory that this process may write, in MiB: what RLIMIT_DATA counts."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmData:")) >> 10
