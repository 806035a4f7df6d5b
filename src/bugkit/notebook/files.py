"""Writing files: whole or not at all, and over none of somebody else's. Opening other people's files."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from pathlib import Path
from typing import Any, BinaryIO

from bugkit.errors import UsageError

# O_NONBLOCK: opening a named pipe must not wait for a writer
READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
FOLDER = READ | getattr(os, "O_DIRECTORY", 0)
MARK, MARKUP = b"bugkit", b"<"  # every page begins alike; bugkit's have its name somewhere


def write_whole(path: Path, content: str | bytes) -> None:
    """Write to a new file beside ``path`` and move it there, text as UTF-8; a missing folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        beside.write_bytes(_bytes(content))
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_notebook(path: Path, document: Any) -> None:
    """`write_whole` of a notebook's JSON, laid out as Jupyter does."""
    write_whole(path, json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def write_ours(path: Path, content: str | bytes, *, force: bool = False) -> None:
    """`write_whole` at a place that somebody named; UsageError where something lies there that bugkit did not write."""
    if not force and path.is_file() and not _is_ours(path.read_bytes(), _bytes(content)):
        evidence = [
            "found: a file that bugkit did not write",
            "expected: a new file, or one of this command",
        ]
        following = "the same command with another FILE, or with --force"
        raise UsageError(f"{path} would be written over", evidence=evidence, next_command=following)
    write_whole(path, content)


def _is_ours(old: bytes, new: bytes) -> bool:
    """Whether the same command wrote what is there: it begins as the new file does, but for numbers."""
    if not old.strip():
        return True
    if (keys := _keys(new)) is not None:
        return _keys(old) == keys
    first, there = (re.sub(rb"\d+", b"0", text.partition(b"\n")[0].strip()) for text in (new, old))
    return first == there and (MARK in old or not first.startswith(MARKUP))


def _keys(text: bytes) -> set[str] | None:
    """The keys of a JSON object; None where it is something else."""
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return set(document) if isinstance(document, dict) else None


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def open_regular(path: Path, *, below: Path | None = None) -> BinaryIO:
    """A regular file, as it is at this moment; OSError where it is something else, or a link.

    ``below`` is a folder whose contents others may exchange meanwhile: nothing on the way down from there may be a
    link either. A hard link is a file like any other: whoever can make one can read the file.
    """
    descriptor = _descriptor(path, below)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise (
            IsADirectoryError(errno.EISDIR, "is a directory")
            if stat.S_ISDIR(mode)
            else NotRegularError(errno.EINVAL, "it is not a regular file")
        )
    return os.fdopen(descriptor, "rb")


class NotRegularError(OSError):
    """A named pipe, a socket or a device."""


def _descriptor(path: Path, below: Path | None) -> int:
    if below is None or os.open not in os.supports_dir_fd:
        return os.open(path, READ)
    *folders, name = path.relative_to(below).parts
    here = os.open(below, os.O_RDONLY)
    try:
        for folder in folders:
            inside = os.open(folder, FOLDER, dir_fd=here)
            os.close(here)
            here = inside
        return os.open(name, READ, dir_fd=here)
    finally:
        os.close(here)
