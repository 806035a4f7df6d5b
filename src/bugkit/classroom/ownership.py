"""Whose file it is, from where it lies: nbgrader's folders, the names that course servers give, or plain names."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath

# Each is matched with the first part of a place: a folder's name, or a flat file's without its ending.
SERVERS = (
    # Moodle: "Ada Lovelace_1234567_assignsubmission_file_"; the number is of this one assignment
    re.compile(r"(?P<person>.+)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?.*"),
    # Blackboard: "Homework 3_ada_attempt_2026-03-01-10-00-00_toy07"
    re.compile(r".+_(?P<person>[^_]+)_attempt_(?P<at>\d{4}(?:-\d\d){5}).*"),
    # Canvas: "lovelaceada_LATE_1234_5678_toy07", the first number is the person's
    re.compile(r"(?P<person>[^_]+)(?:_LATE)?_(?P<own>\d+)_\d+_.+"),
    # Gradescope: "submission_123456789"
    re.compile(r"(?P<person>submission_\d+)"),
)
COPY = re.compile(r"(-copy\d*| ?\(\d+\)|-\d+| copy)$", re.IGNORECASE)  # "toy07-Copy1", "toy07 (1)", Canvas' "toy07-2"
EDGES = " -_."
LONGEST = 200  # letters of a name
JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class Owner:
    """Whose a file is, as far as its place tells; "" for nobody."""

    name: str
    id: str = ""  # the course server's number, which tells two people of one name apart
    lasting: bool = False  # whether it is the person's own in the next assignment, too
    at: str = ""  # when it was handed in, UTC, ISO 8601


def inner(place: PurePosixPath, folders: int) -> PurePosixPath:
    """A place without so many folders around it."""
    return PurePosixPath(*place.parts[folders:])


def owner_of(place: PurePosixPath, exercises: Collection[str]) -> Owner:
    """The owner, by the first folder, or for a file in no folder by its name without the exercise.

    Nobody, where a file in somebody's folder bears a server's name for somebody else.
    """
    alone = len(place.parts) == 1
    first = place.stem if alone else place.parts[0]
    owner = by_server(first)
    if owner is None and not alone:
        second = by_server(place.stem if len(place.parts) == 2 else place.parts[1])
        owner = replace(second or Owner(first), name=first if second is None or second.name == first else "")
    elif owner is None:
        words = re.split(r"([ _.-]+)", COPY.sub("", first))
        owner = Owner("".join(word for word in words if word.lower() not in exercises).strip(EDGES))
    return replace(owner, name=name_of(owner.name))


def is_somebodys(place: PurePosixPath) -> bool:
    """Whether a file that is no notebook tells of somebody who handed it in: by its folder, or by a server's name."""
    hidden = any(part.startswith(".") for part in place.parts)
    return not hidden and (len(place.parts) > 1 or by_server(place.stem) is not None)


def namesakes(owners: Iterable[Owner]) -> set[str]:
    """The names that several people have, by their numbers."""
    ids: dict[str, set[str]] = defaultdict(set)
    for owner in owners:
        if owner.id:
            ids[owner.name].add(owner.id)
    return {name for name, theirs in ids.items() if len(theirs) > 1}


def name_of(text: str) -> str:
    """A person's name, the same for what looks the same: macOS takes letters and their accents apart.

    "" where it can be nobody's: it is too long, or holds what cannot be seen.
    """
    name = unicodedata.normalize("NFC", text).strip()
    return name if len(name) <= LONGEST and all(map(_shows, name)) else ""


def exercise_named(place: PurePosixPath, exercises: Collection[str]) -> str | None:
    """The one exercise that a file's name, or for want of that its folders', speaks of."""
    named = (one_named(part, exercises) for part in (place.stem, *reversed(place.parts[:-1])))
    return next(filter(None, named), None)


def one_named(text: str, exercises: Collection[str]) -> str | None:
    """The one exercise that a text names by its id; None for none or several."""
    named = {one for one in exercises if re.search(rf"(?<![a-z0-9]){re.escape(one)}(?![0-9])", text.lower())}
    return named.pop() if len(named) == 1 else None


def told_apart(owner: Owner, same: Collection[str]) -> str:
    """The name, with the number where several people have it."""
    return name_of(f"{owner.name} ({owner.id})") if owner.name in same and owner.id else owner.name


def by_server(name: str) -> Owner | None:
    """The person whom a course server names; None where it is none's way to name."""
    for server in SERVERS:
        match = server.fullmatch(name)
        if match:
            told = match.groupdict()
            own = told.get("own", "")
            return Owner(told["person"].strip(), own or told.get("id", ""), bool(own), _utc(told.get("at", "")))
    return None


def _utc(told: str) -> str:
    """A server's local time, taken for the time here; "" for none."""
    try:
        return datetime.strptime(told, "%Y-%m-%d-%H-%M-%S").astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return ""


def _shows(letter: str) -> bool:
    """Whether it can be seen, or is a joiner that some scripts write names with: others would make two names of one."""
    return unicodedata.category(letter)[0] != "C" or letter in JOINERS
