"""The grades in the words of other systems. Each format is one function from standings to text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from bugkit.classroom.identity import Person
from bugkit.classroom.overview import as_shown
from bugkit.classroom.standing import Standing
from bugkit.exercise import Exercise
from bugkit.report import github, phrases
from bugkit.report.junit import junit as junit_of
from bugkit.report.sanitize import sanitize
from bugkit.verdict import Verdict

FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # what a spreadsheet takes for the start of one, also after blanks
NBGRADER = [
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
]
OURS = [
    *("person", "name", "email", "number", "section", "exercise", "title", "state", "outcome", "score", "notebooks"),
    *("handed_in_at", "due", "late", "graded_at", "reasons", "remarks", "sandbox", "place"),
]
SYSTEMS = {  # what a course server's own table begins with, where no roster of it was given
    "canvas": ("Student", "ID", "SIS User ID", "SIS Login ID", "Section"),
    "moodle": ("First name", "Last name", "ID number", "Email address"),
    "blackboard": ("Last Name", "First Name", "Username", "Student ID"),
}
POSSIBLE = "    Points Possible"  # Canvas' second row


@dataclass(frozen=True)
class Columns:
    """How a course server's table begins, and by exercise a column's header with its points, as a roster told."""

    headers: Sequence[str] = ()
    exercises: Mapping[str, tuple[str, float | None]] = field(default_factory=dict)

    def header(self, exercise: Exercise) -> str:
        """Of an exercise's column."""
        return self.exercises.get(exercise.id, (f"{exercise.id} {exercise.heading.title}", None))[0]

    def points(self, exercise: Exercise, usual: float) -> float:
        """How many there are for it."""
        return self.exercises.get(exercise.id, ("", None))[1] or usual


def to_csv(standings: Iterable[Standing]) -> str:
    """One row for each person and exercise."""
    return _csv(OURS, map(_ours, standings))


def to_nbgrader_csv(standings: Iterable[Standing]) -> str:
    """What ``nbgrader export`` writes; every exercise is an assignment of one point."""
    return _csv(NBGRADER, map(_nbgraders, standings))


def to_junit(standings: Iterable[Standing]) -> str:
    """One document, with a suite for each person and exercise."""
    return junit_of(*_parted(standings, lambda one: f"{one.person.id}: {one.exercise.id}"))


def to_server(standings: Iterable[Standing], system: str, columns: Columns, points: float) -> str:
    """A table that a course server reads: its own columns, then one for each exercise; one row for each person.

    What is not graded, or is excused, stays empty.
    """
    headers = columns.headers or SYSTEMS[system]
    rows: list[list[object]] = []
    exercises: dict[str, Exercise] = {}
    for _, group in groupby(standings, key=lambda one: one.person.id):
        mine = list(group)
        exercises |= {one.exercise.id: one.exercise for one in mine}
        scores = ((one.score, columns.points(one.exercise, points)) for one in mine)
        given = ["" if score is None else round(score * most, 4) for score, most in scores]
        rows.append([*_told(mine[0].person, headers), *given])
    if system == "canvas":
        most = [columns.points(one, points) for one in exercises.values()]
        rows.insert(0, [POSSIBLE, *[""] * (len(headers) - 1), *most])
    return _csv([*headers, *map(columns.header, exercises.values())], rows)


def _told(person: Person, headers: Sequence[str]) -> list[str]:
    """What a roster told of somebody; of who is on none, what is known."""
    first, _, last = person.name.rpartition(" ")
    known = {
        "student": person.name,
        "id": person.server,
        "sis user id": person.number,
        "sis login id": person.login,
        "section": person.section,
        "first name": first,
        "last name": last,
        "id number": person.number,
        "email address": person.email,
        "username": person.login or person.id,
        "student id": person.number,
    }
    return [person.columns.get(header) or known.get(header.casefold(), "") for header in headers]


def to_gradescope(standings: Sequence[Standing], points: float = 1.0, *, said: Sequence[str] = ()) -> str:
    """One person's ``results.json``: one with points for each exercise, then its checks. Hidden ones count."""
    tests = [test for one in standings for test in _gradescopes(one, points)]
    document = {
        "score": round(sum(test["score"] for test in tests), 4),
        "execution_time": round(sum(one.grade.graded.seconds for one in standings if one.grade and one.grade.graded)),
        "stdout_visibility": "hidden",
        "output": "\n".join(sanitize(sentence) for sentence in said),
        "output_format": "text",
        "tests": tests,
    }
    return json.dumps(document, indent=1) + "\n"


