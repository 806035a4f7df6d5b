"""Cells through IPython, in order, until one raises; and the learner's exception, told by cell and line."""

from __future__ import annotations

import linecache
import math
import random
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import numpy as np

from bugkit import MAGIC
from bugkit.box.job import Job

MAX_CURVE = 200_000
MAX_MESSAGE = 2_000
MAX_NAME = 200
# Seeding has torch format its caller's stack, for CUDA: what that reads of IPython's files is then kept for all runs.
FIRST_CELL = 'if "torch" in __import__("sys").modules: __import__("torch").manual_seed(0)'


def make_shell() -> Any:
    """A shell without history, colors or files, made once in the warm interpreter: 0 ms in every child."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    real_main = sys.modules["__main__"]
    shell = InteractiveShell.instance(config=config)
    shell.showtraceback = lambda *_a, **_k: None  # exceptions are reported by `blame`
    shell.showsyntaxerror = lambda *_a, **_k: None
    shell.enable_gui = lambda *_a, **_k: None  # `%matplotlib inline` asks for an event loop, which no run has
    shell.exit_now = False
    shell.ask_exit = lambda: setattr(shell, "exit_now", True)
    do_without_bugkit(shell)
    shell.run_cell(FIRST_CELL, store_history=False)
    sys.modules["__main__"] = real_main  # the shell puts its own there, which breaks pickling in this process
    return shell


def do_without_bugkit(shell: Any) -> None:
    """Have ``%bugkit`` do nothing, wherever it stands."""

    def bugkit(_line: str) -> None:
        """It is being judged already."""

    shell.register_magic_function(bugkit, magic_kind="line", magic_name=MAGIC)


def shell() -> Any:
    """The shell of this process."""
    from IPython.core.getipython import get_ipython

    return get_ipython()


def seed_everything(seed: int) -> None:
    """Forked children share their parent's generators; each run starts from its own seed."""
    random.seed(seed)
    np.random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def run(job: Job, on_cell: Callable[[str], None]) -> dict[str, Any]:
    """Run the job's cells; the report has ``status``, ``seconds`` and what was raised, ``error``.

    With the status ok, a cell of the learner's own raised it, after all of the exercise's.
    """
    ip = shell()
    sys.modules["__main__"] = ip.user_module
    seed_everything(job.seed)
    start = time.perf_counter()
    report: dict[str, Any] = {"status": "ok", "error": None}
    for name, source in job.seeded_cells:
        on_cell(name)
        result = ip.run_cell(source, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        if error is None and ip.exit_now:
            error = SystemExit("the notebook ended itself")
        if error is not None and name in job.may_raise and not isinstance(error, SystemExit):
            continue
        if error is not None:
            status = "ok" if name in job.spared else status_of(error)
            report = {"status": status, "error": blame(error, name, job.cells)}
            break
    return {**report, "seconds": time.perf_counter() - start}


def status_of(error: BaseException) -> str:
    """``out_of_memory`` where torch or Python refused to allocate, ``ended_early`` for an exit, else ``raised``."""
    if isinstance(error, SystemExit):
        return "ended_early"
    text = str(error)
    refused = "can't allocate memory" in text or "not enough memory" in text or "Unable to allocate" in text
    return "out_of_memory" if isinstance(error, MemoryError) or refused else "raised"


def blame(error: BaseException, running: str, cells: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The exception as plain data: the deepest of the learner's lines, and the way to it, other frames folded."""
    names = {shell().transform_cell(source).strip(): name for name, source in cells}
    trace = _trace(error.__traceback__, names)
    own = [frame for frame in trace if frame["cell"]]
    line = own[-1]["line"] if own else None
    if isinstance(error, SyntaxError) and not own:
        line = error.lineno
    return {
        "cell": own[-1]["cell"] if own else running,
        "line": line,
        "type": _text(type(error).__name__)[:MAX_NAME],
        "message": _message(error),
        "trace": trace,
    }


def _trace(tb: TracebackType | None, names: dict[str, str]) -> list[dict[str, Any]]:
    """The learner's frames, with runs of others folded to one entry without a cell."""
    out: list[dict[str, Any]] = []
    for frame in traceback.extract_tb(tb):
        source = "".join(linecache.getlines(frame.filename)).strip()
        if cell := names.get(source):
            out.append({"cell": cell, "line": frame.lineno, "text": _text(frame.line or "")})
        elif out:  # frames before the first of the learner's are IPython's own
            place = frame.filename.replace("\\", "/").split("site-packages/")[-1].split("/")[0]
            if out[-1]["cell"]:
                out.append({"cell": None, "line": None, "text": place})
    return out


def _message(error: BaseException) -> str:
    """The error's own words; its ``str`` may itself be the learner's broken code."""
    try:
        return _text(error.msg if isinstance(error, SyntaxError) else error)
    except Exception as broken:  # noqa: BLE001
        return f"<no message: {type(broken).__name__}>"


def _text(value: object) -> str:
    """As text that can cross: no lone surrogates, and no book."""
    return str(value)[:MAX_MESSAGE].encode("utf-8", "replace").decode()


def curve(namespace: dict[str, Any]) -> np.ndarray[Any, Any]:
    """The losses that the notebook recorded in ``losses``, as floats; what is no number is NaN."""
    losses = namespace.get("losses")
    if losses is None:
        return np.zeros(0)
    try:
        return np.array([_number(x) for x in list(losses)[:MAX_CURVE]])
    except Exception:  # noqa: BLE001 - any object at all may be called `losses`
        return np.zeros(0)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        return math.nan
