"""Whose file it is, from where it lies: nbgrader's folders, the names that course servers give, or plain names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from pathlib import PurePosixPath

# Each is matched with the first part of a place: a folder's name, or a flat file's without its ending.
SERVERS = (
    # Moodle: "Ada Lovelace_1234567_assignsubmission_file_"
    re.compile(r"(?P<person>.+)_\d+_assignsubmission_(?:file|onlinetext)_?.*"),
    # Blackboard: "Homework 3_ada_attempt_2026-03-01-10-00-00_toy07"
    re.compile(r".+_(?P<person>[^_]+)_attempt_\d{4}(?:-\d\d){5}.*"),
    # Canvas: "lovelaceada_LATE_1234_5678_toy07"
    re.compile(r"(?P<person>[^_]+)(?:_LATE)?_\d+_\d+_.+"),
    # Gradescope: "submission_123456789"
    re.compile(r"(?P<person>submission_\d+)"),
)
NOBODYS = re.compile(r"submitted|submissions|assignment_\d+_export", re.IGNORECASE)  # a folder around all the people's
COPY = re.compile(r"(-copy\d*| ?\(\d+\)|-\d+| copy)$", re.IGNORECASE)  # "toy07-Copy1", "toy07 (1)", Canvas' "toy07-2"
EDGES = " -_."
LONGEST = 200  # letters of a name
JOINERS = "\u200c\u200d"


def around(places: Collection[PurePosixPath]) -> int:
    """How many folders lie around all the people's: 1 where one does, whose name is nobody's; else 0."""
    first = {place.parts[0] for place in places}
    inner = {place.parts[1] for place in places if len(place.parts) > 1}
    if len(first) != 1 or not all(len(place.parts) > 1 for place in places):
        return 0
    servers = all(_by_server(name) for name in inner) and len({_by_server(name) for name in inner}) > 1
    return int(bool(NOBODYS.fullmatch(first.pop())) or servers)


def person_of(place: PurePosixPath, exercises: Collection[str]) -> str:
    """The person, by the first folder, or for a file in no folder by its name without the exercise.

    "" for nobody, and where a file in somebody's folder bears a server's name for somebody else.
    """
    alone = len(place.parts) == 1
    first = place.stem if alone else place.parts[0]
    person = _by_server(first)
    if not person and not alone:
        second = place.stem if len(place.parts) == 2 else place.parts[1]
        person = first if _by_server(second) in ("", first) else ""
    elif not person:
        words = re.split(r"([ _.-]+)", COPY.sub("", first))
        person = "".join(word for word in words if word.lower() not in exercises).strip(EDGES)
    return name_of(person)


def name_of(text: str) -> str:
    """A person's name, the same for what looks the same: macOS takes letters and their accents apart.

    "" where it can be nobody's: it is too long, or holds what cannot be seen.
    """
    name = unicodedata.normalize("NFC", text).strip()
    return name if len(name) <= LONGEST and all(map(_shows, name)) else ""


def exercise_named(place: PurePosixPath, exercises: Collection[str]) -> str | None:
    """The one exercise that a file's name, or for want of that its folders', speaks of."""
    for part in (place.stem, *reversed(place.parts[:-1])):
        named = {one for one in exercises if re.search(rf"(?<![a-z0-9]){re.escape(one)}(?![0-9])", part.lower())}
        if len(named) == 1:
            return named.pop()
    return None


def _by_server(name: str) -> str:
    """The person whom a course server names; "" where it is none's way to name."""
    for server in SERVERS:
        match = server.fullmatch(name)
        if match:
            return match["person"].strip()
    return ""


def _shows(letter: str) -> bool:
    """Whether it can be seen, or is a joiner that some scripts write names with: others would make two names of one."""
    return unicodedata.category(letter)[0] != "C" or letter in JOINERS
