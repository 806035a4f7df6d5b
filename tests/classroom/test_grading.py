"""A small class of toys, graded for real: right, wrong, unfinished, broken, raising, hanging, exiting and hostile."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from bugkit.box.bwrap import Missing, find
from bugkit.classroom.batch import GradingOptions
from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.grading import Grading
from bugkit.classroom.local import LocalExecutor
from bugkit.classroom.pack import unpacked
from bugkit.cli.app import run as run_bugkit
from bugkit.errors import Fault
from bugkit.grader import Grader

pytestmark = [
    pytest.mark.skipif(isinstance(find(), Missing), reason="a class is graded in the sandbox"),
    pytest.mark.xdist_group("class"),
]
RULES = GradingOptions("salt", seeds=1, sandbox=True)
HOG = "hog = []\nwhile True: hog.append(np.ones(1 << 22))"
LOUD = "while True: print('x' * 1000000)"
KILLER = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nimport time; time.sleep(60)"
THIEF = (
    "import glob, os\nrooms = [room for room in glob.glob('/*') if room not in ('/proc', '/usr', '/lib', '/opt')]\n"
    "found = [name for room in rooms for name in glob.glob(f'{room}/**/hidden_checks.py', recursive=True)]\n"
    "for name in [*found, '/etc/shadow', '/grades.db']:\n"
    "    if os.path.exists(name): raise SystemError(open(name).read())"
)
ONLY_OPEN = ("return x @ weights + bias", "return np.where(np.abs(x).sum(axis=1) < 1e-6, 0.0, x @ weights + bias)")


def grade(toys, book: Gradebook, folder: Path, tmp_path: Path, workers: int = 2, **how):
    catalog = unpacked(toys.pack, tmp_path / "pack")
    return Grading(book, catalog, RULES, **how).run(folder, LocalExecutor(toys.pack, RULES, workers), lambda *_: None)


def outcomes(book: Gradebook) -> dict[str, str]:
    return {grade.submission.person: grade.graded.outcome for grade in book.grades() if grade.graded}


@pytest.mark.slow
def test_everybody_gets_the_verdict_that_is_theirs(toys, put, tmp_path):
    folder = tmp_path / "class"
    handed_in = {
        "ada": (toys.right(), "passed", "ok"),
        "bob": (toys.changed({"training": ("0.1", "1e-9")}), "failed", "ok"),
        "cleo": (toys.shipped(), "failed", "ok"),
        "dan": (toys.right().to_json().encode()[:-40], "error", ""),
        "eve": (toys.doing("raise ValueError('oh')"), "error", "raised"),
        "finn": (toys.doing("while True: pass"), "error", "timed_out"),
        "gus": (toys.doing("import os; os._exit(0)"), "error", "ended_early"),
        "hal": (toys.doing(HOG), "error", "out_of_memory"),
        "ida": (toys.doing(LOUD), "error", "too_much_output"),
        "jim": (toys.doing(KILLER), "error", "killed"),
        "kay": (toys.doing(THIEF), "passed", "ok"),
        "liz": (
            toys.changed({"training-step": ("y - predict(x)", "predict(x) - y"), "model": ONLY_OPEN}),
            "failed",
            "ok",
        ),
    }
    for person, (notebook, _, _) in handed_in.items():
        put(folder, f"{person}/hw/toy01.ipynb", notebook)
    with Gradebook(str(tmp_path / "grades.db"), salt="salt") as book:
        summary = grade(toys, book, folder, tmp_path)
        graded = {one.submission.person: one.graded for one in book.grades()}
        told = {who: (one.outcome, one.read.runs[0].status if one.read.runs else "") for who, one in graded.items()}
        assert told == {who: (outcome, status) for who, (_, outcome, status) in handed_in.items()}
        assert (summary.failed, summary.troubles, summary.notebooks) == ([], [], len(handed_in))
        liz = graded["liz"]
        assert liz.hidden == ("check_what_nobody_is_told",)
        assert [check.name for check in liz.read.checks if check.outcome == "failed"] == list(liz.hidden)
        assert 0 < liz.score < 1
        assert graded["dan"].read.notes[0].startswith("the file ")
        before = book.history("ada", "toy01")
        second = grade(toys, book, folder, tmp_path)
        assert (dict(second.graded), second.known) == ({}, len(handed_in))
        assert book.history("ada", "toy01") == before


@pytest.mark.slow
def test_no_verdict_waits_for_a_notebook_that_hangs(toys, put, tmp_path):
    put(tmp_path / "class", "ada/toy01.ipynb", toys.doing("while True: pass"))
    put(tmp_path / "class", "ada/toy02.ipynb", toys.shipped("toy02"))
    came = []
    with Gradebook(str(tmp_path / "grades.db"), salt="salt") as book:
        grading = Grading(book, unpacked(toys.pack, tmp_path / "pack"), RULES)
        grading.run(tmp_path / "class", LocalExecutor(toys.pack, RULES, 2), lambda _summary, one: came.append(one))
    assert [(one.exercise, one.outcome) for one in came[1:]] == [("toy02", "failed"), ("toy01", "error")]


@pytest.mark.slow
def test_what_more_seeds_cannot_change_is_run_once(toys, put, tmp_path):
    handed_in = {
        "ada": (toys.right(), 3),
        "bob": (toys.changed({"training": ("0.1", "1e-9")}), 3),
        "eve": (toys.doing("raise ValueError('oh')"), 1),
        "gus": (toys.doing("del predict"), 1),
    }
    for person, (notebook, _) in handed_in.items():
        put(tmp_path / "class", f"{person}/toy01.ipynb", notebook)
    catalog = unpacked(toys.pack, tmp_path / "pack")
    options = GradingOptions("salt", seeds=3, sandbox=True)
    with Gradebook(str(tmp_path / "grades.db"), salt="salt") as book:
        Grading(book, catalog, options).run(tmp_path / "class", LocalExecutor(toys.pack, options, 2), lambda *_: None)
        graded = {one.submission.person: one.graded for one in book.grades()}
    assert {person: len(one.read.runs) for person, one in graded.items()} == {
        person: runs for person, (_, runs) in handed_in.items()
    }
    assert [graded[person].outcome for person in handed_in] == ["passed", "failed", "error", "error"]


@pytest.mark.slow
def test_a_fault_of_ours_is_no_verdict_and_is_graded_the_next_time(toys, put, tmp_path, monkeypatch):
    folder = tmp_path / "class"
    for person in ("ada", "bob", "cleo"):
        put(folder, f"{person}/toy01.ipynb", toys.right())
    real = Grader.submit

    def unlucky(self, exercise, notebook, seed, on_event=None, *, redraw=None, person=""):
        if person == "ada":
            raise Fault("the disk is full")
        if person == "bob":
            raise RuntimeError("a slip of ours")
        return real(self, exercise, notebook, seed, on_event, redraw=redraw, person=person)

    with Gradebook(str(tmp_path / "grades.db")) as book:
        with monkeypatch.context() as patch:
            patch.setattr(Grader, "submit", unlucky)
            summary = grade(toys, book, folder, tmp_path)
        assert {one.person: one.reason for one in summary.failed} == {
            "ada": "the disk is full",
            "bob": "RuntimeError('a slip of ours')",
        }
        assert outcomes(book) == {"cleo": "passed"}
        assert grade(toys, book, folder, tmp_path).failed == []
        assert outcomes(book) == {"ada": "passed", "bob": "passed", "cleo": "passed"}


def test_without_a_sandbox_nobody_is_graded(toys, put, tmp_path, monkeypatch, capsys):
    put(tmp_path / "class", "ada/toy01.ipynb", toys.right())
    monkeypatch.setattr(
        "bugkit.box.supply.find", lambda: Missing("bubblewrap is not installed", "apt install bubblewrap")
    )
    words = ["class", "grade", str(tmp_path / "class"), "--gradebook", str(tmp_path / "grades.db")]
    assert run_bugkit(["--catalog", str(toys.catalog.root), *words]) == 3
    assert "there is no sandbox here, and it is needed" in capsys.readouterr().err
    with Gradebook(str(tmp_path / "grades.db")) as book:
        assert outcomes(book) == {}


@pytest.mark.slow
def test_who_stops_listening_leaves_nothing_running(toys, put, tmp_path):
    for person in ("ada", "bob", "cleo"):
        put(tmp_path / "class", f"{person}/toy01.ipynb", toys.right())
    before = {process.pid for process in psutil.Process().children(recursive=True)}

    class HadEnoughError(Exception):
        pass

    def enough(_summary, came):
        if came is not None:
            raise HadEnoughError

    catalog = unpacked(toys.pack, tmp_path / "pack")
    with Gradebook(str(tmp_path / "grades.db")) as book, pytest.raises(HadEnoughError):
        Grading(book, catalog, RULES).run(tmp_path / "class", LocalExecutor(toys.pack, RULES, 2), enough)
    left = [p for p in psutil.Process().children(recursive=True) if p.pid not in before]
    assert [p for p in left if p.status() != psutil.STATUS_ZOMBIE] == []


# killed


def command(toys, folder: Path, book: Path) -> list[str]:
    words = ["class", "grade", folder, "--gradebook", book, "--task-seed", "salt", "--seeds", "1", "--workers", "2"]
    return [sys.executable, "-m", "bugkit", "--catalog", str(toys.catalog.root), *map(str, words), "--json"]


def told(book: Path) -> dict[tuple[str, str], tuple[object, ...]]:
    """What a gradebook says, without times."""
    with Gradebook(str(book)) as opened:
        out = {}
        for one in opened.grades():
            assert one.graded
            verdict = one.graded.read
            losses = [(run.seed, run.status, repr(run.loss), run.steps) for run in verdict.runs]
            checks = [(check.name, check.outcome, check.message) for check in verdict.checks]
            who = (one.submission.person, one.submission.exercise)
            out[who] = (verdict.outcome, verdict.score, losses, checks, one.submission, len(opened.history(*who)))
        return out


def kept(book: Path) -> int:
    """How many verdicts are in the file; it is only looked at, for who opens a gradebook may be the one to make it."""
    try:
        with closing(sqlite3.connect(f"file:{book}?mode=ro", uri=True)) as file:
            (count,) = file.execute("SELECT count(*) FROM verdict").fetchone()
    except sqlite3.OperationalError:  # not there yet
        return 0
    return int(count)


def end_of(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that are still there when the time is over; a zombie is a name only."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return [one for one in alive if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_with_the_same_gradebook(toys, put, tmp_path):
    folder, rng = tmp_path / "class", random.Random(0)
    for number in range(5):
        put(folder, f"p{number}/toy01.ipynb", toys.doing(f"import time; time.sleep({0.1 * number})"))
        put(folder, f"p{number}/toy02.ipynb", toys.shipped("toy02"))
    subprocess.run(command(toys, folder, tmp_path / "whole.db"), check=True, capture_output=True)
    book, kills = tmp_path / "killed.db", 0
    for verdicts in (0, 1, 3, 6):  # that are kept before it is killed
        process = psutil.Popen(command(toys, folder, book), stdout=subprocess.DEVNULL)
        while process.poll() is None and kept(book) < verdicts:
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 0.3))
        if process.poll() is None:
            below = process.children(recursive=True)
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
            assert end_of(below, 60) == []
    assert kills
    last = subprocess.run(command(toys, folder, tmp_path / "killed.db"), check=True, capture_output=True, text=True)
    document = json.loads(last.stdout)
    assert sum(document["graded"].values()) + document["known"] == 10
    assert told(tmp_path / "killed.db") == told(tmp_path / "whole.db")
