"""How a grading goes and what came of it, as `bugkit class grade` shows it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from bugkit.cli.desk import FORMAT

if TYPE_CHECKING:
    from bugkit.classroom.grading import OnGraded, Tally

EVERY = 60.0  # seconds between the lines of a log
PERIOD = 600.0  # seconds that the speed is taken from


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
        "failed": [{"person": one.person, "exercise": one.exercise, "reason": one.reason} for one in tally.failed],
        "troubles": [{"place": place, "reason": reason} for place, reason in tally.troubles],
        "others": tally.others,
    }


def say(tally: Tally, enrolled: int, *, report: str) -> None:
    """All of it for people; ``enrolled`` are in the gradebook, ``report`` is the command that shows how it went."""
    from bugkit.report.clean import clean

    outcomes = _counted(tally) or "nothing new"
    click.echo(f"{tally.people} people, {tally.notebooks} notebooks: {outcomes}; {tally.known} were graded before")
    if enrolled > tally.people:
        click.echo(f"  {enrolled - tally.people} more in the gradebook, who are not in this folder")
    if tally.others:
        click.echo(f"  {tally.others} other files were not looked at")
    for place, reason in tally.troubles:
        click.echo(f"  for you to decide: {clean(place, 160)}: {clean(reason, 200)}")
    for failed in tally.failed:
        click.echo(
            f"  not graded, by a fault of ours: {clean(failed.person)} {failed.exercise}: {clean(failed.reason)}"
        )
    click.echo(f"  next: {'the same command grades what is missing' if tally.failed else report}")
