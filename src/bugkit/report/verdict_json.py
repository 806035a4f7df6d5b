"""The verdict as one JSON object: ``bugkit check --json``, format 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar

from bugkit.report.sanitize import sanitize
from bugkit.verdict import LearnerError, RunResult, Verdict

T = TypeVar("T")
FORMAT = 1
MOST_POINTS = 200


def as_json(verdict: Verdict) -> dict[str, Any]:
    """Plain data for ``json.dumps``; numbers that JSON has no word for (NaN, infinity) are null."""
    return {
        "format": FORMAT,
        "exercise": verdict.exercise,
        "outcome": verdict.outcome,
        "score": verdict.score,
        "stage": verdict.stage,
        "stages": verdict.stages,
        "engine": verdict.engine,
        "sandbox": verdict.sandbox,
        "no_sandbox": verdict.no_sandbox,
        "runs": [_run(run, verdict) for run in verdict.runs],
        "checks": [
            {
                "name": check.name,
                "sentence": check.sentence,
                "outcome": check.outcome,
                "message": sanitize(check.message),
                "seed": check.seed,
            }
            for check in verdict.checks
        ],
        "symptoms": [{"id": symptom.id, "text": symptom.text} for symptom in verdict.symptoms],
        "restored_cells": [sanitize(name) for name in verdict.restored_cells],
        "missing_cells": [sanitize(name) for name in verdict.missing_cells],
        "changed_lines": verdict.changed_lines,
        "next": verdict.next,
    }


def _run(run: RunResult, verdict: Verdict) -> dict[str, Any]:
    return {
        "seed": run.seed,
        "status": run.status,
        "detail": sanitize(run.detail),
        "error": _error(run.error) if run.error else None,
        "loss": _number(run.loss),
        "below": verdict.target.below,
        "above": verdict.target.above,
        "converged": run.converged,
        "steps": run.steps,
        "seconds": round(run.seconds, 3),
        "curve": [_number(x) for x in thinned(run.curve, MOST_POINTS)],
    }


def _error(error: LearnerError) -> dict[str, Any]:
    return {
        "cell": sanitize(error.cell),
        "line": error.line,
        "type": sanitize(error.type),
        "message": sanitize(error.message),
    }


def thinned(curve: Sequence[T], most: int) -> list[T]:
    """At most ``most`` points at even distances, the first and the last among them."""
    if len(curve) <= most:
        return list(curve)
    return [curve[round(i * (len(curve) - 1) / (most - 1))] for i in range(most)]


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
