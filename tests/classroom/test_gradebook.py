"""The gradebook, on SQLite and on a real PostgreSQL server: nothing is lost, doubled or overwritten."""

from __future__ import annotations

import multiprocessing
import sqlite3
from dataclasses import replace

import pytest

from bugkit.classroom.gradebook import Gradebook, GradebookError, shown, url_of
from bugkit.classroom.grades import Graded, Submission

ONE = Submission("ada", "toy01", "d1", "ada/toy01.ipynb", "2026-01-01T00:00:00+00:00", "a note")
VERDICT = Graded("ada", "toy01", "d1", "k1", '{"a": "\\u0000"}', "passed", 1.0, 2.5, ("check_a", "check_b"), "+x")
spawn = multiprocessing.get_context("spawn")  # a forked child would share connections


def test_what_is_put_in_comes_out(book):
    book.enrol(["eve", "ada"])
    book.hand_in(ONE)
    book.add(VERDICT)
    (grade,) = book.grades()
    assert (grade.submission, grade.attempts) == (ONE, 1)
    assert replace(grade.graded, at="") == VERDICT
    assert book.people() == ["ada", "eve"]
    assert book.exercises() == {"toy01"}
    assert list(book.grades("eve")) == []


def test_the_same_twice_is_kept_once(book):
    for _ in range(2):
        book.hand_in(ONE)
        book.add(VERDICT)
    assert len(book.history("ada", "toy01")) == 1
    assert [grade.attempts for grade in book.grades()] == [1]
    assert book.is_graded("ada", "toy01", "k1")
    assert not book.is_graded("ada", "toy01", "k2")
    assert not book.is_graded("bob", "toy01", "k1")


def test_again_is_one_more_and_the_last_counts(book):
    book.hand_in(ONE)
    book.add(VERDICT)
    book.add(replace(VERDICT, outcome="failed", score=0.5), again=True)
    book.add(replace(VERDICT, outcome="error", score=0.0), again=True)
    assert [one.outcome for one in book.history("ada", "toy01")] == ["passed", "failed", "error"]
    assert [grade.graded.outcome for grade in book.grades()] == ["error"]


def test_a_later_notebook_counts_and_the_earlier_is_kept(book):
    later = replace(ONE, digest="d2", at="2026-01-02T00:00:00+00:00")
    book.hand_in(later)
    book.hand_in(replace(ONE, folder="/late"))  # looked at later, but saved earlier, and elsewhere
    book.add(VERDICT)
    (grade,) = book.grades()
    assert (grade.submission, grade.graded, grade.attempts) == (later, None, 2)
    book.add(replace(VERDICT, digest="d2", key="k2", outcome="failed"))
    assert [grade.graded.outcome for grade in book.grades()] == ["failed"]
    assert len(book.history("ada", "toy01")) == 2


def test_what_takes_a_notebooks_place_counts_though_it_is_older(book):
    older = replace(ONE, digest="d0", at="2025-01-01T00:00:00+00:00")
    for turn in (ONE, older, older, ONE, older):
        book.hand_in(turn)
        assert [grade.submission.digest for grade in book.grades()] == [turn.digest]
    assert [grade.attempts for grade in book.grades()] == [2]


def test_troubles_are_those_of_the_last_look_at_a_folder(book):
    book.set_troubles("/a", [("x", "why"), ("x", "why"), ("y" * 3000, "z" * 3000)])
    book.set_troubles("/b", [("x", "other")])
    assert book.troubles() == [("x", "other"), ("x", "why"), ("y" * 3000, "z" * 3000)]
    book.set_troubles("/a", [])
    assert book.troubles() == [("x", "other")]


def test_words_of_any_kind_are_only_words(book):
    name = "Robert'); DROP TABLE person;--\u200cü💥"
    book.hand_in(replace(ONE, person=name))
    assert book.people() == [name]
    assert [grade.submission.person for grade in book.grades(name)] == [name]


