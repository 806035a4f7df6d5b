"""`bugkit progress --html`: the learner's way through the exercises, drawn as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from bugkit.cli.context import CliContext, short
from bugkit.errors import BugkitError, UsageError
from bugkit.exercise import Exercise
from bugkit.fresh.shelf import shelved
from bugkit.notebook.files import write_ours
from bugkit.progress import Event, Summary
from bugkit.progress.coach import active
from bugkit.report.progress_page import ExerciseHistory, HistoryMark, progress_page


def draw(cli: CliContext, path: Path, *, force: bool) -> None:
    """Write the page, whole or not at all."""
    if path.suffix == ".ipynb":
        raise UsageError(f"{path} is a notebook, and would be written over")
    done, events = cli.progress.summary(), cli.progress.events()
    everything = [*cli.catalog, *shelved(cli.workspace)]
    ways = [_way(e, done.get(e.id, Summary(e.id)), events.get(e.id, [])) for e in everything]
    following = next(cli.advice(), None)
    step = f"{following.exercise.id} {following.exercise.heading.title}: {following.why}" if following else "nothing"
    try:
        write_ours(path, progress_page(ways, _concepts(cli, done), step), force=force)
    except OSError as error:
        raise BugkitError(f"{path}: the page was not written", evidence=[str(error.strerror)]) from error
    click.echo(f"your progress is drawn in {short(path.absolute())}")


def _way(exercise: Exercise, done: Summary, events: Sequence[Event]) -> ExerciseHistory:
    heading = exercise.heading
    return ExerciseHistory(
        id=exercise.id,
        title=heading.title,
        track=heading.track,
        state=done.state,
        steps=[HistoryMark(event.what, event.at[:10]) for event in events if event.what != "opened"],
        minutes=active(events).total_seconds() / 60,
        passed_on=(done.passed_at or "")[:10],
    )


def _concepts(cli: CliContext, done: dict[str, Summary]) -> Iterator[tuple[str, int]]:
    """Name and exercises passed; concepts of other exercises would give their causes away."""
    passed = [e for e in cli.catalog if e.id in done and done[e.id].state == "passed"]
    yield from Counter(concept for e in passed for concept in e.heading.concepts).items()
