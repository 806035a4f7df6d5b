"""One end of the wall: frames over a socket, under a guard that is held from outside."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from bugkit.box.frames import MAX_BODY, MAX_HEADER, PREFIX, Arrays, pack, sizes, unpack
from bugkit.errors import FrameError

TICK = 0.2  # seconds between looks at the clock and the memory
MAX_ANSWER = (1 << 20, 32 << 20)  # bytes of a header and of arrays that the trusted side takes from a box


class Stopped(Exception):
    """The run ended, or was ended, before it answered."""

    def __init__(self, status: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status  # a run status of the design: timed_out, out_of_memory, killed ...
        self.detail = detail


class Watch(Protocol):
    """Called while the trusted side waits, every tick and when ``wake`` is readable; raises Stopped to end the run."""

    @property
    def wake(self) -> Sequence[int]: ...  # noqa: D102 - descriptors

    def __call__(self) -> None: ...  # noqa: D102


class Channel:
    """Frames out and in. The trusted side gives a watch and a deadline; inside the box neither is needed.

    What the watched side sends has narrow limits: it is kept in our memory.
    """

    def __init__(self, sock: socket.socket, *, watch: Watch | None = None, seconds: float | None = None) -> None:
        self._sock = sock
        self._watch = watch
        self._most = (MAX_HEADER, MAX_BODY) if watch is None else MAX_ANSWER
        self._seconds = seconds
        self._end = time.monotonic() + seconds if seconds is not None else None
        self.on_event: Callable[[dict[str, Any]], None] = lambda _event: None

    def send(self, header: Mapping[str, Any], arrays: Arrays | None = None) -> None:
        """Send one frame, however long the other side takes to read it; Stopped when it is gone."""
        left = memoryview(pack(header, arrays))
        while left:
            self._wait(write=True)
            try:
                left = left[self._sock.send(left[: 1 << 20]) :]
            except OSError:
                raise Stopped("ended_early", "the notebook's process ended") from None

    def receive(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """The next frame that is not an event; events go to ``on_event``. Stopped where it is no frame."""
        while True:
            try:
                head, body = sizes(self._exactly(PREFIX.size), *self._most)
                header, arrays = unpack(self._exactly(head), self._exactly(body))
            except FrameError as error:
                raise Stopped("no_answer", f"what it sent is no answer: {error.what}") from None
            if "event" not in header:
                return header, arrays
            self.on_event(header)

    def close(self) -> None:
        """Let the other side read the end."""
        self._sock.close()

    def _exactly(self, count: int) -> bytearray:
        out = bytearray()
        while len(out) < count:
            self._wait(write=False)
            try:
                piece = self._sock.recv(min(1 << 20, count - len(out)))
            except OSError:
                piece = b""
            if not piece:
                raise Stopped("ended_early", "the notebook's process ended")
            out += piece
        return out

    def _wait(self, *, write: bool) -> None:
        """Until the socket is ready; meanwhile look at the limits every tick."""
        sockets: list[Any] = [self._sock]
        while True:
            if self._end is not None and time.monotonic() > self._end:
                raise Stopped("timed_out", f"it took longer than {self._seconds:g} s")
            if self._watch is not None:
                self._watch()
            timeout = TICK if self._watch is not None or self._end is not None else None
            wake = list(self._watch.wake) if self._watch is not None else []
            ready = select.select(wake if write else sockets + wake, sockets if write else [], [], timeout)
            if self._sock in ready[0] or ready[1]:
                return
