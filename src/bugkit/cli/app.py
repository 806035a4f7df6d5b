"""The command group, and how errors leave the program."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from bugkit import __version__
from bugkit.cli.desk import FORMAT, Desk, as_document, say_json
from bugkit.errors import BugkitError, Fault, UsageError

INTERRUPTED = 130  # as shells report ctrl-C
REPORT = "BUGKIT_DEBUG=1 bugkit ..., and report what it prints"


COMMANDS = {  # in the order of the help; each module is imported when its command is wanted, so that `list` is quick
    "list": "overview:list_exercises",
    "check": "check:check",
    "start": "start:start",
    "watch": "watch:watch",
    "init": "workspace:init",
    "update": "workspace:update",
    "hint": "learn:hint",
    "solution": "learn:solution",
    "reset": "learn:reset",
    "progress": "overview:progress",
    "box": "box:box",
    "author": "author:author",
    "class": "classroom:classroom",
}


class Commands(click.Group):
    """A group whose commands are imported late, as click's documentation shows."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """All names, in order."""
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """The command, imported now."""
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(import_module(f"bugkit.cli.{module}"), attribute)
        return command


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--catalog", type=click.Path(path_type=Path), metavar="DIR", help="A folder with exercises/ in it.")
@click.option("--cell", type=click.Path(path_type=Path), hidden=True)  # the magic's: where a cell wants its HTML
@click.version_option(__version__, prog_name="bugkit", message="%(prog)s %(version)s")
@click.pass_context
def bugkit(context: click.Context, catalog: Path | None, cell: Path | None) -> None:
    """Notebooks whose model runs but does not learn: find the bug, fix it, and have the fix judged.

    Without a command: where you are, and what is next.
    """
    context.obj = Desk(catalog, cell)
    if context.invoked_subcommand is None:
        from bugkit.cli import overview

        overview.here(context.obj)


def main() -> None:
    """The ``bugkit`` command: run it and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """The exit code: 0 passed, 1 failed or error, 2 wrong use or a bad manifest, 3 a fault of bugkit."""
    as_json = "--json" in arguments
    try:
        return int(bugkit.main(list(arguments), prog_name="bugkit", standalone_mode=False) or 0)
    except BugkitError as error:
        return _tell(error, as_json=as_json)
    except click.UsageError as error:
        help_command = f"{error.ctx.command_path} --help" if error.ctx else "bugkit --help"
        return _tell(UsageError(error.format_message(), next_command=help_command), as_json=as_json)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:  # `bugkit list | head`: the reader had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - whatever it is, it is ours, and no learner's
        return _tell(_fault(error), as_json=as_json)


def _tell(error: BugkitError, *, as_json: bool) -> int:
    if as_json:
        say_json({"format": FORMAT, "error": as_document(error)})
    else:
        click.echo(str(error), err=True)
    return error.exit_code


def _fault(error: Exception) -> Fault:
    if os.environ.get("BUGKIT_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    return Fault("bugkit itself failed", evidence=[f"{type(error).__name__}: {error}"], next_command=REPORT)
