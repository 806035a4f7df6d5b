"""What was handed in, as files: from a folder, from a zip file, from zip files in a folder. Nothing is unpacked."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from bugkit.errors import UsageError

MOST_BYTES = 50 << 20  # of one file, unpacked
MOST_FILES = 200_000
UNSEEN = ("__MACOSX",)  # what other systems leave in zip files


@dataclass(frozen=True)
class File:
    """One file that was handed in. ``content`` is read when it is wanted."""

    place: PurePosixPath  # below the folder of submissions; a zip file counts as a folder
    at: str  # when it was last changed, UTC, ISO 8601
    source: Path
    member: str | None = None  # of the zip file ``source``

    @property
    def content(self) -> bytes:
        """Its bytes; OSError or zipfile.BadZipFile where they cannot be had."""
        if self.member is None:
            return _regular(self.source)
        with zipfile.ZipFile(self.source) as archive, archive.open(self.member) as file:
            content = file.read(MOST_BYTES + 1)  # what the directory says of its size may be a lie
        if len(content) > MOST_BYTES:
            raise OSError(f"it is larger than {MOST_BYTES >> 20} MiB")
        return content


def files_in(place: Path) -> tuple[list[File], list[tuple[PurePosixPath, str]]]:
    """All files of a folder or a zip file, and what could not be read, each with the reason."""
    if not place.exists():
        raise UsageError(f"{place} does not exist", evidence=["wanted: a folder, or a zip file, of submissions"])
    unread: list[tuple[PurePosixPath, str]] = []
    found = list(_in_folder(place, unread) if place.is_dir() else _in_zip(place, PurePosixPath(), unread))
    if len(found) > MOST_FILES:
        raise UsageError(f"{place} holds {len(found)} files", evidence=[f"wanted: at most {MOST_FILES} at once"])
    return found, unread


def _in_folder(folder: Path, unread: list[tuple[PurePosixPath, str]]) -> Iterator[File]:
    for path in sorted(folder.rglob("*")):
        place = PurePosixPath(path.relative_to(folder).as_posix())
        if _hidden(place) or path.is_dir():
            continue
        if path.is_symlink():  # it may lead anywhere on the instructor's machine
            unread.append((place, "it is a symbolic link"))
        elif path.suffix.lower() == ".zip":
            yield from _in_zip(path, place.with_suffix(""), unread)
        else:
            yield File(place, _iso(path.stat().st_mtime), path)


def _in_zip(path: Path, place: PurePosixPath, unread: list[tuple[PurePosixPath, str]]) -> Iterator[File]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
    except (OSError, zipfile.BadZipFile) as error:
        unread.append((place.with_suffix(".zip"), f"it is no zip file ({error})"))
        return
    for info in members:
        inside = PurePosixPath(info.filename.replace("\\", "/"))
        if not _hidden(inside):
            # the name is only a name: nothing is ever written under it
            parts = [part for part in inside.parts if part not in ("..", "/", ".")]
            yield File(place.joinpath(*parts), datetime(*info.date_time, tzinfo=UTC).isoformat(), path, info.filename)


def _hidden(place: PurePosixPath) -> bool:
    return any(part in UNSEEN or part.startswith(".") for part in place.parts)


def _regular(path: Path) -> bytes:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is not a regular file")
    if status.st_size > MOST_BYTES:
        raise OSError(f"it is larger than {MOST_BYTES >> 20} MiB")
    return path.read_bytes()


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
