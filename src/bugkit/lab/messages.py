"""What is sent to the page, as plain data. What a notebook says is cleaned; the page shows it as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bugkit.errors import BugkitError
from bugkit.exercise import Exercise
from bugkit.report.sanitize import sanitize

if TYPE_CHECKING:
    from bugkit.attempt import Attempt

Message = dict[str, Any]
LAST = ("verdict", "trouble", "stopped")  # nothing follows one of these


def about(exercise: Exercise, state: str) -> Message:
    """What the page knows of an exercise before it is judged."""
    limits = exercise.manifest.run
    return {
        "id": exercise.id,
        "title": exercise.manifest.title,
        "seeds": limits.seeds,
        "most_steps": limits.max_steps,
        "passed": state == "passed",
    }


def event(happened: Mapping[str, Any]) -> Message | None:
    """Where one seed's run is; None for what the page does not show."""
    seed = happened["seed"]
    match happened["event"]:
        case "cell":
            return {"event": "cell", "seed": seed, "cell": sanitize(str(happened["cell"]), 40)}
        case "steps":
            return {"event": "steps", "seed": seed, "steps": int(happened["steps"])}
        case "done":
            run = happened["result"]
            outcome = "passed" if run.passed else "failed" if run.status == "ok" else "error"
            return {"event": "done", "seed": seed, "outcome": outcome, "steps": run.steps}
    return None


def verdict(made: Attempt, *, explained: bool) -> Message:
    """The verdict, drawn as in a notebook's cell; ``reload`` where a stage's pass changed the notebook's file."""
    from bugkit.report.html import fragment
    from bugkit.report.levels import told

    found = told(made.verdict, explained=explained)
    return {
        "event": "verdict",
        "outcome": found.outcome,
        "complete": found.complete,
        "can_explain": bool(found.behaviors),
        "reload": found.outcome == "passed" and not found.complete,
        "html": fragment(found, button="Explain"),
        "notes": list(made.notes),
    }


def trouble(error: BugkitError) -> Message:
    """An error's three parts."""
    return {"what": error.what, "evidence": list(error.evidence), "next": error.next_command or ""}


def fault(error: Exception) -> Message:
    """An error that nobody foresaw."""
    evidence = [f"{type(error).__name__}: {error}"]
    return {"what": "bugkit itself failed", "evidence": evidence, "next": "the server's log tells more"}
