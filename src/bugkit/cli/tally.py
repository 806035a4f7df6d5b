"""How a grading goes and what came of it, as `bugkit class grade` shows it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from bugkit.cli.desk import FORMAT
from bugkit.report.clean import clean
from bugkit.report.words import count

if TYPE_CHECKING:
    from bugkit.classroom.grading import OnGraded, Tally

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

        def on_graded(tally: Tally, _came: object) -> None:
            nonlocal told
            progress.update(bar, total=tally.wanted, completed=tally.done, description=_counted(tally) or "grading")
            if not watched and tally.done and time.monotonic() - told >= EVERY:
                told = time.monotonic()
                left = progress.tasks[0].time_remaining
                rest = "" if left is None else f", about {math.ceil(left / 60)} min left"
                click.echo(f"{tally.done} of {tally.wanted}{rest}: {_counted(tally)}", err=True)

        yield on_graded


def _counted(tally: Tally) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(tally.graded.items()))


def document(tally: Tally) -> dict[str, Any]:
    """All of it for programs."""
    return {
        "format": FORMAT,
        "people": tally.people,
        "notebooks": tally.notebooks,
        "graded": dict(tally.graded),
        "known": tally.known,
        "copies": tally.copies,
        "failed": [{"person": one.person, "exercise": one.exercise, "reason": one.reason} for one in tally.failed],
        "troubles": [{"place": place, "reason": reason} for place, reason in tally.troubles],
        "other_exercises": dict(tally.elsewhere),
        "without_a_notebook": tally.without,
        "namesakes": tally.namesakes,
        "gone": [{"person": one.person, "exercise": one.exercise, "place": one.place} for one in tally.gone],
        "others": tally.others,
    }


def say(tally: Tally, enrolled: int, *, report: str) -> None:
    """All of it for people; ``enrolled`` are in the gradebook, ``report`` is the command that shows how it went."""
    click.echo(
        f"{count(tally.people, 'person', 'people')}, {count(tally.notebooks, 'notebook')}: "
        f"{_counted(tally) or 'nothing new'}; {tally.known} graded before"
    )
    if enrolled > tally.people:
        click.echo(f"  {count(enrolled - tally.people, 'person', 'people')} more in the gradebook")
    for line in _remarks(tally):
        click.echo(f"  {clean(line, LONGEST)}")
    click.echo(f"  next: {'the same command grades what is missing' if tally.failed else report}")


def _remarks(tally: Tally) -> Iterator[str]:
    """What else there is to know of what was handed in."""
    if not tally.notebooks:
        yield "no notebook was found; wanted: STUDENT/ASSIGNMENT/NAME.ipynb, a course server's download, or flat files"
    for exercise, number in sorted(tally.elsewhere.items()):
        yield f"{count(number, 'notebook')} of {exercise}, which is not graded now"
    if tally.copies:
        yield f"{count(tally.copies, 'copy', 'copies')} of a notebook that is graded"
    if tally.without:
        yield f"handed in no notebook: {', '.join(tally.without)}"
    for name in tally.namesakes:
        yield f"several people are called {name}: the course server's numbers tell them apart"
    for one in tally.gone:
        yield f"counts, and lies there no more: {one.person} {one.exercise}: {one.place}"
    if tally.others:
        yield f"not looked at: {count(tally.others, 'other file')}"
    for place, reason in tally.troubles:
        yield f"for you to decide: {place}: {reason}"
    for failed in tally.failed:
        yield f"not graded, by a fault of ours: {failed.person} {failed.exercise}: {failed.reason}"
