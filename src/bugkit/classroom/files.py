"""What was handed in, as files: from a folder, from a zip file, from zip files in either. Nothing is unpacked."""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from bugkit.errors import UsageError
from bugkit.notebook.files import open_regular
from bugkit.notebook.read import MAX_BYTES

NOTEBOOK, ZIP = ".ipynb", ".zip"
MOST_BYTES = MAX_BYTES  # of one file, unpacked
MOST_ZIPPED = 50 << 20  # of a zip file in another
MOST_MEMBERS = 200_000  # of all zip files
OPEN = 4  # zip files at a time
PLAIN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # of which a few bytes cannot become gigabytes at one stroke
DEEPEST = 2  # zip files in each other
COPIES = ("__MACOSX", ".ipynb_checkpoints")  # what other programs leave beside a notebook
HANDED_IN = "timestamp.txt"  # beside the notebooks: what nbgrader writes when an assignment is handed in
ZONE = re.compile(r" [A-Za-z_/]+$")
EMPTY = "(an empty folder)"
UNKNOWN_YEAR = 1980  # what is written into a zip file for want of a time
EARLIEST = "1980-01-01T00:00:00+00:00"  # where a zip file gives no time that there is


@dataclass(frozen=True)
class File:
    """One notebook file that was handed in. ``content`` is read when it is wanted."""

    place: PurePosixPath  # below the folder of submissions; a zip file counts as a folder
    at: str  # when it was handed in, where nbgrader tells, else when it was last changed; UTC, ISO 8601
    source: Path
    members: tuple[int, ...] = ()  # its number in the zip file ``source``, and in a zip file in that
    below: Path | None = None  # the folder of submissions, in which anything may be exchanged for a link meanwhile

    @property
    def content(self) -> bytes:
        """Its bytes. Whatever is wrong with anybody's zip file is raised as some Exception."""
        if not self.members:
            return _regular(self.source, self.below)
        archive = _archive(self.source, self.members[:-1], self.below)
        return _member(archive, archive.infolist()[self.members[-1]])


@dataclass
class SubmittedFiles:
    """All that lies in a place: nothing in it is left unsaid."""

    notebooks: list[File] = field(default_factory=list)
    unread: list[tuple[PurePosixPath, str]] = field(default_factory=list)  # each with the reason
    others: list[PurePosixPath] = field(default_factory=list)  # files that are no notebooks, and empty folders
    copies: int = 0  # that other programs made of a file
    members: int = 0  # of zip files, those in zip files among them


def files_in(place: Path) -> SubmittedFiles:
    """What was handed in, in a folder, in a zip file, or as one notebook."""
    found = SubmittedFiles()
    if submitted(place).is_dir():
        _look_in_folder(place, found)
    elif place.suffix.lower() == NOTEBOOK:
        _take(File(_named([place.name]), _iso(place), place), found)
    else:
        _look_in_zip(place.resolve(), PurePosixPath(), (), found)
    return found


def submitted(place: Path) -> Path:
    """The place, where submissions may lie in it."""
    if place.is_dir() or (place.is_file() and (place.suffix.lower() == NOTEBOOK or zipfile.is_zipfile(place))):
        return place
    raise UsageError(
        f"{place} {'is neither a folder nor a zip file' if place.exists() else 'does not exist'}",
        evidence=["expected: a folder or a zip file of submissions, or one notebook"],
        next_command="bugkit class grade --help",
    )


