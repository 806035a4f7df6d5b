"""A control group around a box, where this process may make one: the kernel's own limit of memory and processes.

On a server's root, cgroup v2 or v1; elsewhere there is none, and the guard outside looks at resident memory instead.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PREFIX = "bugkit-"  # then the number of the program whose group it is, and the box's
PROCESSES = 512
REMOVAL_SECONDS = 2.0  # the kernel empties a group a moment after its last process is gone


@dataclass(frozen=True)
class Group:
    """One box's group: a folder in cgroup v2, two in v1."""

    memory: Path
    processes: Path
    limit_file: str

    def admit(self, pids: Iterable[int]) -> None:
        """Move processes in; their children to come are in it too."""
        for pid in pids:
            for folder in {self.memory, self.processes}:
                with suppress(OSError):
                    (folder / "cgroup.procs").write_text(str(pid))

    def limit(self, memory_mib: int) -> None:
        """Set the limit of all memory together, files in memory included."""
        with suppress(OSError):
            (self.memory / self.limit_file).write_text(str(memory_mib << 20))

    @property
    def killed(self) -> int:
        """How many processes the kernel has ended for want of memory."""
        for name in ("memory.events", "memory.oom_control"):
            with suppress(OSError):
                counts = dict(line.split() for line in (self.memory / name).read_text().splitlines())
                return int(counts.get("oom_kill", 0))
        return 0

    def remove(self) -> None:
        """Remove the folders once their processes are gone."""
        end = time.monotonic() + REMOVAL_SECONDS
        for folder in {self.memory, self.processes}:
            while folder.exists() and time.monotonic() < end:
                with suppress(OSError):
                    folder.rmdir()
                    break
                time.sleep(0.01)


def make(number: int) -> Group | None:
    """A new group for this program's box of that number, or None where there may be none."""
    name = f"{PREFIX}{os.getpid()}-{number}"
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None  # an unprivileged group needs its user's session manager to hand one over
    for group in (
        Group(ROOT / name, ROOT / name, "memory.max"),
        Group(ROOT / "memory" / name, ROOT / "pids" / name, "memory.limit_in_bytes"),
    ):
        _sweep(group)
        if _made(group):
            return group
    return None


def _sweep(group: Group) -> None:
    """Remove the empty groups of programs that were killed before they could do it."""
    for folder in {group.memory.parent, group.processes.parent}:
        for old in folder.glob(f"{PREFIX}*-*"):
            owner = old.name.removeprefix(PREFIX).partition("-")[0]
            if not Path("/proc", owner).exists():
                with suppress(OSError):
                    old.rmdir()


def _made(group: Group) -> bool:
    if not all((folder.parent / "cgroup.procs").exists() for folder in (group.memory, group.processes)):
        return False  # the other version's system, where this is a common folder
    try:
        for folder in {group.memory, group.processes}:
            folder.mkdir()
        (group.processes / "pids.max").write_text(str(PROCESSES))
    except OSError:
        group.remove()
        return False
    if (group.memory / group.limit_file).exists():
        return True
    group.remove()
    return False
