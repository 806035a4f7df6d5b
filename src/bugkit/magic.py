"""The ``%bugkit`` magic: the command, run on the notebook in which it stands."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

ON_THIS_NOTEBOOK = ("check", "hint", "solution")
USAGE = "usage: %bugkit check [EX], %bugkit hint [EX], %bugkit solution [EX], or any other bugkit command"
NO_FILE = "bugkit cannot tell which notebook this is; name the exercise, as in: %bugkit {command} EX"


def register(shell: Any) -> None:
    """Give an IPython shell the line magic ``%bugkit``."""

    def bugkit(line: str) -> None:
        shell.display_pub.publish({"text/plain": answer(line, notebook_of(shell))})

    shell.register_magic_function(bugkit, magic_kind="line", magic_name="bugkit")


def notebook_of(shell: Any) -> Path | None:
    """The file of the running notebook, as Jupyter and VS Code tell it to the kernel."""
    for told in (os.environ.get("JPY_SESSION_NAME"), shell.user_ns.get("__vsc_ipynb_file__")):
        if isinstance(told, str) and told.endswith(".ipynb") and Path(told).is_file():
            return Path(told).resolve()
    return None


def answer(line: str, notebook: Path | None) -> str:
    """What the command printed. It runs in a process of its own: the kernel's state cannot change the verdict."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        return f"{error}\n{USAGE}"
    if words and words[0] in ON_THIS_NOTEBOOK:
        command, *rest = words
        named = [word for word in rest if not word.startswith("-")]
        if not named and notebook is None:
            return NO_FILE.format(command=command)
        if notebook is not None:
            # the notebook's path names its exercise too
            words = _with_path(command, rest, notebook, named=bool(named))
    result = subprocess.run(
        [sys.executable, "-m", "bugkit", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    return _saved(words, notebook) + result.stdout.rstrip("\n")


def _with_path(command: str, rest: list[str], notebook: Path, *, named: bool) -> list[str]:
    if not named:
        return [command, str(notebook), *rest]
    judges_it = command == "check" and not any(word.endswith(".ipynb") for word in rest)
    return [command, *rest, str(notebook)] if judges_it else [command, *rest]


def _saved(words: list[str], notebook: Path | None) -> str:
    """When the judged file was saved: edits that are not saved yet are not in it."""
    if notebook is None or words[:1] != ["check"]:
        return ""
    at = datetime.fromtimestamp(notebook.stat().st_mtime).astimezone()
    return f"judging {notebook.name} as saved at {at:%H:%M:%S}\n"
