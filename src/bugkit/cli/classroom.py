"""`bugkit class`: hand out, grade, look at, hand on."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bugkit.cli import tally as tallies
from bugkit.cli.desk import FORMAT, Desk, force_option, json_option, note, pass_desk, say_json
from bugkit.errors import UsageError
from bugkit.exercise import Exercise
from bugkit.report.words import count

if TYPE_CHECKING:
    from bugkit.classroom.gradebook import Gradebook

FAULT = 3
WAITING = 1  # files wait for a person to decide
DATABASE = b"SQLite format 3\0"  # what a file of SQLite's begins with
FORMATS = ["csv", "nbgrader-csv", "gradescope", "junit", "github-classroom"]
GRADEBOOK = "gradebook.db"
HEADS = {"name", "names", "student", "student_id", "student id", "id", "learner", "person", "user", "username", "login"}
MISSING = "pip install -c constraints.txt '.[class]'"


@click.group("class")
def classroom() -> None:
    """For instructors: hand out exercises, grade a class, see how it went, carry the grades on."""


exercises_option = click.option(
    "--exercises", metavar="EX,EX", help="Which exercises, by id; without it all of the catalog."
)
gradebook_option = click.option(
    "--gradebook", default=GRADEBOOK, show_default=True, metavar="FILE|URL", help="SQLite's file, or a URL."
)


@classroom.command()
@click.argument("folder", type=click.Path(path_type=Path))
@exercises_option
@json_option
@pass_desk
def release(desk: Desk, /, folder: Path, exercises: str | None, *, as_json: bool) -> int:
    """Write what students get into FOLDER: notebooks, manifests, checks; no solutions and no hidden checks."""
    from bugkit.classroom import release as room

    chosen = _chosen(desk, exercises)
    with _writing(folder):
        written = room.release(folder, chosen)
    if as_json:
        say_json({"format": FORMAT, "exercises": [one.id for one in chosen], "files": [str(name) for name in written]})
    else:
        click.echo(f"{count(len(chosen), 'exercise')} in {folder}, without solutions")
        click.echo(f"  next: hand it out; later bugkit class grade SUBMISSIONS --exercises {_ids(chosen)}")
    return 0


@classroom.command()
@click.argument("submissions", type=click.Path(path_type=Path))
@exercises_option
@gradebook_option
@click.option("--seeds", type=click.IntRange(min=1), metavar="N", help="Judge on N seeds; each exercise says how many.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Runs at once; by default one per core.")
@click.option("--scheduler", metavar="URL", help="Grade on the machines of a Dask cluster, tcp://HOST:PORT.")
@click.option("--again", is_flag=True, help="Grade also what is graded; earlier verdicts are kept.")
@click.option("--no-redraw", is_flag=True, help="Judge on the tasks as they were handed out, not on new ones.")
@click.option("--task-seed", metavar="WORD", help="Draw the tasks from this word, for a gradebook that is new.")
@click.option("--roster", type=click.Path(path_type=Path), metavar="FILE", help="Everybody's names, one in a line.")
@click.option("--no-sandbox", is_flag=True, help="Do without; written into every verdict.")
@json_option
@pass_desk
def grade(desk: Desk, /, submissions: Path, exercises: str | None, gradebook: str, **wishes: Any) -> int:
    """Grade all notebooks of SUBMISSIONS, a folder or a zip file, that are not graded yet.

    Students are told apart by nbgrader's folders (STUDENT/ASSIGNMENT/), by the names that course servers give, or by
    the names of folders or files. Kill it whenever you like, and run it again: it goes on.
    """
    import tempfile

    from bugkit.classroom.database import shown
    from bugkit.classroom.files import submitted
    from bugkit.classroom.grading import Grading
    from bugkit.classroom.pack import packed, unpacked
    from bugkit.classroom.work import Rules
    from bugkit.pristine import template

    chosen = _chosen(desk, exercises)
    pack, roster = packed(chosen), _roster(wishes["roster"])
    submitted(submissions)  # a slip of the pen makes no gradebook
    with _opened(gradebook, wishes["task_seed"]) as book, tempfile.TemporaryDirectory() as folder:
        book.enrol(roster)
        rules = Rules(book.salt, wishes["seeds"], not wishes["no_sandbox"], not wishes["no_redraw"])
        executor = _executor(pack, rules, wishes["workers"], wishes["scheduler"])
        others = {one.id: template(one) for one in desk.catalog if one not in chosen}
        grading = Grading(book, unpacked(pack, Path(folder)), rules, others=others, again=wishes["again"])
        try:
            with tallies.live() as on_graded:
                tally = grading.run(submissions, executor, on_graded)
        except KeyboardInterrupt:
            note(f"{count(grading.tally.done, 'notebook')} graded and kept; the same command goes on")
            raise
        if wishes["as_json"]:
            say_json(tallies.document(tally))
        else:
            option = "" if gradebook == GRADEBOOK else f" --gradebook {shown(gradebook)}"
            tallies.say(tally, len(book.people()), report=f"bugkit class report FOLDER{option}")
        if roster and (strangers := sorted({*book.people()} - {*roster})):
            note(f"not on the roster: {', '.join(strangers)}")
        if wishes["no_sandbox"]:
            note("graded in no sandbox: a notebook could read your files, and change verdicts")
    return FAULT if tally.failed else WAITING if tally.troubles else 0


@classroom.command()
@click.argument("folder", type=click.Path(path_type=Path))
@exercises_option
@gradebook_option
@force_option
@pass_desk
def report(desk: Desk, /, folder: Path, exercises: str | None, gradebook: str, *, force: bool) -> int:
    """Write one page of the class, and one of each learner, into FOLDER."""
    with _existing(gradebook) as book:
        from bugkit.classroom.overview import write_pages

        with _writing(folder):
            index = write_pages(folder, book, _known(desk, exercises, book), force=force)
    click.echo(f"{index}, and a page for each learner in {folder / 'people'}")
    click.echo("  theirs say nothing of hidden checks, and may be given to them; the class page is yours")
    return 0


@classroom.command()
@click.argument("place", type=click.Path(path_type=Path))
@exercises_option
@gradebook_option
@click.option("--format", "form", type=click.Choice(FORMATS), help="csv, where nothing else is said.")
@click.option("--gradescope-autograder", is_flag=True, help="Write the zip file that Gradescope grades with instead.")
@force_option
@pass_desk
def export(desk: Desk, /, place: Path, exercises: str | None, gradebook: str, form: str | None, **wishes: bool) -> int:
    """Write the grades into PLACE: a file, or for gradescope and github-classroom a folder with one for each person."""
    from bugkit.notebook.files import write_ours

    if wishes["gradescope_autograder"]:
        from bugkit.classroom.autograder import zipped

        if form is not None:
            raise UsageError("the autograder is no format: --gradescope-autograder without --format")
        chosen = _chosen(desk, exercises)
        with _writing(_spared(place)):
            pack = zipped(chosen, [one for one in desk.catalog if one not in chosen])
            write_ours(place, pack, force=wishes["force"])
        click.echo(f"{place}: upload it as the assignment's autograder")
        return 0
    with _existing(gradebook) as book, _writing(place):
        known = _known(desk, exercises, book)
        _export(book, known, form or FORMATS[0], place, force=wishes["force"])
        people, waiting = len(book.people()), sum(one.graded is None for one in book.grades())
        used = book.exercises()
        unused = [one.id for one in known if one.id not in used]
    click.echo(f"{count(people, 'person', 'people')} and {count(len(known), 'exercise')} in {place}")
    if waiting:
        note(f"{count(waiting, 'notebook')} not graded yet; grading was ended, or failed: grade again first")
    if unused:
        note(f"the gradebook has no notebook of {', '.join(unused)}: of them it does not tell who handed one in")
    return 0


def _export(book: Gradebook, known: Sequence[Exercise], form: str, place: Path, *, force: bool) -> None:
    from bugkit.classroom.exports import DOCUMENTS, TABLES, filled, to_index
    from bugkit.classroom.overview import file_name
    from bugkit.notebook.files import write_ours

    people = book.people()
    if form in TABLES:
        write_ours(_spared(place), TABLES[form](filled(people, known, book)), force=force)
        return
    name, document = DOCUMENTS[form]
    for person in people:
        write_ours(place / file_name(person) / name, document(list(filled([person], known, book))), force=force)
    write_ours(place / "people.csv", to_index({person: file_name(person) for person in people}), force=force)


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    """What the file system refuses is told as what it is, a place that does not do."""
    try:
        yield
    except OSError as error:
        what, evidence = f"{place} cannot be written", [f"{error.strerror or error}: {error.filename or place}"]
        raise UsageError(what, evidence=evidence, next_command="the same with another place") from None


def _spared(place: Path) -> Path:
    """A slip of the pen must not put a table in the place of a gradebook, or of somebody's work."""
    if place.is_dir():
        raise UsageError(f"{place} is a folder", evidence=["wanted: a file's name"])
    if place.suffix == ".ipynb" or _is_database(place):
        what = "a notebook" if place.suffix == ".ipynb" else "a database"
        raise UsageError(f"{place} is {what}, and would be written over", next_command="the same with another place")
    return place


