"""Which exercise a notebook is of: by its content, else by its metadata, else by its name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from bugkit.classroom.ownership import exercise_named
from bugkit.notebook import Notebook

# Share of an exercise's cells that stand unchanged in a notebook which is one of it. Measured: of the 809 programs that
# the exercises' evidence rests on each has 0.74 or more of its own, and of two exercises' notebooks one has at most
# 0.59 of the other's. Of a notebook with fewer, what else there is of it tells.
ALIKE = 0.65
AHEAD = 0.15  # by so much more than of any other exercise
SHORT = 1 << 20  # bytes: who asks for more of a broken file
KEY = "bugkit"  # of the notebook's metadata, as `release` writes it


@dataclass(frozen=True)
class Match:
    """The exercise, None for none; and how it was known where that needs a word."""

    exercise: str | None
    note: str = ""


def match(place: PurePosixPath, content: bytes, notebook: Notebook | None, known: Mapping[str, Notebook]) -> Match:
    """Match one file with the exercises that were released; ``notebook`` is None where it cannot be read."""
    named = exercise_named(place, list(known))
    told = _told(notebook.metadata if notebook else _metadata(content))
    by_content = _most_alike(notebook, known) if notebook else None
    if by_content:
        wrong = [word for word, one in (("name", named), ("metadata", told)) if one and one != by_content]
        return Match(by_content, f"its {' and '.join(wrong)} said otherwise, its cells tell" if wrong else "")
    if told in known:
        return Match(told, "known by its metadata; its cells are not the exercise's")
    if named:
        return Match(named, "known by its name; its cells are not the exercise's" if notebook else "known by its name")
    return Match(None, "neither its cells, nor its metadata, nor its name are of an exercise that was given out")


def _most_alike(notebook: Notebook, known: Mapping[str, Notebook]) -> str | None:
    theirs = set(_texts(notebook))
    shares = sorted(((_share(theirs, template), name) for name, template in known.items()), reverse=True)
    (best, name), (second, _) = (*shares, (0.0, ""), (0.0, ""))[:2]
    return name if best >= ALIKE and best - second >= AHEAD else None


def _share(theirs: set[str], template: Notebook) -> float:
    ours = _texts_of(template)
    return sum(text in theirs for text in ours) / len(ours)


@cache
def _texts_of(template: Notebook) -> tuple[str, ...]:
    """Those of an exercise, which every notebook of the class is compared with."""
    return tuple(_texts(template))


def _texts(notebook: Notebook) -> Iterator[str]:
    """Every cell's words; blanks and the ends of lines may be changed by any editor."""
    return (text for cell in notebook.cells if (text := " ".join(cell.source.split())))


def _told(metadata: Any) -> str | None:
    """What the notebook's metadata say, which any tool may have removed and anybody may have written."""
    try:
        told = metadata[KEY]["exercise"]
    except (LookupError, TypeError):
        return None
    return told if isinstance(told, str) else None


def _metadata(content: bytes) -> Any:
    """Those of a file that is no notebook otherwise."""
    try:
        return json.loads(content)["metadata"] if len(content) < SHORT else None
    except (ValueError, LookupError, TypeError, RecursionError, MemoryError):
        return None


def one_of(copies: Sequence[tuple[PurePosixPath, str]]) -> int:
    """Which of several notebooks of one person for one exercise counts: the last saved one. Places and times."""
    return max(range(len(copies)), key=lambda number: (copies[number][1], str(copies[number][0])))
