"""The grades in the words of other systems. Each format is one function from grades to text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.grades import Grade, Submission
from bugkit.classroom.overview import as_shown
from bugkit.exercise import Exercise
from bugkit.report import github, words
from bugkit.report.clean import clean
from bugkit.report.junit import junit as junit_of
from bugkit.verdict import Verdict

FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # what a spreadsheet takes for the start of one, also after blanks
NBGRADER = [
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
]
OURS = [
    "person",
    "exercise",
    "title",
    "outcome",
    "score",
    "notebooks",
    "handed_in_at",
    "graded_at",
    "reasons",
    "sandbox",
    "place",
]
NO_NOTEBOOK = "no notebook"  # in the gradebook
Pair = tuple[Exercise, Grade]


def filled(people: Iterable[str], exercises: Sequence[Exercise], gradebook: Gradebook) -> Iterator[Pair]:
    """Every person with every exercise, also where nothing was handed in: then there are no attempts."""
    for person in people:
        mine = {one.submission.exercise: one for one in gradebook.grades(person)}
        for exercise in exercises:
            nothing = Grade(Submission(person, exercise.id, digest="", place="", at=""), None, attempts=0)
            yield exercise, mine.get(exercise.id, nothing)


def to_csv(pairs: Iterable[Pair]) -> str:
    """One row for each person and exercise."""
    return _csv(OURS, (_ours(exercise, grade) for exercise, grade in pairs))


def to_nbgrader_csv(pairs: Iterable[Pair]) -> str:
    """What ``nbgrader export`` writes; every exercise is an assignment of one point."""
    return _csv(NBGRADER, (_nbgraders(exercise, grade) for exercise, grade in pairs))


def to_junit(pairs: Iterable[Pair]) -> str:
    """One document, with a suite for each person and exercise."""
    return junit_of(*_parted(pairs, lambda one: f"{one.person}: {one.exercise}"))


def to_gradescope(pairs: Sequence[Pair], points: float = 1.0, *, said: Sequence[str] = ()) -> str:
    """One person's ``results.json``: one with points for each exercise, then its checks. Hidden ones count."""
    tests = [test for exercise, grade in pairs for test in _gradescopes(exercise, grade, points)]
    document = {
        "score": round(sum(test["score"] for test in tests), 4),
        "execution_time": round(sum(grade.graded.seconds for _, grade in pairs if grade.graded)),
        "stdout_visibility": "hidden",
        "output": "\n".join(clean(sentence) for sentence in said),
        "output_format": "text",
        "tests": tests,
    }
    return json.dumps(document, indent=1) + "\n"


def to_github_classroom(pairs: Iterable[Pair]) -> str:
    """One person's result, a test of one point for each exercise."""
    return github.classroom(*_parted(pairs, lambda one: one.exercise))


TABLES: dict[str, Callable[[Iterable[Pair]], str]] = {
    "csv": to_csv,
    "nbgrader-csv": to_nbgrader_csv,
    "junit": to_junit,
}
DOCUMENTS: dict[str, tuple[str, Callable[[Sequence[Pair]], str]]] = {  # one for each person, with the file's name
    "gradescope": ("results.json", to_gradescope),
    "github-classroom": ("classroom.json", to_github_classroom),
}


def to_index(folders: Mapping[str, str]) -> str:
    """Whose folder is whose, by person."""
    return _csv(["person", "folder"], folders.items())


def _ours(exercise: Exercise, grade: Grade) -> Iterator[object]:
    one, graded = grade.submission, grade.graded
    verdict = graded.read if graded else None
    yield from (one.person, one.exercise, exercise.heading.title)
    yield from (graded.outcome, round(graded.score, 4)) if graded else (_ungraded(grade), "")
    yield from (grade.attempts, one.at, graded.at if graded else "")
    yield words.in_one(words.reasons(verdict)) if verdict else ""
    yield ("yes" if verdict.sandbox else "no") if verdict and verdict.runs else ""
    yield one.place


def _nbgraders(exercise: Exercise, grade: Grade) -> Iterator[object]:
    score = round(grade.graded.score, 4) if grade.graded else ""
    yield from (exercise.id, "", grade.submission.at, grade.submission.person, "", "", "", score, 0, score, 1)


def _gradescopes(exercise: Exercise, grade: Grade, points: float) -> Iterator[dict[str, Any]]:
    """A test with the points of the exercise, then its checks, which say how it went and have none of their own."""
    verdict = as_shown(grade, exercise)
    if grade.graded is None or verdict is None:
        yield _gradescope_of(exercise, points, 0.0, "failed", [_ungraded(grade)])
        return
    told = [words.wanted(verdict.target), *words.reasons(verdict)]
    status = "passed" if verdict.outcome == "passed" else "failed"
    yield _gradescope_of(exercise, points, grade.graded.score, status, told)
    for check in verdict.checks:
        judged = {"status": check.outcome} if check.outcome != "undecided" else {}
        yield {
            "name": clean(f"{exercise.id}: {check.sentence}"),
            "score": 0,
            "max_score": 0,
            **judged,
            "output": clean(check.message),
            "output_format": "text",
            "visibility": "visible",
        }


def _gradescope_of(exercise: Exercise, points: float, score: float, status: str, told: Sequence[str]) -> dict[str, Any]:
    return {
        "name": clean(f"{exercise.id} {exercise.heading.title}"),
        "score": round(points * score, 4),
        "max_score": points,
        "status": status,
        "output": "\n".join(map(clean, told)),
        "output_format": "text",
        "visibility": "visible",
    }


def _parted(pairs: Iterable[Pair], named: Callable[[Submission], str]) -> tuple[list[Verdict], dict[str, str]]:
    """The verdicts as they may be shown, under the names that they shall have; and why there is none of the others."""
    shown: list[Verdict] = []
    unread: dict[str, str] = {}
    for exercise, grade in pairs:
        name = named(grade.submission)
        if verdict := as_shown(grade, exercise):
            shown.append(replace(verdict, exercise=name))
        else:
            unread[name] = _ungraded(grade)
    return shown, unread


def _ungraded(grade: Grade) -> str:
    return "not graded yet" if grade.attempts else NO_NOTEBOOK


def _csv(head: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    """A word that a spreadsheet would take for a formula gets an apostrophe, which makes it text; numbers stay."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA) else value
