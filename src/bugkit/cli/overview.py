"""Where the learner is: `bugkit`, `bugkit list` and `bugkit progress`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from bugkit.cli.desk import FORMAT, Desk, json_option, pass_desk, say_json, short, tell_cell
from bugkit.errors import UsageError
from bugkit.exercise import Exercise
from bugkit.progress import Summary

COLOURS = {"passed": "green", "tried": "yellow", "new": None}

Pair = tuple[Exercise, Summary]


def here(desk: Desk) -> None:
    """Bare `bugkit`: how far along, and the next exercise."""
    pairs = _pairs(desk)
    passed = sum(done.state == "passed" for _, done in pairs)
    where = f"{passed} of {len(pairs)} exercises passed in {desk.catalog.root}"
    following = next((exercise for exercise, done in pairs if done.state != "passed"), None)
    click.echo(where)
    if following is None:
        click.echo("nothing is left; to judge them all again: bugkit check --all")
        tell_cell(desk, where, "Nothing is left. To judge them all again: `%bugkit check --all`")
        return
    manifest = following.manifest
    name, path = f"{following.id} {manifest.title}", short(following.notebook)
    effort = f"difficulty {manifest.difficulty}, {manifest.minutes} minutes"
    click.echo(f"next: {name} ({effort})")
    click.echo(f"  open {path}, find the bug, save, then: bugkit check {following.id}")
    tell_cell(desk, where, f"Next: **{name}** ({effort})\n\nOpen `{path}`, find the bug, save, then: `%bugkit check`")


@click.command("list")
@click.option("--track", metavar="T", help="Only the exercises of this track.")
@json_option
@pass_desk
def list_exercises(desk: Desk, track: str | None, *, as_json: bool) -> None:
    """The exercises, and how far you are with each."""
    pairs = _pairs(desk)
    tracks = list(dict.fromkeys(exercise.manifest.track for exercise, _ in pairs))
    if track is not None and track not in tracks:
        raise UsageError(
            f"there is no track {track!r} here",
            evidence=[f"known: {', '.join(tracks)}"],
            next_command="bugkit list",
        )
    shown = [pair for pair in pairs if track in (None, pair[0].manifest.track)]
    if as_json:
        say_json([_entry(*pair) for pair in shown])
        return
    for name in [track] if track else tracks:
        _list_track(name, [pair for pair in shown if pair[0].manifest.track == name])


@click.command()
@json_option
@pass_desk
def progress(desk: Desk, *, as_json: bool) -> None:
    """Attempts, times and hints, by exercise, track and concept."""
    pairs = _pairs(desk)
    if as_json:
        say_json(
            {
                "format": FORMAT,
                "exercises": [_history(*pair) for pair in pairs],
                "tracks": _counts((e.manifest.track, done) for e, done in pairs),
                "concepts": _counts((concept, done) for e, done in pairs for concept in e.manifest.concepts),
            }
        )
        return
    from rich.console import Console

    for table in _tables(pairs):
        Console(highlight=False).print(table, "")


def _pairs(desk: Desk) -> list[Pair]:
    done = desk.progress.summary()
    return [(exercise, done.get(exercise.id, Summary(exercise.id))) for exercise in desk.catalog]


def _entry(exercise: Exercise, done: Summary) -> dict[str, Any]:
    manifest = exercise.manifest
    return {
        "id": exercise.id,
        "title": manifest.title,
        "track": manifest.track,
        "difficulty": manifest.difficulty,
        "minutes": manifest.minutes,
        "state": done.state,
    }


def _list_track(name: str, pairs: list[Pair]) -> None:
    passed = sum(done.state == "passed" for _, done in pairs)
    click.secho(f"{name}  {passed}/{len(pairs)}", bold=True)
    width = max(len(exercise.manifest.title) for exercise, _ in pairs)
    for exercise, done in pairs:
        m = exercise.manifest
        state = click.style(f"{done.state:6}", fg=COLOURS[done.state])
        click.echo(f"  {exercise.id:6} {state}  {m.title:{width}}  difficulty {m.difficulty}  {m.minutes:3} minutes")


def _history(exercise: Exercise, done: Summary) -> dict[str, Any]:
    return {
        **_entry(exercise, done),
        "concepts": exercise.manifest.concepts,
        "attempts": done.attempts,
        "seconds": round(done.seconds, 3),
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


def _tables(pairs: list[Pair]) -> list[Any]:
    tried = [(e, done) for e, done in pairs if done != Summary(e.id)]
    rows = [(e.id, done.state, done.attempts, f"{done.seconds:.0f} s", done.hints, _when(done)) for e, done in tried]
    tables = [_table(("exercise", "state", "attempts", "judged for", "hints", "passed"), rows)] if rows else []
    tracks = _counts((e.manifest.track, done) for e, done in pairs)
    concepts = _counts((concept, done) for e, done in pairs for concept in e.manifest.concepts)
    for what, counts in (("track", tracks), ("concept", concepts)):
        shares = [(n, f"{c['passed']}/{c['exercises']}", c["attempts"], c["hints"]) for n, c in counts.items()]
        tables.append(_table((what, "passed", "attempts", "hints"), shares))
    return tables


def _table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row))
    return table


def _when(done: Summary) -> str:
    gave_up = " (gave up before)" if done.gave_up else ""
    return (done.passed_at or "")[:10] + gave_up
