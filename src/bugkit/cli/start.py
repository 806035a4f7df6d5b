"""`bugkit start`: the exercise, opened in JupyterLab; `bugkit stop`: what stays warm, ended."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import click

from bugkit.cli.context import CliContext, exercise_argument, pass_cli, remember_opened, short
from bugkit.errors import UsageError


@click.command()
@exercise_argument(required=False)
@pass_cli
def start(cli: CliContext, ex: str | None) -> int:
    """Open an exercise in JupyterLab; by default the next one. Ctrl-C ends it."""
    exercise = cli.require_exercise(ex)
    if importlib.util.find_spec("jupyterlab") is None:
        raise UsageError(
            "JupyterLab is not installed here",
            evidence=[f"any other editor of notebooks will do: {short(exercise.notebook)}"],
            next_command="pip install -c constraints.txt '.[lab]'",
        )
    remember_opened(cli, exercise)
    click.echo(f"opening {short(exercise.notebook)} in JupyterLab; Ctrl-C ends it")
    root = f"--ServerApp.root_dir={cli.catalog.root}"  # or it would show the one exercise's folder only
    return subprocess.call([sys.executable, "-m", "jupyterlab", root, str(exercise.notebook)])


@click.command()
def stop() -> None:
    """End what a check left warm for the next one; it ends by itself after ten minutes."""
    from bugkit.resident.client import stop as stop_all

    ended = stop_all()
    click.echo(f"{ended} ended" if ended else "nothing was waiting")
