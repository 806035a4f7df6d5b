"""A folder for the time of one grading; those of gradings that were killed go with the next one."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

import psutil

PREFIX = "bugkit-class-"
NAME = re.compile(rf"{PREFIX}(\d+)-.*")  # whose it is, by the number of the process


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A new one, to be used in a ``with`` or cleaned up."""
    _sweep(Path(tempfile.gettempdir()))
    return tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-")


def _sweep(folder: Path) -> None:
    """Remove what processes of ours have left that are no more."""
    for path in folder.glob(f"{PREFIX}*"):
        named = NAME.fullmatch(path.name)
        if named and not psutil.pid_exists(int(named[1])) and path.lstat().st_uid == os.getuid():
            shutil.rmtree(path, ignore_errors=True)
