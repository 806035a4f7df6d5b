"""`bugkit class people`: who is in the class, and who is who."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bugkit.cli.context import FORMAT, json_option, say_json
from bugkit.cli.course import ClassContext, gradebook_option, pass_course
from bugkit.errors import UsageError
from bugkit.exercise import Catalog
from bugkit.report.phrases import count
from bugkit.report.sanitize import sanitize

if TYPE_CHECKING:
    from bugkit.classroom.gradebook import Gradebook
    from bugkit.classroom.identity import Person


@click.group(invoke_without_command=True)
@gradebook_option
@click.option("--missing", is_flag=True, help="Only those who handed in nothing.")
@json_option
@click.pass_context
def people(context: click.Context, gradebook: str | None, *, missing: bool, as_json: bool) -> None:
    """List everybody; merge, rename, remove and enrol people.

    ID is what the list begins with; a number, an address or a name does as well where only one person has it.
    """
    if context.invoked_subcommand is None:
        cli = context.find_object(ClassContext)
        assert cli is not None
        _list(cli, gradebook, missing=missing, as_json=as_json)


def _list(cli: ClassContext, gradebook: str | None, *, missing: bool, as_json: bool) -> None:
    with cli.opened(gradebook) as book:
        works: dict[str, int] = {}
        for grade in book.grades():
            works[grade.submission.person] = works.get(grade.submission.person, 0) + 1
        everybody = [one for one in book.people() if not missing or one.id not in works]
    if as_json:
        say_json({"format": FORMAT, "people": [_document(one, works.get(one.id, 0)) for one in everybody]})
        return
    for one in everybody:
        told = (one.name if one.name != one.id else "", one.email, one.number, one.section)
        handed_in = count(works[one.id], "exercise") if one.id in works else "nothing handed in"
        click.echo("  ".join(sanitize(text) for text in (one.id, *told, handed_in) if text))
    click.echo(f"{count(len(everybody), 'person', 'people')}{' who handed in nothing' if missing else ''}")


def _document(one: Person, works: int) -> dict[str, object]:
    told = {name: getattr(one, name) for name in ("id", "name", "email", "number", "login", "section")}
    return {**told, "known_as": list(one.known_as), "exercises": works}


@people.command()
@click.argument("other", metavar="ID")
@click.argument("into", metavar="ID")
@gradebook_option
@pass_course
def merge(cli: ClassContext, other: str, into: str, gradebook: str | None) -> None:
    """Two of them are one: what the first handed in is the second's from now on."""
    with cli.opened(gradebook) as book:
        register = book.register()
        one, kept = register.named(other), register.named(into)
        if one.id == kept.id:
            raise UsageError(f"{other} and {into} are one person already", next_command="bugkit class people")
        book.merge(one, kept)
    click.echo(f"{sanitize(one.id)} is {sanitize(kept.id)} from now on; every verdict of both is kept")


@people.command()
@click.argument("person", metavar="ID")
@click.argument("name")
@gradebook_option
@pass_course
def rename(cli: ClassContext, person: str, name: str, gradebook: str | None) -> None:
    """Show somebody under another name; the id stays."""
    from bugkit.classroom.ownership import name_of

    if not name_of(name):
        raise UsageError("this is no name", evidence=[f"found: {name[:200]!r}"])
    with cli.opened(gradebook) as book:
        one = book.register().named(person)
        book.enrol([replace(one, name=name_of(name))])
    click.echo(f"{sanitize(one.id)} is called {sanitize(name)}")


@people.command()
@click.argument("person", metavar="ID")
@gradebook_option
@pass_course
def remove(cli: ClassContext, person: str, gradebook: str | None) -> None:
    """Leave somebody out of reports and exports; what they handed in is kept. Enrolling them brings them back."""
    with cli.opened(gradebook) as book:
        one = book.register().named(person)
        book.enrol([replace(one, removed=True)])
    click.echo(f"{sanitize(one.id)} is left out; to bring them back: bugkit class people enrol ROSTER")


@people.command()
@click.argument("roster", type=click.Path(path_type=Path))
@gradebook_option
@pass_course
def enrol(cli: ClassContext, roster: Path, gradebook: str | None) -> None:
    """Read a roster, as Canvas, Moodle, Blackboard or Gradescope export it, or as a plain list."""
    ready = enrolled(roster, cli.catalog())
    with cli.opened(gradebook, new=True) as book:
        before = len(book.people())
        on_it = ready(book)
        after = len(book.people())
    click.echo(f"{count(len(on_it), 'person', 'people')} on the roster, {after - before} of them new")


def enrolled(path: Path | None, catalog: Catalog) -> Callable[[Gradebook], set[str]]:
    """The roster is read now; what is given back writes it into a gradebook, and gives the ids of who is on it."""
    from bugkit.classroom.roster import read_roster

    roster = read_roster(path, [one.id for one in catalog]) if path else None

    def write(book: Gradebook) -> set[str]:
        if roster is None:
            return set()
        register = book.register()
        found = [replace(register.enrol(row), removed=False) for row in roster.people]
        book.enrol([*register, *found])
        if roster.system != "csv":
            columns = {"headers": list(roster.headers), "exercises": dict(roster.columns)}
            book.remember(f"columns of {roster.system}", columns)
        return {one.id for one in found}

    return write
