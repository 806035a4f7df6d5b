"""A box's interpreter without walls: the learner's own machine, their own code, and limits only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

from bugkit.box.job import Used

PACKAGE = Path(__file__).resolve().parents[1]


class Unsandboxed:
    """Starts and ends one plain interpreter."""

    sandboxed = False

    def __init__(self) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="bugkit-", ignore_cleanup_errors=True)

    def start(self, words: list[str], descriptor: int) -> subprocess.Popen[bytes]:
        """``python`` with these words, in a scratch folder, given one descriptor."""
        return subprocess.Popen(
            [sys.executable, *words],
            env=inherited() | environment(),
            cwd=self._scratch.name,
            pass_fds=[descriptor],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def used(self, pid: int) -> Used:
        """What a run and its descendants use."""
        try:
            return used(psutil.Process(pid))
        except psutil.Error:
            return Used(0, 0.0)

    def limit(self, memory_mib: int) -> None:
        """No kernel holds such a limit here."""

    @property
    def starved(self) -> int:
        """How many processes the kernel ended for want of memory, as far as it says."""
        return 0

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """End the interpreter and what descends from it; what detached itself stays."""
        if process.poll() is None:  # else its number may be another's by now; its runs died with it
            with suppress(psutil.Error):
                for one in psutil.Process(process.pid).children(recursive=True):
                    with suppress(psutil.Error):
                        one.kill()
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._scratch.cleanup()


def used(process: psutil.Process) -> Used:
    """What a process and its descendants use; nothing once it is gone."""
    memory, seconds = 0, 0.0
    with suppress(psutil.Error):
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                memory += one.memory_info().rss
                times = one.cpu_times()
                # of children that have ended, which not every system tells
                ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
                seconds += times.user + times.system + ended
    return Used(memory >> 20, seconds)


def environment() -> dict[str, str]:
    """What every box needs in its environment: one thread, no window, the same hash seed everywhere."""
    return {
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        "MPLBACKEND": "agg",
        # Two threads make one run no faster, and any neighbor up to 90 times slower (spinning barriers).
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "passive",
    }


def inherited() -> dict[str, str]:
    """What a box without walls keeps of the grader's own environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT") if name in os.environ}
    theirs = os.environ.get("PYTHONPATH")
    return kept | {"PYTHONPATH": os.pathsep.join([str(PACKAGE.parent), *([theirs] if theirs else [])])}
