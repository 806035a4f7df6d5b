"""Where the learner is: `bugkit`, `bugkit list` and `bugkit progress`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from bugkit.cli.context import FORMAT, CliContext, force_option, json_option, pass_cli, say_json, short, tell_cell
from bugkit.errors import BugkitError, UsageError
from bugkit.exercise import Exercise
from bugkit.fresh.shelf import shelved
from bugkit.progress import Event, Summary
from bugkit.progress.interviews import Interviews

COLORS = {"passed": "green", "tried": "yellow", "new": None}

SIGNS = {"passed": "+", "tried": "~", "new": ""}

WEEK = timedelta(days=7)
READY = 5  # exercises passed, from which on an interview is proposed
DAILY = {"spot": "ten listings", "quiz": "five questions"}  # by the command, whose answers begin with its name

Pair = tuple[Exercise, Summary]


def here(cli: CliContext) -> None:
    """Bare `bugkit`: how far along, and the next exercise."""
    ids, done = [exercise.id for exercise in cli.catalog], cli.progress.summary()
    passed = sum(name in done and done[name].state == "passed" for name in ids)
    where = f"{passed} of {len(ids)} exercises passed in {', '.join(map(str, cli.catalog.roots))}"
    following = next(cli.advice(), None)
    click.echo(where)
    if following is None:
        click.echo("nothing is left here; what you have not seen: bugkit fresh")
        click.echo(_also(cli, done), nl=False)
        tell_cell(cli, where, "Nothing is left here. What you have not seen: `%bugkit fresh`")
        return
    exercise, heading = following.exercise, following.exercise.heading
    name, path = f"{exercise.id} {heading.title}", short(exercise.notebook)
    effort = f"difficulty {heading.difficulty}, {heading.minutes} minutes"
    restart = f"start over, with a backup of yours: bugkit reset {exercise.id}"
    click.echo(f"next: {name} ({effort}): {following.why}")
    if following.again and _has_fresh(exercise.id):
        click.echo(f"  meet its kind of bug in a notebook that you have not seen: bugkit fresh --like {exercise.id}")
    if following.again:
        click.echo(f"  {restart}")
    click.echo(f"  open {path}, find the bug, save, then: bugkit check {exercise.id}")
    click.echo(_also(cli, done), nl=False)
    words = f"Next: **{name}** ({effort}): {following.why}.\n\nOpen `{path}`, find the bug, save, then: `%bugkit check`"
    tell_cell(cli, where, f"{words}\n\nTo {restart}" if following.again else words)


@click.command("list")
@click.option("--track", metavar="T", help="Only the exercises of this track.")
@json_option
@pass_cli
def list_exercises(cli: CliContext, track: str | None, *, as_json: bool) -> None:
    """The exercises, and how far you are with each."""
    pairs = _pairs(cli)
    tracks = list(dict.fromkeys(exercise.heading.track for exercise, _ in pairs))
    if track is not None and track not in tracks:
        raise UsageError(
            f"there is no track {track!r} here",
            evidence=[f"known: {', '.join(tracks)}"],
            next_command="bugkit list",
        )
    shown = [pair for pair in pairs if track in (None, pair[0].heading.track)]
    if as_json:
        say_json([_entry(*pair) for pair in shown])
        return
    for name in [track] if track else tracks:
        _list_track(name, [pair for pair in shown if pair[0].heading.track == name])


def say_short_list(cli: CliContext) -> None:
    """A line for each track, so that all of it fits a window: the ids, with a mark for how far each is."""
    for name, group in groupby(_pairs(cli), key=lambda pair: pair[0].heading.track):
        pairs = list(group)
        passed = sum(done.state == "passed" for _, done in pairs)
        marked = (click.style(f"{e.id}{SIGNS[done.state]}", fg=COLORS[done.state]) for e, done in pairs)
        click.echo(f"{name:14} {passed}/{len(pairs)}  {' '.join(marked)}")
    click.echo("+ passed  ~ begun")


@click.command()
@json_option
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Draw it as a page.")
@click.option("--export", "target", type=click.Path(path_type=Path), metavar="FILE", help="Write all of it to a file.")
@click.option("--import", "source", type=click.Path(path_type=Path), metavar="FILE", help="Add another machine's.")
@force_option
@pass_cli
def progress(
    cli: CliContext, *, as_json: bool, html: Path | None, target: Path | None, source: Path | None, force: bool
) -> None:
    """Attempts, times and hints, by exercise, track and concept."""
    if source is not None:
        _import(cli, source)
    if target is not None:
        _export(cli, target, force=force)
    if html is not None:
        from bugkit.cli.progress_page import draw

        draw(cli, html, force=force)
    if (target, source, html) != (None, None, None):
        return
    pairs, events = _pairs(cli), cli.progress.events()
    if as_json:
        say_json(
            {
                "format": FORMAT,
                "exercises": [_history(*pair, events.get(pair[0].id, [])) for pair in pairs],
                "tracks": _counts((e.heading.track, done) for e, done in pairs),
                "concepts": _counts(_concepts(pairs)),
            }
        )
        return
    from rich.console import Console

    for table in _tables(pairs, events):
        Console(highlight=False).print(table, "")


def _export(cli: CliContext, path: Path, *, force: bool) -> None:
    from bugkit.notebook.files import write_ours
    from bugkit.progress.transfer import exported

    try:
        write_ours(path, json.dumps(exported(cli.progress), indent=1) + "\n", force=force)
    except OSError as error:
        raise BugkitError(f"{path}: the progress was not exported", evidence=[str(error)]) from error
    click.echo(f"your progress is in {short(path.absolute())}; elsewhere: bugkit progress --import {path.name}")


def _import(cli: CliContext, path: Path) -> None:
    from bugkit.progress.transfer import merge

    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: there is no exported progress in it", evidence=[str(error)]) from None
    click.echo(f"{merge(cli.progress, document)} entries are new here")


def _also(cli: CliContext, done: Mapping[str, Summary]) -> str:
    """A line on what is quick, and was not done today; "" for nothing."""
    today = datetime.now().astimezone().date()
    answers = (answer for some in cli.progress.answers().values() for answer in some)
    asked = {
        one.item.partition(":")[0] for one in answers if datetime.fromisoformat(one.at).astimezone().date() == today
    }
    rest = [f"{what} (bugkit {name})" for name, what in DAILY.items() if name not in asked]
    today_too = f"also today: {', '.join(rest)}\n" if rest else ""
    return today_too + _weekly(cli, done)


def _weekly(cli: CliContext, done: Mapping[str, Summary]) -> str:
    """A line on an interview that runs, or that is due; "" for nothing."""
    every = Interviews(cli.progress).all()
    running = next((one for one in every if one.condition != "ended"), None)
    if running is not None:
        return f"interview {running.number} has not ended: bugkit interview\n"
    now = datetime.now(UTC)
    recent = any(now - datetime.fromisoformat(one.began) < WEEK for one in every)
    ready = sum(one.state == "passed" for one in done.values()) >= READY
    return "" if recent or not ready else "once a week: an interview (bugkit interview)\n"


def _has_fresh(exercise: str) -> bool:
    """Whether there are fresh exercises with its kind of bug."""
    from bugkit.fresh.evidence import matrix

    known = matrix()
    kind = known.kinds().get(exercise)
    return kind is not None and any(proof.recipe.bugs[0][0] == kind for proof in known.proofs)


def _pairs(cli: CliContext) -> list[Pair]:
    """The catalog's exercises, then fresh ones."""
    done, everything = cli.progress.summary(), [*cli.catalog, *shelved(cli.workspace)]
    return [(exercise, done.get(exercise.id, Summary(exercise.id))) for exercise in everything]


