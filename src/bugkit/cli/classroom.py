"""`bugkit class`: hand out, grade; the rest of its commands stand beside."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from bugkit.cli import grading_view
from bugkit.cli.context import FORMAT, CliContext, json_option, note, pass_cli, say_json
from bugkit.cli.course import (
    COURSE,
    ClassContext,
    exercises_option,
    gradebook_option,
    needing_sqlalchemy,
    pass_course,
    writing,
)
from bugkit.cli.decisions import decide
from bugkit.cli.gradebook import export, report
from bugkit.cli.people import people
from bugkit.errors import UsageError
from bugkit.exercise import Exercise
from bugkit.report.phrases import count

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
    context.obj = ClassContext(context.obj, course or (here if here.is_file() else None))


for command in (report, export, people, decide):
    classroom.add_command(command)


@classroom.command()
@click.argument("folder", type=click.Path(path_type=Path))
@exercises_option
@click.option("--fresh", is_flag=True, help="An own exercise for everybody on the roster, equally hard.")
@click.option("--roster", type=click.Path(path_type=Path), metavar="FILE", help="With --fresh: who is in the class.")
@click.option("--kinds", metavar="K,K", help="With --fresh: these kinds of bugs, one for each task.")
@click.option("--count", type=click.IntRange(1, 20), metavar="N", help="With --fresh: how many tasks.")
@click.option("--seed", type=int, metavar="S", help="With --fresh: the same exercises for the same roster.")
@json_option
@pass_course
def release(
    cli: ClassContext, /, folder: Path, exercises: str | None, *, fresh: bool, as_json: bool, **wishes: Any
) -> int:
    """Write what students get into FOLDER: notebooks, manifests, checks; no solutions and no hidden checks."""
    from bugkit.classroom import release as room

    if fresh:
        return _release_fresh(cli, folder, exercises, wishes, as_json=as_json)
    if given := [name for name, value in wishes.items() if value is not None]:
        raise UsageError(f"--{given[0]} belongs to --fresh", next_command="bugkit class release --help")
    chosen = cli.chosen(exercises, cli.catalog())
    with writing(folder):
        written = room.release(folder, chosen)
    if as_json:
        say_json({"format": FORMAT, "exercises": [one.id for one in chosen], "files": [str(name) for name in written]})
    else:
        following = cli.again(f"grade SUBMISSIONS{'' if exercises is None else f' --exercises {_ids(chosen)}'}")
        click.echo(f"{count(len(chosen), 'exercise')} in {folder}, without solutions")
        click.echo(f"  next: hand it out; later {following}")
    return 0


def _release_fresh(
    cli: ClassContext, folder: Path, exercises: str | None, wishes: dict[str, Any], *, as_json: bool
) -> int:
    from bugkit.classroom.fresh import LEDGER, assigned
    from bugkit.classroom.release import release_fresh
    from bugkit.classroom.roster import read_roster
    from bugkit.kinds import kind

    roster = wishes["roster"] or (Path(cli.course.roster) if cli.course.roster else None)
    if roster is None or exercises is not None:
        what = "everybody's own exercise needs a roster" if roster is None else "--exercises names what all get alike"
        raise UsageError(what, next_command="bugkit class release FOLDER --fresh --roster FILE")
    kinds = [kind(name).id for name in (wishes["kinds"] or "").replace(" ", "").split(",") if name]
    count_ = wishes["count"] or len(kinds) or 1
    seed = wishes["seed"] if wishes["seed"] is not None else secrets.randbelow(2**31)
    ledger = assigned(read_roster(roster, []).people, kinds, count_, seed)
    with writing(folder):
        written = release_fresh(folder, ledger)
    if as_json:
        document = {"tasks": ledger.to_json()["tasks"], "people": len(ledger.people), "codes": len(ledger.every_code)}
        say_json({"format": FORMAT, **document, "files": [str(name) for name in written]})
        return 0
    for task in ledger.tasks:
        loud = "the loss shows it" if task.is_loud else "the loss does not show it"
        codes = len({mine[task.id] for mine in ledger.codes.values()})
        click.echo(f"{task.id}: {task.kind}, difficulty {task.difficulty}, {loud}; {count(codes, 'exercise')}")
    click.echo(f"{count(len(ledger.people), 'person', 'people')} in {folder / 'people'}, a folder for each")
    click.echo(f"  {folder / LEDGER} says who has which; it is yours, and grading needs it")
    click.echo(f"  next: hand the folders out; later {cli.again(f'grade SUBMISSIONS --assigned {folder / LEDGER}')}")
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
@click.option("--assigned", type=click.Path(path_type=Path), metavar="FILE", help="Who has which, of release --fresh.")
@click.option(
    "--people-below",
    type=click.IntRange(min=0),
    metavar="N",
    help="How many folders lie around those of the people, where that cannot be told.",
)
@click.option("--no-sandbox", is_flag=True, help="Do without; written into every verdict.")
@json_option
@pass_course
def grade(cli: ClassContext, /, submissions: Path, exercises: str | None, gradebook: str | None, **wishes: Any) -> int:
    """Grade all notebooks of SUBMISSIONS, a folder or a zip file, that are not graded yet.

    Students are told apart by nbgrader's folders (STUDENT/ASSIGNMENT/), by the names that course servers give, or by
    the names of folders or files. Kill it whenever you like, and run it again: it goes on.
    """
    with needing_sqlalchemy():
        from bugkit.classroom.grading import Grading
    from bugkit.classroom.batch import GradingOptions
    from bugkit.classroom.files import submitted
    from bugkit.classroom.fresh import read_ledger
    from bugkit.classroom.pack import packed, unpacked
    from bugkit.classroom.scratch import scratch
    from bugkit.cli.people import enrolled
    from bugkit.fresh.desk import restored
    from bugkit.templates import template

    catalog = cli.catalog()
    ledger = read_ledger(wishes["assigned"]) if wishes["assigned"] else None
    own = [restored(code, cli.cli.workspace) for code in ledger.every_code] if ledger else []
    chosen = [*([] if own and exercises is None else cli.chosen(exercises, catalog)), *own]
    pack = packed(chosen)
    submitted(submissions)  # a slip of the pen makes no gradebook
    roster = wishes["roster"] or (Path(cli.course.roster) if cli.course.roster else None)
    ready = enrolled(roster, catalog)
    with (
        cli.opened(gradebook, task_seed=wishes["task_seed"], new=True) as book,
        scratch() as folder,
    ):
        cli.remember(book, catalog)
        on_it = ready(book)
        if ledger:
            ledger.keep(book)
            on_it |= {one.id for one in ledger.people}
        options = GradingOptions(book.salt, wishes["seeds"], not wishes["no_sandbox"], not wishes["no_redraw"])
        executor = _executor(pack, options, wishes["workers"], wishes["scheduler"])
        others = {one.id: template(one) for one in catalog if one not in chosen}
        how: dict[str, Any] = {"others": others, "ledger": ledger, "below": wishes["people_below"]}
        grading = Grading(book, unpacked(pack, Path(folder)), options, again=wishes["again"], **how)
        try:
            with grading_view.live() as on_graded:
                summary = grading.run(submissions, executor, on_graded)
        except KeyboardInterrupt:
            note(f"{count(grading.summary.done, 'notebook')} graded and kept; the same command goes on")
            raise
        option = "" if gradebook is None else f" --gradebook {_shown(gradebook)}"
        if wishes["as_json"]:
            say_json(grading_view.document(summary))
        else:
            grading_view.say(summary, len(book.people()), report=cli.again(f"report FOLDER{option}"))
        if on_it:
            _say_who_is_missing(book, on_it)
        if wishes["no_sandbox"]:
            note("graded in no sandbox: a notebook could read your files, and change verdicts")
    return FAULT if summary.failed else WAITING if summary.troubles else 0


@classroom.command(hidden=True)
@click.argument("submission", type=click.Path(path_type=Path))
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--points", type=float, default=1.0, help="Of each exercise.")
@pass_cli
def autograde(cli: CliContext, /, submission: Path, results: Path, points: float) -> int:
    """What Gradescope's run_autograder calls: grade one SUBMISSION, write results.json."""
    from bugkit.classroom.autograder import graded_alone
    from bugkit.notebook.files import write_whole

    write_whole(results, graded_alone(cli.catalog, submission, points))
    return 0


def _executor(pack: bytes, options: Any, workers: int | None, scheduler: str | None) -> Any:
    if scheduler is None:
        from bugkit.classroom.local import LocalExecutor

        return LocalExecutor(pack, options, workers)
    try:
        from bugkit.classroom.cluster import DaskExecutor
    except ImportError:
        raise UsageError("Dask is not installed", next_command="pip install -c constraints.txt '.[cluster]'") from None
    return DaskExecutor(scheduler, pack, options)


def _say_who_is_missing(book: Any, on_it: set[str]) -> None:
    """Who of the roster handed nothing in, and who is not on it."""
    missing = [one.name for one in book.people() if one.id in on_it and not any(book.grades(one.id))]
    _say_some("nothing handed in", missing)
    _say_some("not on the roster", [one.name for one in book.people() if one.id not in on_it])


def _say_some(what: str, names: Sequence[str]) -> None:
    more = f" and {len(names) - MANY} more" if len(names) > MANY else ""
    if names:
        note(f"{what}: {', '.join(names[:MANY])}{more}")


def _shown(gradebook: str) -> str:
    from bugkit.classroom.database import shown

    return shown(gradebook)


def _ids(exercises: Sequence[Exercise]) -> str:
    return ",".join(one.id for one in exercises)
