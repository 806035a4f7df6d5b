"""The resident: it waits for checks, judges one at a time with a warm grader, and ends when it is not needed."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

from bugkit.errors import BugkitError, ManifestError
from bugkit.exercise import Exercise
from bugkit.progress import Progress
from bugkit.resident.address import stamp
from bugkit.warm_grader import WarmGrader

LOOK_SECONDS = 2.0  # between two looks at the clock, the memory and the versions
LEAST_MIB = 1024  # of free memory, below which it makes room
POLL_SECONDS = 0.1


class Resident:
    """One process' grader and its socket. ``serve`` returns when it is time to end."""

    def __init__(self, address: Path, seconds: float) -> None:
        self._address = address
        self._seconds = seconds
        self._stamp = stamp()
        self._grader = WarmGrader()
        self._busy = threading.Lock()
        self._used = time.monotonic()
        self._ended = threading.Event()

    def serve(self, exercise: Exercise | None = None) -> None:
        """Wait for checks, with a box for this exercise warm; return at once where another resident serves already."""
        with Path(f"{self._address}.lock").open("w") as lock, socket.socket(socket.AF_UNIX) as listening:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return
            self._address.unlink(missing_ok=True)  # of one that was killed
            listening.bind(str(self._address))
            own = self._address.stat()
            listening.listen()
            listening.settimeout(LOOK_SECONDS)
            try:
                with suppress(ManifestError):  # a fresh exercise went with the command that it was made for
                    if exercise:
                        self._grader.warm(exercise)
                while not self._ended.is_set() and self._is_wanted():
                    with suppress(TimeoutError):
                        accepted, _ = listening.accept()
                        threading.Thread(target=self._answer, args=(accepted,), daemon=True).start()
            finally:
                self._grader.close()
                with suppress(OSError):  # it may be a newer one's by now
                    if os.path.samestat(own, self._address.stat()):
                        self._address.unlink()

    def _is_wanted(self) -> bool:
        if self._busy.locked():
            return True
        is_late = time.monotonic() - self._used > self._seconds
        is_tight = psutil.virtual_memory().available < LEAST_MIB << 20
        return not (is_late or is_tight or not self._address.exists() or stamp() != self._stamp)

    def _answer(self, accepted: socket.socket) -> None:
        is_ours = _user_of(accepted) == os.getuid()
        with Connection(accepted.detach()) as client, suppress(OSError, EOFError):
            if not is_ours:
                return
            asked = client.recv()
            if asked["what"] == "stop" or asked["stamp"] != self._stamp:
                self._ended.set()
                self._address.unlink(missing_ok=True)  # nobody finds it from now on, though it may take a moment to end
                client.send(("not here",))
            elif not self._busy.acquire(blocking=False):
                client.send(("not here",))
            else:
                try:
                    self._check(client, asked)
                finally:
                    self._used = time.monotonic()
                    self._busy.release()

    def _check(self, client: Connection, asked: dict[str, Any]) -> None:
        """Judge while the client listens; when it hangs up, stop."""
        answer: list[tuple[Any, ...]] = []

        def tell(event: dict[str, Any]) -> None:
            with suppress(OSError):  # it hung up; the loop below sees it too
                client.send(("event", {name: value for name, value in event.items() if name != "result"}))

        def judge() -> None:
            try:
                number, progress = self._grader.ask(), Progress(asked["progress"])
                made = self._grader.check(
                    number, asked["exercise"], asked["path"], tell, seeds=asked["seeds"], progress=progress
                )
                answer.append(("made", made))
            except BugkitError as error:
                answer.append(("error", type(error), error.what, tuple(error.evidence), error.next_command))
            except Exception:  # noqa: BLE001 - it was stopped; or a fault of ours, which is met again and told there
                answer.append(("not here",))

        work = threading.Thread(target=judge, daemon=True)
        work.start()
        while work.is_alive():
            if client.poll(POLL_SECONDS):  # it says nothing more: it hung up
                self._grader.stop()
                break
        work.join()
        client.send(answer[0])


def _user_of(accepted: socket.socket) -> int:
    """The user at the other end; on systems that do not tell, the folder keeps others out."""
    if not hasattr(socket, "SO_PEERCRED"):
        return os.getuid()
    _, user, _ = struct.unpack("3i", accepted.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return int(user)
