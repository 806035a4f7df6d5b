"""The trusted side of ``inside.zygote``: torch is imported once for all boxes, and a new one costs a fork."""

from __future__ import annotations

import array
import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from bugkit.box.bwrap import Tool
from bugkit.box.launch import launched
from bugkit.box.start import REPLY_SECONDS, WARM_SECONDS
from bugkit.errors import Fault

GONE_SECONDS = 5.0
LOOK_SECONDS = 0.5  # after which it is looked whether there is anybody to answer
MAX_REPLY = 1 << 12


class Zygote:
    """A process of root's that has run nobody's code. Close it."""

    def __init__(self, tool: Tool, arrays: str) -> None:
        ours, theirs = socket.socketpair()
        self._control = ours
        self._lock = threading.Lock()
        self._ready = False
        with theirs:
            words = [sys.executable, "-m", "bugkit.box.inside.zygote", str(theirs.fileno()), arrays]
            self._process = launched(tool, words, [theirs.fileno()], trusted=True)

    def fork(self, words: list[str], user: int, sandbox: int, descriptor: int, holder: subprocess.Popen[bytes]) -> int:
        """Run ``python`` with these words, of the form ``-m MODULE DESCRIPTOR ...``, inside a sandbox that stands.

        ``sandbox`` is a pidfd of its first process; what the fork says on stderr is read where the holder's is. The
        number of the fork as seen from outside; Fault where there is none.
        """
        with self._lock:
            if not self._ready:
                self._reply(WARM_SECONDS)
                self._ready = True
            try:
                errors = os.open(f"/proc/{holder.pid}/fd/2", os.O_WRONLY)
            except OSError as error:
                raise Fault("a sandbox is gone before it was moved into", evidence=[str(error)]) from error
            try:
                request = json.dumps({"words": words, "user": user}).encode()
                given = array.array("i", [sandbox, descriptor, errors])
                with suppress(OSError):  # a dead one shows when the reply is read
                    self._control.sendmsg([request], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, given)])
            finally:
                os.close(errors)
            reply = self._reply(REPLY_SECONDS)
        if "pid" not in reply:
            raise Fault("no process could be moved into a sandbox", evidence=[str(reply.get("error"))])
        pid: int = reply["pid"]
        return pid

    def close(self) -> None:
        """End it; what it has forked lives on."""
        self._control.close()
        try:
            self._process.wait(GONE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()

    def _reply(self, seconds: float) -> dict[str, Any]:
        """The answer to what was asked. Where bubblewrap was killed as it began, a child of it keeps the line open."""
        until, line = time.monotonic() + seconds, b""
        self._control.settimeout(LOOK_SECONDS)
        while True:
            try:
                line = self._control.recv(MAX_REPLY)  # it answers one request at a time, in one write
            except TimeoutError:
                if self._process.poll() is None and time.monotonic() < until:
                    continue
            except OSError:
                pass
            break
        if not line:
            raise Fault("the process that boxes are forked from is gone")
        reply: dict[str, Any] = json.loads(line)
        return reply
