"""`bugkit fresh`: an exercise that nobody has seen yet, made from a working program and bugs of the library."""

from __future__ import annotations

import click

from bugkit.cli.context import FORMAT, CliContext, json_option, pass_cli, remember_opened, say_json, short
from bugkit.errors import UsageError
from bugkit.exercise.catalog import FRESH
from bugkit.fresh.shelf import shelved


@click.command()
@click.option("--kind", metavar="K", help="A bug of this kind.")
@click.option("--like", metavar="EX", help="A bug of the kind that this exercise had.")
@click.option("--family", metavar="F", help="A bug of this family, such as data, loss or attention.")
@click.option("--track", metavar="T", help="A program of this track.")
@click.option("--program", metavar="P", help="This program.")
@click.option("--bugs", type=click.IntRange(1, 3), default=1, show_default=True, metavar="N", help="How many.")
@click.option("--difficulty", type=click.IntRange(1, 5), metavar="D", help="As hard as this, from 1 to 5.")
@click.option("--seed", type=int, metavar="S", help="The same exercise for everybody who says the same.")
@json_option
@pass_cli
def fresh(cli: CliContext, /, *, like: str | None, seed: int | None, as_json: bool, **wishes: str | int | None) -> None:
    """Draw an exercise that you have not seen: a program that works, with bugs put in."""
    from bugkit.fresh.desk import Wish, draw, put

    if like is not None:
        wishes["kind"] = _kind_of(cli.exercise(like).id)
    met = {*(one.id for one in shelved(cli.workspace)), *cli.progress.summary()}
    proof = draw(Wish(**wishes), seed, met)  # type: ignore[arg-type]
    try:
        exercise, is_new = put(proof.code, cli.workspace)
    except OSError as error:
        where = cli.workspace / FRESH
        raise UsageError(f"{where}: the exercise cannot be written", evidence=[str(error)]) from error
    heading = exercise.heading
    if is_new:
        remember_opened(cli, exercise)
    if as_json:
        document = {"exercise": exercise.id, "path": str(exercise.notebook), "title": heading.title}
        say_json({"format": FORMAT, **document, "difficulty": heading.difficulty, "minutes": heading.minutes})
        return
    there = "" if is_new else "; it was here already, and stays as it is"
    click.echo(f"{exercise.id} {heading.title} (difficulty {heading.difficulty}, {heading.minutes} minutes){there}")
    bugs = "the bug" if wishes["bugs"] == 1 else "the bugs"
    click.echo(f"  open {short(exercise.notebook)}, find {bugs}, save, then: bugkit check {exercise.id}")


def _kind_of(exercise: str) -> str:
    """The kind of bug that an exercise had; UsageError where none of the library is like it."""
    from bugkit.fresh.evidence import matrix

    kind = matrix().kinds().get(exercise)
    if kind is None:
        raise UsageError(f"{exercise}: no kind of the library is like its bug", next_command="bugkit fresh")
    return kind
