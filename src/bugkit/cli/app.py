"""The command group, and how errors leave the program."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from bugkit import __version__
from bugkit.cli.context import FORMAT, CliContext, as_document, say_json
from bugkit.errors import BugkitError, Fault, UsageError

INTERRUPTED = 130  # as shells report ctrl-C
REPORT = "BUGKIT_DEBUG=1 bugkit ..., and report what it prints"


REFUSALS = {  # of the operating system, and what to do
    errno.ENOSPC: "make room on the disk, or set TMPDIR to a folder on another one",
    errno.EDQUOT: "make room within your quota",
    errno.EROFS: "the same in a folder that can be written",
    errno.EACCES: "the same with a file that you may read and write",
    errno.EPERM: "the same with a file that you may read and write",
    errno.ENAMETOOLONG: "the same with a shorter name",
    errno.EMFILE: "allow more open files: ulimit -n",
}
COMMANDS = {  # in the order of the help; each module is imported when its command is wanted, so that `list` is quick
    "list": "overview:list_exercises",
    "check": "check:check",
    "fresh": "fresh:fresh",
    "start": "start:start",
    "watch": "watch:watch",
    "stop": "start:stop",
    "init": "workspace:init",
    "update": "workspace:update",
    "hint": "help:hint",
    "note": "help:note_down",
    "solution": "help:solution",
    "reset": "help:reset",
    "interview": "interview:interview",
    "spot": "spot:spot",
    "quiz": "quiz:quiz",
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
@click.option(
    "--catalog",
    "catalogs",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="DIR",
    help="A folder with exercises/ in it; several together, and 'installed' for the exercises of bugkit.",
)
@click.option("--cell", type=click.Path(path_type=Path), hidden=True)  # the magic's: where a cell wants its HTML
@click.version_option(__version__, prog_name="bugkit", message="%(prog)s %(version)s")
@click.pass_context
def bugkit(context: click.Context, catalogs: tuple[Path, ...], cell: Path | None) -> None:
    """Notebooks whose model runs but does not learn: find the bug, fix it, and have the fix judged.

    Without a command: where you are, and what is next.
    """
    context.obj = CliContext(catalogs, cell)
    if context.invoked_subcommand is None:
        from bugkit.cli import overview

        overview.here(context.obj)


def main() -> None:
    """The ``bugkit`` command: run it and exit with its code."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # numpy's, of a check that met infinities: the report tells what there is
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """The exit code: 0 passed, 1 failed or error, 2 wrong use or a bad manifest, 3 a fault of bugkit."""
    try:
        _refuse_to_be_nowhere()
        return int(bugkit.main(list(arguments), prog_name="bugkit", standalone_mode=False) or 0)
    except BugkitError as error:
        told = error
    except click.UsageError as error:
        help_command = f"{error.ctx.command_path} --help" if error.ctx else "bugkit --help"
        told = UsageError(error.format_message(), next_command=help_command)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:  # `bugkit list | head`: the reader had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        told = _refused(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is ours, and no learner's
        told = _fault(error)
    return _tell(told, as_json="--json" in arguments)


def _refuse_to_be_nowhere() -> None:
    try:
        Path.cwd()
    except OSError as error:
        what, evidence = "the folder that this is run in is not there any more", [_reason(error)]
        raise UsageError(what, evidence=evidence, next_command="cd to another folder") from None


def _tell(error: BugkitError, *, as_json: bool) -> int:
    if as_json:
        say_json({"format": FORMAT, "error": as_document(error)})
    else:
        click.echo(str(error), err=True)
    return error.exit_code


def _refused(error: OSError) -> BugkitError:
    """What the operating system does not do, such as to write on a full disk; the rest is ours to fix."""
    if error.errno not in REFUSALS:
        return _fault(error)
    where = Path(str(error.filename)) if error.filename is not None else None
    what = f"{where.name[:60] if where else 'a file'} cannot be read or written"
    return UsageError(what, evidence=[_reason(error)], next_command=REFUSALS[error.errno])


def _reason(error: OSError) -> str:
    return f"{error.strerror or error}{f': {str(error.filename)[:200]}' if error.filename is not None else ''}"


def _fault(error: Exception) -> Fault:
    if os.environ.get("BUGKIT_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    return Fault("bugkit itself failed", evidence=[f"{type(error).__name__}: {error}"], next_command=REPORT)
