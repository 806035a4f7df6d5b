"""What every command works with: the catalog, the workspace and the learner's progress."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bugkit.errors import BugkitError, UsageError
from bugkit.exercise import Catalog, Exercise
from bugkit.exercise.catalog import INTERVIEW_CODE, home, locate
from bugkit.fresh.shelf import code_named
from bugkit.progress import Progress, ProgressError
from bugkit.report.sanitize import sanitize

if TYPE_CHECKING:
    from bugkit.progress.coach import Advice

FORMAT = 1
LONGEST = 2000  # letters of a note
C = TypeVar("C", bound=Callable[..., Any])


@dataclass(frozen=True)
class CliContext:
    """Found when first asked for, so that ``--help`` works anywhere."""

    given: tuple[Path, ...] = ()  # --catalog
    cell: Path | None = None  # --cell: what is shown goes to this file too, as HTML for a notebook's cell

    @cached_property
    def catalog(self) -> Catalog:
        """The catalogs given, else the one around the current folder, else the installed one."""
        return locate(Path.cwd(), self.given)

    @cached_property
    def workspace(self) -> Path:
        """Where ``.bugkit`` lies: the catalog's root when one is inside it and may write, else here."""
        return home(self.catalog, Path.cwd())

    @cached_property
    def progress(self) -> Progress:
        """The progress of this workspace."""
        return Progress.of_workspace(self.workspace)

    def exercise(self, name: str) -> Exercise:
        """By id, unique prefix, or the path of its notebook; UsageError names those that are near."""
        if INTERVIEW_CODE.fullmatch(Path(name).stem):
            raise UsageError(f"{Path(name).stem} belongs to an interview", next_command="bugkit interview check")
        is_known = Path(name).stem in [exercise.id for exercise in self.catalog]
        if not is_known and (code := code_named(self.workspace, name)):
            from bugkit.fresh.desk import restored

            return restored(code, self.workspace)
        if not name.endswith(".ipynb"):
            return self.catalog.find(name)
        folders = {exercise.folder: exercise for exercise in self.catalog}
        path = Path(name).absolute()
        return folders.get(path.parent.name) or self.catalog.find(path.stem)

    def some(self, names: Sequence[str]) -> tuple[Exercise, ...]:
        """The exercises named, all of them for no name."""
        return tuple(self.exercise(name) for name in names) or self.catalog.exercises

    def next(self) -> Exercise | None:
        """The exercise whose turn it is."""
        first = next(self.advice(), None)
        return first.exercise if first else None

    def advice(self) -> Iterator[Advice]:
        """What to do, the most urgent first."""
        from bugkit.fresh.evidence import matrix
        from bugkit.progress.coach import advice

        return advice(self.catalog, self.progress.events(), datetime.now(UTC), matrix().kinds())

    def require_exercise(self, name: str | None) -> Exercise:
        """The exercise named, or the next one; UsageError where all are passed."""
        found = self.exercise(name) if name else self.next()
        if found is None:
            raise UsageError("every exercise here is passed", next_command="bugkit check --all")
        return found


pass_cli = click.make_pass_decorator(CliContext)


def _completed(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[Any]:
    """Ids that begin so, with their titles; for want of a catalog none."""
    from click.shell_completion import CompletionItem

    try:
        headings = [(one.id, one.heading.title) for one in locate(Path.cwd())]
    except BugkitError:
        return []
    return [CompletionItem(name, help=title) for name, title in headings if name.startswith(incomplete)]


def exercise_argument(*, required: bool = True) -> Callable[[C], C]:
    """``EX``: an exercise by its id, which shells complete."""
    return click.argument("ex", required=required, shell_complete=_completed)


def json_option(command: C) -> C:
    """``--json``, which errors follow too."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


def force_option(command: C) -> C:
    """``--force``, of commands that write where they are told to."""
    return click.option("--force", is_flag=True, help="Write over a file that bugkit did not write.")(command)


def say_json(document: object) -> None:
    """One JSON text on stdout, in UTF-8 whatever the names of files are, and without signs that a terminal obeys."""
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    plain = (c if c.isprintable() or c in "\n" else json.dumps(c)[1:-1] for c in text)
    click.echo("".join(plain))


def tell_cell(
    cli: CliContext,
    title: str,
    markdown: str,
    difference: Sequence[tuple[str, str]] = (),
    more: Sequence[tuple[str, str]] = (),
) -> None:
    """The same for a notebook's cell, where one asks for it; when that fails, the text has been told all the same.

    ``more`` are headings with Markdown, which a click opens.
    """
    if cli.cell is not None:
        from bugkit.notebook.files import write_whole
        from bugkit.report.html import told

        try:
            write_whole(cli.cell, told(title, markdown, difference, more))
        except OSError as error:
            note(f"{cli.cell}: not written ({error.strerror})")


def remember_opened(cli: CliContext, exercise: Exercise) -> None:
    """The time at work begins now."""
    try:
        cli.progress.open(exercise.id)
    except ProgressError as error:
        note(error)


def note(sentence: object) -> None:
    """Something beside the result, on stderr."""
    click.echo(f"note: {sanitize(str(sentence), LONGEST)}", err=True)


def as_document(error: BugkitError) -> dict[str, Any]:
    """An error's three parts for programs."""
    return {"what": error.what, "evidence": list(error.evidence), "next": error.next_command}


def short(path: Path) -> str:
    """A path as one would type it here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