def _entry(exercise: Exercise, done: Summary) -> dict[str, Any]:
    heading = exercise.heading
    return {
        "id": exercise.id,
        "title": heading.title,
        "track": heading.track,
        "difficulty": heading.difficulty,
        "minutes": heading.minutes,
        "state": done.state,
    }


def _list_track(name: str, pairs: list[Pair]) -> None:
    passed = sum(done.state == "passed" for _, done in pairs)
    click.secho(f"{name}  {passed}/{len(pairs)}", bold=True)
    width = max(len(exercise.heading.title) for exercise, _ in pairs)
    for exercise, done in pairs:
        m = exercise.heading
        state = click.style(f"{done.state:6}", fg=COLORS[done.state])
        click.echo(f"  {exercise.id:6} {state}  {m.title:{width}}  difficulty {m.difficulty}  {m.minutes:3} minutes")


def _history(exercise: Exercise, done: Summary, events: Sequence[Event]) -> dict[str, Any]:
    from bugkit.progress.coach import active

    return {
        **_entry(exercise, done),
        "concepts": exercise.heading.concepts if done.state == "passed" else [],
        "attempts": done.attempts,
        "seconds": round(done.seconds, 3),
        "seconds_at_work": active(events).total_seconds(),
        "hints": done.hints,
        "gave_up": done.gave_up,
        "passed_at": done.passed_at,
    }


def _counts(named: Iterable[tuple[str, Summary]]) -> dict[str, dict[str, int]]:
    """Of each name: exercises, exercises passed, attempts and hints."""
    out: dict[str, dict[str, int]] = {}
    for name, done in named:
        row = out.setdefault(name, {"exercises": 0, "passed": 0, "attempts": 0, "hints": 0})
        row["exercises"] += 1
        row["passed"] += done.state == "passed"
        row["attempts"] += done.attempts
        row["hints"] += done.hints
    return out


def _tables(pairs: list[Pair], events: Mapping[str, Sequence[Event]]) -> list[Any]:
    tried = [(e, done) for e, done in pairs if done != Summary(e.id)]
    rows = [(e.id, done.state, done.attempts, _minutes(events[e.id]), done.hints, _when(done)) for e, done in tried]
    tables = [_table(("exercise", "state", "attempts", "at work", "hints", "passed"), rows)] if rows else []
    tracks = _counts((e.heading.track, done) for e, done in pairs)
    shares = [(n, f"{c['passed']}/{c['exercises']}", c["attempts"], c["hints"]) for n, c in tracks.items()]
    tables.append(_table(("track", "passed", "attempts", "hints"), shares))
    known = [(n, c["passed"], c["attempts"], c["hints"]) for n, c in _counts(_concepts(pairs)).items()]
    if known:
        tables.append(_table(("concept", "exercises passed", "attempts", "hints"), known))
    return tables


def _concepts(pairs: list[Pair]) -> Iterator[tuple[str, Summary]]:
    """Those of exercises that are passed: of another one they would give the cause away."""
    for exercise, done in pairs:
        if done.state == "passed":
            yield from ((concept, done) for concept in exercise.heading.concepts)


def _table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row))
    return table


def _minutes(events: Sequence[Event]) -> str:
    from bugkit.progress.coach import active

    return f"{active(events).total_seconds() / 60:.0f} min"


def _when(done: Summary) -> str:
    gave_up = " (gave up before)" if done.gave_up else ""
    return (done.passed_at or "")[:10] + gave_up
