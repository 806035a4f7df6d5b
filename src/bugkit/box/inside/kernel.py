"""What runs inside a Jupyter kernel: before the first cell, and after the last."""

from __future__ import annotations

import base64
import socket
import time
from typing import Any

from bugkit.box.channel import Channel
from bugkit.box.frames import PREFIX, sizes, unpack
from bugkit.box.inside import cells
from bugkit.box.inside.limits import apply_limits
from bugkit.box.inside.session import answer, set_task, watching
from bugkit.box.job import Job


class _Session:
    """A run in this kernel, from `prepare` to `serve`."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.watcher = watching(job, lambda _steps: None)
        self.report: dict[str, Any] = {"status": "ok", "error": None}
        self.start = time.perf_counter()
        self._names = {source: name for name, source in job.cells}

    def note(self, result: Any) -> None:
        """Called by IPython after every cell; keeps the first exception."""
        error = result.error_before_exec or result.error_in_exec
        if error is None and cells.shell().exit_now:
            error = SystemExit("the notebook ended itself")
        running = self._names.get(result.info.raw_cell, "")
        expected = running in self.job.may_raise and not isinstance(error, SystemExit)
        if error is not None and not expected and self.report["error"] is None:
            status = "ok" if running in self.job.spared else cells.status_of(error)
            self.report = {"status": status, "error": cells.blame(error, running, self.job.cells)}


_session: _Session | None = None


def prepare(frame: str) -> None:
    """Set the task, limits, seeds and hooks; called in a cell of its own."""
    global _session  # noqa: PLW0603 - a kernel holds one run
    packed = base64.b64decode(frame)
    head = PREFIX.size + sizes(packed[: PREFIX.size])[0]
    job = Job.of(*unpack(packed[PREFIX.size : head], packed[head:]))
    set_task(job)
    apply_limits(job)
    if job.arrays == "torch":
        import torch  # noqa: F401 - the watcher's hooks and the seeds need it before the first cell
    _session = _Session(job)
    _session.watcher.__enter__()
    cells.do_without_bugkit(cells.shell())
    cells.shell().events.register("post_run_cell", _session.note)
    cells.seed_everything(job.seed)


def serve(port: int, token: str) -> None:
    """Connect back, report and answer; called in a cell of its own."""
    assert _session is not None
    cells.shell().events.unregister("post_run_cell", _session.note)
    _session.watcher.__exit__()
    report = {**_session.report, "seconds": time.perf_counter() - _session.start}
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(token.encode())
        answer(Channel(sock), _session.job, _session.watcher, report)
