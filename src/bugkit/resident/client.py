"""What a command asks of a resident, and how one is left behind."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bugkit.exercise import Exercise
from bugkit.progress import Progress
from bugkit.resident.address import folder, minutes, socket_of, stamp

if TYPE_CHECKING:
    from bugkit.attempt import Attempt
    from bugkit.examine import OnEvent

CONNECT_SECONDS = 1.0


def attempted(
    workspace: Path, exercise: Exercise, path: Path, progress: Progress, *, seeds: int | None, on_event: OnEvent | None
) -> Attempt | None:
    """The attempt, made by this workspace's resident; None where there is none, or it does not do this one.

    Errors of the learner's files are raised as they would be here.
    """
    address = socket_of(workspace) if minutes() else None
    if address is None or not address.exists():
        return None
    asked = {
        "what": "check",
        "stamp": stamp(),
        "exercise": exercise,
        "path": path.absolute(),
        "progress": progress.path.absolute(),
        "seeds": seeds,
    }
    with suppress(OSError, EOFError), _connected(address) as server:
        server.send(asked)
        while True:
            kind, *rest = server.recv()
            if kind == "event" and on_event:
                on_event(rest[0])
            elif kind == "made":
                made: Attempt = rest[0]
                return made
            elif kind == "error":
                raise rest[0](rest[1], evidence=rest[2], next_command=rest[3])
            elif kind == "not here":
                return None
    return None


def leave(workspace: Path, exercise: Exercise) -> None:
    """Leave a resident behind for the next check, in a session of its own; nothing waits for it, or hears of it."""
    seconds = 60 * minutes()
    address = socket_of(workspace) if seconds else None
    if address is None or address.exists():
        return
    words = [sys.executable, "-m", "bugkit.resident", str(address), str(seconds), str(exercise.path)]
    nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    with suppress(OSError, NotImplementedError):
        os.posix_spawn(words[0], [*words, str(exercise.solution_path)], os.environ, file_actions=nothing, setsid=True)


def stop() -> int:
    """End all residents of this user; how many there were."""
    place, stopped = folder(), 0
    for address in sorted(place.iterdir()) if place else ():
        if address.is_socket():
            with suppress(OSError, EOFError), _connected(address) as server:
                server.send({"what": "stop", "stamp": ""})
                server.recv()
                stopped += 1
    return stopped


def _connected(address: Path) -> Connection[Any, Any]:
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(CONNECT_SECONDS)
        one.connect(str(address))
        one.settimeout(None)
        return Connection(os.dup(one.fileno()))
