"""The verdict for a terminal: 80 columns are enough, colors are never needed, a pipe gets the same words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bugkit.report import phrases
from bugkit.report.curve import GUESSING, TARGET, Curve, curve_of, peculiarities
from bugkit.report.sanitize import sanitize
from bugkit.report.verdict_json import thinned
from bugkit.verdict import RunResult, Verdict

WIDTH, HEIGHT = 44, 9  # of the curve, in characters
RANGE = 0.98  # of the losses, which decides how high the curve reaches: a row is worth more than a spike
COLORS = {"passed": "green", "failed": "red", "error": "yellow", "undecided": "yellow"}
PLAIN = {"✓": "+", "✗": "x", "•": "*", "─": "-", "┄": "."}  # where the terminal knows no more than ASCII


def render(verdict: Verdict, console: Console) -> None:
    """Print the report to the console that is given; what no terminal shows has no blanks at the ends of lines."""
    if console.is_terminal:
        _print(verdict, console)
        return
    with console.capture() as captured:
        _print(verdict, console)
    console.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def _print(verdict: Verdict, console: Console) -> None:
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
    outcome = (phrases.OUTCOMES[verdict.outcome], f"bold {COLORS[verdict.outcome]}")
    yield Text(""), 0
    yield Text.assemble(outcome, f"  {verdict.exercise}  {phrases.title(verdict)}"), 0
    yield from _runs(verdict)
    if phrases.is_still_there(verdict):
        yield Text(phrases.STILL_THERE), 2
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
    yield from _heading(phrases.wanted(verdict.target))
    for run in verdict.runs:
        outcome = "passed" if run.converged else "failed" if run.status == "ok" else "error"
        yield Text.assemble(_mark(outcome), f" seed {run.seed}: {_run_in_words(run, verdict)}"), 2


def _mark(outcome: str) -> tuple[str, str]:
    return phrases.MARKS[outcome], COLORS[outcome]


def _run_in_words(run: RunResult, verdict: Verdict) -> str:
    if run.status != "ok":
        return phrases.trouble(run)
    return f"{phrases.loss(run):<8}  {phrases.effort(run, verdict.target)}"


def _error(verdict: Verdict) -> Iterator[tuple[Text, int]]:
    run = phrases.raising(verdict)
    if run is None or run.error is None:
        return
    yield from _heading(phrases.raised_in(run))
    for place, text in phrases.trace(run.error):
        yield Text(f"{place}  {text}" if place else text, style="dim"), 2
    yield Text(phrases.exception(run.error)), 2


def _curve(verdict: Verdict) -> Iterator[tuple[Text, int]]:
    curve, target = curve_of(verdict, RANGE), verdict.target.of_curve
    if curve is None:
        return
    yield from _heading(phrases.recorded(target, curve.seed))
    labels = {} if target.curve_unit else {_row(curve, target.below): f"{target.below:g} {TARGET}"}
    if target.at_start is not None:
        labels[_row(curve, target.at_start)] = f"{target.at_start:g} {GUESSING}"
    for number, row in enumerate(_drawn(curve)):
        label = labels.get(number, "")
        drawn = "".join("┄" if label and c == " " else c for c in row)
        ends = {0: f"{curve.top:8.3g}", HEIGHT - 1: f"{curve.bottom:8.3g}"}
        yield Text.assemble((ends.get(number, " " * 8), "dim"), " ", (drawn, "cyan"), (f" {label}", "dim")), 0
    yield Text(f"{'':9}{'0':<{WIDTH - 12}}{len(curve.losses):>6} steps", style="dim"), 0
    yield from ((Text(sentence, style="dim"), 9) for sentence in peculiarities(curve))


def _drawn(curve: Curve) -> list[str]:
    """The curve in HEIGHT rows of WIDTH characters; a column shows the range of its steps."""
    grid = [[" "] * WIDTH for _ in range(HEIGHT)]
    points = thinned(curve.losses, 40 * WIDTH)
    for column, part in enumerate(_columns(points, is_short=curve.is_short)):
        values = [x for x in part if math.isfinite(x)]
        if values:
            high, low = _row(curve, max(values)), _row(curve, min(values))
            for row in range(high, low + 1):
                grid[row][column] = "•"
        elif part:
            grid[0][column] = "!"  # no finite number here
    return ["".join(row) for row in grid]


def _columns(points: Sequence[float], *, is_short: bool) -> Iterator[Sequence[float]]:
    """What stands in each column; of a short curve every loss has one of its own, and most columns none."""
    if is_short:
        places = {round(number * (WIDTH - 1) / (len(points) - 1)): [loss] for number, loss in enumerate(points)}
        yield from (places.get(column, []) for column in range(WIDTH))
        return
    for column in range(WIDTH):
        yield points[len(points) * column // WIDTH : max(1, len(points) * (column + 1) // WIDTH)]


def _row(curve: Curve, value: float) -> int:
    return round((1 - curve.height(value)) * (HEIGHT - 1))


def _checks(verdict: Verdict) -> Iterator[tuple[Text, int]]:
    if verdict.behaviors:
        yield from _heading("Behavior")
        yield from ((Text(sentence), 2) for sentence in phrases.behaviors(verdict))
    if not verdict.checks:
        return
    yield from _heading("Checks")
    for check in verdict.checks:
        yield Text.assemble(_mark(check.outcome), f" {check.sentence}"), 2
        if check.message:
            yield Text(f"{sanitize(check.message)} (seed {check.seed})", style="dim"), 4


def _changes(verdict: Verdict) -> Iterator[tuple[Text, int]]:
    yield Text(""), 0
    yield Text(phrases.walls(verdict), style="dim"), 0
    yield from ((Text(text), 0) for text in phrases.cells(verdict))
