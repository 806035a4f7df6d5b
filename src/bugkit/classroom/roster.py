"""Rosters, as course servers export them or as people write them: read by their headers, whatever the order."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bugkit.classroom.identity import Person
from bugkit.classroom.ownership import name_of, one_named
from bugkit.errors import UsageError

WANTED = "expected: a CSV file or a text in UTF-8 or UTF-16, with a name at the start of each line or a header"
KNOWN = {  # what a column holds, by its header without case
    "name": {"name", "names", "student", "student name", "full name", "learner", "person", "display name"},
    "first": {"first name", "firstname", "first", "given name", "forename"},
    "last": {"last name", "lastname", "last", "surname", "family name"},
    "email": {"email", "e-mail", "email address", "e-mail address", "mail"},
    "number": {"student id", "student_id", "student number", "sid", "sis user id", "id number", "number"},
    "login": {"login", "login id", "sis login id", "username", "user name", "user", "user id", "id"},
    "server": {"identifier", "canvas id"},
    "section": {"section", "sections", "group", "groups"},
}
ALONE = {*KNOWN["name"], *KNOWN["email"], *KNOWN["login"], "student_id", "student id"}  # a header of one column
CANVAS = {"sis user id", "sis login id"}  # beside these "ID" is the server's own number
BLACKBOARD = {"last access", "availability"}
MOODLE = {"identifier", "id number", "email address"}
PARTICIPANT = re.compile(r"^Participant (\d+)$")  # Moodle's, in "Identifier"
POINTS = re.compile(r"Total Pts: ([\d.]+)")  # Blackboard's, in a column's header
POINTS_ROW = "points possible"  # Canvas' second row
NOBODY = {"student, test", "test student"}  # Canvas', for trying things
DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Roster:
    """What a roster tells: people, and the columns that it has for exercises, to be written into again."""

    people: tuple[Person, ...]
    system: str = "csv"  # canvas, moodle, blackboard or csv
    headers: tuple[str, ...] = ()  # of the columns that tell who somebody is
    columns: Mapping[str, tuple[str, float | None]] = field(default_factory=dict)  # by exercise: header and points


def read_roster(path: Path, exercises: Collection[str] = ()) -> Roster:
    """The roster in a file; UsageError says what is wrong with it, and in which line."""
    rows = _rows(path)
    head = next((row for row in rows.values()), [])
    known = _known(head)
    if not known:
        return Roster(tuple(_plain(number, row, path) for number, row in rows.items()))
    lines = list(rows.items())[1:]
    headers = [head[column] for column in sorted(known.values())]
    people = tuple(_people(lines, head, known, path))
    system = _system({header.casefold() for header in head})
    others = [column for column in range(len(head)) if column not in known.values()]
    return Roster(people, system, tuple(headers), dict(_assignments(head, others, lines, exercises)))


def _rows(path: Path) -> dict[int, list[str]]:
    """The rows by their numbers, without empty ones and comments."""
    try:
        content = path.read_bytes()
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: the roster cannot be read", evidence=[str(error), WANTED]) from None
    stripped = {number: [cell.strip() for cell in row] for number, row in enumerate(rows, start=1)}
    return {number: row for number, row in stripped.items() if any(row) and not row[0].startswith("#")}


def _delimiter(text: str) -> str:
    """The sign that parts the first line into most cells."""
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    return max(DELIMITERS, key=lambda sign: len(next(csv.reader([first], delimiter=sign), [])))


def _known(head: Sequence[str]) -> dict[str, int]:
    """Which column holds what; nothing where the first row is no header."""
    folded = [cell.casefold() for cell in head]
    if len(folded) == 1 and folded[0] not in ALONE:  # a list of names may begin with Sid
        return {}
    known: dict[str, int] = {}
    for column, cell in enumerate(folded):
        what = next((what for what, names in KNOWN.items() if cell in names), None)
        if cell == "id" and CANVAS & {*folded}:
            what = "server"
        if what and what not in known:
            known[what] = column
    return known


def _people(
    lines: Sequence[tuple[int, list[str]]], head: Sequence[str], known: Mapping[str, int], path: Path
) -> Iterator[Person]:
    for number, row in lines:
        cells = {what: row[column] if column < len(row) else "" for what, column in known.items()}
        if any(cells.values()) and not _is_nobody(cells):
            columns = {head[column]: row[column] if column < len(row) else "" for column in known.values()}
            yield _person(number, cells, columns, path)


def _is_nobody(cells: Mapping[str, str]) -> bool:
    name = cells.get("name", "").casefold()
    return name.startswith(POINTS_ROW) or (name in NOBODY and not cells.get("number"))


def _person(number: int, cells: Mapping[str, str], columns: Mapping[str, str], path: Path) -> Person:
    whole = " ".join(filter(None, (cells.get("first", ""), cells.get("last", ""))))
    login, email, told_number = (cells.get(what, "") for what in ("login", "email", "number"))
    server = PARTICIPANT.sub(r"\1", cells.get("server", ""))
    name = whole or _given_first(cells.get("name", "")) or login or email or told_number
    return Person(
        id=_name(login or name, number, path),
        name=_name(name, number, path),
        email=email,
        number=told_number,
        login=login,
        server=server,
        section=cells.get("section", ""),
        columns=columns,
    )


def _plain(number: int, row: Sequence[str], path: Path) -> Person:
    """A row without a header above: the name, and an address where one is there."""
    name = _name(_given_first(row[0]), number, path)
    return Person(name, name, email=next((cell for cell in row[1:] if "@" in cell), ""))


def _given_first(name: str) -> str:
    """``Lovelace, Ada`` as she is called."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma and first.strip() else name


def _name(text: str, number: int, path: Path) -> str:
    if name := name_of(text):
        return name
    raise UsageError(f"{path}, line {number}: this is no name", evidence=[f"found: {text[:200]!r}", WANTED])


def _system(head: set[str]) -> str:
    if CANVAS & head:
        return "canvas"
    if BLACKBOARD & head:
        return "blackboard"
    return "moodle" if MOODLE & head else "csv"


def _assignments(
    head: Sequence[str], others: Sequence[int], lines: Sequence[tuple[int, list[str]]], exercises: Collection[str]
) -> Iterator[tuple[str, tuple[str, float | None]]]:
    """The columns whose header names one exercise, with the points that can be had for it."""
    points_row = next((row for _, row in lines if any(cell.casefold().startswith(POINTS_ROW) for cell in row)), [])
    for column in others:
        if exercise := one_named(head[column], exercises):
            told = POINTS.search(head[column])
            above = points_row[column] if column < len(points_row) else ""
            yield exercise, (head[column], _number(told[1] if told else above))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
