"""How a grading goes and what came of it, as `bugkit class grade` shows it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from bugkit.cli.context import FORMAT
from bugkit.report.phrases import count
from bugkit.report.sanitize import sanitize

if TYPE_CHECKING:
    from bugkit.classroom.grading import GradingSummary, OnGraded

EVERY = 60.0  # seconds between the lines of a log
PERIOD = 600.0  # seconds that the speed is taken from
LONGEST = 600  # letters of a remark


@contextmanager
def live() -> Iterator[OnGraded]:
    """A bar with the time that remains; where nobody looks, in a log, a line for each minute."""
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(),
        bars.TextColumn("left"),
        bars.TimeRemainingColumn(),
    )
    console = Console(stderr=True, highlight=False)
    watched = console.is_terminal
    # notebooks that hang come now and then: what the last minutes took tells more than the last seconds
    with bars.Progress(*columns, console=console, disable=not watched, speed_estimate_period=PERIOD) as progress:
        bar = progress.add_task("grading", total=None)
        told = time.monotonic()

        def on_graded(summary: GradingSummary, _came: object) -> None:
            nonlocal told
            progress.update(
                bar, total=summary.wanted, completed=summary.done, description=_counted(summary) or "grading"
            )
            if not watched and summary.done and time.monotonic() - told >= EVERY:
                told = time.monotonic()
                left = progress.tasks[0].time_remaining
                rest = "" if left is None else f", about {math.ceil(left / 60)} min left"
                click.echo(f"{summary.done} of {summary.wanted}{rest}: {_counted(summary)}", err=True)

        yield on_graded


def _counted(summary: GradingSummary) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(summary.graded.items()))


def document(summary: GradingSummary) -> dict[str, Any]:
    """All of it for programs."""
    return {
        "format": FORMAT,
        "people": summary.people,
        "notebooks": summary.notebooks,
        "graded": dict(summary.graded),
        "known": summary.known,
        "copies": summary.copies,
        "failed": [{"person": one.person, "exercise": one.exercise, "reason": one.reason} for one in summary.failed],
        "troubles": [{"place": place, "reason": reason} for place, reason in summary.troubles],
        "other_exercises": dict(summary.elsewhere),
        "without_a_notebook": summary.without,
        "namesakes": summary.namesakes,
        "gone": [{"person": one.person, "exercise": one.exercise, "place": one.place} for one in summary.gone],
        "others": summary.others,
    }


def say(summary: GradingSummary, enrolled: int, *, report: str) -> None:
    """All of it for people; ``enrolled`` are in the gradebook, ``report`` is the command that shows how it went."""
    click.echo(
        f"{count(summary.people, 'person', 'people')}, {count(summary.notebooks, 'notebook')}: "
        f"{_counted(summary) or 'nothing new'}; {summary.known} graded before"
    )
    if enrolled > summary.people:
        click.echo(f"  {count(enrolled - summary.people, 'person', 'people')} more in the gradebook")
    for line in _remarks(summary):
        click.echo(f"  {sanitize(line, LONGEST)}")
    click.echo(f"  next: {'the same command grades what is missing' if summary.failed else report}")


def _remarks(summary: GradingSummary) -> Iterator[str]:
    """What else there is to know of what was handed in."""
    if not summary.notebooks:
        yield "no notebook was found; expected: STUDENT/ASSIGNMENT/NAME.ipynb, a course server's download, flat files"
    for exercise, number in sorted(summary.elsewhere.items()):
        yield f"{count(number, 'notebook')} of {exercise}, which is not graded now"
    if summary.copies:
        yield f"{count(summary.copies, 'copy', 'copies')} of a notebook that is graded"
    if summary.without:
        yield f"handed in no notebook: {', '.join(summary.without)}"
    for name in summary.namesakes:
        yield f"several people are called {name}: the course server's numbers tell them apart"
    for one in summary.gone:
        yield f"counts, and lies there no more: {one.person} {one.exercise}: {one.place}"
    if summary.others:
        yield f"not looked at: {count(summary.others, 'other file')}"
    for place, reason in summary.troubles:
        yield f"for you to decide: {place}: {reason}"
    for failed in summary.failed:
        yield f"not graded, by a fault of ours: {failed.person} {failed.exercise}: {failed.reason}"
