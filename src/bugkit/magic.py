"""The ``%bugkit`` magic: the command, run on the notebook in which it stands."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from html import escape
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bugkit import MAGIC
from bugkit.errors import NotebookError
from bugkit.exercise.catalog import FOLDER
from bugkit.notebook import not_as_run, read
from bugkit.report.sanitize import sanitize

ON_THIS_NOTEBOOK = ("check", "hint", "note", "solution")
USAGE = "usage: %bugkit check [EX], hint [EX], solution [EX], next, or any other bugkit command"
NO_FILE = "bugkit cannot tell which notebook this is; name the exercise, as in: %bugkit {command} EX"
COLAB_SECONDS = 10  # for the page to hand over its notebook
COLORS = ("FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "TTY_INTERACTIVE")  # kernels ask their children for them

Bundle = dict[str, str]  # the same by media type; every front end shows the richest that it can


def register(shell: Any) -> None:
    """Give an IPython shell the line magic ``%bugkit``; a second time changes nothing."""
    named = ""  # the exercise that was named last, for a notebook that cannot be told

    def bugkit(line: str) -> None:
        """Judge this notebook, or get help with it: the bugkit command, run on the notebook in which it stands.

        %bugkit check             judge the notebook as it is saved
        %bugkit check --explain   name what holds and what does not; counts like a hint
        %bugkit hint              the next hint
        %bugkit note "..."        keep what you think it is
        %bugkit solution          what was wrong, after a pass; --answers for its last questions
        %bugkit next              what to do next

        Where bugkit cannot tell which notebook this is, name the exercise once, as in %bugkit check EX.
        """
        nonlocal named
        on_it = any(command in line for command in ON_THIS_NOTEBOOK)  # or Colab's page would be asked for nothing
        named = named_in(line) or named
        shell.display_pub.publish(answer(line, notebook_of(shell) if on_it else None, ran_in(shell), named=named))

    shell.register_magic_function(bugkit, magic_kind="line", magic_name=MAGIC)


def notebook_of(shell: Any) -> Path | None:
    """The file of the running notebook, as Jupyter and VS Code tell it to the kernel; from Colab a copy."""
    for told in (os.environ.get("JPY_SESSION_NAME"), shell.user_ns.get("__vsc_ipynb_file__")):
        if isinstance(told, str) and told.endswith(".ipynb") and Path(told).is_file():
            return Path(told).resolve()
    return _handed_over_by_colab() if "google.colab" in sys.modules else None


def _handed_over_by_colab() -> Path | None:
    """What Colab's page shows now, in a file: the kernel's machine has none. None where the page does not answer."""
    message = import_module("google.colab._message")
    try:
        told = message.blocking_request("get_ipynb", request="", timeout_sec=COLAB_SECONDS)
    except message.MessageError:
        return None
    if not told:  # in time
        return None
    document = told["ipynb"]
    title = document["metadata"].get("colab", {}).get("name", "").removeprefix("Copy of ")
    path = Path(_colab_folder().name, Path(title).name or "notebook").with_suffix(".ipynb")
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@cache
def _colab_folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="bugkit-colab-")  # which goes with the kernel


def ran_in(shell: Any) -> list[str]:
    """The sources that the kernel ran, as they were typed."""
    history = getattr(getattr(shell, "history_manager", None), "input_hist_raw", None) or shell.user_ns.get("In")
    return [source for source in history if isinstance(source, str)] if isinstance(history, list) else []


def named_in(line: str) -> str:
    """The exercise that a line names; "" where it names none."""
    command, *rest = line.split() or [""]
    names = [word for word in rest[:1] if command in ON_THIS_NOTEBOOK and FOLDER.match(f"{word}_x")]
    return names[0] if names else ""


def answer(
    line: str, notebook: Path | None, ran: Sequence[str] = (), *, folder: Path | None = None, named: str = ""
) -> Bundle:
    """What the command says, and below it what it says on the side; above it what is to be known of the file.

    ``folder`` is where the command is run, if not here; ``named`` is the exercise that was named before.
    """
    try:
        words = _words(line, notebook, named)
    except ValueError as error:
        return {"text/plain": str(error)}
    about = list(_about_the_file(words, notebook, ran))
    text, notes, html = _run(words, folder)
    bundle = {"text/plain": "\n".join(part for part in (*about, text, notes) if part)}
    if html:
        above = "".join(f"<p>{escape(sentence)}</p>\n" for sentence in about)
        bundle["text/html"] = above + html + (f"<pre>{escape(notes)}</pre>\n" if notes else "")
    return bundle


def _run(words: Sequence[str], folder: Path | None) -> tuple[str, str, str]:
    """Both streams and the HTML, from a process of its own: the kernel's state cannot change the verdict."""
    plain = {name: value for name, value in os.environ.items() if name not in COLORS}
    with TemporaryDirectory(prefix="bugkit-") as scratch:
        cell = Path(scratch) / "cell.html"
        result = subprocess.run(
            [sys.executable, "-m", "bugkit", "--cell", str(cell), *words],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env={**plain, "PYTHONIOENCODING": "utf-8"},
            check=False,
        )
        html = cell.read_text(encoding="utf-8") if cell.is_file() else ""
    return result.stdout.rstrip("\n"), result.stderr.rstrip("\n"), html


def _words(line: str, notebook: Path | None, named: str) -> list[str]:
    """The command's words, with this notebook where none is named; ValueError says what cannot be understood."""
    try:
        command, *rest = shlex.split(line) or [""]
    except ValueError as error:
        raise ValueError(f"{error}\n{USAGE}") from error
    if command in ("", "next"):
        return rest
    if command not in ON_THIS_NOTEBOOK or "--all" in rest:
        return [command, *rest]
    is_named = bool(named_in(line)) if command == "note" else any(not word.startswith("-") for word in rest)
    if notebook is None:
        if not is_named and not named:
            raise ValueError(NO_FILE.format(command=command))
        return [command, *rest] if is_named else [command, named, *rest]
    return _with_path(command, rest, notebook, is_named=is_named)


def _with_path(command: str, rest: list[str], notebook: Path, *, is_named: bool) -> list[str]:
    """The notebook's path names its exercise too."""
    if not is_named:
        return [command, str(notebook), *rest]
    judges_it = command == "check" and not any(word.endswith(".ipynb") for word in rest)
    return [command, *rest, str(notebook)] if judges_it else [command, *rest]


def _about_the_file(words: Sequence[str], notebook: Path | None, ran: Sequence[str]) -> Iterator[str]:
    """When the judged file was saved, and whether it is what was run here."""
    if notebook is None or words[:1] != ["check"] or str(notebook) not in words:
        return
    at = datetime.fromtimestamp(notebook.stat().st_mtime).astimezone()
    yield f"judging {notebook.name} as saved at {at:%H:%M:%S}"
    try:
        names = [sanitize(name, 40) for name in not_as_run(read(notebook), ran)]
    except NotebookError:  # which the command itself tells
        return
    if len(names) == 1:
        yield f"The cell {names[0]} is not saved as you last ran it; the saved file was judged."
    elif names:
        yield f"The cells {', '.join(names)} are not saved as you last ran them; the saved file was judged."