def _is_database(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(DATABASE)) == DATABASE


@classroom.command(hidden=True)
@click.argument("submission", type=click.Path(path_type=Path))
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--points", type=float, default=1.0, help="Of each exercise.")
@pass_desk
def autograde(desk: Desk, /, submission: Path, results: Path, points: float) -> int:
    """What Gradescope's run_autograder calls: grade one SUBMISSION, write results.json."""
    from bugkit.classroom.autograder import graded_alone
    from bugkit.notebook.files import write_whole

    write_whole(results, graded_alone(desk.catalog, submission, points))
    return 0


def _existing(place: str) -> Gradebook:
    """A gradebook to be read: one that is not there is a slip of the pen."""
    if "://" not in place and not Path(place).is_file():
        option = "" if place == GRADEBOOK else f" --gradebook {place}"
        raise UsageError(f"there is no gradebook {place}", next_command=f"bugkit class grade SUBMISSIONS{option}")
    return _opened(place)


def _known(desk: Desk, exercises: str | None, book: Gradebook) -> list[Exercise]:
    """The exercises that were named, or those that anything was handed in for."""
    if exercises is not None:
        return _chosen(desk, exercises)
    used = book.exercises()
    return [one for one in desk.catalog if one.id in used]


def _executor(pack: bytes, rules: Any, workers: int | None, scheduler: str | None) -> Any:
    if scheduler is None:
        from bugkit.classroom.here import Here

        return Here(pack, rules, workers)
    try:
        from bugkit.classroom.cluster import Cluster
    except ImportError:
        raise UsageError("Dask is not installed", next_command="pip install -c constraints.txt '.[cluster]'") from None
    return Cluster(scheduler, pack, rules)


