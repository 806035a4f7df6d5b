"""What a run says of itself, as the trusted side takes it: of the right form and size, and believed in nothing.

The status and the exception are for the learner to read, the number of steps only ever fails a run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bugkit.box.channel import Stopped

MOST_LOSSES = 200_000
ODD = "what it sent is no report of a run"

Short = Annotated[str, Field(max_length=300)]
Text = Annotated[str, Field(max_length=4_000)]


class ReportPart(BaseModel):
    """A part of the account; keys that are not known are dropped."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Frame(ReportPart):
    """One line of a trace; without a cell it is a folded package, named by ``text``."""

    cell: Short | None
    line: int | None
    text: Text


class RaisedError(ReportPart):
    """The exception that ended the cells, or that an answer met."""

    cell: Short
    line: int | None
    type: Short
    message: Text
    trace: Annotated[list[Frame], Field(max_length=5_000)] = []


class RunReport(ReportPart):
    """The report of a run after its last cell."""

    status: Literal["ok", "raised", "out_of_memory", "ended_early"]
    error: RaisedError | None
    steps: Annotated[int, Field(ge=0, lt=2**62)]
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    names: Annotated[list[Short], Field(max_length=1_000)]


def report_of(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> tuple[RunReport, NDArray[Any]]:
    """The report and the curve; Stopped where the frame is something else."""
    curve = arrays.get("curve")
    try:
        account = RunReport.model_validate(header.get("report"))
    except (ValidationError, RecursionError):
        raise Stopped("no_answer", ODD) from None
    if curve is None or curve.ndim != 1 or curve.dtype != np.float64 or len(curve) > MOST_LOSSES:
        raise Stopped("no_answer", ODD)
    if account.status != "ok" and account.error is None:
        raise Stopped("no_answer", ODD)
    return account, curve


def error_of(raised: Any) -> RaisedError:
    """The exception of an answer."""
    try:
        return RaisedError.model_validate(raised)
    except (ValidationError, RecursionError):
        raise Stopped("no_answer", ODD) from None


def heard(on_event: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    """The listener, told of events that have the right form only."""

    def listen(event: dict[str, Any]) -> None:
        cell, steps = event.get("cell"), event.get("steps")
        if event["event"] == "cell" and isinstance(cell, str):
            on_event({"event": "cell", "cell": cell[:300]})
        elif event["event"] == "steps" and isinstance(steps, int) and not isinstance(steps, bool):
            on_event({"event": "steps", "steps": min(max(steps, 0), 2**62)})

    return listen
