"""A box behind the kernel's walls: bubblewrap around the interpreter, as nobody, without network and files.

Where there is a zygote, the sandbox is built around a process that does nothing, and an interpreter moves in that has
imported everything already.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path

from bugkit.box import cgroup, isolation
from bugkit.box.bwrap import Tool
from bugkit.box.job import Used
from bugkit.box.launch import last_words, launched
from bugkit.box.zygote import Zygote
from bugkit.errors import Fault

BOX_MIB = 2048  # what a box may hold beyond its runs' limits: the interpreter, and files in memory
GONE_SECONDS = 5.0
HOLDER = ["sh", "-c", "echo; exec cat > /dev/null"]  # tells when it runs, and keeps a sandbox standing while we live
MOST_SHARING = 64  # processes, whose shares of memory are asked for: that takes a millisecond each

_numbers = count()


class Sandboxed:
    """Starts and ends one interpreter inside a sandbox of its own."""

    sandboxed = True

    def __init__(self, tool: Tool, zygote: Zygote | None = None) -> None:
        self._tool = tool
        self._zygote = zygote
        self._number = next(_numbers)
        self._init = 0  # the first process inside, by its number outside
        self._interpreter = 0
        self._holders: set[int] = set()  # processes that only keep the sandbox standing
        self._handle = -1
        self._lifeline: socket.socket | None = None  # the holder's: bubblewrap's own comes after its first moments
        self._group: cgroup.Group | None = None

    def start(self, words: list[str], descriptor: int) -> subprocess.Popen[bytes]:
        """``python`` with these words, given one descriptor; its scratch folder is in memory. Fault if none starts."""
        process = self._moved_in(words, descriptor) or self._started([sys.executable, *words], [descriptor])
        self._group = cgroup.make(self._number)
        if self._group:
            self._group.admit([process.pid, *self.members()])
        return process

    def _moved_in(self, words: list[str], descriptor: int) -> subprocess.Popen[bytes] | None:
        """The zygote's fork inside a sandbox; None where there is no zygote, or it cannot."""
        if not self._zygote:
            return None
        self._lifeline, theirs = socket.socketpair()
        with theirs:
            process = self._started(HOLDER, [], theirs.fileno())
        self._lifeline.recv(1)  # only now is all in place that is around it
        self._holders = set(self.members())
        try:
            self._interpreter = self._zygote.fork(words, self._user, self._handle, descriptor, process)
        except Fault:
            self.stop(process)
            assert process.stderr is not None
            process.stderr.close()
            return None
        return process

    def _started(
        self, command: list[str], descriptors: list[int], stream: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """A command in a new sandbox, whose first process is known then."""
        told, tell = os.pipe()
        try:
            words = [*isolation.dropped(self._user), *command]
            process = launched(self._tool, words, descriptors, info=tell, stream=stream)
        finally:
            os.close(tell)
        self._find_init(process, told)
        return process

    def used(self, pid: int) -> Used:
        """What a run uses, its descendants, and whatever in this box belongs to no run any more."""
        parents = {member: _parent(member) for member in self.members() if member not in self._holders}
        interpreter = self._interpreter or next((m for m, parent in parents.items() if parent == self._init), 0)
        run = next((m for m in parents if _number_inside(m) == pid), 0)
        chosen = {run, *(m for m, parent in parents.items() if parent == self._init and m != interpreter)}
        while more := {m for m, parent in parents.items() if parent in chosen} - chosen:
            chosen |= more
        own = {process for process in chosen if process}
        # forked workers share most of their pages, which each one's resident memory counts in full
        count = _shared_bytes if 1 < len(own) <= MOST_SHARING else _resident_bytes
        return Used(sum(map(count, own)) >> 20, sum(map(_cpu_seconds, own)))

    def limit(self, memory_mib: int) -> None:
        """Have the kernel limit all runs together, where it can."""
        if self._group:
            self._group.limit(memory_mib + BOX_MIB)

    @property
    def starved(self) -> int:
        """How many processes the kernel ended for want of memory, as far as it says."""
        return self._group.killed if self._group else 0

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """End the first process inside: with it the kernel ends all others. Then reap, in this order."""
        if self._lifeline:
            self._lifeline.close()
        if self._handle >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        try:
            process.wait(GONE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._handle >= 0:
            gone = select.select([self._handle], [], [], GONE_SECONDS)[0]
            os.close(self._handle)
            self._handle = -1
            if not gone:
                raise Fault("a sandbox could not be ended", evidence=[f"process {self._init} is still there"])
        if self._group:
            self._group.remove()

    @property
    def _user(self) -> int:
        """The user of the runs: our own, or for root's boxes one that owns nothing."""
        return isolation.FIRST_USER + (os.getpid() * 16 + self._number) % isolation.USERS

    def _find_init(self, process: subprocess.Popen[bytes], told: int) -> None:
        text = b""
        with os.fdopen(told, "rb", buffering=0) as pipe:
            while b"}" not in text and (piece := pipe.read(4096)):
                text += piece
        if b"}" not in text:
            raise Fault("the sandbox did not start", evidence=last_words(process), next_command="bugkit box")
        self._init = json.loads(text)["child-pid"]
        self._handle = os.pidfd_open(self._init)

    def members(self) -> list[int]:
        """Every process inside, by its number outside."""
        inside = _namespace(self._init)
        numbers = (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208 - ten times faster
        return [n for n in numbers if inside and _namespace(n) == inside]


def _namespace(pid: int) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")  # noqa: PTH115 - read for every process of the machine
    except OSError:
        return None


def _parent(pid: int) -> int:
    return _number(_status(pid).get("PPid", "0"))


def _number_inside(pid: int) -> int:
    """The process' number in its own namespace."""
    return _number(_status(pid).get("NSpid", "0"), last=True)


def _resident_bytes(pid: int) -> int:
    return _number(_status(pid).get("VmRSS", "0")) << 10


def _shared_bytes(pid: int) -> int:
    """Resident memory, where pages that several processes share count in part for each."""
    lines = _lines(f"/proc/{pid}/smaps_rollup")
    return _number(lines["Pss"]) << 10 if "Pss" in lines else _resident_bytes(pid)


def _cpu_seconds(pid: int) -> float:
    """Of a process, and of those of its children that it has waited for. Its name may hold any sign."""
    with suppress(OSError, ValueError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _number(text: str, *, last: bool = False) -> int:
    """The first or the last number of a line; 0 where there is none."""
    words = text.split()
    word = words[-1 if last else 0] if words else "0"
    return int(word) if word.isdecimal() else 0


def _status(pid: int) -> dict[str, str]:
    return _lines(f"/proc/{pid}/status")


def _lines(place: str) -> dict[str, str]:
    """Values by name. A process chooses its own name, with line ends of every kind but the kernel's."""
    with suppress(OSError):
        lines = Path(place).read_text(encoding="ascii", errors="replace").split("\n")
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return {}
