"""`bugkit init` and `bugkit update`: a workspace of the learner's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from bugkit import workspace
from bugkit.cli.context import CliContext, pass_cli, short
from bugkit.errors import BugkitError
from bugkit.exercise import Exercise
from bugkit.exercise.catalog import installed


@click.command()
@click.argument("folder", default="bugkit-exercises", type=click.Path(path_type=Path), metavar="[DIR]")
@pass_cli
def init(cli: CliContext, folder: Path) -> None:
    """Make a workspace: the exercises, for you to change. By default in bugkit-exercises."""
    catalog = cli.catalog if cli.given else installed()
    try:
        workspace.create(folder, catalog)
    except OSError as error:
        raise _failed(folder, error) from error
    first = catalog.exercises[0]
    click.echo(f"{len(catalog.exercises)} exercises are in {short(folder.absolute())}")
    click.echo(f"next: cd {folder} && bugkit start {first.id}")


@click.command()
@pass_cli
def update(cli: CliContext) -> None:
    """Bring new and fixed exercises into this workspace; your work and your progress stay."""
    folder = cli.workspace
    try:
        changes = workspace.update(folder, installed())
    except OSError as error:
        raise _failed(folder, error) from error
    counts = Counter(change.what for change in changes)
    click.echo(f"{counts['added']} files added, {counts['replaced']} replaced, {counts['kept']} kept")
    for change in changes:
        if change.what == "kept":
            click.echo(f"  kept, since it is yours by now: {change.path}")
    for exercise in _with_kept_notebook(cli, changes):
        names = workspace.renamed(installed(), exercise, exercise.notebook)
        if names:
            new = ", ".join(f"{old} is {name} now" for old, name in names.items())
            click.echo(f"  other names in the code of {exercise.id}: {new}; yours may keep the old ones")
        click.echo(f"  to start {exercise.id} over, with a backup of yours: bugkit reset {exercise.id}")


def _with_kept_notebook(cli: CliContext, changes: Sequence[workspace.Change]) -> list[Exercise]:
    kept = {change.path for change in changes if change.what == "kept"}
    return [e for e in cli.catalog if f"exercises/{e.folder}/{e.notebook.name}" in kept]


def _failed(folder: Path, error: OSError) -> BugkitError:
    return BugkitError(f"{folder}: the workspace could not be written", evidence=[str(error)])
