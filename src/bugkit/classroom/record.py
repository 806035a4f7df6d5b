"""A verdict as text that is kept, and read again as it was: what the gradebook and a cluster's wires carry."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import cache
from typing import TYPE_CHECKING

from bugkit.verdict import RunResult, Verdict

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MOST_POINTS = 2_000  # of the one curve that reports draw
DIGITS = 5


def to_text(verdict: Verdict, shown: RunResult | None) -> str:
    """JSON, with Python's NaN. Of the curves only the shown one is kept: a class of hundreds has thousands of them."""
    runs = tuple(replace(run, curve=_kept(run) if run is shown else ()) for run in verdict.runs)
    return json.dumps(asdict(replace(verdict, runs=runs)))


def from_text(text: str) -> Verdict:
    """The verdict that ``to_text`` wrote."""
    return _adapter().validate_python(json.loads(text))


def _kept(run: RunResult) -> tuple[float, ...]:
    return tuple(float(f"{loss:.{DIGITS}g}") for loss in run.curve[:MOST_POINTS])


@cache
def _adapter() -> TypeAdapter[Verdict]:
    from pydantic import TypeAdapter

    return TypeAdapter(Verdict)
