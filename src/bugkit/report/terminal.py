"""The verdict for a terminal: 80 columns are enough, colours are never needed, a pipe gets the same words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bugkit.report.clean import clean
from bugkit.report.machine import thinned
from bugkit.verdict import LearnerError, RunResult, Verdict

WIDTH, HEIGHT = 44, 9  # of the curve, in characters
MOST_FRAMES = 5  # at each end of a trace
WORDS = {"passed": ("PASSED", "bold green"), "failed": ("FAILED", "bold red"), "error": ("NOT JUDGED", "bold yellow")}
MARKS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "error": ("!", "yellow")}
PLAIN = {"✓": "+", "✗": "x", "•": "*", "─": "-", "┄": "."}  # where the terminal knows no more than ASCII


def render(verdict: Verdict, console: Console) -> None:
    """Print the report to the console that is given."""
    ascii_only = not console.encoding.lower().startswith("utf")

    def show(text: Text, indent: int = 0) -> None:
        plain = text.plain
        if ascii_only:
            for mark, other in PLAIN.items():
                plain = plain.replace(mark, other)
            text = Text(plain.encode("ascii", "replace").decode())
        if not plain:
            console.print()
        elif plain[1:2] == " ":  # a mark and a sentence, which is wrapped beside it
            grid = Table.grid(padding=(0, 1, 0, 0))
            grid.add_row(text[:1], text[2:])
            console.print(Padding(grid, (0, 0, 0, indent), expand=False))
        else:
            console.print(Padding(text, (0, 0, 0, indent), expand=False))

    for text, indent in _lines(verdict):
        show(text, indent)


def _lines(verdict: Verdict) -> Iterator[tuple[Text, int]]:
    word, style = WORDS[verdict.outcome]
    yield Text(""), 0
    stage = f", stage {verdict.stage} of {verdict.stages}" if verdict.stages > 1 else ""
    yield Text.assemble((word, style), f"  {verdict.exercise}  {verdict.title}{stage}"), 0
    yield from _runs(verdict)
    if verdict.outcome == "failed" and all(run.converged for run in verdict.runs):
        yield Text("The loss is where it should be. A check below is not: the cause is still there."), 2
    yield from _error(verdict)
    yield from _curve(verdict)
    yield from _checks(verdict)
    if verdict.symptoms:
        yield from _heading("What it looks like")
        yield from ((Text(f"• {symptom.text}"), 2) for symptom in verdict.symptoms)
    yield from _changes(verdict)
    yield Text(""), 0
    yield Text.assemble("next: ", (verdict.next, "bold")), 0


def _heading(text: str) -> Iterator[tuple[Text, int]]:
    yield Text(""), 0
    yield Text(text, style="bold"), 0


def _runs(verdict: Verdict) -> Iterator[tuple[Text, int]]:
    target = verdict.target
    band = f"below {target.below:g}" if target.above <= 0 else f"from {target.above:g} to {target.below:g}"
    measure = target.measure.rstrip(".")
    yield from _heading(f"{measure}: {band} {target.unit} wanted")
    for run in verdict.runs:
        mark, style = MARKS["passed" if run.converged else "failed" if run.status == "ok" else "error"]
        yield Text.assemble((mark, style), f" seed {run.seed}: {_run_in_words(run, verdict)}"), 2


def _run_in_words(run: RunResult, verdict: Verdict) -> str:
    if run.status != "ok":
        return f"{run.status.replace('_', ' ')}: {clean(run.detail, 160)}"
    loss = "not a number" if run.loss is None or math.isnan(run.loss) else f"{run.loss:.4g}"
    over = f" of at most {verdict.target.max_steps}" if run.steps > verdict.target.max_steps else ""
    return f"{loss:<8}  {run.steps} steps{over}, {run.seconds:.1f} s"


def _error(verdict: Verdict) -> Iterator[tuple[Text, int]]:
    error = next((run.error for run in verdict.runs if run.error), None)
    if error is None:
        return
    line = f", line {error.line}" if error.line else ""
    yield from _heading(f"Your notebook raised an exception in the cell `{clean(error.cell, 60)}`{line}")
    yield from ((Text(text, style="dim"), 2) for text in _trace(error))
    yield Text(f"{clean(error.type, 60)}: {clean(error.message)}"), 2


def _trace(error: LearnerError) -> Iterator[str]:
    """The way to the exception; of a deep recursion only both ends."""
    left_out = len(error.trace) - 2 * MOST_FRAMES
    for number, frame in enumerate(error.trace):
        if left_out > 0 and number == MOST_FRAMES:
            yield f"({left_out} more)"
        if left_out > 0 and MOST_FRAMES <= number < MOST_FRAMES + left_out:
            continue
        text = clean(str(frame.get("text", "")), 100)
        if frame.get("cell"):
            yield f"{clean(str(frame['cell']), 40)}:{clean(str(frame.get('line')), 10)}  {text}"
        else:
            yield f"(inside {text})"


def _curve(verdict: Verdict) -> Iterator[tuple[Text, int]]:
    run = next((run for run in verdict.runs if not run.converged and run.curve), None) or next(iter(verdict.runs), None)
    finite = [x for x in run.curve if math.isfinite(x)] if run else []
    if run is None or len(finite) < 2:
        return
    target = verdict.target
    yield from _heading(f"The loss as your notebook recorded it, seed {run.seed}")
    known = max(target.at_start or finite[0], target.below)
    top = max(known, min(_quantile(finite, 0.98), 4 * known))  # a curve that explodes is cut at the top
    bottom = min(0.0, *finite)
    labels = {_row(target.below, bottom, top): f"{target.below:g} wanted"}
    if target.at_start is not None:
        labels[_row(target.at_start, bottom, top)] = f"{target.at_start:g} knowing nothing"
    rows = _drawn(run.curve, bottom, top)
    for number, row in enumerate(rows):
        label = labels.get(number, "")
        drawn = "".join("┄" if label and c == " " else c for c in row)
        scale = f"{top:8.3g}" if number == 0 else f"{bottom:8.3g}" if number == HEIGHT - 1 else " " * 8
        yield Text.assemble((scale, "dim"), " ", (drawn, "cyan"), (f" {label}", "dim")), 0
    yield Text(f"{'':9}{'0':<{WIDTH - 12}}{len(run.curve):>6} steps", style="dim"), 0


def _drawn(curve: tuple[float, ...], bottom: float, top: float) -> list[str]:
    """The curve in HEIGHT rows of WIDTH characters; a column shows the range of its steps."""
    grid = [[" "] * WIDTH for _ in range(HEIGHT)]
    points = thinned(curve, 40 * WIDTH)
    for column in range(WIDTH):
        part = points[len(points) * column // WIDTH : max(1, len(points) * (column + 1) // WIDTH)]
        values = [x for x in part if math.isfinite(x)]
        if values:
            high, low = _row(max(values), bottom, top), _row(min(values), bottom, top)
            for row in range(high, low + 1):
                grid[row][column] = "•"
        elif part:
            grid[0][column] = "!"  # no finite number here
    return ["".join(row) for row in grid]


def _row(value: float, bottom: float, top: float) -> int:
    share = (min(max(value, bottom), top) - bottom) / ((top - bottom) or 1.0)
    return round((1 - share) * (HEIGHT - 1))


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _checks(verdict: Verdict) -> Iterator[tuple[Text, int]]:
    if not verdict.checks:
        return
    yield from _heading("Checks")
    for check in verdict.checks:
        mark, style = MARKS[check.outcome]
        yield Text.assemble((mark, style), f" {check.sentence}"), 2
        if check.message:
            yield Text(f"{clean(check.message)} (seed {check.seed})", style="dim"), 4


def _changes(verdict: Verdict) -> Iterator[tuple[Text, int]]:
    yield Text(""), 0
    lines = "1 line" if verdict.changed_lines == 1 else f"{verdict.changed_lines or 'no'} lines"
    sandbox = "limits, in a sandbox" if verdict.sandbox else f"limits (no sandbox: {clean(verdict.no_sandbox, 200)})"
    yield Text(f"{lines} changed; run in a process of its own with {sandbox}", style="dim"), 0
    for cells, what in (
        (verdict.restored_cells, "locked, put back before the run"),
        (verdict.missing_cells, "no longer in your notebook"),
    ):
        if cells:
            yield Text(f"cells {what}: {', '.join(clean(c, 40) for c in cells)}"), 0
    if verdict.extra_cells:
        own = "1 cell" if verdict.extra_cells == 1 else f"{verdict.extra_cells} cells"
        yield Text(f"{own} of your own ran too"), 0
    for note in verdict.notes:
        yield Text(clean(note)), 0