def why(error: Exception) -> str:
    """What is wrong with a file, in a few words."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def _look_in_folder(folder: Path, found: SubmittedFiles) -> None:
    def refused(error: OSError) -> None:
        found.unread.append((_named(Path(error.filename).relative_to(folder).parts), why(error)))

    for name, folders, files in os.walk(folder, onerror=refused):
        folders.sort()
        here = Path(name)
        handed_in = _handed_in(here, folder, found) if HANDED_IN in files else None
        if not files and not folders and here != folder:
            found.others.append(_named(here.relative_to(folder).parts) / EMPTY)
        for path in [*(here / one for one in folders if (here / one).is_symlink()), *(here / one for one in files)]:
            place = _named(path.relative_to(folder).parts)
            if path.name == HANDED_IN:
                continue
            if path.is_symlink() and not _is_copy(place):  # it may lead anywhere on the instructor's machine
                found.unread.append((place, "it is a symbolic link"))
            elif path.suffix.lower() == ZIP and not _is_copy(place):
                _look_in_zip(path, place.with_name(path.stem), (), found, folder)
            else:
                _take(File(place, handed_in or _iso(path), path, below=folder), found)
    found.notebooks.sort(key=lambda file: file.place)


def _look_in_zip(
    path: Path, place: PurePosixPath, members: tuple[int, ...], found: SubmittedFiles, below: Path | None = None
) -> None:
    """List a zip file, or one in it; ``place`` is the folder that it counts as."""
    try:
        infos = _archive(path, members, below).infolist()
        found.members += len(infos)
        if found.members > MOST_MEMBERS:
            raise OSError(f"with it, zip files hold {found.members} files, more than {MOST_MEMBERS}")
    except Exception as error:  # noqa: BLE001 - anybody's file may make the library raise anything
        named = place.with_name(f"{place.name}{ZIP}") if place.parts else _named([path.name])
        found.unread.append((named, f"it cannot be read as a zip file ({why(error)})"))
        return
    at = _zipped_times(path, place, members, infos, found, below)
    for number, info in enumerate(infos):
        inside, here = _inside(place, info), (*members, number)
        if info.is_dir() or inside.name == HANDED_IN:
            continue
        if stat.S_ISLNK(info.external_attr >> 16):
            found.unread.append((inside, "it is a symbolic link"))
        elif inside.suffix.lower() == ZIP and not _is_copy(inside):
            if len(here) < DEEPEST:
                _look_in_zip(path, inside.with_name(inside.stem), here, found, below)
            else:
                found.unread.append((inside, "it is a zip file in a zip file in a zip file"))
        else:
            _take(File(inside, at.get(inside.parent) or _zipped_at(info), path, here, below), found)


def _inside(place: PurePosixPath, info: zipfile.ZipInfo) -> PurePosixPath:
    return place.joinpath(*_named(info.filename.replace("\\", "/").split("/")).parts)


def _zipped_times(
    path: Path,
    place: PurePosixPath,
    members: tuple[int, ...],
    infos: Sequence[zipfile.ZipInfo],
    found: SubmittedFiles,
    below: Path | None,
) -> dict[PurePosixPath, str]:
    """By folder, when nbgrader says that it was handed in."""
    told = {}
    for number, info in enumerate(infos):
        inside = _inside(place, info)
        stamp = File(inside, "", path, (*members, number), below)
        if inside.name == HANDED_IN and not info.is_dir() and (at := _told_time(stamp, found)):
            told[inside.parent] = at
    return told


def _archive(path: Path, members: tuple[int, ...], below: Path | None) -> zipfile.ZipFile:
    """A zip file, or one in it, opened once for all that is read from it in a row."""
    with open_regular(path, below=below) as file:
        status = os.fstat(file.fileno())
    return _opened(path, (status.st_ino, status.st_size, status.st_mtime_ns), members, below)


@lru_cache(maxsize=OPEN)
def _opened(path: Path, as_it_is: tuple[int, ...], members: tuple[int, ...], below: Path | None) -> zipfile.ZipFile:
    if not members:
        return _Archive(open_regular(path, below=below))
    outer = _opened(path, as_it_is, members[:-1], below)
    return zipfile.ZipFile(io.BytesIO(_member(outer, outer.infolist()[members[-1]], MOST_ZIPPED)))


class _Archive(zipfile.ZipFile):
    """A zip file that closes its file when nobody remembers it any more."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        try:
            super().__init__(file)
        except BaseException:
            file.close()
            raise

    def close(self) -> None:
        super().close()
        self._file.close()


def _take(file: File, found: SubmittedFiles) -> None:
    """A file that can be opened: a notebook, or not."""
    if _is_copy(file.place):
        found.copies += 1
    elif file.place.suffix.lower() != NOTEBOOK:
        if NOTEBOOK in file.place.name.lower():  # as browsers save one
            found.unread.append((file.place, f"its name does not end in {NOTEBOOK}"))
        else:
            found.others.append(file.place)
    elif any(part.startswith(".") for part in file.place.parts):
        found.unread.append((file.place, "it is hidden, or in a hidden folder"))
    else:
        found.notebooks.append(file)


def _is_copy(place: PurePosixPath) -> bool:
    return any(part in COPIES for part in place.parts) or place.name.startswith("._")


def _named(parts: Sequence[str]) -> PurePosixPath:
    """A place that is only a name: it leads nowhere else, and any database and screen can hold it."""
    plain = (part.encode("utf-8", "backslashreplace").decode().replace("\0", "") for part in parts)
    return PurePosixPath(*(part for part in plain if part.strip("/") not in ("", ".", "..")))


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int | None = None) -> bytes:
    if info.compress_type not in PLAIN:
        raise OSError("it is packed otherwise than zip files usually are (expected: stored or deflated)")
    with archive.open(info) as file:
        return _all_of(file, most or MOST_BYTES)


def _regular(path: Path, below: Path | None) -> bytes:
    with open_regular(path, below=below) as file:
        return _all_of(file, MOST_BYTES)


def _all_of(file: IO[bytes], most: int) -> bytes:
    """What is in it; what a directory says of its size may be a lie."""
    content = file.read(most + 1)
    if len(content) > most:
        raise OSError(f"it is larger than {most >> 20} MiB")
    return content


def _handed_in(here: Path, folder: Path, found: SubmittedFiles) -> str | None:
    place = _named((here / HANDED_IN).relative_to(folder).parts)
    return _told_time(File(place, "", here / HANDED_IN, below=folder), found)


def _told_time(file: File, found: SubmittedFiles) -> str | None:
    """The time in nbgrader's file; where it tells none, that is said."""
    try:
        return nbgraders_time(file.content.decode())
    except Exception:  # noqa: BLE001 - anybody's zip file may make the library raise anything
        found.unread.append((file.place, "it tells no time; for its notebooks, when they were last saved is taken"))
        return None


def nbgraders_time(text: str) -> str:
    """UTC, ISO 8601; else ValueError. A zone that is a word, or none, is UTC: so nbgrader reads what it has written."""
    at = datetime.fromisoformat(ZONE.sub("", text.strip()))
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="seconds")


def _iso(path: Path) -> str:
    try:
        return datetime.fromtimestamp(path.lstat().st_mtime, UTC).isoformat(timespec="seconds")
    except (OSError, OverflowError, ValueError):
        return EARLIEST


def _zipped_at(info: zipfile.ZipInfo) -> str:
    try:
        at = datetime(*info.date_time)  # without a zone: most likely of here
        return at.astimezone(UTC).isoformat(timespec="seconds") if at.year > UNKNOWN_YEAR else EARLIEST
    except (ValueError, OverflowError):  # month 0, say
        return EARLIEST
