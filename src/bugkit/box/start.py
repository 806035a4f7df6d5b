"""A box: one interpreter that has imported torch and IPython, and forks a child for every run.

A child of our own warm interpreter, not multiprocessing's forkserver: the same process can be put behind a
sandbox's wall, where only an inherited socket reaches it, and its environment and arguments are all ours.
"""

from __future__ import annotations

import array
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psutil

from bugkit.box.channel import Channel, Stopped
from bugkit.box.job import Guard, Job
from bugkit.errors import Fault

MEMORY_LOOK = 0.25  # seconds between looks at resident memory: each one reads /proc
PACKAGE_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120


class Box:
    """The warm interpreter, and the runs forked from it. Close it, or use it in a ``with``."""

    def __init__(self, *, arrays: str = "torch") -> None:
        self._lock = threading.Lock()
        self._scratch = tempfile.TemporaryDirectory(prefix="bugkit-", ignore_cleanup_errors=True)
        ours, theirs = socket.socketpair()
        self._control = ours
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bugkit.box.inside", str(theirs.fileno()), arrays],
                env=environment(),
                cwd=self._scratch.name,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        self._ready: dict[str, Any] | None = None

    def __enter__(self) -> Box:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait_ready(self) -> dict[str, Any]:
        """What the interpreter says once it is warm (its torch's version), or a Fault with its last words."""
        with self._lock:
            if self._ready is None:
                self._ready = self._reply()
            return self._ready

    @contextmanager
    def run(self, job: Job, guard: Guard) -> Iterator[Channel]:
        """Start the job in a child of its own; on leaving, the child and all that it started are gone.

        Stopped, raised in the body, leaves with the status that tells how the child really ended.
        """
        self.wait_ready()
        ours, theirs = socket.socketpair()
        printed, output = os.pipe()
        with ours, os.fdopen(printed, "rb", buffering=0):
            try:
                pid = self._ask({"do": "fork"}, [theirs.fileno(), output])["pid"]
            finally:
                theirs.close()
                os.close(output)
            ours.setblocking(False)
            channel = Channel(ours, watch=Limits(pid, printed, guard), seconds=guard.seconds)
            try:
                channel.send(*job.frame())
                yield channel
            except Stopped as stop:
                raise _told_apart(stop, self._end(pid)) from None
            finally:
                self._end(pid)

    def close(self) -> None:
        """End the interpreter and every run that is still alive."""
        self._control.close()  # the interpreter reads the end, kills its children and leaves
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()
        self._scratch.cleanup()

    def _end(self, pid: int) -> int | None:
        """Kill what is left of a run; the exit code that it had (None: it is gone already)."""
        return self._ask({"do": "end", "pid": pid}).get("code")

    def _ask(self, request: dict[str, Any], descriptors: list[int] | None = None) -> dict[str, Any]:
        with self._lock:
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
            with suppress(OSError):  # a dead interpreter shows when the reply is read
                self._control.sendmsg([json.dumps(request).encode() + b"\n"], ancillary)
            return self._reply()

    def _reply(self) -> dict[str, Any]:
        line = b""
        while not line.endswith(b"\n"):
            try:
                piece = self._control.recv(4096)
            except ConnectionError:
                piece = b""
            if not piece:
                raise self._death()
            line += piece
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _death(self) -> Fault:
        assert self._process.stderr is not None
        code = self._process.wait()
        words = self._process.stderr.read().decode(errors="replace").strip().splitlines()[-3:]
        return Fault(
            f"the process that runs notebooks did not stay alive (exit code {code})",
            evidence=words,
            next_command="python -c 'import torch, IPython'",
        )


class Limits:
    """The guard of one child: its output is read and counted, its memory looked at."""

    def __init__(self, pid: int, printed: int, guard: Guard) -> None:
        self._process = psutil.Process(pid)
        self.wake: Sequence[int] = [printed]
        self._guard = guard
        self._bytes = 0
        self._next_look = 0.0

    def __call__(self) -> None:
        """Raise Stopped when a limit is passed."""
        while self.wake and select.select(self.wake, [], [], 0)[0]:
            piece = os.read(self.wake[0], 1 << 16)
            self._bytes += len(piece)
            if not piece:
                self.wake = []
            if self._bytes > self._guard.output_bytes:
                raise Stopped("too_much_output", f"it printed more than {self._guard.output_bytes >> 20} MiB")
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + MEMORY_LOOK
            used = resident_mib(self._process)
            if used > self._guard.memory_mib:
                raise Stopped("out_of_memory", f"it used more than {self._guard.memory_mib} MiB of memory")


def resident_mib(process: psutil.Process) -> int:
    """Resident memory of a process and its descendants, MiB; 0 once it is gone."""
    total = 0
    with suppress(psutil.Error):
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                total += one.memory_info().rss
    return total >> 20


def environment() -> dict[str, str]:
    """The environment of a box: one thread, no window, the same hash seed everywhere."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": PACKAGE_ROOT,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        "MPLBACKEND": "agg",
        # Two threads make one run no faster, and any neighbour up to 90 times slower (spinning barriers).
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "passive",
    }


def _told_apart(stop: Stopped, code: int | None) -> Stopped:
    """A child that ended by itself: by a signal, or by leaving."""
    if stop.status == "ended_early" and code is not None and code < 0:
        return Stopped("killed", f"its process was ended by signal {-code} ({signal.strsignal(-code)})")
    return stop
