"""Whose file it is, from where it lies: nbgrader's folders, the names that course servers give, or plain names."""

from __future__ import annotations

import re
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
COPY = re.compile(r"(-copy\d*| ?\(\d+\)|-\d+| copy)$", re.IGNORECASE)  # "toy07-Copy1", "toy07 (1)", Canvas' "toy07-2"
EDGES = " -_."


def person_of(place: PurePosixPath, exercises: list[str]) -> str:
    """The person, by the first folder, or for a file in no folder by its name without the exercise; "" for nobody."""
    first = place.parts[0] if len(place.parts) > 1 else place.stem
    for server in SERVERS:
        match = server.fullmatch(first)
        if match:
            return match["person"].strip()
    if len(place.parts) > 1:
        return first
    words = re.split(r"([ _.-]+)", COPY.sub("", first))
    return "".join(word for word in words if word.lower() not in exercises).strip(EDGES)


def exercise_named(place: PurePosixPath, exercises: list[str]) -> str | None:
    """The one exercise that a file's name, or for want of that its folders', speaks of."""
    for part in (place.stem, *reversed(place.parts[:-1])):
        named = {one for one in exercises if re.search(rf"(?<![a-z0-9]){re.escape(one)}(?![0-9])", part.lower())}
        if len(named) == 1:
            return named.pop()
    return None


def is_copy(place: PurePosixPath) -> bool:
    """Whether the name looks like that of a second copy."""
    return bool(COPY.search(place.stem))
