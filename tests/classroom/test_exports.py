"""The grades in other systems' words, each held against its format's own description."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest

from bugkit.classroom import exports, record
from bugkit.classroom.course import Course
from bugkit.classroom.exports import TABLES, to_github_classroom, to_gradescope
from bugkit.classroom.grades import Graded, Submission
from bugkit.classroom.identity import Person
from bugkit.classroom.standing import Standing, standings
from bugkit.verdict import CheckResult, RunResult, Symptom, Target, Verdict


def named(*names: str) -> list[Person]:
    return [Person(name, name) for name in names]


AT = "2026-01-01T00:00:00+00:00"
HIDDEN = "check_what_nobody_is_told"
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", " =1+1", "＝1", '=HYPERLINK("http://x","y")']

# Formats: what a document may hold, written as a check of each key's value; "?" before a key that may be missing.
Shape = dict[str, Callable[[Any], bool]]


def one_of(*values: str) -> Callable[[Any], bool]:
    return lambda value: value in values


def number(value: Any) -> bool:
    return type(value) in (int, float) and value >= 0


def text(value: Any) -> bool:
    return type(value) is str


def list_of(shape: Shape) -> Callable[[Any], bool]:
    return lambda value: type(value) is list and all(fits(item, shape) for item in value)


def fits(document: Any, shape: Shape) -> bool:
    known = {key.removeprefix("?"): holds for key, holds in shape.items()}
    wanted = {key for key in shape if not key.startswith("?")}
    return (
        type(document) is dict
        and wanted <= set(document) <= set(known)
        and all(known[key](value) for key, value in document.items())
    )


VISIBLE = one_of("hidden", "after_due_date", "after_published", "visible")
FORMAT = one_of("text", "html", "simple_format", "md", "ansi")
GRADESCOPE: Shape = {  # gradescope-autograders.readthedocs.io, "Specifications", "Output format"
    "score": number,
    "?execution_time": number,
    "?output": text,
    "?output_format": FORMAT,
    "?test_output_format": FORMAT,
    "?test_name_format": FORMAT,
    "?visibility": VISIBLE,
    "?stdout_visibility": VISIBLE,
    "?extra_data": lambda value: type(value) is dict,
    "tests": list_of({
        "?score": number,
        "?max_score": number,
        "?status": one_of("passed", "failed"),
        "?name": text,
        "?name_format": FORMAT,
        "?number": text,
        "?output": text,
        "?output_format": FORMAT,
        "?tags": lambda value: type(value) is list,
        "?visibility": VISIBLE,
        "?extra_data": lambda value: type(value) is dict,
    }),
}  # fmt: skip
GITHUB: Shape = {  # what github.com/classroom-resources/autograding-grading-reporter reads, version 1
    "version": lambda value: value == 1,
    "status": one_of("pass", "fail", "error"),
    "max_score": number,
    "tests": list_of({
        "name": text,
        "status": one_of("pass", "fail", "error"),
        "score": number,
        "message": text,
        "test_code": text,
        "filename": text,
        "line_no": number,
        "duration": number,
    }),
}  # fmt: skip
NBGRADER = (  # the columns of nbgrader's CsvExportPlugin
    "assignment,duedate,timestamp,student_id,last_name,first_name,email,"
    "raw_score,late_submission_penalty,score,max_score"
)


def verdict_of(outcome: str, text: str = "") -> Verdict:
    failed = "passed" if outcome == "passed" else "failed"
    checks = (
        CheckResult("check_rows", f"Rows do not mix.{text}", failed, text, 0),  # type: ignore[arg-type]
        CheckResult(HIDDEN, "A hidden secret.", "failed", "the hidden secret", 0),
    )
    return Verdict(
        exercise="toy01",
        title="Too big",
        outcome=outcome,  # type: ignore[arg-type]
        score={"passed": 1.0, "failed": 1 / 3, "error": 0.0}[outcome],
        engine="fork",
        sandbox=True,
        target=Target("Held-out squared error.", "squared units", 0.02, 0.005, 14.3, 400),
        runs=(RunResult(0, "ok", loss=0.01, converged=True, steps=200, checks=checks),) if outcome != "error" else (),
        checks=checks if outcome != "error" else (),
        symptoms=(Symptom("flat", f"The loss is flat.{text}"),) if outcome == "failed" else (),
        notes=("the file is not JSON",) if outcome == "error" else (),
    )


@pytest.fixture
def add(small_book):
    def put(person: str, outcome: str | None, exercise: str = "toy01", text: str = "") -> None:
        small_book.hand_in(Submission(person, exercise, "d", f"{person}/x.ipynb", AT))
        if outcome:
            verdict = verdict_of(outcome, text)
            told = record.to_text(verdict, None)
            key = f"{person}{exercise}"
            small_book.add(
                Graded(person, exercise, "d", key, told, verdict.outcome, verdict.score, 1.25, (HIDDEN,), "")
            )

    return put


@pytest.fixture
def pairs(toys, small_book):
    def of(*people: str) -> list[Standing]:
        some = [one for one in small_book.people() if not people or one.id in people]
        return list(standings(small_book, list(toys.catalog), Course(), some))

    return of


def rows(form: str, pairs) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(TABLES[form](pairs)), strict=True))


def test_every_person_and_exercise_is_in_the_table(small_book, add, pairs):
    add("ada", "passed")
    add("bob", "failed")
    add("bob", None, "toy02")
    small_book.enrol(named("cleo"))
    table = {(row["person"], row["exercise"]): row for row in rows("csv", pairs())}
    assert {who: row["outcome"] or row["state"] for who, row in table.items()} == {
        ("ada", "toy01"): "passed",
        ("ada", "toy02"): "nothing handed in",
        ("bob", "toy01"): "failed",
        ("bob", "toy02"): "not graded yet",
        ("cleo", "toy01"): "nothing handed in",
        ("cleo", "toy02"): "nothing handed in",
    }
    bob = table["bob", "toy01"]
    assert (bob["score"], bob["notebooks"], bob["handed_in_at"]) == ("0.3333", "1", AT)
    assert (bob["reasons"], bob["sandbox"]) == ("The loss is flat.", "yes")
    assert (table["cleo", "toy01"]["score"], table["cleo", "toy01"]["notebooks"]) == ("", "0")


def test_what_could_not_be_judged_has_its_reason_in_every_format(add, pairs):
    add("eve", "error")
    assert "The file is not JSON." in TABLES["csv"](pairs("eve"))
    for document in (TABLES["junit"](pairs("eve")), to_gradescope(pairs("eve")), to_github_classroom(pairs("eve"))):
        assert "the file is not JSON" in document


def test_nbgraders_table_has_its_columns_and_numbers(add, pairs):
    add("ada", "passed")
    add("bob", "failed")
    assert TABLES["nbgrader-csv"](pairs()).splitlines()[0] == NBGRADER
    table = {(row["student_id"], row["assignment"]): row for row in rows("nbgrader-csv", pairs())}
    for row in table.values():
        assert float(row["max_score"]) == 1
        assert row["score"] == row["raw_score"]
        assert float(row["late_submission_penalty"]) == 0
    assert float(table["ada", "toy01"]["score"]) == 1
    assert float(table["bob", "toy01"]["score"]) == 0.3333
    assert table["bob", "toy02"]["score"] == ""


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("form", ["csv", "nbgrader-csv"])
def test_no_cell_starts_a_formula(add, pairs, form, formula):
    add(formula, "failed", text=formula)
    for row in csv.reader(io.StringIO(TABLES[form](pairs())), strict=True):
        for cell in row:
            assert not cell.lstrip(" ").startswith(exports.FORMULA), cell
    assert any(f"'{formula}" in row.values() for row in rows(form, pairs()))


def test_quotes_commas_and_lines_do_not_break_a_table(add, pairs):
    name = 'a "quoted", name'
    add(name, "passed")
    assert {row["person"] for row in rows("csv", pairs())} == {name}


# The elements that are used, as the schema of Jenkins' xUnit plugin has them (junit-10.xsd): the attributes that each
# must have, those that it may have, and the elements that may be in it.
JUNIT = {
    "testsuites": ("", "name time tests failures errors", "testsuite"),
    "testsuite": (
        "name tests failures errors",
        "group time skipped timestamp hostname id package file log url",
        "testsuite properties testcase system-out system-err",
    ),
    "properties": ("", "", "property"),
    "property": ("name value", "", ""),
    "testcase": ("name", "time classname group", "skipped error failure system-out system-err"),
    "failure": ("", "type message", ""),
    "error": ("", "type message", ""),
    "system-out": ("", "", ""),
}
JUNIT_TIME = re.compile(r"[0-9]*(\.[0-9]*)?")


def test_junit_is_what_its_readers_expect(add, pairs):
    add("ada", "passed")
    add("bob", "failed", text="<&\x1b")
    add("eve", "error")
    add("eve", None, "toy02")
    document = TABLES["junit"](pairs())
    root = ElementTree.fromstring(document)
    for element in root.iter():
        needed, allowed, inside = (set(words.split()) for words in JUNIT[element.tag])
        assert needed <= set(element.keys()) <= needed | allowed
        assert {child.tag for child in element} <= inside
        assert JUNIT_TIME.fullmatch(element.get("time", ""))
    for suite in [root, *root.iter("testsuite")]:
        assert int(suite.get("tests", "")) == len(list(suite.iter("testcase")))
        assert int(suite.get("failures", "")) == len(list(suite.iter("failure")))
        assert int(suite.get("errors", "")) == len(list(suite.iter("error")))
    suites = {suite.get("name"): suite for suite in root.iter("testsuite")}
    assert set(suites) == {f"{who}: {toy}" for who in ("ada", "bob", "eve") for toy in ("toy01", "toy02")}
    assert suites["ada: toy01"].get("failures") == "0"
    assert suites["bob: toy01"].get("failures") != "0"
    assert "not graded yet" in ElementTree.tostring(suites["eve: toy02"], encoding="unicode")
    assert "secret" not in document


def test_gradescope_gets_what_it_asks_for(add, pairs):
    add("bob", "failed", text="<b>\x1b[31m")
    add("bob", "passed", "toy02")
    document = json.loads(to_gradescope(pairs("bob"), 10.0, said=["no sandbox\x1b[0m"]))
    assert fits(document, GRADESCOPE)
    assert document["score"] == 13.3333
    assert document["output"] == "no sandbox"
    by_name = {test["name"]: test for test in document["tests"]}
    assert by_name["toy01 Too big"]["status"] == "failed"
    assert by_name["toy02 Never moves"]["score"] == 10
    assert sum(test["max_score"] for test in document["tests"]) == 20
    assert "secret" not in json.dumps(document)
    assert "\\u001b" not in json.dumps(document)


def test_what_is_missing_is_told_and_worth_nothing(small_book, pairs):
    small_book.enrol(named("bob"))
    document = json.loads(to_gradescope(pairs("bob"), 5.0))
    assert fits(document, GRADESCOPE)
    assert document["score"] == 0
    assert [test["output"] for test in document["tests"]] == ["nothing handed in"] * 2


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        (("passed", "passed"), "pass"),
        (("passed", "failed"), "fail"),
        (("error", "error"), "error"),
        (("passed",), "fail"),
    ],
)
def test_github_classroom_gets_what_it_reads(add, pairs, outcomes, status):
    for exercise, outcome in zip(("toy01", "toy02"), outcomes, strict=False):
        add("ada", outcome, exercise)
    document = json.loads(to_github_classroom(pairs("ada")))
    assert fits(document, GITHUB)
    assert (document["status"], document["max_score"]) == (status, 2)
    assert "secret" not in json.dumps(document)


def test_the_descriptions_can_be_broken():
    good = {"score": 1, "tests": [{"score": 1, "status": "passed"}]}
    assert fits(good, GRADESCOPE)
    for bad in ({"tests": []}, good | {"scores": 1}, good | {"tests": [{"status": "ok"}]}, good | {"score": "1"}):
        assert not fits(bad, GRADESCOPE)
    assert not fits({"version": 2, "status": "pass", "max_score": 1, "tests": []}, GITHUB)


def test_numbers_are_numbers(add, pairs):
    add("ada", "passed")
    for row in rows("csv", pairs("ada")):
        assert row["score"] == "" or 0 <= float(row["score"]) <= 1
        assert int(row["notebooks"]) >= 0
    for test in json.loads(to_gradescope(pairs("ada"), 3))["tests"]:
        assert type(test["score"]) in (int, float)
