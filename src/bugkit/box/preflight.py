"""Does the sandbox hold, here and now? A box is made, the escapes are tried from inside, and what held is told."""

from __future__ import annotations

import os
import secrets
import socket
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bugkit.box.bwrap import Tool
from bugkit.box.channel import Channel, Stopped
from bugkit.box.sandbox import Sandboxed
from bugkit.box.unsandboxed import PACKAGE
from bugkit.box.zygote import Zygote

SECONDS = 30.0
GUARANTEES = {  # by the names of `inside.escapes`
    "read": "The grader's files do not exist inside: solutions, held-out data, other submissions, verdicts.",
    "write": "Nothing outside its scratch folders can be written.",
    "connect": "There is no network, not even to this machine.",
    "look": "The grader's environment, arguments and paths cannot be seen.",
    "inherit": "No open file of the grader is handed over.",
    "meet": "Processes outside cannot be seen or touched.",
    "rise": "It runs as an unprivileged user and can gain no rights.",
    "swallow": "Memory over the limit is refused.",
    "multiply": "Processes over the limit are refused.",
    "nobody": "Seen from outside, too, it is not root.",
}


@dataclass(frozen=True, slots=True)
class Guarantee:
    """One thing that a sandbox guarantees, and what was got in spite of it."""

    name: str
    sentence: str
    got: str | None  # None: it holds

    @property
    def holds(self) -> bool:
        """Whether the escape failed."""
        return self.got is None


@dataclass(frozen=True, slots=True)
class Preflight:
    """The outcome of a trial."""

    guarantees: tuple[Guarantee, ...]
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether every guarantee does."""
        return all(guarantee.holds for guarantee in self.guarantees)


def preflight(tool: Tool, zygote: Zygote | None = None) -> Preflight:
    """Try all escapes in a box of their own, which may be a zygote's. Fault where the box does not start."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bugkit-canary-") as folder, socket.create_server(("127.0.0.1", 0)) as port:
        canary = Path(folder) / f"canary-{secrets.token_hex(8)}"
        canary.write_text("not to be read")
        Path(folder).chmod(0o755)  # open to everybody: only the walls keep it from the box
        # an open file and a word of the environment that must not be found inside
        with canary.open() as held, _environment("BUGKIT_CANARY", canary.name):
            os.set_inheritable(held.fileno(), True)
            question = {
                "files": [str(canary), *(str(PACKAGE / name) for name in ("heldout", "grader.py", "catalog"))],
                "words": [canary.name],
                "port": port.getsockname()[1],
            }
            got = _tried(Sandboxed(tool, zygote), question)
    guarantees = tuple(Guarantee(name, sentence, got.get(name, "no answer")) for name, sentence in GUARANTEES.items())
    return Preflight(guarantees, time.monotonic() - start)


def _tried(wall: Sandboxed, question: dict[str, Any]) -> dict[str, str | None]:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            words = ["-m", "bugkit.box.inside.escapes", str(theirs.fileno())]
            process = wall.start(words, theirs.fileno())
        try:
            channel = Channel(ours, seconds=SECONDS)
            channel.send(question)
            answer, _ = channel.receive()
            answer["nobody"] = _root_among(wall.members())
        except Stopped:
            answer = {}
        finally:
            wall.stop(process)
            if process.stderr:
                process.stderr.close()
    return answer


def _root_among(pids: list[int]) -> str | None:
    """Root's processes inside, but for bubblewrap's own first one, which is out of reach from there."""
    users = {pid: _user(pid) for pid in sorted(pids)[1:]}
    return str(users) if not users or 0 in users.values() else None


def _user(pid: int) -> int | None:
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Uid:"))
    return None


class _environment:  # noqa: N801 - read as a word in a `with`
    """A variable of our environment for a while."""

    def __init__(self, name: str, value: str) -> None:
        self._name, self._value = name, value

    def __enter__(self) -> None:
        os.environ[self._name] = self._value

    def __exit__(self, *_: object) -> None:
        del os.environ[self._name]
