"""`bugkit class decide`: what an instructor decides, with the reason; it is kept, and shown wherever it matters."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from bugkit.cli.context import FORMAT, json_option, say_json
from bugkit.cli.course import ClassContext, gradebook_option, pass_course
from bugkit.errors import UsageError
from bugkit.report.phrases import count
from bugkit.report.sanitize import sanitize

if TYPE_CHECKING:
    from bugkit.classroom.grades import Kind

reason_option = click.option("--reason", default="", metavar="TEXT", help="Why; it is shown beside the score.")


@click.group()
def decide() -> None:
    """Accept a version, excuse, set a score, give more time, put a file aside. Nothing is lost; undo takes it back."""


@decide.command()
@click.argument("person")
@click.argument("exercise")
@click.argument("version")
@reason_option
@gradebook_option
@pass_course
def accept(cli: ClassContext, person: str, exercise: str, version: str, reason: str, gradebook: str | None) -> None:
    """Let another VERSION of PERSON's notebook count: by its file's place, or the start of its digest."""
    from bugkit.classroom.grades import Decision

    with cli.opened(gradebook) as book:
        who, what = book.register().named(person).id, cli.catalog(book).find(exercise).id
        handed_in = book.handed_in(who, what)
        found = [one for one in handed_in if one.digest.startswith(version) or one.place.endswith(version)]
        if len({one.digest for one in found}) != 1:
            evidence = [f"handed in: {one.place} ({one.digest[:8]}, {one.at})" for one in handed_in]
            fault = f"{version} is none, or several, of {person}'s notebooks for {exercise}"
            raise UsageError(fault, evidence=evidence or ["nothing was handed in"])
        book.decide(Decision("accept", who, what, found[0].digest, reason))
    click.echo(f"{sanitize(found[0].place)} counts for {sanitize(person)} and {exercise}")


@decide.command()
@click.argument("person")
@click.argument("exercise")
@reason_option
@gradebook_option
@pass_course
def excuse(cli: ClassContext, person: str, exercise: str, reason: str, gradebook: str | None) -> None:
    """PERSON need not hand EXERCISE in; it has no score."""
    _decide(cli, gradebook, "excuse", person, exercise, "yes", reason)
    click.echo(f"{sanitize(person)} is excused from {exercise}")


@decide.command()
@click.argument("person")
@click.argument("exercise")
@click.argument("value", metavar="SCORE", type=click.FloatRange(0, 1))
@reason_option
@gradebook_option
@pass_course
def score(cli: ClassContext, person: str, exercise: str, value: float, reason: str, gradebook: str | None) -> None:
    """Give PERSON this SCORE for EXERCISE, from 0 to 1, whatever the verdict says."""
    _decide(cli, gradebook, "score", person, exercise, f"{value:g}", reason)
    click.echo(f"{sanitize(person)} has {value:g} for {exercise}")


@decide.command()
@click.argument("person")
@click.argument("exercise")
@click.argument("due", metavar="TIME", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]))
@reason_option
@gradebook_option
@pass_course
def extend(cli: ClassContext, person: str, exercise: str, due: datetime, reason: str, gradebook: str | None) -> None:
    """PERSON may hand EXERCISE in until TIME, this machine's; a day alone means its end."""
    if (due.hour, due.minute, due.second) == (0, 0, 0):
        due = due.replace(hour=23, minute=59, second=59)
    _decide(cli, gradebook, "extend", person, exercise, due.astimezone().isoformat(timespec="seconds"), reason)
    click.echo(f"{sanitize(person)} has until {due:%d %B %Y, %H:%M} for {exercise}")


@decide.command()
@click.argument("place")
@reason_option
@gradebook_option
@pass_course
def aside(cli: ClassContext, place: str, reason: str, gradebook: str | None) -> None:
    """Put a file aside that waits for a decision: it is listed no more."""
    from bugkit.classroom.grades import Decision

    with cli.opened(gradebook) as book:
        waiting = [one for one, _ in book.troubles()]
        if place not in waiting:
            evidence = [f"waiting: {one}" for one in waiting[:5]] or ["nothing waits"]
            raise UsageError(f"no file {place} waits for a decision", evidence=evidence)
        book.decide(Decision("aside", place, "", "yes", reason))
    click.echo(f"{sanitize(place)} is put aside")


@decide.command()
@click.argument("kind", type=click.Choice(["accept", "excuse", "score", "extend", "aside"]))
@click.argument("person")
@click.argument("exercise", required=False)
@gradebook_option
@pass_course
def undo(cli: ClassContext, kind: Kind, person: str, exercise: str | None, gradebook: str | None) -> None:
    """Take a decision back: of this KIND for PERSON and EXERCISE, or the file that was put aside."""
    from bugkit.classroom.grades import Decision

    with cli.opened(gradebook) as book:
        who = person if kind == "aside" else book.register().named(person).id
        what = cli.catalog(book).find(exercise).id if exercise else ""
        if (kind, who, what) not in {(one.kind, one.person, one.exercise) for one in book.decisions()}:
            raise UsageError(f"nothing of this kind was decided for {person}", next_command="bugkit class decide list")
        book.decide(Decision(kind, who, what, "", "taken back"))
    click.echo("taken back; it stays in the list of all decisions")


@decide.command("list")
@click.option("--all", "all_of_them", is_flag=True, help="Also those that hold no more.")
@gradebook_option
@json_option
@pass_course
def list_decisions(cli: ClassContext, gradebook: str | None, *, all_of_them: bool, as_json: bool) -> None:
    """What was decided, the first first."""
    from dataclasses import asdict

    with cli.opened(gradebook) as book:
        decisions = book.decisions(all_of_them=all_of_them)
    if as_json:
        say_json({"format": FORMAT, "decisions": [asdict(one) for one in decisions]})
        return
    for one in decisions:
        value = one.value[:25] if one.value else "taken back"
        told = (one.at, one.kind, one.person, one.exercise, value, one.reason)
        click.echo("  ".join(sanitize(text) for text in told if text))
    click.echo(count(len(decisions), "decision"))


def _decide(
    cli: ClassContext, gradebook: str | None, kind: Kind, person: str, exercise: str, value: str, reason: str
) -> None:
    from bugkit.classroom.grades import Decision

    with cli.opened(gradebook) as book:
        who = book.register().named(person).id
        book.decide(Decision(kind, who, cli.catalog(book).find(exercise).id, value, reason))
