"""The files that `bugkit check` writes beside what it shows; none of them keeps the verdict from being shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bugkit.cli.context import force_option
from bugkit.errors import BugkitError, UsageError

if TYPE_CHECKING:
    from bugkit.verdict import Verdict

C = TypeVar("C", bound=Callable[..., Any])
Report = Callable[[Sequence["Verdict"], Mapping[str, str]], str]


def options(command: C) -> C:
    """An option for each report, and one to write over anything."""
    command = force_option(command)
    for name, (what, _) in reversed(REPORTS.items()):
        kind, flag = click.Path(path_type=Path), f"--{name.replace('_', '-')}"
        command = click.option(flag, type=kind, metavar="FILE", callback=_spare_notebooks, help=what)(command)
    return command


def write(
    verdicts: Sequence[Verdict],
    unread: Mapping[str, str],
    wished: Mapping[str, Path],
    *,
    force: bool = False,
    cell: Path | None = None,
    brief: Sequence[Verdict] | None = None,
) -> int:
    """Each file whole or not at all. The exit code: 0, or 2 when one could not be written, which is told on stderr.

    ``unread`` are the exercises whose notebook could not be judged, with the reason; ``wished`` are files by report.
    What a learner reads, a page and a notebook's cell, shows the ``brief`` verdicts, where there are any.
    """
    from bugkit.notebook.files import write_ours

    code = 0
    files = [(path, REPORTS[name][1]) for name, path in wished.items()]
    for path, report in [*files, (cell, _cell)] if cell else files:
        try:
            chosen = brief if brief is not None and report in (_page, _cell) else verdicts
            write_ours(path, report(chosen, unread), force=force or path == cell)
        except (OSError, ValueError, UsageError) as error:
            told = _not_written(path, error)
            click.echo(str(told), err=True)
            code = told.exit_code
    return code


def _page(verdicts: Sequence[Verdict], _unread: Mapping[str, str]) -> str:
    from bugkit.report.html import page

    return page(*verdicts)


def _junit(verdicts: Sequence[Verdict], unread: Mapping[str, str]) -> str:
    from bugkit.report.junit import junit

    return junit(verdicts, unread)


def _markdown(verdicts: Sequence[Verdict], unread: Mapping[str, str]) -> str:
    from bugkit.report.github import markdown

    return markdown(verdicts, unread)


def _classroom(verdicts: Sequence[Verdict], unread: Mapping[str, str]) -> str:
    from bugkit.report.github import classroom

    return classroom(verdicts, unread)


def _cell(verdicts: Sequence[Verdict], _unread: Mapping[str, str]) -> str:
    from bugkit.report.html import fragment

    return "".join(map(fragment, verdicts))


REPORTS: dict[str, tuple[str, Report]] = {
    "html": ("Write the verdict as a page, too.", _page),
    "junit": ("Write JUnit XML, too.", _junit),
    "markdown": ("Write Markdown, too: the summary of a workflow on GitHub, say.", _markdown),
    "github_classroom": ("Write the result that GitHub Classroom's reporter reads, too.", _classroom),
}


def _not_written(path: Path, error: Exception) -> BugkitError:
    what, following = f"{path}: the report was not written", "the same command with another FILE"
    if isinstance(error, UsageError):
        return BugkitError(what, evidence=[*error.evidence, "the verdict stands"], next_command=error.next_command)
    why = error.strerror if isinstance(error, OSError) else str(error)
    return BugkitError(what, evidence=[f"{why or error}", "the verdict stands"], next_command=following)


def _spare_notebooks(_: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """A slip of the fingers must not put a report in the place of somebody's work."""
    if path is not None and path.suffix == ".ipynb":
        raise click.BadParameter(f"{path} is a notebook, and would be written over", param=option)
    return path
