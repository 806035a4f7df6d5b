"""How somebody stands: three states, by when it was due, and what an instructor decided; in every door the same."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bugkit.classroom import record
from bugkit.classroom.course import Course, Extension, Late, as_kept, from_kept, read_course
from bugkit.classroom.exports import Columns, to_csv, to_nbgrader_csv, to_server
from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.grades import Decision, Graded, Submission
from bugkit.classroom.identity import Person
from bugkit.classroom.pack import digest_of_exercise, unpacked
from bugkit.classroom.standing import Standing, in_words, standings
from bugkit.cli.app import run
from bugkit.errors import ManifestError
from bugkit.verdict import CheckResult, RunResult, Target, Verdict

DUE = datetime(2026, 3, 1, 12, tzinfo=UTC)
TARGET = Target("Loss.", "nats", 1.0, 0.0, None, 100)


def graded(person: str, score: float = 0.8, exercise: str = "toy01", text: str | None = None, **more: str) -> Graded:
    checks = (CheckResult("check_rows", "Rows do not mix.", "passed", "", 0),)
    run_ = RunResult(0, "ok", loss=0.5, converged=True, steps=10, checks=checks)
    verdict = Verdict(
        exercise=exercise, title="T", outcome="failed", score=score, engine="fork", sandbox=True, target=TARGET,
        runs=(run_,), checks=checks,
    )  # fmt: skip
    told = record.to_text(verdict, None) if text is None else text
    return Graded(person, exercise, f"d-{person}", f"k-{person}", told, "failed", score, 1.0, **more)


def handed_in(book: Gradebook, person: str, late: timedelta = timedelta(), exercise: str = "toy01") -> None:
    at = (DUE + late).isoformat(timespec="seconds")
    book.hand_in(Submission(person, exercise, f"d-{person}", f"{person}/x.ipynb", at))


@pytest.fixture
def standing(toys, small_book):
    def of(person: str, course: Course = Course(), exercise: str = "toy01") -> Standing:  # noqa: B008
        found = standings(small_book, list(toys.catalog), course)
        return next(one for one in found if (one.person.id, one.exercise.id) == (person, exercise))

    return of


def test_there_are_three_states_and_excused(small_book, standing):
    small_book.enrol([Person(name, name) for name in ("none", "waits", "named", "read", "done", "ill")])
    small_book.await_from("/x", [("waits", "waits/x.ipynb"), ("named", "named/toy02.ipynb")])
    for person in ("read", "done"):
        handed_in(small_book, person)
    small_book.add(graded("done"))
    small_book.decide(Decision("excuse", "ill", "toy01", "yes", "ill"))
    states = {name: standing(name).state for name in ("none", "waits", "named", "read", "done", "ill")}
    assert states == {
        "none": "nothing handed in",
        "waits": "not graded yet",
        "named": "nothing handed in",  # its file names another exercise
        "read": "not graded yet",
        "done": "graded",
        "ill": "excused",
    }
    assert standing("named", exercise="toy02").state == "not graded yet"
    assert [standing(name).score for name in ("none", "read", "done", "ill")] == [None, None, 0.8, None]


@pytest.mark.parametrize(
    ("late", "rule", "score"),
    [
        (timedelta(0), Late(a_day=0.1), 0.8),
        (timedelta(minutes=10), Late(a_day=0.1), 0.72),
        (timedelta(minutes=10), Late(a_day=0.1, grace_minutes=15), 0.8),
        (timedelta(days=2, minutes=1), Late(a_day=0.1), 0.56),
        (timedelta(days=30), Late(a_day=0.1, at_most=0.5), 0.4),
        (timedelta(days=30), Late(), 0.8),
    ],
)
def test_late_is_told_and_costs_what_the_course_says(small_book, standing, late, rule, score):
    handed_in(small_book, "ada", late)
    small_book.add(graded("ada"))
    one = standing("ada", Course(due={"toy01": DUE}, late=rule))
    assert one.score == pytest.approx(score)
    assert bool(one.late) == bool(late) == any("late by" in text for text in one.remarks())


def test_more_time_may_be_given_in_the_course_and_by_a_decision(small_book, standing):
    small_book.enrol([Person("ada", "Ada Lovelace", number="77")])
    handed_in(small_book, "ada", timedelta(days=3))
    small_book.add(graded("ada"))
    course = Course(due={"toy01": DUE}, late=Late(a_day=0.1))
    assert standing("ada", course).score == pytest.approx(0.56)
    more = Extension(person="77", exercise="toy01", due=DUE + timedelta(days=2))
    assert standing("ada", course.model_copy(update={"extension": [more]})).score == pytest.approx(0.72)
    until = (DUE + timedelta(days=4)).isoformat()
    small_book.decide(Decision("extend", "ada", "toy01", until, "ill"))
    one = standing("ada", course)
    assert (one.score, bool(one.late), one.remarks()) == (0.8, False, [f"due later for this person, {until}: ill"])


def test_a_score_may_be_set_and_its_reason_is_the_instructors(small_book, standing):
    handed_in(small_book, "ada")
    small_book.add(graded("ada"))
    small_book.decide(Decision("score", "ada", "toy01", "0.9", "explained it well"))
    one = standing("ada")
    assert one.score == 0.9
    assert one.remarks() == ["the instructor set the score to 0.9: explained it well"]
    assert one.remarks(reasons=False) == ["the instructor set the score to 0.9"]


def test_a_verdict_that_cannot_be_read_is_named_and_costs_nobody_else(toys, small_book, standing, tmp_path):
    from bugkit.classroom.overview import write_pages

    for person, text in (("ada", None), ("bob", "no JSON"), ("eve", '{"exercise": 1}')):
        handed_in(small_book, person)
        small_book.add(graded(person, text=text))
    assert [standing(person).is_unreadable for person in ("ada", "bob", "eve")] == [False, True, True]
    index = write_pages(tmp_path / "out", small_book, list(toys.catalog), Course()).read_text()
    assert index.count("the text of its verdict cannot be read: grade it once more") == 2
    assert len(list((tmp_path / "out" / "people").iterdir())) == 3
    assert "bob" in to_csv(standings(small_book, list(toys.catalog), Course()))


def test_a_verdict_older_than_its_exercise_is_told(toys, small_book, standing, tmp_path):
    toy = toys.catalog.find("toy01")
    now = digest_of_exercise(toy)
    assert now == digest_of_exercise(unpacked(toys.pack, tmp_path).find("toy01"), from_pack=True)
    for person, digest in (("ada", now), ("bob", "another"), ("cleo", "")):
        handed_in(small_book, person)
        small_book.add(replace(graded(person), exercise_digest=digest))
    assert [standing(person).outdated for person in ("ada", "bob", "cleo")] == [False, True, False]


@pytest.mark.parametrize(
    ("late", "words"), [(timedelta(seconds=3), "1 min"), (timedelta(hours=5), "5 h"), (timedelta(days=9), "9 days")]
)
def test_how_late_is_said_as_it_matters(late, words):
    assert in_words(late) == words


# course.toml

TOML = """
name = "Debugging"
catalogs = ["installed", "mine"]
exercises = ["toy01"]
gradebook = "grades.db"

