"""At which level of what was handed in the people's folders lie."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import PurePosixPath

from bugkit.classroom.ownership import by_server, one_named, owner_of

NOBODYS = re.compile(r"submitted|submissions|assignment_\d+_export", re.IGNORECASE)  # a folder around all the people's

SEVERAL = 3  # folders with a notebook of one name; two may be somebody's first and second try


def around(
    places: Collection[PurePosixPath],
    exercises: Collection[str] = (),
    is_person: Callable[[str], bool] = lambda _: False,
) -> int | None:
    """How many folders lie around all the people's; None where it may be one person's folder or everybody's.

    It is told by the level at which names differ: by names that are nobody's or a course server's, by who is known,
    and by folders that have a notebook of one name, where they are too many to be one person's.
    """
    shared = _shared(places)
    names = next(iter(places)).parts[:shared] if shared else ()
    nobodys = [number for number, name in enumerate(names, start=1) if NOBODYS.fullmatch(name)]
    if nobodys:
        return nobodys[-1]
    if not shared or any(by_server(name) or is_person(name) for name in names):
        return 0
    below = [PurePosixPath(*place.parts[shared:]) for place in places]
    first = {place.parts[0] for place in below}
    if any(map(is_person, first)) or (len(first) > 1 and all(map(by_server, first))):
        return shared
    return _by_names(below, first, exercises, shared)


def _shared(places: Collection[PurePosixPath]) -> int:
    """How many folders all of them lie in."""
    shared = 0
    while len({place.parts[: shared + 1] for place in places}) == 1 and all(len(p.parts) > shared + 1 for p in places):
        shared += 1
    return shared


def _by_names(
    below: Collection[PurePosixPath], first: Collection[str], exercises: Collection[str], shared: int
) -> int | None:
    """Where no name tells: folders of one person for their exercises, or folders of several with the same files."""
    if all(len(place.parts) == 1 for place in below):  # files beside each other
        told = {owner_of(place, exercises).name for place in below}
        return None if len(told) > 1 and "" not in told and len(told) == len(below) else 0
    named = [one_named(name, exercises) for name in first]
    if len(first) == 1 or (all(named) and len(set(named)) == len(named)):
        return 0
    files = {(place.parts[0], place.name) for place in below if len(place.parts) > 1}
    often = Counter(name for _, name in files)
    return shared if max(often.values()) >= SEVERAL else None
