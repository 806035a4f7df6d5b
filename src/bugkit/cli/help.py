"""Help with one exercise: `bugkit hint`, `bugkit note`, `bugkit solution`, `bugkit reset`."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bugkit.cli.context import (
    FORMAT,
    CliContext,
    exercise_argument,
    json_option,
    note,
    pass_cli,
    say_json,
    short,
    tell_cell,
)
from bugkit.errors import BugkitError, UsageError
from bugkit.exercise import Exercise
from bugkit.exercise.catalog import ANSWERS
from bugkit.progress import Note, ProgressError, Summary
from bugkit.progress.schema import MOST_NOTE
from bugkit.report.sanitize import sanitize

if TYPE_CHECKING:
    from rich.text import Text

    from bugkit.notebook import Notebook

COLUMNS = 80
BESIDE = 110  # columns from which on two fixes fit beside each other
CONTEXT_LINES = 2  # around each change of a solution
MOST_LINE = 2_000  # characters of a note's line
STYLES = {"cell": "bold", "-": "red", "+": "green"}


@click.command()
@exercise_argument()
@json_option
@pass_cli
def hint(cli: CliContext, ex: str, *, as_json: bool) -> None:
    """The next hint; the first is vague, the last is plain."""
    say_hint(cli, cli.exercise(ex), as_json=as_json)


def say_hint(cli: CliContext, exercise: Exercise, *, as_json: bool = False) -> None:
    """Show the next hint, and remember that it was shown."""
    hints = exercise.manifest.hint
    level, was_last = _next_level(cli, exercise)
    text = hints[level - 1].text.strip()
    if as_json:
        document = {"exercise": exercise.id, "level": level, "levels": len(hints), "text": text}
        say_json({"format": FORMAT, **document, "repeated": was_last})
        return
    again = ", the last one again" if was_last else ""
    title = f"{exercise.id}, hint {level} of {len(hints)}{again}"
    click.echo(f"{title}\n\n{click.wrap_text(text, COLUMNS)}")
    tell_cell(cli, title, text)


@click.command("note")
@exercise_argument()
@click.argument("text", nargs=-1)
@pass_cli
def note_down(cli: CliContext, ex: str, text: Sequence[str]) -> None:
    """Keep what you think it is, with its time; the solution shows it again. Without TEXT, your notes so far."""
    exercise = cli.exercise(ex)
    if said := " ".join(text).strip():
        cli.progress.note(exercise.id, said[:MOST_NOTE])
        click.echo(f"kept; after a pass it stands beside the cause: bugkit solution {exercise.id}")
        return
    notes = cli.progress.notes(exercise.id)
    click.echo("\n\n".join(map(_dated, notes)) or f'no notes on {exercise.id} yet: bugkit note {exercise.id} "..."')


def _dated(one: Note) -> str:
    at = datetime.fromisoformat(one.at).astimezone()
    return "\n".join([f"{at:%Y-%m-%d %H:%M}", *(f"  {sanitize(line, MOST_LINE)}" for line in one.text.splitlines())])


@click.command()
@exercise_argument()
@click.option("--give-up", is_flag=True, help="Show it although the exercise is not passed.")
@click.option("--answers", is_flag=True, help="The answers to its last questions.")
@click.option("--test", "wants_test", is_flag=True, help="Write the cheapest test into a cell of the notebook.")
@pass_cli
def solution(cli: CliContext, ex: str, *, give_up: bool, answers: bool, wants_test: bool) -> None:
    """What was wrong and why, once the exercise is passed; your own notes beside it."""
    say_solution(cli, cli.exercise(ex), give_up=give_up, answers=answers, wants_test=wants_test)


def say_solution(
    cli: CliContext, exercise: Exercise, *, give_up: bool = False, answers: bool = False, wants_test: bool = False
) -> None:
    """Show what was wrong; UsageError before a pass, unless the learner gives up, which is remembered."""
    solved = _with_solution(exercise)
    _refuse_too_early(exercise, cli.progress.of(exercise.id), give_up=give_up)
    if give_up and cli.progress.state(exercise.id) != "passed":
        try:
            cli.progress.give_up(exercise.id)
        except ProgressError as error:
            note(error)
    if wants_test:
        _insert_tests(exercise, solved)
    elif answers:
        _show_answers(cli, exercise, _explanation(solved)[1])
    else:
        _show_solution(cli, exercise, solved)


@click.command()
@exercise_argument()
@pass_cli
def reset(cli: CliContext, ex: str) -> None:
    """Start over: your notebook is kept as a backup, and the first one is put back."""
    from bugkit.notebook import sealed
    from bugkit.notebook.files import write_whole
    from bugkit.templates import original

    exercise = cli.exercise(ex)
    pristine = original(exercise)
    if pristine is None:
        raise UsageError(
            f"{exercise.id}: there is no first version of its notebook to go back to",
            evidence=["it comes from the solution or from the installed exercises, and neither is here"],
        )
    try:
        backup = _back_up(cli, exercise)
        write_whole(exercise.notebook, sealed(pristine).to_json())
    except OSError as error:
        raise BugkitError(f"{exercise.id}: the notebook was not reset", evidence=[str(error)]) from error
    if backup:
        click.echo(f"your notebook is kept in {short(backup)}")
    click.echo(f"{short(exercise.notebook)} is as it was at first; reload it if it is open in Jupyter")


def _next_level(cli: CliContext, exercise: Exercise) -> tuple[int, bool]:
    """The level to show, and whether it was the last and has been shown before. After a pass none is counted."""
    levels = len(exercise.manifest.hint)
    before = cli.progress.hints_shown(exercise.id)
    try:
        is_passed = cli.progress.state(exercise.id) == "passed"
        level = min(before + 1, levels) if is_passed else cli.progress.show_hint(exercise.id, levels)
    except ProgressError as error:
        note(error)
        level = min(before + 1, levels)
    return level, before >= levels


def _with_solution(exercise: Exercise) -> Exercise:
    """The exercise or its installed twin, whichever has the solution; UsageError where it is withheld."""
    from bugkit.templates import installed_twin

    for candidate in (exercise, installed_twin(exercise)):
        if candidate is not None and candidate.has_solution:
            return candidate
    raise UsageError(
        f"{exercise.id}: the solutions are withheld here",
        evidence=[f"{short(exercise.solution)} is not there; your instructor has it"],
        next_command=f"bugkit hint {exercise.id}",
    )


def _refuse_too_early(exercise: Exercise, done: Summary, *, give_up: bool) -> None:
    if done.state != "passed" and not done.gave_up and not give_up:
        raise UsageError(
            f"{exercise.id}: the solution is shown after a pass",
            evidence=[f"attempts {done.attempts}, hints {done.hints} of {len(exercise.manifest.hint)}, no pass yet"],
            next_command=f"bugkit hint {exercise.id} (or bugkit solution {exercise.id} --give-up)",
        )


def _show_solution(cli: CliContext, exercise: Exercise, solved: Exercise) -> None:
    """The learner's fix beside the reference's, and what there is to learn from it."""
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.table import Table
    from rich.text import Text

    from bugkit.notebook import difference, read
    from bugkit.templates import template

    console = Console(highlight=False)
    shipped = template(solved)
    reference = list(difference(shipped, read(solved.solution), CONTEXT_LINES))
    fixes = [("The reference's fix", reference)]
    if theirs := _their_fix(exercise, shipped):
        fixes.insert(0, ("Your fix", theirs))
    if console.width < BESIDE or len(fixes) == 1:
        for title, lines in fixes:
            console.print(f"{title}\n", _text(lines), sep="", soft_wrap=True)
    else:
        beside = Table.grid(padding=(0, 3, 1, 0))
        beside.add_row(*(title for title, _ in fixes), style="bold")
        beside.add_row(*(_text(lines) for _, lines in fixes))
        console.print(beside)
    notes = "\n\n".join(map(_dated, cli.progress.notes(exercise.id)))
    if notes:
        console.print("\nYour notes\n", Text(notes), sep="\n", soft_wrap=True)
    text, answers = _explanation(solved)
    console.print("", Markdown(text))
    if answers:
        console.print(f"\nAnswers to these questions: bugkit solution {exercise.id} --answers")
    if any(solved.solution_path.glob("test_*.py")):
        console.print(f"The cheapest test, as a cell of your notebook: bugkit solution {exercise.id} --test")
    more = [("Your notes", f"```text\n{notes}\n```")] if notes else []
    more += [("Answers to these questions", answers)] if answers else []
    tell_cell(cli, f"{exercise.id}, the solution", text, reference, more)


def _explanation(solved: Exercise) -> tuple[str, str]:
    """What there is to learn from it, and the answers to its last questions, each "" where there is none."""
    path = solved.solution_path / "explanation.md"
    text, _, answers = (path.read_text(encoding="utf-8") if path.is_file() else "").partition(ANSWERS)
    return text.strip(), answers.strip()


def _show_answers(cli: CliContext, exercise: Exercise, answers: str) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    if not answers:
        raise UsageError(
            f"{exercise.id}: its questions have no answers here", next_command=f"bugkit solution {exercise.id}"
        )
    Console(highlight=False).print(Markdown(answers))
    tell_cell(cli, f"{exercise.id}, answers", answers)


def _insert_tests(exercise: Exercise, solved: Exercise) -> None:
    """Write each bug's test into the learner's notebook; a fresh exercise has one for each."""
    from bugkit.notebook.insert import insert

    tests = sorted(solved.solution_path.glob("test_*.py"))
    if not tests:
        raise UsageError(
            f"{exercise.id}: its cheapest test is told in words",
            evidence=["only fresh exercises have one that can be written into a cell"],
            next_command=f"bugkit solution {exercise.id}",
        )
    try:
        written = [insert(exercise.notebook, path.stem.replace("_", "-"), path.read_text().strip()) for path in tests]
    except (OSError, ValueError, KeyError) as error:
        raise BugkitError(f"{short(exercise.notebook)}: no cell was added", evidence=[str(error)]) from error
    if not any(written):
        click.echo(f"the test is in {short(exercise.notebook)} already")
        return
    click.echo(f"the test is the last code cell of {short(exercise.notebook)}; reload the notebook, and run it")
    click.echo("it fails where the bug is, and passes where it is fixed")


def _their_fix(exercise: Exercise, shipped: Notebook) -> list[tuple[str, str]]:
    """What the learner changed, as far as their file can be read."""
    from bugkit.notebook import difference, read, rebuild

    try:
        return list(difference(shipped, rebuild(shipped, read(exercise.notebook)).notebook, CONTEXT_LINES))
    except BugkitError:
        return []


def _text(lines: Iterable[tuple[str, str]]) -> Text:
    from rich.text import Text

    return Text("\n").join(Text(line, style=STYLES.get(kind, "")) for line, kind in lines)


def _back_up(cli: CliContext, exercise: Exercise) -> Path | None:
    if not exercise.notebook.is_file():
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    backup = cli.workspace / ".bugkit" / "backups" / f"{exercise.id}-{stamp}.ipynb"
    backup.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(exercise.notebook, backup)
    return backup
