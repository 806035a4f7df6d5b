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
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, Protocol

from bugkit.box.channel import Channel, Stopped
from bugkit.box.job import Guard, Job, Used
from bugkit.box.unsandboxed import Unsandboxed
from bugkit.errors import Fault

LOOK = 0.25  # seconds between looks at what a run uses: each one reads /proc
WARM_SECONDS = 300.0  # an import of torch from a cold disk, on a machine that has too much to do
REPLY_SECONDS = 60.0  # a fork, or the end of a run, on such a machine
MAX_REPLY = 1 << 16
LARGEST = 1 << 22  # process numbers end here
MOST_PROCESSES = 256  # threads count as well


class Wall(Protocol):
    """What stands around a box's interpreter: how it is started, looked at and ended."""

    sandboxed: bool

    def start(self, words: list[str], descriptor: int) -> subprocess.Popen[bytes]: ...  # noqa: D102
    def used(self, pid: int) -> Used: ...  # noqa: D102 - ``pid`` as the interpreter knows it
    def limit(self, memory_mib: int) -> None: ...  # noqa: D102
    def stop(self, process: subprocess.Popen[bytes]) -> None: ...  # noqa: D102

    @property
    def starved(self) -> int: ...  # noqa: D102


class BoxDiedError(Fault):
    """The interpreter is gone, or does not answer: our fault or, once it was warm, the doing of a run inside it."""

    warm = False  # it had been ready
    silent = False  # it was alive, and did not answer in time


class Box:
    """The warm interpreter, and the runs forked from it. Close it, or use it in a ``with``."""

    def __init__(self, *, arrays: str = "torch", wall: Wall | None = None) -> None:
        self._wall: Wall = wall or Unsandboxed()
        self._lock = threading.Lock()
        self._guards: list[Guard] = []
        self._ending = threading.Lock()
        self._ended = False
        ours, theirs = socket.socketpair()
        self._control = ours
        with theirs:
            words = ["-m", "bugkit.box.inside", str(theirs.fileno()), arrays]
            self._process = self._wall.start(words, theirs.fileno())
        self._ready: dict[str, Any] | None = None

    @property
    def sandboxed(self) -> bool:
        """Whether the kernel keeps its runs from files, network and other processes."""
        return self._wall.sandboxed

    def __enter__(self) -> Box:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait_ready(self) -> dict[str, Any]:
        """What the interpreter says once it is warm (its torch's version), or a Fault with its last words."""
        with self._lock:
            if self._ready is None:
                self._ready = self._reply(WARM_SECONDS)
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
                pid = self._ask({"do": "fork"}, "pid", [theirs.fileno(), output])
            finally:
                theirs.close()
                os.close(output)
            ours.setblocking(False)
            limits = Limits(lambda: self._wall.used(pid), printed, guard)
            channel = Channel(ours, watch=limits, seconds=guard.wall_seconds)
            starved = self._wall.starved
            try:
                self._admit(guard)
                channel.send(*self._limited(job).frame())
                yield channel
            except Stopped as stop:
                code = self._end(pid)
                if self._wall.starved > starved:
                    raise Stopped("out_of_memory", "the system ended it for want of memory") from None
                raise _told_apart(stop, code) from None
            finally:
                self._guards.remove(guard)
                self._end(pid)

    def close(self) -> None:
        """End the interpreter and every run that is still alive; who waits for it hears that it is gone."""
        try:
            self._stop()
        finally:
            with self._lock:  # nobody is left who waits on these
                self._control.close()
                if self._process.stderr:
                    self._process.stderr.close()

    def _stop(self) -> None:
        with self._ending:  # several runs may find it dead at once
            if not self._ended:
                self._ended = True
                self._wall.stop(self._process)

    def _limited(self, job: Job) -> Job:
        return replace(job, processes=MOST_PROCESSES) if self.sandboxed else job

    def _admit(self, guard: Guard) -> None:
        """One more run is alive; the kernel's limit is for all of them together."""
        self._guards.append(guard)
        self._wall.limit(sum(one.memory_mib for one in self._guards))

    def _end(self, pid: int) -> int | None:
        """Kill what is left of a run; the exit code that it had (None: it is gone already)."""
        code: int | None = self._ask({"do": "end", "pid": pid}, "code")
        return code

    def _ask(self, request: dict[str, Any], wanted: str, descriptors: list[int] | None = None) -> Any:
        """A number, or for an exit code None. A run can write into the interpreter's memory, which may say anything."""
        with self._lock:
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
            with suppress(OSError):  # a dead interpreter shows when the reply is read
                self._control.sendmsg([json.dumps(request).encode() + b"\n"], ancillary)
            reply = self._reply(REPLY_SECONDS)
        number = reply.get(wanted, "missing")
        if (number is None and wanted == "code") or (type(number) is int and abs(number) < LARGEST):
            return number
        raise self._death("does not answer")

    def _reply(self, seconds: float) -> dict[str, Any]:
        """The interpreter's answer. What shares its box may be hostile, so it may lie, stall or be dead."""
        line, end = b"", time.monotonic() + seconds
        try:
            while not line.endswith(b"\n") and len(line) < MAX_REPLY:
                self._control.settimeout(max(end - time.monotonic(), 0.001))
                piece = self._control.recv(4096)
                if not piece:
                    raise self._death("did not stay alive")
                line += piece
            reply = json.loads(line)
        except TimeoutError:
            died = self._death("does not answer")
            died.silent = True
            raise died from None
        except (ValueError, RecursionError):
            raise self._death("does not answer") from None
        except OSError:
            raise self._death("did not stay alive") from None
        if not isinstance(reply, dict):
            raise self._death("does not answer")
        return reply

    def _death(self, what: str) -> BoxDiedError:
        self._stop()
        words: list[str] = []
        with suppress(OSError, ValueError):  # it may be closed by now
            assert self._process.stderr is not None
            words = os.read(self._process.stderr.fileno(), MAX_REPLY).decode(errors="replace").strip().splitlines()[-3:]
        died = BoxDiedError(
            f"the process that runs notebooks {what} (exit code {self._process.returncode})",
            evidence=words,
            next_command="python -c 'import torch, IPython'",
        )
        died.warm = self._ready is not None
        return died


class Limits:
    """The guard of one child: its output is read and counted, what it uses looked at."""

    def __init__(self, used: Callable[[], Used], printed: int, guard: Guard) -> None:
        self._used = used
        self.wake: Sequence[int] = [printed]
        self._guard = guard
        self._bytes = 0
        self._next_look = time.monotonic() + LOOK

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
            self._next_look = time.monotonic() + LOOK
            self._guard.look(self._used())


def _told_apart(stop: Stopped, code: int | None) -> Stopped:
    """A child that ended by itself: by a signal, or by leaving."""
    if stop.status == "ended_early" and code is not None and 0 < -code < signal.NSIG:
        return Stopped("killed", f"its process was ended by signal {-code} ({signal.strsignal(-code)})")
    return stop
