"""Help with one exercise: `bugkit hint`, `bugkit solution`, `bugkit reset`."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bugkit.cli.context import FORMAT, CliContext, json_option, note, pass_cli, say_json, short, tell_cell
from bugkit.errors import BugkitError, UsageError
from bugkit.exercise import Exercise
from bugkit.progress import ProgressError, Summary

if TYPE_CHECKING:
    from rich.text import Text

    from bugkit.notebook import Notebook

COLUMNS = 80
BESIDE = 110  # columns from which on two fixes fit beside each other
CONTEXT_LINES = 2  # around each change of a solution
STYLES = {"cell": "bold", "-": "red", "+": "green"}


@click.command()
@click.argument("ex")
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


@click.command()
@click.argument("ex")
@click.option("--give-up", is_flag=True, help="Show it although the exercise is not passed.")
@pass_cli
def solution(cli: CliContext, ex: str, *, give_up: bool) -> None:
    """What was wrong and why, once the exercise is passed."""
    exercise = cli.exercise(ex)
    solved = _with_solution(exercise)
    _refuse_too_early(exercise, cli.progress.of(exercise.id), give_up=give_up)
    if give_up and cli.progress.state(exercise.id) != "passed":
        try:
            cli.progress.give_up(exercise.id)
        except ProgressError as error:
            note(error)
    _show_solution(cli, exercise, solved)


@click.command()
@click.argument("ex")
@pass_cli
def reset(cli: CliContext, ex: str) -> None:
    """Begin again: your notebook is kept as a backup, and the first one is put back."""
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
    """The level to show, and whether it was the last and has been shown before."""
    levels = len(exercise.manifest.hint)
    before = cli.progress.hints_shown(exercise.id)
    try:
        level = cli.progress.show_hint(exercise.id, levels)
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
    explanation = solved.solution_path / "explanation.md"
    text = explanation.read_text(encoding="utf-8") if explanation.is_file() else ""
    console.print("", Markdown(text))
    tell_cell(cli, f"{exercise.id}, the solution", text, reference)


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