def test_a_number_that_is_none_is_kept(book):
    book.hand_in(ONE)
    book.add(replace(VERDICT, verdict="NaN"))
    assert [grade.graded.verdict for grade in book.grades()] == ["NaN"]


# who opens it


def test_the_word_that_draws_the_tasks_stays(url):
    with Gradebook(url) as first, Gradebook(url) as second:
        assert first.salt == second.salt
        assert len(first.salt) == 32
    with pytest.raises(GradebookError, match="is not a new gradebook") as error:
        Gradebook(url, salt="another")
    assert first.salt not in str(error.value)


def test_a_gradebook_of_another_version_is_refused(url):
    with Gradebook(url) as book:
        from sqlalchemy import text

        with book._engine.begin() as db:
            db.execute(text("update about set value = '99' where name = 'version'"))
    with pytest.raises(GradebookError, match="another version") as error:
        Gradebook(url)
    assert "99" in str(error.value)


def test_a_file_that_is_no_gradebook_is_refused(tmp_path):
    (tmp_path / "notes.db").write_text("dear diary, " * 100)
    with pytest.raises(GradebookError, match="cannot be opened"):
        Gradebook(str(tmp_path / "notes.db"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://ada:sesame@localhost:1/grades",
        "postgresql://ada:sesame@localhost:1/grades",
        "nosuch://ada:sesame@localhost/grades",
        "postgresql+psycopg://ada:sesame@localhost:port/grades",
        "://ada:sesame@",
    ],
)
def test_a_database_that_is_not_there_is_told_without_its_password(url):
    with pytest.raises(GradebookError) as error:
        Gradebook(url)
    assert "sesame" not in str(error.value)
    assert error.value.exit_code == 2
    assert error.value.next_command


def test_a_url_is_shown_without_its_password():
    assert shown("postgresql+psycopg://ada:sesame@db/grades") == "postgresql+psycopg://ada:***@db/grades"
    assert shown("://ada:sesame@") == "the gradebook"
    assert str(url_of("postgresql://db/x")) == "postgresql+psycopg://db/x"


def test_a_database_that_goes_away_is_told(tmp_path):
    with Gradebook(str(tmp_path / "grades.db")) as book:
        with sqlite3.connect(tmp_path / "grades.db") as db:
            db.execute("drop table person")
        db.close()
        with pytest.raises(GradebookError, match="does not answer"):
            book.people()


# several at once


def _open(url: str, start, salts) -> None:
    start.wait()
    with Gradebook(url) as book:
        salts.put(book.salt)


def _write(url: str, number: int, count: int, start) -> None:
    with Gradebook(url) as book:
        start.wait()
        for which in range(count):
            book.hand_in(replace(ONE, person=f"p{which}"))
            book.add(replace(VERDICT, person=f"p{which}"))  # the others make the same
            book.hand_in(replace(ONE, person=f"own{number}", exercise=f"e{which}"))
            book.add(replace(VERDICT, person=f"own{number}", exercise=f"e{which}"))


def at_once(*processes: multiprocessing.process.BaseProcess) -> None:
    for process in processes:
        process.start()
    for process in processes:
        process.join(240)
        assert process.exitcode == 0


@pytest.mark.slow
def test_who_opens_a_new_one_at_the_same_moment_gets_the_same(url):
    start, salts = spawn.Barrier(3), spawn.Queue()
    at_once(*(spawn.Process(target=_open, args=(url, start, salts)) for _ in range(3)))
    assert len({salts.get(timeout=60) for _ in range(3)}) == 1


@pytest.mark.slow
def test_several_graders_write_at_once(url):
    start, count = spawn.Barrier(3), 20
    at_once(*(spawn.Process(target=_write, args=(url, number, count, start)) for number in range(3)))
    with Gradebook(url) as book:
        grades = list(book.grades())
    assert len(grades) == 4 * count
    assert all(grade.graded and grade.attempts == 1 for grade in grades)
