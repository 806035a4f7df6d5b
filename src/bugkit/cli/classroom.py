"""`bugkit class`: hand out, grade, look at, hand on."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bugkit.cli import tally as tallies
from bugkit.cli.desk import FORMAT, Desk, json_option, note, pass_desk, say_json
from bugkit.errors import UsageError
from bugkit.exercise import Exercise

if TYPE_CHECKING:
    from bugkit.classroom.gradebook import Gradebook

FAULT = 3
WAITING = 1  # files wait for a person to decide
FORMATS = ["csv", "nbgrader-csv", "gradescope", "junit", "github-classroom"]
GRADEBOOK = "gradebook.db"
MISSING = "pip install 'bugkit[class]'"


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
    written = room.release(folder, chosen)
    if as_json:
        say_json({"format": FORMAT, "exercises": [one.id for one in chosen], "files": [str(name) for name in written]})
    else:
        click.echo(f"{len(chosen)} exercises in {folder}, without solutions")
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

    from bugkit.classroom.gradebook import shown
    from bugkit.classroom.grading import Grading
    from bugkit.classroom.pack import packed, unpacked
    from bugkit.classroom.work import Rules

    pack = packed(_chosen(desk, exercises))
    with _opened(gradebook, wishes["task_seed"]) as book, tempfile.TemporaryDirectory() as folder:
        book.enrol(_roster(wishes["roster"]))
        rules = Rules(book.salt, wishes["seeds"], not wishes["no_sandbox"], not wishes["no_redraw"])
        executor = _executor(pack, rules, wishes["workers"], wishes["scheduler"])
        grading = Grading(book, unpacked(pack, Path(folder)), rules, again=wishes["again"])
        with tallies.live() as on_graded:
            tally = grading.run(submissions, executor, on_graded)
        if wishes["as_json"]:
            say_json(tallies.document(tally))
        else:
            option = "" if gradebook == GRADEBOOK else f" --gradebook {shown(gradebook)}"
            tallies.say(tally, len(book.people()), report=f"bugkit class report FOLDER{option}")
    return FAULT if tally.failed else WAITING if tally.troubles else 0


@classroom.command()
@click.argument("folder", type=click.Path(path_type=Path))
@exercises_option
@gradebook_option
@pass_desk
def report(desk: Desk, /, folder: Path, exercises: str | None, gradebook: str) -> int:
    """Write one page of the class, and one of each learner, into FOLDER."""
    with _existing(gradebook) as book:
        from bugkit.classroom.overview import write_pages

        index = write_pages(folder, book, _known(desk, exercises, book))
    click.echo(f"{index}, and a page for each learner in {folder / 'people'}")
    click.echo("  theirs say nothing of hidden checks, and may be given to them; the class page is yours")
    return 0


@classroom.command()
@click.argument("place", type=click.Path(path_type=Path))
@exercises_option
@gradebook_option
@click.option("--format", "form", type=click.Choice(FORMATS), default="csv", show_default=True)
@click.option("--gradescope-autograder", is_flag=True, help="Write the zip file that Gradescope grades with instead.")
@pass_desk
def export(desk: Desk, /, place: Path, exercises: str | None, gradebook: str, form: str, **more: bool) -> int:
    """Write the grades into PLACE: a file, or for gradescope and github-classroom a folder with one for each person."""
    from bugkit.notebook.files import write_whole

    if more["gradescope_autograder"]:
        from bugkit.classroom.autograder import zipped

        write_whole(place, zipped(_chosen(desk, exercises)))
        click.echo(f"{place}: upload it as the assignment's autograder")
        return 0
    with _existing(gradebook) as book:
        from bugkit.classroom.exports import DOCUMENTS, TABLES, filled
        from bugkit.classroom.overview import page_name

        people, known = book.people(), _known(desk, exercises, book)
        if form in TABLES:
            write_whole(place, TABLES[form](filled(people, known, book)))
        for person in people if form in DOCUMENTS else ():
            mine = list(filled([person], known, book))
            write_whole(place / page_name(person).replace(".html", ".json"), DOCUMENTS[form](mine))
        waiting = sum(one.graded is None for one in book.grades())
    click.echo(f"{len(people)} people and {len(known)} exercises in {place}")
    if waiting:
        note(f"{waiting} notebooks are not graded yet; grading was ended, or failed: grade again first")
    return 0


@classroom.command(hidden=True)
@click.argument("submission", type=click.Path(path_type=Path))
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--points", type=float, default=1.0, help="Of each exercise.")
@pass_desk
def autograde(desk: Desk, /, submission: Path, results: Path, points: float) -> int:
    """What Gradescope's run_autograder calls: grade one SUBMISSION, write results.json."""
    from bugkit.classroom.autograder import graded_alone
    from bugkit.notebook.files import write_whole

    write_whole(results, graded_alone(list(desk.catalog), submission, points))
    return 0


def _existing(place: str) -> Gradebook:
    """A gradebook to be read: one that is not there is a slip of the pen."""
    if "://" not in place and not Path(place).is_file():
        raise UsageError(f"there is no gradebook {place}", next_command="bugkit class grade SUBMISSIONS")
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
        raise UsageError("Dask is not installed", next_command="pip install 'bugkit[cluster]'") from None
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
    """The first column of a text or CSV file."""
    from bugkit.classroom.people import name_of

    if path is None:
        return []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row[0] for row in csv.reader(file) if row and row[0].strip()]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        evidence = [str(error), "wanted: a text in UTF-8 with a name at the start of each line"]
        raise UsageError(f"{path}: the roster cannot be read", evidence=evidence) from None
    for row in rows:
        if not name_of(row):
            raise UsageError(f"{path}: the roster has a name that is none", evidence=[repr(row)[:200]])
    return [name_of(row) for row in rows]


def _opened(place: str, task_seed: str | None = None) -> Gradebook:
    try:
        from bugkit.classroom.gradebook import Gradebook
    except ImportError:
        raise UsageError("SQLAlchemy is not installed, which keeps the gradebook", next_command=MISSING) from None
    return Gradebook(place, salt=task_seed)
