"""The files that `bugkit check` writes beside what it shows; none of them keeps the verdict from being shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bugkit.errors import BugkitError

if TYPE_CHECKING:
    from bugkit.verdict import Verdict

C = TypeVar("C", bound=Callable[..., Any])


def options(command: C) -> C:
    """``--html`` and ``--junit``."""
    for name, what in (("--junit", "Write JUnit XML, too."), ("--html", "Write the verdict as a page, too.")):
        kind = click.Path(path_type=Path)
        command = click.option(name, type=kind, metavar="FILE", callback=_spare_notebooks, help=what)(command)
    return command


def write(
    verdicts: Sequence[Verdict],
    unread: Mapping[str, str],
    *,
    html: Path | None = None,
    junit: Path | None = None,
    cell: Path | None = None,
) -> int:
    """Each file whole or not at all. The exit code: 0, or 2 when one could not be written, which is told on stderr.

    ``unread`` are the exercises whose notebook could not be judged, with the reason.
    """
    from bugkit.notebook.files import write_whole

    code = 0
    for path, text in _texts(verdicts, unread, html, junit, cell):
        try:
            write_whole(path, text)
        except (OSError, ValueError) as error:
            told = _not_written(path, error)
            click.echo(str(told), err=True)
            code = told.exit_code
    return code


def _texts(
    verdicts: Sequence[Verdict], unread: Mapping[str, str], html: Path | None, junit: Path | None, cell: Path | None
) -> Iterator[tuple[Path, str]]:
    if html:
        from bugkit.report.html import page

        yield html, page(*verdicts)
    if junit:
        from bugkit.report.junit import junit as document

        yield junit, document(verdicts, unread)
    if cell:
        from bugkit.report.html import fragment

        yield cell, "".join(map(fragment, verdicts))


def _not_written(path: Path, error: Exception) -> BugkitError:
    why = error.strerror if isinstance(error, OSError) else str(error)
    evidence = [f"{why or error}", "the verdict stands"]
    following = "the same command with another FILE"
    return BugkitError(f"{path}: the report was not written", evidence=evidence, next_command=following)


def _spare_notebooks(_: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """A slip of the fingers must not put a report in the place of somebody's work."""
    if path is not None and path.suffix == ".ipynb":
        raise click.BadParameter(f"{path} is a notebook, and would be written over", param=option)
    return path
