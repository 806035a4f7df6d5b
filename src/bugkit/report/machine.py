"""A verdict for programs: what ``bugkit check --json`` prints."""

from __future__ import annotations

import math
from typing import Any

from bugkit.report.clean import clean, one_line
from bugkit.verdict import CheckResult, RunResult, Target, Verdict

MAX_POINTS = 200


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict as one object that any JSON parser reads: NaN and infinities are null, texts are cleaned.

    ``curve`` holds at most 200 of the recorded losses, evenly spaced, the first and the last among them.
    """
    return {
        "format": 1,
        "exercise": verdict.exercise,
        "outcome": verdict.outcome,
        "score": _number(verdict.score),
        "engine": verdict.engine,
        "sandbox": verdict.sandbox,
        "runs": [_run(run, verdict.target) for run in verdict.runs],
        "checks": [_check(check) for check in verdict.checks],
        "symptoms": [{"id": symptom.id, "text": clean(symptom.text)} for symptom in verdict.symptoms],
        "restored_cells": [one_line(cell) for cell in verdict.restored_cells],
        "missing_cells": [one_line(cell) for cell in verdict.missing_cells],
        "changed_lines": verdict.changed_lines,
        "next": clean(verdict.next),
    }


def _run(run: RunResult, target: Target) -> dict[str, Any]:
    return {
        "seed": run.seed,
        "status": run.status,
        "detail": clean(run.detail),
        "loss": _number(run.loss),
        "below": _number(target.below),
        "above": _number(target.above),
        "converged": run.converged,
        "steps": run.steps,
        "seconds": _number(run.seconds),
        "curve": [_number(x) for x in thinned(run.curve)],
    }


def _check(check: CheckResult) -> dict[str, Any]:
    return {
        "name": check.name,
        "sentence": clean(check.sentence),
        "outcome": check.outcome,
        "message": clean(check.message),
        "seed": check.seed,
    }


def thinned(curve: tuple[float, ...], points: int = MAX_POINTS) -> tuple[float, ...]:
    """At most ``points`` of the curve's own values, evenly spaced from the first to the last."""
    if len(curve) <= points:
        return curve
    last = len(curve) - 1
    return tuple(curve[round(i * last / (points - 1))] for i in range(points))


def _number(x: float | None) -> float | None:
    return x if x is not None and math.isfinite(x) else None