def _chosen(desk: Desk, exercises: str | None) -> list[Exercise]:
    if exercises is None:
        return list(desk.catalog)
    chosen = {name: desk.catalog.find(name) for name in exercises.replace(" ", "").split(",") if name}
    if not chosen:
        raise UsageError("--exercises names none", next_command="bugkit list")
    return list({one.id: one for one in chosen.values()}.values())


def _ids(exercises: Sequence[Exercise]) -> str:
    return ",".join(one.id for one in exercises)


def _roster(path: Path | None) -> list[str]:
    """The first column of a text or CSV file, without comments and a head."""
    from bugkit.classroom.people import name_of

    if path is None:
        return []
    wanted = "wanted: a text in UTF-8 with a name at the start of each line, alone or before a comma"
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row[0].strip() if row else "" for row in csv.reader(file)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: the roster cannot be read", evidence=[str(error), wanted]) from None
    names: list[str] = []
    for number, row in enumerate(rows, start=1):
        if not row or row.startswith("#") or (not names and row.lower() in HEADS):
            continue
        if not name_of(row):
            raise UsageError(f"{path}, line {number}: this is no name", evidence=[f"found: {row[:200]!r}", wanted])
        names.append(name_of(row))
    return names


def _opened(place: str, task_seed: str | None = None) -> Gradebook:
    try:
        from bugkit.classroom.gradebook import Gradebook
    except ImportError:
        raise UsageError("SQLAlchemy is not installed, which keeps the gradebook", next_command=MISSING) from None
    return Gradebook(place, salt=task_seed)
