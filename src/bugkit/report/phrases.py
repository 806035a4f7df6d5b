"""What the reports for people say, in the same words on the screen and on paper."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from bugkit.report.sanitize import sanitize
from bugkit.verdict import LearnerError, RunResult, Target, Verdict

MARKS = {"passed": "✓", "failed": "✗", "error": "!", "undecided": "?"}
OUTCOMES = {"passed": "PASSED", "failed": "FAILED", "error": "NOT JUDGED"}
STILL_THERE = "The loss is where it should be, but a check below does not hold."
NAMED_BY = "bugkit check {exercise} --explain"
MOST_FRAMES = 5  # at each end of a trace


def title(verdict: Verdict) -> str:
    """The exercise's title, and which of its stages was judged."""
    stage = f", stage {verdict.stage} of {verdict.stages}" if verdict.stages > 1 else ""
    return f"{verdict.title}{stage}"


def wanted(target: Target) -> str:
    """The measure and its band."""
    band = f"below {target.below:g}" if target.above <= 0 else f"from {target.above:g} to {target.below:g}"
    return f"{target.measure.rstrip('.')}: target {band} {target.unit}"


def recorded(target: Target, seed: int) -> str:
    """The heading of the curve."""
    unit = f", in {target.curve_unit}" if target.curve_unit else ""
    return f"The loss as your notebook recorded it{unit}, seed {seed}"


def is_still_there(verdict: Verdict) -> bool:
    """Whether the loss is right on every seed and only a check that is shown tells that something is not."""
    told = any(check.outcome == "failed" for check in verdict.checks)
    return verdict.outcome == "failed" and told and all(run.converged for run in verdict.runs)


def behaviors(verdict: Verdict, button: str = "") -> tuple[str, str]:
    """How many hold, and the command, or the button, that names them."""
    named_by = button or NAMED_BY.format(exercise=sanitize(verdict.exercise, 40))
    return verdict.behaviors, f"{named_by} names them; that counts like a hint."


def loss(run: RunResult) -> str:
    """What was measured; NaN is no number."""
    return "not a number" if run.loss is None or math.isnan(run.loss) else f"{run.loss:.4g}"


def effort(run: RunResult, target: Target) -> str:
    """Steps and seconds; the budget, where it was exceeded."""
    over = f" of at most {target.max_steps}" if run.steps > target.max_steps else ""
    return f"{run.steps} steps{over}, {run.seconds:.1f} s"


def trouble(run: RunResult) -> str:
    """How a run ended that could not be judged."""
    return f"{run.status.replace('_', ' ')}: {sanitize(run.detail, 160)}"


def reasons(verdict: Verdict) -> list[str]:
    """Why it is no pass, in sentences: symptoms, ends that left nothing to judge, and what else is to be told."""
    ends = dict.fromkeys(trouble(run) for run in verdict.runs if run.status != "ok")  # of several seeds once
    return [sanitize(text) for text in (*(symptom.text for symptom in verdict.symptoms), *ends, *verdict.notes)]


def count(number: int, one: str, several: str = "") -> str:
    """A number of things in words."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"


def in_one(sentences: Iterable[str]) -> str:
    """Sentences one after the other, each with a capital and a full stop."""
    return " ".join(text[:1].upper() + text[1:].removesuffix(".") + "." for text in sentences)


def clocked(seconds: float) -> str:
    """A time as minutes and seconds, with hours where there are any."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"


def raising(verdict: Verdict) -> RunResult | None:
    """The run whose exception is shown: one that it ended, if there is one."""
    return min((run for run in verdict.runs if run.error), key=lambda run: run.status == "ok", default=None)


def raised_in(run: RunResult) -> str:
    """Where the learner's exception was raised, and whether it matters."""
    assert run.error is not None
    line = f", line {run.error.line}" if run.error.line else ""
    behind = ", after the exercise's last cell: the check went on without it" if run.status == "ok" else ""
    return f"Your notebook raised an exception in the cell `{sanitize(run.error.cell, 60)}`{line}{behind}"


def exception(error: LearnerError) -> str:
    """The exception, as Python says it."""
    return f"{sanitize(error.type, 60)}: {sanitize(error.message)}"


def trace(error: LearnerError) -> Iterator[tuple[str, str]]:
    """The way to the exception, as place and text; of a deep recursion only both ends."""
    left_out = len(error.trace) - 2 * MOST_FRAMES
    for number, frame in enumerate(error.trace):
        if left_out > 0 and number == MOST_FRAMES:
            yield "", f"({left_out} more)"
        if left_out > 0 and MOST_FRAMES <= number < MOST_FRAMES + left_out:
            continue
        text = sanitize(str(frame.get("text", "")), 100)
        if frame.get("cell"):
            yield f"{sanitize(str(frame['cell']), 40)}:{sanitize(str(frame.get('line')), 10)}", text
        else:
            yield "", f"(inside {text})"


def walls(verdict: Verdict) -> str:
    """How much was changed, and in what it was run."""
    if not verdict.runs:
        return "nothing of it was run"
    lines = "1 line" if verdict.changed_lines == 1 else f"{verdict.changed_lines or 'no'} lines"
    sandbox = "limits, in a sandbox" if verdict.sandbox else f"limits (no sandbox: {sanitize(verdict.no_sandbox, 200)})"
    return f"{lines} changed; run in a process of its own with {sandbox}"


def cells(verdict: Verdict) -> Iterator[str]:
    """What was not run as it stood in the learner's file, what was their own, and what else is to be told."""
    for names, what in (
        (verdict.restored_cells, "locked, put back before the run"),
        (verdict.missing_cells, "no longer in your notebook"),
    ):
        if names:
            yield f"cells {what}: {', '.join(sanitize(name, 40) for name in names)}"
    if verdict.extra_cells:
        own = "1 cell" if verdict.extra_cells == 1 else f"{verdict.extra_cells} cells"
        yield f"{own} of your own ran too"
    yield from map(sanitize, verdict.notes)
