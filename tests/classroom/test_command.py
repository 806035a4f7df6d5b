"""`bugkit class` as instructors have it: its words, its exit codes, its errors."""

from __future__ import annotations

import csv
import errno
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from bugkit.classroom.batch import GradingFailure
from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.grades import Submission
from bugkit.classroom.grading import Grading, GradingSummary
from bugkit.classroom.identity import Person
from bugkit.classroom.naming import file_name
from bugkit.classroom.scratch import PREFIX, scratch
from bugkit.cli import grading_view
from bugkit.cli.app import run


def named(*names: str) -> list[Person]:
    return [Person(name, name) for name in names]


EXPORTS = ["csv", "nbgrader-csv", "junit", "gradescope", "github-classroom"]


@pytest.fixture
def bugkit(toys, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def command(*words: object) -> tuple[int, str, str]:
        code = run(["--catalog", str(toys.catalog.root), "class", *map(str, words)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


@pytest.fixture
def tallied(monkeypatch):
    """Grading that is told what came of it."""

    def become(**fields: object) -> None:
        summary = GradingSummary(**fields)  # type: ignore[arg-type]
        monkeypatch.setattr(Grading, "run", lambda *_: summary)

    return become


def test_grading_says_what_came_of_it(bugkit, tallied, tmp_path):
    tallied(people=2, notebooks=4, known=1, graded=Counter(passed=2, failed=1), others=3)
    code, out, _ = bugkit("grade", tmp_path)
    assert code == 0
    assert "2 people, 4 notebooks: 1 failed, 2 passed; 1 graded before" in out
    assert "not looked at: 3 other files" in out
    assert out.endswith("pack class report FOLDER\n")
    assert "next: bugkit --catalog " in out


def test_what_waits_for_a_person_is_told_with_exit_code_1(bugkit, tallied, tmp_path):
    tallied(people=1, notebooks=1, troubles=[("eve/x\x1b[31m.ipynb", "why")])
    code, out, _ = bugkit("grade", tmp_path)
    assert code == 1
    assert "for you to decide: eve/x.ipynb: why" in out


def test_a_fault_is_exit_code_3(bugkit, tallied, tmp_path):
    tallied(people=1, notebooks=1, failed=[GradingFailure("ada", "toy01", "the disk is full")], troubles=[("x", "y")])
    code, out, _ = bugkit("grade", tmp_path)
    assert code == 3
    assert "not graded, by a fault of ours: ada toy01: the disk is full" in out
    assert "the same command grades what is missing" in out


def test_as_json_nothing_is_left_out(bugkit, tallied, tmp_path):
    known = {"elsewhere": Counter(toy02=2), "without": ["bob"], "namesakes": ["jo"], "copies": 1}
    gone = [Submission("a", "toy01", "d", "p", "2026-01-01T00:00:00+00:00")]
    failed = [GradingFailure("a", "toy01", "f")]
    tallied(people=1, notebooks=3, graded=Counter(passed=1), failed=failed, troubles=[("x", "y")], gone=gone, **known)
    code, out, _ = bugkit("grade", tmp_path, "--json")
    assert code == 3
    assert json.loads(out) == {
        "format": 1,
        "people": 1,
        "notebooks": 3,
        "graded": {"passed": 1},
        "known": 0,
        "copies": 1,
        "failed": [{"person": "a", "exercise": "toy01", "reason": "f"}],
        "troubles": [{"place": "x", "reason": "y"}],
        "other_exercises": {"toy02": 2},
        "without_a_notebook": ["bob"],
        "namesakes": ["jo"],
        "gone": [{"person": "a", "exercise": "toy01", "place": "p"}],
        "others": 0,
    }


def test_who_interrupts_hears_how_far_it_came(bugkit, tmp_path, monkeypatch):
    def interrupted(self, *_):
        self.summary.graded["passed"] = 3
        raise KeyboardInterrupt

    monkeypatch.setattr(Grading, "run", interrupted)
    code, _, err = bugkit("grade", tmp_path)
    assert (code, err.splitlines()[0]) == (130, "note: 3 notebooks graded and kept; the same command goes on")


def test_a_log_tells_how_far_it_is(monkeypatch, capsys):
    monkeypatch.setattr(grading_view, "EVERY", 0.0)
    with grading_view.live() as on_graded:
        one = GradingSummary(notebooks=5, known=1, troubles=[("x.ipynb", "nobody's")])
        on_graded(one, None)
        for _ in range(2):
            one.graded["passed"] += 1
            on_graded(one, None)
            time.sleep(0.01)  # a speed takes two moments
    assert capsys.readouterr().err.splitlines() == ["1 of 3: 1 passed", "2 of 3, about 1 min left: 2 passed"]


def test_a_log_is_not_flooded(capsys):
    with grading_view.live() as on_graded:
        for count in range(1, 1000):
            on_graded(GradingSummary(notebooks=1000, graded=Counter(passed=count)), None)
    assert capsys.readouterr().err == ""


def test_a_password_is_never_printed(bugkit, monkeypatch, tmp_path, tallied):
    url = "postgresql+psycopg://ada:sesame@localhost:1/grades"
    for words in (("grade", tmp_path), ("report", "out"), ("export", "out.csv")):
        code, out, err = bugkit(*words, "--gradebook", url)
        assert code == 2
        assert "sesame" not in out + err
        assert "ada:***@localhost" in err
    tallied(people=1, notebooks=1)
    monkeypatch.setattr(
        "bugkit.classroom.database.url_of", lambda _place: __import__("sqlalchemy").make_url("sqlite://")
    )
    _, out, err = bugkit("grade", tmp_path, "--gradebook", url)
    assert "sesame" not in out + err


def test_the_roster_is_everybody(bugkit, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("\ufeffZoe\u0308,zoe@x\n\n  bob \n", encoding="utf-8")
    (tmp_path / "class").mkdir()
    code, out, _ = bugkit("grade", tmp_path / "class", "--roster", roster, "--no-sandbox")
    assert (code, "2 people more in the gradebook" in out, "no notebook was found" in out) == (0, True, True)
    with Gradebook(str(tmp_path / "gradebook.db")) as book:
        assert {one.id for one in book.people()} == {"Zo\u00eb", "bob"}
    code, _, err = bugkit("export", "grades.csv", "--exercises", "toy01")
    assert (tmp_path / "grades.csv").read_text().count("nothing handed in") == 2
    assert "the gradebook has no notebook of toy01" in err


def test_a_roster_may_have_a_head_and_comments_and_tells_who_is_not_on_it(bugkit, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("# our class\nStudent,email\nada,ada@x\n# late\nbob\n")
    with Gradebook(str(tmp_path / "gradebook.db")) as book:
        book.enrol(named("eve"))
    (tmp_path / "class").mkdir()
    _, _, err = bugkit("grade", "class", "--roster", roster, "--no-sandbox")
    assert "note: not on the roster: eve\n" in err
    with Gradebook(str(tmp_path / "gradebook.db")) as book:
        assert [one.id for one in book.people()] == ["ada", "bob", "eve"]


def test_without_a_sandbox_that_is_said(bugkit, tmp_path):
    (tmp_path / "class").mkdir()
    assert "in no sandbox" in bugkit("grade", "class", "--no-sandbox")[2]


@pytest.mark.parametrize("content", [b"\xff\xfe\xff", b"ada\nb\x07b\n", b"x" * 300, b"bob\xff\n"])
def test_a_roster_that_is_none_is_told(bugkit, tmp_path, content):
    (tmp_path / "roster").write_bytes(content)
    code, _, err = bugkit("grade", tmp_path, "--roster", tmp_path / "roster")
    assert code == 2
    assert "roster" in err.splitlines()[0]
    assert "expected: a CSV file or a text in UTF-8" in err
    assert not (tmp_path / "gradebook.db").exists()


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("grade", "nowhere"), "nowhere does not exist"),
        (("grade", ".", "--exercises", "toy9"), "there is no exercise 'toy9' here"),
        (("grade", ".", "--exercises", ","), "--exercises names none"),
        (("release", "out", "--exercises", " "), "--exercises names none"),
        (("report", "out"), "there is no gradebook gradebook.db"),
        (("export", "out"), "there is no gradebook gradebook.db"),
        (("grade", ".", "--seeds", "0"), "Invalid value for '--seeds'"),
        (("export", "out", "--format", "xls"), "Invalid value for '--format'"),
        (("export", "x.zip", "--gradescope-autograder", "--format", "csv"), "the autograder is no format"),
        (("grade", ".", "--gradebook", "no/where.db"), "no/where.db: the gradebook cannot be opened"),
        (("grade", ".", "--gradebook", "mysql://x/y"), "mysql://x/y: the gradebook cannot be opened"),
    ],
)
def test_slips_of_the_pen_are_told(bugkit, words, what):
    code, _, err = bugkit(*words)
    assert code == 2
    assert err.startswith(what)


def test_another_word_for_the_tasks_is_refused_later(bugkit, tmp_path):
    (tmp_path / "class").mkdir()
    assert bugkit("grade", "class", "--task-seed", "one", "--no-sandbox")[0] == 0
    code, _, err = bugkit("grade", "class", "--task-seed", "two", "--no-sandbox")
    assert (code, "is not a new gradebook" in err) == (2, True)


def test_release_names_what_is_next(bugkit, tmp_path):
    code, out, _ = bugkit("release", "out", "--exercises", "toy02,toy01,toy02")
    assert code == 0
    assert out.startswith("2 exercises in out, without solutions")
    assert "--exercises toy02,toy01" in out
    assert bugkit("release", "out")[0] == 2
    document = json.loads(bugkit("release", "more", "--json")[1])
    assert document["exercises"] == ["toy01", "toy02"]
    assert all((tmp_path / "more" / name).is_file() for name in document["files"])


@pytest.mark.parametrize("form", EXPORTS)
def test_every_format_is_written(bugkit, tmp_path, form):
    with Gradebook(str(tmp_path / "gradebook.db")) as book:
        book.enrol(named("ada", "../bob"))
    code, out, _ = bugkit("export", "out", "--format", form, "--exercises", "toy01")
    assert (code, out) == (0, "2 people and 1 exercise in out\n")
    if form in ("gradescope", "github-classroom"):
        index = csv.DictReader((tmp_path / "out" / "people.csv").read_text().splitlines())
        folders = {row["person"]: tmp_path / "out" / row["folder"] for row in index}
        assert set(folders) == {"ada", "../bob"}
        for folder in folders.values():
            assert folder.parent == tmp_path / "out"
            (name,) = [path.name for path in folder.iterdir()]
            assert name == {"gradescope": "results.json", "github-classroom": "classroom.json"}[form]
    else:
        assert (tmp_path / "out").is_file()


def test_an_export_says_what_is_not_graded_yet(bugkit, tmp_path):
    with Gradebook(str(tmp_path / "gradebook.db")) as book:
        book.hand_in(Submission("ada", "toy01", "d", "ada/toy01.ipynb", "2026-01-01T00:00:00+00:00"))
    code, _, err = bugkit("export", "out.csv")
    assert (code, err.startswith("note: 1 work not graded yet")) == (0, True)


def test_no_gradebook_and_no_notebook_is_written_over(bugkit, tmp_path):
    with Gradebook(str(tmp_path / "gradebook.db")) as book:
        book.enrol(named("ada"))
    (tmp_path / "work.ipynb").write_text("{}")
    for words in (("gradebook.db",), ("gradebook.db", "--gradescope-autograder"), ("work.ipynb",)):
        code, _, err = bugkit("export", *words)
        assert (code, f"{words[0]} is a " in err, "would be written over" in err) == (2, True, True)
    assert (tmp_path / "work.ipynb").read_text() == "{}"
    with Gradebook(str(tmp_path / "gradebook.db")) as book:
        assert [one.id for one in book.people()] == ["ada"]


FOREIGN = {
    "moodle.zip": b"PK\x03\x04 what everybody handed in",
    "marks.csv": b"Name;Mark\nada;1\n",
    "checks.py": b'"""bugkit\'s checks."""\n\nimport numpy as np\n',
    "page.html": b"<!DOCTYPE html>\n<p>somebody else's</p>\n",
    "results.json": b'{"mine": 1}\n',
    "people.csv": b"who\nada\n",
}


def exports(name):
    """The commands that may write a file of this name."""
    if name == "results.json":
        return [("export", ".", "--format", "gradescope")]
    if name == "people.csv":
        return [("export", ".", "--format", "github-classroom")]
    return [("export", name), ("export", name, "--format", "junit"), ("export", name, "--gradescope-autograder")]


@pytest.mark.parametrize("name", FOREIGN)
def test_an_export_is_written_over_nothing_but_an_earlier_one(bugkit, tmp_path, name):
    with Gradebook(str(tmp_path / "gradebook.db")) as book:
        book.enrol(named("ada"))
    place = tmp_path / name
    if name == "results.json":
        place = tmp_path / file_name("ada") / name
        place.parent.mkdir()
    for words in exports(name):
        place.write_bytes(FOREIGN[name])
        code, _, err = bugkit(*words)
        assert (code, place.read_bytes()) == (2, FOREIGN[name]), words
        assert f"{place.name} would be written over" in err
        assert "--force" in err
        assert bugkit(*words, "--force")[0] == 0
        assert place.read_bytes() != FOREIGN[name]
        assert bugkit(*words)[0] == 0, "an earlier one of the same command"


def test_a_report_is_written_over_nothing_but_an_earlier_one(bugkit, tmp_path):
    with Gradebook(str(tmp_path / "gradebook.db")) as book:
        book.enrol(named("ada"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "index.html").write_bytes(FOREIGN["page.html"])
    code, _, err = bugkit("report", "out")
    assert (code, "index.html would be written over" in err) == (2, True)
    assert (tmp_path / "out" / "index.html").read_bytes() == FOREIGN["page.html"]
    assert [bugkit("report", "out", "--force")[0], bugkit("report", "out")[0]] == [0, 0]


@pytest.mark.parametrize(
    "words",
    [
        ("export", "folder"),
        ("export", "folder", "--gradescope-autograder"),
        ("export", "file", "--format", "gradescope"),
        ("export", "file/x.csv"),
        ("report", "file"),
        ("report", "file/x"),
        ("release", "file/x"),
    ],
)
def test_a_place_that_cannot_be_written_is_a_slip_of_the_pen(bugkit, tmp_path, words):
    with Gradebook(str(tmp_path / "gradebook.db")) as book:
        book.enrol(named("ada"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    code, _, err = bugkit(*words)
    assert (code, err.startswith(words[1])) == (2, True)
    assert (tmp_path / "file").read_text() == "mine"


def test_the_pages_are_written(bugkit, tmp_path):
    with Gradebook(str(tmp_path / "gradebook.db")) as book:
        book.enrol(named("ada"))
    code, out, _ = bugkit("report", "pages")
    assert code == 0
    assert "the class page is yours" in out
    assert (tmp_path / "pages" / "index.html").is_file()


def test_the_autograder_is_written(bugkit, tmp_path):
    assert bugkit("export", "autograder.zip", "--gradescope-autograder", "--exercises", "toy01")[0] == 0
    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        assert archive.testzip() is None
        assert [name for name in archive.namelist() if "toy02" in name] == ["catalog/others/toy02.ipynb"]


def test_the_folder_of_a_grading_that_was_killed_goes_with_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = multiprocessing.get_context("spawn").Process(target=print)
    dead.start()
    dead.join()
    theirs = [f"{PREFIX}{dead.pid}-x", f"{PREFIX}{os.getpid()}-x", f"{PREFIX}notes", "other"]
    for name in theirs:
        (tmp_path / name / "pack").mkdir(parents=True)
    with scratch() as folder:
        left = {path.name for path in tmp_path.iterdir()}
    assert left == {*theirs[1:], Path(folder).name}


@pytest.mark.parametrize(
    ("number", "following"), [(errno.ENOSPC, "TMPDIR"), (errno.ENAMETOOLONG, "shorter name"), (errno.EROFS, "written")]
)
def test_what_the_system_refuses_is_a_sentence(bugkit, monkeypatch, tmp_path, number, following):
    def refuse(*_):
        raise OSError(number, os.strerror(number), "x" * 300)

    monkeypatch.setattr(Grading, "run", refuse)
    code, _, err = bugkit("grade", tmp_path)
    assert code == 2
    assert "bugkit itself failed" not in err
    assert os.strerror(number) in err
    assert following in err


def test_a_folder_that_was_deleted_is_told(bugkit, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    code, _, err = bugkit("grade", tmp_path)
    assert (code, err.splitlines()[0]) == (2, "the folder that this is run in is not there any more")


def test_json_is_utf_8_and_nothing_a_terminal_obeys(bugkit, tallied, tmp_path):
    tallied(people=1, notebooks=1, troubles=[("ad\udcff\x1b[31ma", "x\u202e")])
    _, out, _ = bugkit("grade", tmp_path, "--json")
    assert json.loads(out.encode())["troubles"] == [{"place": "ad\udcff\x1b[31ma", "reason": "x\u202e"}]
    assert all(letter.isprintable() or letter == "\n" for letter in out)


def test_numpys_warnings_stay_away(tmp_path):
    code = "import sys, warnings; sys.argv = ['bugkit', '--version']\nfrom bugkit.cli import app\n"
    code += "try: app.main()\nexcept SystemExit: pass\nwarnings.warn('overflow', RuntimeWarning)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr == ""