def to_github_classroom(standings: Iterable[Standing]) -> str:
    """One person's result, a test of one point for each exercise."""
    return github.classroom(*_parted(standings, lambda one: one.exercise.id))


TABLES: dict[str, Callable[[Iterable[Standing]], str]] = {
    "csv": to_csv,
    "nbgrader-csv": to_nbgrader_csv,
    "junit": to_junit,
}
DOCUMENTS: dict[str, tuple[str, Callable[[Sequence[Standing]], str]]] = {  # one for each person, with the file's name
    "gradescope": ("results.json", to_gradescope),
    "github-classroom": ("classroom.json", to_github_classroom),
}


def to_index(folders: Mapping[str, str]) -> str:
    """Whose folder is whose, by person."""
    return _csv(["person", "folder"], folders.items())


def _ours(one: Standing) -> Iterator[object]:
    person, grade, verdict = one.person, one.grade, one.verdict
    yield from (person.id, person.name, person.email, person.number, person.section)
    yield from (one.exercise.id, one.exercise.heading.title, one.state, one.outcome)
    yield "" if one.score is None else round(one.score, 4)
    yield from (one.attempts, grade.submission.at if grade else "", one.due.isoformat() if one.due else "")
    yield "yes" if one.late else ""
    yield grade.graded.at if grade and grade.graded else ""
    yield phrases.in_one(phrases.reasons(verdict)) if verdict else ""
    yield phrases.in_one(one.remarks())
    yield ("yes" if verdict.sandbox else "no") if verdict and verdict.runs else ""
    yield grade.submission.place if grade else ""


def _nbgraders(one: Standing) -> Iterator[object]:
    first, _, last = one.person.name.rpartition(" ") if one.person.name != one.person.id else ("", "", "")
    graded = one.grade.graded if one.grade else None
    raw = one.decided_score if one.decided_score is not None else graded.score if graded else None
    lost = 0.0 if one.score is None or raw is None else raw - one.score
    due = one.due.isoformat() if one.due else ""
    yield from (one.exercise.id, due, one.grade.submission.at if one.grade else "")
    yield from (one.person.id, last, first, one.person.email)
    yield from ("" if raw is None else round(raw, 4), round(lost, 4))
    yield from ("" if one.score is None or raw is None else round(one.score, 4), 1)


def _gradescopes(one: Standing, points: float) -> Iterator[dict[str, Any]]:
    """A test with the points of the exercise, then its checks, which say how it went and have none of their own."""
    verdict, score = as_shown(one), one.score or 0.0
    if verdict is None:
        yield _gradescope_of(one.exercise, points, score, "failed", [_ungraded(one)])
        return
    told = [phrases.wanted(verdict.target), *phrases.reasons(verdict)]
    status = "passed" if verdict.outcome == "passed" else "failed"
    yield _gradescope_of(one.exercise, points, score, status, told)
    for check in verdict.checks:
        judged = {"status": check.outcome} if check.outcome != "undecided" else {}
        yield {
            "name": sanitize(f"{one.exercise.id}: {check.sentence}"),
            "score": 0,
            "max_score": 0,
            **judged,
            "output": sanitize(check.message),
            "output_format": "text",
            "visibility": "visible",
        }


def _gradescope_of(exercise: Exercise, points: float, score: float, status: str, told: Sequence[str]) -> dict[str, Any]:
    return {
        "name": sanitize(f"{exercise.id} {exercise.heading.title}"),
        "score": round(points * score, 4),
        "max_score": points,
        "status": status,
        "output": "\n".join(map(sanitize, told)),
        "output_format": "text",
        "visibility": "visible",
    }


def _parted(standings: Iterable[Standing], named: Callable[[Standing], str]) -> tuple[list[Verdict], dict[str, str]]:
    """The verdicts as they may be shown, under the names they are to have; and why there is none of the others."""
    shown: list[Verdict] = []
    unread: dict[str, str] = {}
    for one in standings:
        if verdict := as_shown(one):
            shown.append(replace(verdict, exercise=named(one), score=verdict.score if one.score is None else one.score))
        else:
            unread[named(one)] = _ungraded(one)
    return shown, unread


def _ungraded(one: Standing) -> str:
    return "its verdict cannot be read" if one.is_unreadable else one.state


def _csv(head: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    """A word that a spreadsheet would take for a formula gets an apostrophe, which makes it text; numbers stay."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA) else value
