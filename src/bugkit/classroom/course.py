"""``course.toml``: what a course is made of, and by when it is to be handed in."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from bugkit.errors import ManifestError
from bugkit.exercise.catalog import INSTALLED
from bugkit.exercise.manifest import Record, Text, load

FILE = "course.toml"
Share = Annotated[float, Field(ge=0, le=1)]
DAY = timedelta(days=1)


class Late(Record):
    """``[late]``: what is taken off a score; nothing by default."""

    grace_minutes: Annotated[int, Field(ge=0)] = 0
    a_day: Share = 0.0  # of the score, for each day that has begun
    at_most: Share = 1.0

    def taken_off(self, late: timedelta) -> float:
        """The share of the score that a work loses which is so late."""
        late -= timedelta(minutes=self.grace_minutes)
        return min(self.a_day * math.ceil(late / DAY), self.at_most) if late > timedelta() else 0.0


class Extension(Record):
    """``[[extension]]``: more time for one person."""

    person: Text
    exercise: Text
    due: datetime
    reason: str = ""


class Course(Record):
    """All of it. Times without a zone are those of this machine."""

    name: str = ""
    catalogs: list[Text] = Field(default_factory=list)
    exercises: list[Text] = Field(default_factory=list)
    gradebook: Text | None = None
    roster: Text | None = None
    due: dict[str, datetime] = Field(default_factory=dict)
    late: Late = Late()
    extension: list[Extension] = Field(default_factory=list)

    def due_for(self, exercise: str, words: Iterable[str]) -> datetime | None:
        """When an exercise is due for somebody of whom these words tell: their id, number, address and name."""
        told = {word.casefold() for word in words}
        more = [one.due for one in self.extension if one.exercise == exercise and one.person.casefold() in told]
        due = more[-1] if more else self.due.get(exercise)
        return None if due is None else due.astimezone(UTC)


def read_course(path: Path | None) -> Course:
    """The course of a file, or an empty one; places in it are taken from where it lies. ManifestError says more."""
    if path is None:
        return Course()
    course = load(path, Course)
    here = path.absolute().parent
    places = {name: str(here / place) for name in ("gradebook", "roster") if (place := _plain(getattr(course, name)))}
    catalogs = [one if one == INSTALLED else str(here / one) for one in course.catalogs]
    return course.model_copy(update={"catalogs": catalogs, **places})


def as_kept(course: Course) -> Any:
    """What a gradebook remembers of it, as JSON."""
    return course.model_dump(mode="json", include={"name", "due", "late", "extension"})


def from_kept(kept: Any) -> Course:
    """What ``as_kept`` gave; an empty course for anything else."""
    try:
        return Course.model_validate_json(json.dumps(kept or {}))
    except ValidationError:
        return Course()


def refuse_unknown(course: Course, known: Iterable[str], path: Path) -> None:
    """ManifestError where it speaks of an exercise that is not there."""
    ids = set(known)
    named = [*course.exercises, *course.due, *(one.exercise for one in course.extension)]
    for name in named:
        if name not in ids:
            evidence = [f"known: {', '.join(sorted(ids))}"]
            raise ManifestError(f"{path}: there is no exercise {name!r} in its catalogs", evidence=evidence)


def _plain(place: str | None) -> str | None:
    """A file's place; a URL stays as it is."""
    return None if place is None or "://" in place else place
