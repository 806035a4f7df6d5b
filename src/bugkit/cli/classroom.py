"""`bugkit class`: hand out, grade; the rest of its commands stand beside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from bugkit.cli import tally as tallies
from bugkit.cli.course import (
    COURSE,
    ClassDesk,
    exercises_option,
    gradebook_option,
    needing_sqlalchemy,
    pass_course,
    writing,
)
from bugkit.cli.decisions import decide
from bugkit.cli.desk import FORMAT, Desk, json_option, note, pass_desk, say_json
from bugkit.cli.gradebook import export, report
from bugkit.cli.people import people
from bugkit.errors import UsageError
from bugkit.exercise import Exercise
from bugkit.report.words import count

FAULT = 3
WAITING = 1  # files wait for a person to decide
MANY = 20  # people: more are counted


@click.group("class")
@click.option(
    "--course", type=click.Path(path_type=Path), metavar="FILE", help=f"The course; {COURSE} where it lies here."
)
@click.pass_context
def classroom(context: click.Context, course: Path | None) -> None:
    """For instructors: hand out exercises, grade a class, see how it went, carry the grades on."""
    here = Path(COURSE)
    context.obj = ClassDesk(context.obj, course or (here if here.is_file() else None))


for command in (report, export, people, decide):
    classroom.add_command(command)


@classroom.command()
@click.argument("folder", type=click.Path(path_type=Path))
@exercises_option
@json_option
@pass_course
def release(desk: ClassDesk, /, folder: Path, exercises: str | None, *, as_json: bool) -> int:
    """Write what students get into FOLDER: notebooks, manifests, checks; no solutions and no hidden checks."""
    from bugkit.classroom import release as room

    chosen = desk.chosen(exercises, desk.catalog())
    with writing(folder):
        written = room.release(folder, chosen)
    if as_json:
        say_json({"format": FORMAT, "exercises": [one.id for one in chosen], "files": [str(name) for name in written]})
    else:
        following = desk.again(f"grade SUBMISSIONS{'' if exercises is None else f' --exercises {_ids(chosen)}'}")
        click.echo(f"{count(len(chosen), 'exercise')} in {folder}, without solutions")
        click.echo(f"  next: hand it out; later {following}")
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
@click.option("--roster", type=click.Path(path_type=Path), metavar="FILE", help="Everybody, as a course server says.")
@click.option(
    "--people-below",
    type=click.IntRange(min=0),
    metavar="N",
    help="How many folders lie around those of the people, where that cannot be told.",
)
@click.option("--no-sandbox", is_flag=True, help="Do without; written into every verdict.")
@json_option
@pass_course
def grade(desk: ClassDesk, /, submissions: Path, exercises: str | None, gradebook: str | None, **wishes: Any) -> int:
    """Grade all notebooks of SUBMISSIONS, a folder or a zip file, that are not graded yet.

    Students are told apart by nbgrader's folders (STUDENT/ASSIGNMENT/), by the names that course servers give, or by
    the names of folders or files. Kill it whenever you like, and run it again: it goes on.
    """
    with needing_sqlalchemy():
        from bugkit.classroom.grading import Grading
    from bugkit.classroom.files import submitted
    from bugkit.classroom.pack import packed, unpacked
    from bugkit.classroom.scratch import scratch
    from bugkit.classroom.work import Rules
    from bugkit.cli.people import enrolled
    from bugkit.pristine import template

    catalog = desk.catalog()
    chosen = desk.chosen(exercises, catalog)
    pack = packed(chosen)
    submitted(submissions)  # a slip of the pen makes no gradebook
    roster = wishes["roster"] or (Path(desk.course.roster) if desk.course.roster else None)
    ready = enrolled(roster, catalog)
    with (
        desk.opened(gradebook, task_seed=wishes["task_seed"], new=True) as book,
        scratch() as folder,
    ):
        desk.remember(book, catalog)
        on_it = ready(book)
        rules = Rules(book.salt, wishes["seeds"], not wishes["no_sandbox"], not wishes["no_redraw"])
        executor = _executor(pack, rules, wishes["workers"], wishes["scheduler"])
        others = {one.id: template(one) for one in catalog if one not in chosen}
        how: dict[str, Any] = {"others": others, "again": wishes["again"], "below": wishes["people_below"]}
        grading = Grading(book, unpacked(pack, Path(folder)), rules, **how)
        try:
            with tallies.live() as on_graded:
                tally = grading.run(submissions, executor, on_graded)
        except KeyboardInterrupt:
            note(f"{count(grading.tally.done, 'notebook')} graded and kept; the same command goes on")
            raise
        option = "" if gradebook is None else f" --gradebook {_shown(gradebook)}"
        if wishes["as_json"]:
            say_json(tallies.document(tally))
        else:
            tallies.say(tally, len(book.people()), report=desk.again(f"report FOLDER{option}"))
        if on_it:
            missing = [one.name for one in book.people() if one.id in on_it and not any(book.grades(one.id))]
            strangers = [one.name for one in book.people() if one.id not in on_it]
            _say_some("nothing handed in", missing)
            _say_some("not on the roster", strangers)
        if wishes["no_sandbox"]:
            note("graded in no sandbox: a notebook could read your files, and change verdicts")
    return FAULT if tally.failed else WAITING if tally.troubles else 0


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


def _executor(pack: bytes, rules: Any, workers: int | None, scheduler: str | None) -> Any:
    if scheduler is None:
        from bugkit.classroom.here import Here

        return Here(pack, rules, workers)
    try:
        from bugkit.classroom.cluster import Cluster
    except ImportError:
        raise UsageError("Dask is not installed", next_command="pip install -c constraints.txt '.[cluster]'") from None
    return Cluster(scheduler, pack, rules)


def _say_some(what: str, names: Sequence[str]) -> None:
    more = f" and {len(names) - MANY} more" if len(names) > MANY else ""
    if names:
        note(f"{what}: {', '.join(names[:MANY])}{more}")


def _shown(gradebook: str) -> str:
    from bugkit.classroom.database import shown

    return shown(gradebook)


def _ids(exercises: Sequence[Exercise]) -> str:
    return ",".join(one.id for one in exercises)
