"""`bugkit spot`: which line is wrong, and how? A few listings, nothing runs, seconds count."""

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
    from bugkit.spot.listing import Listing

COLUMNS = 80
COMMAND = "spot"
LETTERS = "abcdefgh"


@dataclass(frozen=True)
class Look:
    """How one listing went."""

    rating: int
    found_line: bool
    found_kind: bool
    seconds: float


@click.command()
@click.option("--count", type=click.IntRange(min=1), default=10, show_default=True, metavar="N", help="How many.")
@click.option("--seed", type=int, metavar="S", help="The same listings in the same order.")
@json_option
@pass_cli
def spot(cli: CliContext, count: int, seed: int | None, *, as_json: bool) -> None:
    """Look at listings of working and broken programs, and say which line is wrong. One in five is right.

    A line's number answers, 0 where nothing is wrong, Enter alone skips. What you did not see comes back.
    """
    from bugkit.spot.listing import listing, names

    draw = drawing(seed)
    known = names()
    if not known:
        raise UsageError("there are no listings here", evidence=["they are cut from solutions, which are withheld"])
    shuffled = draw.sample(known, len(known))
    chosen = (shuffled if seed is not None else in_turn(cli, COMMAND, shuffled))[:count]
    shown = [listing(name, draw.randrange(SEEDS)) for name in chosen]
    if as_json:
        say_json({"format": FORMAT, "listings": [_document(one) for one in shown]})
        return
    _tell_result(list(_round(cli, shown)))


def _round(cli: CliContext, shown: Sequence[Listing]) -> Iterator[Look]:
    for number, one in enumerate(shown, start=1):
        click.echo(f"\n{number} of {len(shown)}, {one.title}\n")
        click.echo(one.numbered)
        look = _looked(one)
        _explain(one, look)
        keep(cli, COMMAND, one.id, look.rating, look.seconds)
        yield look


def _looked(one: Listing) -> Look:
    from bugkit.progress.recall import AGAIN, GOOD, HARD

    start = time.monotonic()
    said = str(click.prompt("\nwhich line is wrong (0: none)", default="", show_default=False)).strip()
    line = int(said) if said.isdigit() else -1
    found = one.is_found(line)
    if one.is_right or not found:
        return Look(GOOD if found else AGAIN, found, found, time.monotonic() - start)
    for letter, option in zip(LETTERS, one.options, strict=False):
        click.echo(f"  {letter}) {option.manifest.title}")
    choice = str(click.prompt("what is it", default="", show_default=False)).strip().lower()[:1]
    number = LETTERS.find(choice) if choice else -1
    named = 0 <= number < len(one.options) and one.options[number] is one.kind
    return Look(GOOD if named else HARD, found, named, time.monotonic() - start)


def _explain(one: Listing, look: Look) -> None:
    seen = look.found_line and look.found_kind
    words = "right" if seen else "the line, but another kind" if look.found_line else "no"
    click.secho(f"{words}, {look.seconds:.0f} s", fg="green" if seen else "yellow" if look.found_line else "red")
    what, why = one.told
    click.echo(what)
    if why:
        click.echo(f"\n{click.wrap_text(why, COLUMNS)}")


def _tell_result(looks: Sequence[Look]) -> None:
    right = sum(look.found_line and look.found_kind for look in looks)
    lines = sum(look.found_line for look in looks)
    took = lasted(sum(look.seconds for look in looks))
    click.echo(f"\n{right} of {len(looks)} right, {lines} lines found, in {took}")


def _document(one: Listing) -> dict[str, object]:
    return {
        "id": one.id,
        "title": one.title,
        "lines": list(one.lines),
        "wrong": sorted(one.wrong),
        "kind": one.kind.id if one.kind else None,
        "options": [option.id for option in one.options],
    }
