"""`bugkit class report` and `export`: what a gradebook holds, as pages and in the words of other systems."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bugkit.cli.context import force_option, note
from bugkit.cli.course import ClassContext, exercises_option, gradebook_option, pass_course, writing
from bugkit.errors import UsageError
from bugkit.report.phrases import count

if TYPE_CHECKING:
    from bugkit.classroom.gradebook import Gradebook
    from bugkit.classroom.standing import Standing

DATABASE = b"SQLite format 3\0"  # what a file of SQLite's begins with
SERVERS = ["canvas", "moodle", "blackboard"]
FORMATS = ["csv", *SERVERS, "nbgrader-csv", "gradescope", "junit", "github-classroom"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@exercises_option
@gradebook_option
@force_option
@pass_course
def report(cli: ClassContext, /, folder: Path, exercises: str | None, gradebook: str | None, *, force: bool) -> int:
    """Write one page of the class, and one of each learner, into FOLDER."""
    with cli.opened(gradebook) as book:
        from bugkit.classroom.overview import write_pages

        known = cli.used(exercises, book)
        with writing(folder):
            index = write_pages(folder, book, known, cli.rules(book), lost=cli.lost(book), force=force)
    click.echo(f"{index}, and a page for each learner in {folder / 'people'}")
    click.echo("  theirs say nothing of hidden checks, and may be given to them; the class page is yours")
    return 0


@click.command()
@click.argument("place", type=click.Path(path_type=Path))
@exercises_option
@gradebook_option
@click.option("--format", "form", type=click.Choice(FORMATS), help="csv, where nothing else is said.")
@click.option("--points", type=click.FloatRange(min=0), default=1.0, show_default=True, help="Of each exercise.")
@click.option("--gradescope-autograder", is_flag=True, help="Write the zip file that Gradescope grades with instead.")
@force_option
@pass_course
def export(
    cli: ClassContext, /, place: Path, exercises: str | None, gradebook: str | None, form: str | None, **wishes: Any
) -> int:
    """Write the grades into PLACE: a file, or for gradescope and github-classroom a folder with one for each person.

    Points are those of canvas, moodle and blackboard, where their own table, given as the roster, says no other.
    """
    if wishes["gradescope_autograder"]:
        return _write_autograder(cli, place, exercises, form, force=wishes["force"])
    from bugkit.classroom.standing import standings

    with cli.opened(gradebook) as book, writing(place):
        known = cli.used(exercises, book)
        all_of_them = list(standings(book, known, cli.rules(book)))
        _export(book, all_of_them, form or FORMATS[0], place, wishes)
        people = len(book.people())
        unused = sorted({one.id for one in known} - {one.exercise.id for one in all_of_them if one.grade})
    click.echo(f"{count(people, 'person', 'people')} and {count(len(known), 'exercise')} in {place}")
    _say_what_to_know(all_of_them, unused)
    return 0


def _say_what_to_know(all_of_them: Sequence[Standing], unused: Sequence[str]) -> None:
    waiting = sum(one.state == "not graded yet" for one in all_of_them)
    outdated = sorted({one.exercise.id for one in all_of_them if one.outdated})
    unreadable = [f"{one.person.id} {one.exercise.id}" for one in all_of_them if one.is_unreadable]
    if waiting:
        note(f"{count(waiting, 'work')} not graded yet; grading was ended, or failed: grade again first")
    if outdated:
        number = sum(one.outdated for one in all_of_them)
        note(f"{count(number, 'verdict')} older than the exercise, {', '.join(outdated)}: grade again first")
    if unreadable:
        note(f"verdicts that cannot be read: {', '.join(unreadable)}")
    if unused:
        note(f"the gradebook has no notebook of {', '.join(unused)}: of them it does not tell who handed one in")


def _export(book: Gradebook, all_of_them: Sequence[Standing], form: str, place: Path, wishes: Any) -> None:
    from bugkit.classroom.exports import DOCUMENTS, TABLES, Columns, to_index, to_server
    from bugkit.classroom.naming import file_name
    from bugkit.notebook.files import write_ours

    if form in TABLES:
        write_ours(_spared(place), TABLES[form](all_of_them), force=wishes["force"])
        return
    if form in SERVERS:
        told: Any = book.recall(f"columns of {form}") or {}
        columns = Columns(told.get("headers", ()), told.get("exercises", {}))
        table = to_server(all_of_them, form, columns, wishes["points"])
        write_ours(_spared(place), table, force=wishes["force"])
        return
    name, document = DOCUMENTS[form]
    by_person: dict[str, list[Standing]] = {one.id: [] for one in book.people()}
    for one in all_of_them:
        by_person[one.person.id].append(one)
    for person, mine in by_person.items():
        write_ours(place / file_name(person) / name, document(mine), force=wishes["force"])
    index = to_index({person: file_name(person) for person in by_person})
    write_ours(place / "people.csv", index, force=wishes["force"])


def _write_autograder(cli: ClassContext, place: Path, exercises: str | None, form: str | None, *, force: bool) -> int:
    from bugkit.classroom.autograder import zipped
    from bugkit.notebook.files import write_ours

    if form is not None:
        raise UsageError("the autograder is no format: --gradescope-autograder without --format")
    catalog = cli.catalog()
    chosen = cli.chosen(exercises, catalog)
    with writing(_spared(place)):
        write_ours(place, zipped(chosen, [one for one in catalog if one not in chosen]), force=force)
    click.echo(f"{place}: upload it as the assignment's autograder")
    return 0


def _spared(place: Path) -> Path:
    """A slip of the pen must not put a table in the place of a gradebook, or of somebody's work."""
    if place.is_dir():
        raise UsageError(f"{place} is a folder", evidence=["expected: a file's name"])
    if place.suffix == ".ipynb" or _is_database(place):
        what = "a notebook" if place.suffix == ".ipynb" else "a database"
        raise UsageError(f"{place} is {what}, and would be written over", next_command="the same with another place")
    return place


def _is_database(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(DATABASE)) == DATABASE
