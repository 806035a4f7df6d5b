"""One run inside the box: the cells, then the questions."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from bugkit import data
from bugkit.box.channel import Channel, Stopped
from bugkit.box.inside import cells
from bugkit.box.inside.answers import Answers
from bugkit.box.inside.limits import apply_limits
from bugkit.box.inside.unwatched import Unwatched, Watching
from bugkit.box.job import Job

EVENT_SECONDS = 0.25  # between two progress events; drawing one costs a browser some 8 ms of CPU


def serve(channel: Channel, job: Job) -> None:
    """Run the job's cells, report, and answer until the other side is gone."""
    apply_limits(job)
    set_task(job)
    watcher = watching(job, _reporter(channel))
    with watcher:
        report = cells.run(job, lambda name: channel.send({"event": "cell", "cell": name}))
    answer(channel, job, watcher, report)


def watching(job: Job, on_step: Callable[[int], None]) -> Watching:
    """What watches the training; it imports torch."""
    if job.arrays != "torch" or "torch" not in sys.modules:
        return Unwatched()
    from bugkit.box.inside.watcher import Watcher

    return Watcher(job, on_step)


def set_task(job: Job) -> None:
    """Have ``bugkit.data`` give the task that was drawn for this run."""
    if job.data and job.drawn:
        data.put(job.data, job.drawn)


def answer(channel: Channel, job: Job, watcher: Watching, report: dict[str, Any]) -> None:
    """Send the report of a finished run, then answer questions about it."""
    namespace = cells.shell().user_ns
    watcher.finish(namespace)
    curve = cells.curve(namespace)
    present = [name for name in job.names if name in namespace]
    steps = watcher.steps or len(curve)
    channel.send({"report": {**report, "steps": steps, "names": present}}, {"curve": curve})
    if report["status"] != "ok":
        return
    answers = Answers(namespace, job, watcher)
    try:
        while True:
            question, arrays = channel.receive()
            channel.send(*answers.to(question, arrays))
    except Stopped:
        return


def _reporter(channel: Channel) -> Any:
    """A function that sends the number of steps, at most every EVENT_SECONDS."""
    last = 0.0

    def on_step(steps: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > EVENT_SECONDS:
            last = now
            channel.send({"event": "steps", "steps": steps})

    return on_step
