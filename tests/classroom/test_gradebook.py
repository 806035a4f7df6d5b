"""The gradebook, on SQLite and on a real PostgreSQL server: nothing is lost, doubled or overwritten."""

from __future__ import annotations

import multiprocessing
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import text

from bugkit.classroom.database import shown, url_of
from bugkit.classroom.gradebook import Gradebook, GradebookError
from bugkit.classroom.grades import Decision, Graded, Submission
from bugkit.classroom.identity import Person


def named(*names: str) -> list[Person]:
    return [Person(name, name) for name in names]


ONE = Submission("ada", "toy01", "d1", "ada/toy01.ipynb", "2026-01-01T00:00:00+00:00", "a note")
VERDICT = Graded("ada", "toy01", "d1", "k1", '{"a": "\\u0000"}', "passed", 1.0, 2.5, ("check_a", "check_b"), "+x")
spawn = multiprocessing.get_context("spawn")  # a forked child would share connections


def test_what_is_put_in_comes_out(book):
    book.enrol(named("eve", "ada"))
    book.hand_in(ONE)
    book.add(VERDICT)
    (grade,) = book.grades()
    assert (grade.submission, grade.attempts) == (ONE, 1)
    assert replace(grade.graded, at="") == VERDICT
    assert [one.id for one in book.people()] == ["ada", "eve"]
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
    name = "Robert'); DROP TABLE learner;--\u200cü💥"
    book.hand_in(replace(ONE, person=name))
    assert [one.id for one in book.people()] == [name]
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
    with Gradebook(url) as book, book._engine.begin() as db:
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
            db.execute("drop table learner")
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


@pytest.mark.slow
def test_what_several_graders_hand_in_is_one_row(url):
    start, count = spawn.Barrier(3), 20
    at_once(*(spawn.Process(target=_write, args=(url, number, count, start)) for number in range(3)))
    with Gradebook(url) as book, book._reading() as db:
        keys = [row[0] for row in db.execute(text("select key from handed_in"))]
    assert len(keys) == len(set(keys)) == 4 * count


# what others made


OLD = """
create table about (name varchar(200) primary key, value varchar(200));
create table person (name varchar(200) primary key);
create table submission (number integer primary key, person varchar(200), exercise varchar(200), digest varchar(64),
  place text, at varchar(200), note text, folder text);
create table verdict (number integer primary key, person varchar(200), exercise varchar(200), digest varchar(64),
  key varchar(64), round integer, at varchar(200), outcome varchar(20), score float, seconds float, verdict text,
  hidden text, fix text, unique (person, exercise, key, round));
create table trouble (number integer primary key, folder text, place text, reason text);
insert into about values ('salt', 'pepper'), ('version', '2');
insert into person values ('ada'), ('bob');
insert into submission values (1, 'ada', 'toy01', 'd1', 'a.ipynb', '2026-01-01T00:00:00+00:00', '', '/x');
insert into submission values (2, 'ada', 'toy01', 'd2', 'b.ipynb', '2026-01-02T00:00:00+00:00', 'n', '/x');
insert into submission values (3, 'ada', 'toy01', 'd1', 'a.ipynb', '2026-01-03T00:00:00+00:00', '', '/x');
insert into verdict values (1, 'ada', 'toy01', 'd1', 'k', 0, '2026', 'passed', 1.0, 2.0, '{}', 'h1 h2', '+x');
"""


def test_a_gradebook_of_the_version_before_is_brought_up(tmp_path):
    place = tmp_path / "old.db"
    with closing(sqlite3.connect(place)) as db:
        db.executescript(OLD)
    for _ in range(2):
        with Gradebook(str(place)) as book:
            assert book.salt == "pepper"
            assert [one.id for one in book.people()] == ["ada", "bob"]
            (grade,) = book.grades()
            assert (grade.submission.digest, grade.submission.at[:10], grade.attempts) == ("d1", "2026-01-03", 2)
            assert grade.graded is not None
            assert (grade.graded.hidden, grade.graded.exercise_digest) == (("h1", "h2"), "")


def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path):
    place = tmp_path / "photos.db"
    with closing(sqlite3.connect(place)) as db:
        db.executescript("create table photo (name text); insert into photo values ('x');")
    before = place.read_bytes()
    with pytest.raises(GradebookError, match="is a database of something else") as error:
        Gradebook(str(place))
    assert "'photo'" in str(error.value)
    assert place.read_bytes() == before


def test_a_gradebook_that_cannot_be_written_can_be_read(tmp_path):
    place = tmp_path / "grades.db"
    with Gradebook(str(place)) as book:
        book.hand_in(ONE)
    url = f"sqlite:///file:{place}?mode=ro&uri=true"
    with Gradebook(url) as book:
        assert [one.id for one in book.people()] == ["ada"]
        with pytest.raises(GradebookError, match="does not answer"):
            book.enrol(named("bob"))


# what waits, and what was decided


def test_files_wait_until_somebody_has_looked_into_them(book):
    book.await_from("/a", [("ada", "ada/toy01.ipynb"), ("ada", "ada/x.ipynb"), ("bob", "bob/x.ipynb")])
    book.looked_into("/a", "ada")
    assert book.waiting() == {"bob": ["bob/x.ipynb"]}
    book.await_from("/a", [("eve", "eve/x.ipynb")])
    book.await_from("/b", [("ada", "late/x.ipynb")])
    assert book.waiting() == {"eve": ["eve/x.ipynb"], "ada": ["late/x.ipynb"]}


def test_the_last_decision_of_a_kind_holds_and_all_are_kept(book):
    for value in ("0.5", "0.75", ""):
        book.decide(Decision("score", "ada", "toy01", value, "because"))
        holding = [one.value for one in book.decisions()]
        assert holding == ([value] if value else [])
    book.decide(Decision("excuse", "ada", "toy02", "yes"))
    assert [one.kind for one in book.decisions()] == ["excuse"]
    assert [one.value for one in book.decisions(all_of_them=True)] == ["0.5", "0.75", "", "yes"]
    assert all(one.at for one in book.decisions(all_of_them=True))


def test_an_accepted_version_counts(book):
    book.hand_in(ONE)
    book.hand_in(replace(ONE, digest="d2", at="2026-01-02T00:00:00+00:00"))
    book.add(VERDICT)
    book.decide(Decision("accept", "ada", "toy01", "d1"))
    (grade,) = book.grades()
    assert (grade.submission.digest, grade.graded is not None) == ("d1", True)
    book.decide(Decision("accept", "ada", "toy01", ""))
    assert [grade.submission.digest for grade in book.grades()] == ["d2"]


def test_what_is_put_aside_waits_no_more(book):
    book.set_troubles("/a", [("x", "why"), ("y", "why")])
    book.decide(Decision("aside", "x", "", "yes"))
    assert book.troubles() == [("y", "why")]


def test_settings_are_remembered(book):
    assert book.recall("catalogs") is None
    for value in (["a"], ["a", "b" * 300]):
        book.remember("catalogs", value)
        assert book.recall("catalogs") == value
