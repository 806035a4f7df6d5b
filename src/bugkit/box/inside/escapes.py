"""The escapes that a preflight tries from inside a box: each returns what it got, or raises what kept it in."""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from bugkit.box.channel import Channel, Stopped
from bugkit.box.inside.limits import apply_limits
from bugkit.box.job import Job

PTRACE_ATTACH, CLONE_NEWUSER = 16, 0x10000000
MEMORY_MIB, PROCESSES = 512, 24
CONNECT_SECONDS = 1.0


def main() -> None:
    """Try everything on the question's list and answer {name: what was got, or None}."""
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    question, _ = channel.receive()
    channel.send({name: _got(attempt, question) for name, attempt in ATTEMPTS.items()})
    with suppress(Stopped):
        channel.receive()  # stays to be looked at, until the other side has seen enough


def _got(attempt: Callable[[dict[str, Any]], object], question: dict[str, Any]) -> str | None:
    try:
        got = attempt(question)
    except Exception:  # noqa: BLE001 - whatever keeps it in
        return None
    return str(got)[:200] if got else None


def _read(question: dict[str, Any]) -> object:
    """Any of the grader's files: solutions, held-out data, another submission, an earlier verdict."""
    return [path for path in question["files"] if os.path.lexists(path) or os.path.lexists(f"/proc/1/root{path}")]


def _write(_question: dict[str, Any]) -> object:
    """A file outside the scratch folders."""
    return [path for path in (sys.prefix, "/usr", "/etc", "/dev", "/opt", "/proc/sys/kernel") if _wrote(path)]


def _wrote(folder: str) -> bool:
    name = Path(folder) / ("core_pattern" if folder.startswith("/proc") else "escaped")
    try:
        with name.open("ab"):
            return True
    except OSError:
        return False


def _connect(question: dict[str, Any]) -> object:
    """The grader's own machine and the world, by TCP, UDP and the hypervisor's sockets."""
    family = getattr(socket, "AF_VSOCK", None)
    opened = [family.name] if family is not None and _opens(family) else []
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        for address in (("127.0.0.1", question["port"]), ("192.0.2.1", 53)):
            try:
                with socket.socket(socket.AF_INET, kind) as sock:
                    sock.settimeout(CONNECT_SECONDS)
                    sock.connect(address)
                    opened.append(address[0])
            except OSError:
                continue
    return opened


def _opens(family: int) -> bool:
    try:
        socket.socket(family, socket.SOCK_STREAM).close()
    except OSError:
        return False
    return True


def _look(question: dict[str, Any]) -> object:
    """The grader's environment, arguments and mounts: its own words, a path of a submission."""
    places = [f"/proc/{pid}/{name}" for pid in (1, "self") for name in ("environ", "cmdline", "mountinfo")]
    said = b"".join(map(_said, places))
    return [word for word in question["words"] if word.encode() in said]


def _said(place: str) -> bytes:
    try:
        return Path(place).read_bytes()
    except OSError:
        return b""


def _inherited(_question: dict[str, Any]) -> object:
    """Descriptors beyond the three of every process and the one that this program was given."""
    known = {0, 1, 2, int(sys.argv[1])}
    return [fd for fd in map(int, os.listdir("/proc/self/fd")) if fd not in known and _is_open(fd)]  # noqa: PTH208


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def _meet(_question: dict[str, Any]) -> object:
    """Processes of others, and a hand on the sandbox's own first process."""
    libc = ctypes.CDLL(None, use_errno=True)
    others = [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if pid > 50]  # noqa: PTH208
    return others or libc.ptrace(PTRACE_ATTACH, 1, None, None) == 0


def _rise(_question: dict[str, Any]) -> object:
    """More rights: being root, capabilities, a namespace of one's own."""
    status = Path("/proc/self/status").read_text()
    capabilities = [line for line in status.splitlines() if line.startswith(("CapEff", "CapBnd"))]
    rights = [line for line in capabilities if int(line.split()[1], 16)]
    if os.getuid() == 0:
        rights.append("root")
    if ctypes.CDLL(None).unshare(CLONE_NEWUSER) == 0:
        rights.append("a user namespace")
    return rights


def _swallow(_question: dict[str, Any]) -> object:
    """More memory than the limit."""
    _limit()
    return len(bytearray(64 << 30))


def _multiply(_question: dict[str, Any]) -> object:
    """More processes than the limit."""
    _limit()
    children: list[int] = []
    try:
        while len(children) <= PROCESSES:
            child = os.fork()
            if child == 0:
                os.read(int(sys.argv[1]), 1)  # until the box ends
                os._exit(0)
            children.append(child)
    except OSError:
        return None
    finally:
        for child in children:
            os.kill(child, 9)
            os.waitpid(child, 0)
    return len(children)


def _limit() -> None:
    apply_limits(Job(cells=(), seed=0, memory_mib=MEMORY_MIB, processes=PROCESSES))


ATTEMPTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "read": _read,
    "write": _write,
    "connect": _connect,
    "look": _look,
    "inherit": _inherited,
    "meet": _meet,
    "rise": _rise,
    "swallow": _swallow,
    "multiply": _multiply,
}


if __name__ == "__main__":
    main()
