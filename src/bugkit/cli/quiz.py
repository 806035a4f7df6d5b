"""`bugkit quiz`: a few questions, answered in the terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from bugkit.cli.asking import SEEDS, drawing, in_turn, keep, lasted
from bugkit.cli.context import FORMAT, CliContext, json_option, pass_cli, say_json
from bugkit.errors import UsageError

if TYPE_CHECKING:
    from bugkit.quiz.bank import Asked, Question

COLUMNS = 80
COMMAND = "quiz"
FORMS = {
    "number": "a number",
    "shape": "a shape, such as 2, 8, 16",
    "choice": "a letter",
    "open": "Enter for what a good answer has",
}


@dataclass(frozen=True)
class Result:
    """How one question went."""

    question: Question
    rating: int
    is_right: bool


@click.command()
@click.option("--topic", metavar="T", help="Only questions on this topic.")
@click.option("--count", type=click.IntRange(min=1), default=5, show_default=True, metavar="N", help="How many.")
@click.option("--seed", type=int, metavar="S", help="The same questions with the same numbers.")
@click.option("--topics", "only_topics", is_flag=True, help="List the topics, and how far you are with each.")
@json_option
@pass_cli
def quiz(cli: CliContext, topic: str | None, *, count: int, seed: int | None, only_topics: bool, as_json: bool) -> int:
    """Answer a few questions, as an interviewer would ask them; what you did not know comes back.

    Enter alone skips a question.
    """
    from bugkit.quiz.bank import ask, questions

    every = questions()
    topics = list(dict.fromkeys(one.topic for one in every))
    if topic is not None and topic not in topics:
        raise UsageError(
            f"there is no topic {topic!r}",
            evidence=[f"known: {', '.join(topics)}"],
            next_command="bugkit quiz --topics",
        )
    if only_topics:
        _list_topics(cli, every)
        return 0
    draw = drawing(seed)
    on_it = {one.id: one for one in every if topic in (None, one.topic)}
    shuffled = draw.sample(list(on_it), len(on_it))
    chosen = (shuffled if seed is not None else in_turn(cli, COMMAND, shuffled))[:count]
    asked = [ask(on_it[name], draw.randrange(SEEDS)) for name in chosen]
    if as_json:
        say_json({"format": FORMAT, "questions": [_document(one) for one in asked]})
        return 0
    start = time.monotonic()
    results = list(_round(cli, asked))
    _tell_result(results, time.monotonic() - start)
    return 0


def _round(cli: CliContext, asked: Sequence[Asked]) -> Iterator[Result]:
    for number, one in enumerate(asked, start=1):
        click.echo(f"\n{number} of {len(asked)}, {one.question.topic.replace('-', ' ')}\n")
        _show(one)
        start = time.monotonic()
        result = _answered(one)
        seconds = time.monotonic() - start
        click.echo(
            f"\n{click.wrap_text(one.why, COLUMNS)}\n{click.wrap_text(f'Source: {one.question.source}', COLUMNS)}"
        )
        keep(cli, COMMAND, one.question.id, result.rating, seconds)
        yield result


def _show(one: Asked) -> None:
    click.echo(click.wrap_text(one.text, COLUMNS))
    if one.code:
        click.echo("\n" + "\n".join(f"    {line}" for line in one.code.strip("\n").splitlines()))
    if one.options:
        click.echo()
    for letter, option in zip("abcdefgh", one.options, strict=False):
        lines = click.wrap_text(option, COLUMNS - 6).splitlines()
        click.echo("\n".join([f"  {letter}) {lines[0]}", *(f"     {line}" for line in lines[1:])]))


def _answered(one: Asked) -> Result:
    from bugkit.progress.recall import AGAIN, GOOD

    said = str(click.prompt(f"\n{FORMS[one.question.kind]}", default="", show_default=False)).strip()
    if one.question.kind == "open":
        return _judged_by_oneself(one)
    is_right = bool(said) and one.is_right(said)
    if is_right:
        click.secho("right", fg="green")
    else:
        click.secho(f"{'no' if said else 'skipped'}: {one.right}", fg="red" if said else "yellow")
    return Result(one.question, GOOD if is_right else AGAIN, is_right)


def _judged_by_oneself(one: Asked) -> Result:
    from bugkit.progress.recall import AGAIN, GOOD, HARD

    points = one.question.points
    click.echo("Which of these did you say?")
    named = 0
    for point in points:
        click.echo(click.wrap_text(one.filled(point), COLUMNS, initial_indent="  - ", subsequent_indent="    "))
        named += click.confirm("  said", default=False)
    click.secho(f"{named} of {len(points)} points", fg="green" if named == len(points) else "yellow")
    share = named / len(points)
    return Result(one.question, GOOD if share == 1 else HARD if share >= 1 / 2 else AGAIN, share >= 1 / 2)


def _tell_result(results: Sequence[Result], seconds: float) -> None:
    right = sum(one.is_right for one in results)
    click.echo(f"\n{right} of {len(results)} right in {lasted(seconds)}")
    weak = dict.fromkeys(one.question.topic for one in results if not one.is_right)
    if weak:
        click.echo(f"next: bugkit quiz --topic {next(iter(weak))}")


def _list_topics(cli: CliContext, every: Sequence[Question]) -> None:
    """A line for each: how many questions, and how many of them were known the last time."""
    from bugkit.progress.recall import GOOD

    answers = cli.progress.answers()
    for topic in dict.fromkeys(one.topic for one in every):
        own = [one for one in every if one.topic == topic]
        items = [item for one in own if (item := f"{COMMAND}:{one.id}") in answers]
        last = [answers[item][-1].rating for item in items]
        known = sum(rating >= GOOD for rating in last)
        click.echo(f"{topic:20} {len(own):3} questions, {len(last):3} asked, {known:3} known")


def _document(one: Asked) -> dict[str, object]:
    question = one.question
    return {
        "id": question.id,
        "topic": question.topic,
        "kind": question.kind,
        "difficulty": question.difficulty,
        "text": one.text,
        "code": one.code,
        "options": list(one.options),
        "answer": one.right,
        "points": [one.filled(point) for point in question.points],
        "why": one.why,
        "source": question.source,
    }
