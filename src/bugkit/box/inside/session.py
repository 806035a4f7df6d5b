"""One run inside the box: the cells, then the questions."""

from __future__ import annotations

import time
from typing import Any

from bugkit import data
from bugkit.box.channel import Channel, Stopped
from bugkit.box.inside import cells
from bugkit.box.inside.answers import Answers
from bugkit.box.inside.limits import apply_limits
from bugkit.box.inside.recorder import Recorder
from bugkit.box.job import Job

EVENT_SECONDS = 0.25  # between two progress events; drawing one costs a browser some 8 ms of CPU


def serve(channel: Channel, job: Job) -> None:
    """Run the job's cells, report, and answer until the other side is gone."""
    apply_limits(job)
    set_task(job)
    recorder = Recorder(job, _reporter(channel))
    with recorder:
        report = cells.run(job, lambda name: channel.send({"event": "cell", "cell": name}))
    answer(channel, job, recorder, report)


def set_task(job: Job) -> None:
    """Have ``bugkit.data`` give the task that was drawn for this run."""
    if job.data and job.drawn:
        data.put(job.data, job.drawn)


def answer(channel: Channel, job: Job, recorder: Recorder, report: dict[str, Any]) -> None:
    """Send the report of a finished run, then answer questions about it."""
    namespace = cells.shell().user_ns
    curve = cells.curve(namespace)
    present = [name for name in job.names if name in namespace]
    steps = recorder.steps or len(curve)
    channel.send({"report": {**report, "steps": steps, "names": present}}, {"curve": curve})
    if report["status"] != "ok":
        return
    answers = Answers(namespace, job.arrays, recorder)
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
