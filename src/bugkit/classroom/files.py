"""What was handed in, as files: from a folder, from a zip file, from zip files in either. Nothing is unpacked."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from bugkit.errors import UsageError

NOTEBOOK = ".ipynb"
MOST_BYTES = 50 << 20  # of one file, unpacked
MOST_MEMBERS = 200_000  # of a zip file
MOST_NESTED = 100  # notebooks of a zip file in a zip file: each is looked for in the whole of it
DEEPEST = 2  # zip files in each other
COPIES = ("__MACOSX", ".ipynb_checkpoints")  # what other programs leave beside a notebook
HANDED_IN = "timestamp.txt"  # beside the notebooks: what nbgrader writes when an assignment is handed in
EARLIEST = "1980-01-01T00:00:00+00:00"  # where a zip file gives no time that there is


@dataclass(frozen=True)
class File:
    """One notebook file that was handed in. ``content`` is read when it is wanted."""

    place: PurePosixPath  # below the folder of submissions; a zip file counts as a folder
    at: str  # when it was handed in, where nbgrader tells, else when it was last changed; UTC, ISO 8601
    source: Path
    members: tuple[int, ...] = ()  # its number in the zip file ``source``, and in a zip file in that

    @property
    def content(self) -> bytes:
        """Its bytes. Whatever is wrong with a stranger's zip file is raised as some Exception."""
        if not self.members:
            return _regular(self.source)
        archive: Path | io.BytesIO = self.source
        for number in self.members:
            with zipfile.ZipFile(archive) as opened:
                archive = io.BytesIO(_member(opened, opened.infolist()[number]))
        assert isinstance(archive, io.BytesIO)
        return archive.getvalue()


@dataclass
class Found:
    """All that lies in a place: nothing in it is left unsaid."""

    notebooks: list[File] = field(default_factory=list)
    unread: list[tuple[PurePosixPath, str]] = field(default_factory=list)  # each with the reason
    others: int = 0  # files that are no notebooks, and copies that programs made of one


def files_in(place: Path) -> Found:
    """What was handed in, in a folder or a zip file."""
    found = Found()
    if place.is_dir():
        _look_in_folder(place, found)
    elif place.exists():
        _look_in_zip(place, PurePosixPath(), (), found)
    else:
        raise UsageError(f"{place} does not exist", evidence=["wanted: a folder, or a zip file, of submissions"])
    return found


def why(error: Exception) -> str:
    """What is wrong with a file, in a few words."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def _look_in_folder(folder: Path, found: Found) -> None:
    def refused(error: OSError) -> None:
        found.unread.append((_named(Path(error.filename).relative_to(folder).parts), why(error)))

    for name, folders, files in os.walk(folder, onerror=refused):
        folders.sort()
        here = Path(name)
        handed_in = _nbgraders(here / HANDED_IN) if HANDED_IN in files else None
        for path in [*(here / one for one in folders if (here / one).is_symlink()), *(here / one for one in files)]:
            place = _named(path.relative_to(folder).parts)
            if path.is_symlink() and not _is_copy(place):  # it may lead anywhere on the instructor's machine
                found.unread.append((place, "it is a symbolic link"))
            elif path.suffix.lower() == ".zip" and not _is_copy(place):
                _look_in_zip(path, place.with_name(path.stem), (), found)
            else:
                _take(File(place, handed_in or _iso(path), path), found)
    found.notebooks.sort(key=lambda file: file.place)


def _look_in_zip(path: Path, place: PurePosixPath, members: tuple[int, ...], found: Found) -> None:
    """List a zip file, or one in it; ``place`` is the folder that it counts as."""
    try:
        listed = _listed(path, members)
    except Exception as error:  # noqa: BLE001 - a stranger's file may make the library raise anything
        found.unread.append(
            (place if place.parts else _named([path.name]), f"it cannot be read as a zip file ({why(error)})")
        )
        return
    notebooks = 0
    for number, info in listed:
        inside = place.joinpath(*_named(info.filename.replace("\\", "/").split("/")).parts)
        here = (*members, number)
        notebooks += inside.suffix.lower() == NOTEBOOK
        if stat.S_ISLNK(info.external_attr >> 16):
            found.unread.append((inside, "it is a symbolic link"))
        elif inside.suffix.lower() == ".zip" and not _is_copy(inside):
            if len(here) < DEEPEST:
                _look_in_zip(path, inside.with_name(inside.stem), here, found)
            else:
                found.unread.append((inside, "it is a zip file in a zip file in a zip file"))
        elif members and notebooks > MOST_NESTED:
            found.unread.append((inside, f"its zip file, which is in another, has more than {MOST_NESTED} notebooks"))
        else:
            _take(File(inside, _zipped_at(info), path, here), found)


def _listed(path: Path, members: Sequence[int]) -> list[tuple[int, zipfile.ZipInfo]]:
    """The files of a zip file, or of one in it, each with its number."""
    archive: Path | io.BytesIO = path
    if not stat.S_ISREG(path.stat().st_mode):  # opening a named pipe would wait for a writer
        raise OSError("it is not a regular file")
    for number in members:
        with zipfile.ZipFile(archive) as outer:
            archive = io.BytesIO(_member(outer, outer.infolist()[number]))
    with zipfile.ZipFile(archive) as inner:
        infos = inner.infolist()
    if len(infos) > MOST_MEMBERS:
        raise OSError(f"it holds {len(infos)} files, more than {MOST_MEMBERS}")
    return [(number, info) for number, info in enumerate(infos) if not info.is_dir()]


def _take(file: File, found: Found) -> None:
    """A file that can be opened: a notebook, or not."""
    if file.place.suffix.lower() != NOTEBOOK or _is_copy(file.place):
        found.others += 1
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


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as file:
        content = file.read(MOST_BYTES + 1)  # what the directory says of its size may be a lie
    if len(content) > MOST_BYTES:
        raise OSError(f"it is larger than {MOST_BYTES >> 20} MiB")
    return content


def _regular(path: Path) -> bytes:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is not a regular file")
    if status.st_size > MOST_BYTES:
        raise OSError(f"it is larger than {MOST_BYTES >> 20} MiB")
    return path.read_bytes()


def _nbgraders(path: Path) -> str | None:
    """The time in nbgrader's file, in the form that is nbgrader's default; None where it is in another."""
    try:
        at = datetime.fromisoformat(_regular(path).decode().strip().replace(" UTC", "+00:00"))
        return at.astimezone(UTC).isoformat(timespec="seconds") if at.tzinfo else None
    except (OSError, OverflowError, ValueError):
        return None


def _iso(path: Path) -> str:
    try:
        return datetime.fromtimestamp(path.lstat().st_mtime, UTC).isoformat(timespec="seconds")
    except (OSError, OverflowError, ValueError):
        return EARLIEST


def _zipped_at(info: zipfile.ZipInfo) -> str:
    try:
        return datetime(*info.date_time, tzinfo=UTC).isoformat(timespec="seconds")
    except ValueError:  # month 0, say
        return EARLIEST