[due]
toy01 = 2026-03-01T12:00:00Z

[late]
a_day = 0.1

[[extension]]
person = "ada"
exercise = "toy01"
due = 2026-03-02
"""


def test_a_course_is_read_and_remembered(tmp_path):
    (tmp_path / "course.toml").write_text(TOML.replace("2026-03-02", "2026-03-02T12:00:00"))
    course = read_course(tmp_path / "course.toml")
    assert course.catalogs == ["installed", str(tmp_path / "mine")]
    assert course.gradebook == str(tmp_path / "grades.db")
    assert course.due_for("toy01", ["eve"]) == DUE
    assert course.due_for("toy01", ["x", "ADA"]) == datetime(2026, 3, 2, 12).astimezone(UTC)
    assert course.due_for("toy02", ["ada"]) is None
    again = from_kept(json.loads(json.dumps(as_kept(course))))
    assert (again.due, again.late, len(again.extension)) == (course.due, course.late, 1)
    assert from_kept(None) == from_kept({"due": 3}) == Course()


@pytest.mark.parametrize("wrong", ["due = 3", "[late]\na_day = 2", "nmae = 'x'", "[[extension]]\nperson = 'a'", "x ="])
def test_a_wrong_course_says_what_is_wrong(tmp_path, wrong):
    (tmp_path / "course.toml").write_text(wrong)
    with pytest.raises(ManifestError):
        read_course(tmp_path / "course.toml")


# what other systems get


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


@pytest.fixture
def table(toys, small_book):
    small_book.enrol([Person("amueller", "Anna Müller", number="77001", login="amueller", server="101")])
    handed_in(small_book, "amueller")
    small_book.add(graded("amueller"))

    def of(system: str, columns: Columns = Columns(), points: float = 1.0) -> list[list[str]]:  # noqa: B008
        return rows(to_server(standings(small_book, list(toys.catalog), Course()), system, columns, points))

    return of


def test_canvas_gets_its_table_back(table):
    head, most, anna = table("canvas", points=10)
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "toy01 Too big", "toy02 Never moves"]
    assert most == ["    Points Possible", "", "", "", "", "10", "10"]
    assert anna == ["Anna Müller", "101", "77001", "amueller", "", "8.0", ""]


def test_a_servers_own_columns_and_points_are_taken(table):
    head, anna = table("moodle", Columns(["Email address"], {"toy01": ("Assignment: toy01", 20.0)}), 5)
    assert head == ["Email address", "Assignment: toy01", "toy02 Never moves"]
    assert anna == ["", "16.0", ""]
    head, anna = table("blackboard")
    assert (head[:4], anna[:4]) == (
        ["Last Name", "First Name", "Username", "Student ID"],
        ["Müller", "Anna", "amueller", "77001"],
    )


def test_nbgraders_table_knows_names_and_penalties(toys, small_book, table):
    del table
    course = Course(due={"toy01": DUE - timedelta(hours=1)}, late=Late(a_day=0.5))
    first = next(csv.DictReader(io.StringIO(to_nbgrader_csv(standings(small_book, list(toys.catalog), course)))))
    assert (first["last_name"], first["first_name"]) == ("Müller", "Anna")
    told = [float(first[name]) for name in ("raw_score", "late_submission_penalty", "score")]
    assert told == pytest.approx([0.8, 0.4, 0.4])


# the commands


@pytest.fixture
def bugkit(toys, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def command(*words: object, catalog: bool = True) -> tuple[int, str, str]:
        code = run([*(["--catalog", str(toys.catalog.root)] if catalog else []), "class", *map(str, words)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def test_a_gradebook_remembers_its_catalogs(bugkit, toys, tmp_path):
    (tmp_path / "class").mkdir()
    code, out, _ = bugkit("grade", "class", "--no-sandbox")
    assert (code, f"--catalog {toys.catalog.root} class report" in out) == (0, True)
    with Gradebook(str(tmp_path / "gradebook.db")) as book:
        handed_in(book, "ada")
        handed_in(book, "ada", exercise="gone07")
    code, out, err = bugkit("export", "grades.csv", catalog=False)
    assert (code, out) == (0, "1 person and 1 exercise in grades.csv\n")
    assert "the gradebook holds verdicts of gone07, which no catalog here has" in err


def test_a_course_says_it_once_for_all(bugkit, toys, tmp_path):
    (tmp_path / "course.toml").write_text(
        f'catalogs = ["installed", "{toys.catalog.root}"]\nexercises = ["toy02"]\ngradebook = "its.db"\n'
        "[due]\ntoy02 = 2026-03-01T12:00:00Z\n"
    )
    (tmp_path / "class").mkdir()
    code, out, _ = bugkit("grade", "class", "--no-sandbox", catalog=False)
    assert (code, "next: bugkit class report FOLDER" in out) == (0, True)
    with Gradebook(str(tmp_path / "its.db")) as book:
        handed_in(book, "ada", timedelta(days=1), "toy02")
        book.add(replace(graded("ada"), exercise="toy02"))
    (tmp_path / "course.toml").unlink()
    assert bugkit("export", "out.csv", "--gradebook", "its.db", catalog=False)[0] == 0
    (row,) = csv.DictReader((tmp_path / "out.csv").read_text().splitlines())
    assert (row["exercise"], row["late"], row["remarks"]) == ("toy02", "yes", "Late by 24 h.")


def test_a_course_that_names_an_unknown_exercise_is_refused(bugkit, tmp_path):
    (tmp_path / "course.toml").write_text("[due]\nex99 = 2026-03-01T12:00:00Z\n")
    code, _, err = bugkit("release", "out", catalog=False)
    assert (code, "there is no exercise 'ex99' in its catalogs" in err) == (2, True)


def test_decisions_are_made_listed_and_taken_back(bugkit, tmp_path):
    with Gradebook(str(tmp_path / "gradebook.db")) as book:
        handed_in(book, "ada")
        book.hand_in(Submission("ada", "toy01", "e2", "ada/later.ipynb", "2026-05-01T00:00:00+00:00"))
        book.add(graded("ada"))
        book.set_troubles("/x", [("eve/odd.ipynb", "nobody's")])
    assert bugkit("decide", "score", "ada", "toy01", "0.5", "--reason", "talked")[0] == 0
    assert bugkit("decide", "excuse", "Ada", "toy02")[0] == 0
    assert bugkit("decide", "extend", "ada", "toy01", "2026-06-01")[0] == 0
    assert bugkit("decide", "accept", "ada", "toy01", "x.ipynb")[0] == 0
    assert bugkit("decide", "aside", "eve/odd.ipynb")[0] == 0
    refused = [("score", "ada", "toy01", "2"), ("excuse", "bob", "toy01"), ("accept", "ada", "toy01", "zzz")]
    refused += [("aside", "nothing"), ("undo", "excuse", "ada", "toy01"), ("extend", "ada", "toy01", "soon")]
    for wrong in refused:
        assert bugkit("decide", *wrong)[0] == 2, wrong
    assert bugkit("decide", "list")[1].splitlines()[-1] == "5 decisions"
    assert bugkit("decide", "undo", "score", "ada", "toy01")[0] == 0
    assert len(json.loads(bugkit("decide", "list", "--json")[1])["decisions"]) == 4
    assert bugkit("decide", "list", "--all")[1].splitlines()[-1] == "6 decisions"
    with Gradebook(str(tmp_path / "gradebook.db")) as book:
        assert book.troubles() == []
        (grade,) = book.grades()
        assert grade.submission.place == "ada/x.ipynb"
    bugkit("export", "out.csv")
    told = {row["exercise"]: row for row in csv.DictReader(Path("out.csv").read_text().splitlines())}
    assert told["toy01"]["score"] == "0.8"
    assert "The instructor chose this version." in told["toy01"]["remarks"]
