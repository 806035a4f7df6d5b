"""Attempts, hints and give-ups are kept, also when two processes write at once."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from bugkit.progress import Progress, ProgressError, Summary
from bugkit.progress.schema import SCHEMA
from bugkit.verdict import Target, Verdict

TARGET = Target("Held-out loss", "nats", 0.8, 0.0, 2.3, 100)
FAILED = Verdict("ex03", "Stuck", "failed", 0.5, "fork", sandbox=False, target=TARGET, runs=(), checks=())
PASSED = replace(FAILED, outcome="passed", score=1.0)

WRITER = """
import sys
from pathlib import Path
from bugkit.progress import Progress
for _ in range(40):
    Progress(Path(sys.argv[1])).show_hint("ex03", 1000)
"""


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress(tmp_path / ".bugkit" / "progress.db")


def test_a_new_exercise_leaves_no_file(progress: Progress) -> None:
    assert progress.state("ex03") == "new"
    assert progress.attempts("ex03") == ()
    assert progress.hints_shown("ex03") == 0
    assert progress.summary() == {}
    assert not progress.path.parent.exists()


def test_the_state_goes_from_new_over_tried_to_passed_and_stays(progress: Progress) -> None:
    states = []
    for verdict in (FAILED, PASSED, FAILED):
        progress.record(verdict, seconds=1.5)
        states.append(progress.state("ex03"))
    assert states == ["tried", "passed", "passed"]
    assert [a.outcome for a in progress.attempts("ex03")] == ["failed", "passed", "failed"]
    assert progress.state("ex04") == "new"


def test_times_are_utc_in_iso_form(progress: Progress) -> None:
    progress.record(PASSED, seconds=1.5)
    (attempt,) = progress.attempts("ex03")
    assert attempt.at.endswith("+00:00")
    assert datetime.fromisoformat(attempt.at).utcoffset() is not None
    assert progress.of("ex03").passed_at == attempt.at


def test_hints_rise_to_the_last_and_stay(progress: Progress) -> None:
    assert [progress.show_hint("ex03", levels=3) for _ in range(5)] == [1, 2, 3, 3, 3]
    assert progress.hints_shown("ex03") == 3
    assert progress.show_hint("ex04", levels=3) == 1


def test_a_hint_or_giving_up_is_no_attempt(progress: Progress) -> None:
    progress.show_hint("ex03", levels=3)
    progress.give_up("ex03")
    progress.give_up("ex03")
    assert progress.gave_up("ex03")
    assert progress.of("ex03") == Summary("ex03", hints=1, gave_up=True)
    assert progress.state("ex03") == "new"


def test_the_summary_adds_up(progress: Progress) -> None:
    progress.record(FAILED, seconds=1.5)
    progress.record(FAILED, seconds=2.0)
    progress.record(replace(PASSED, exercise="ex04"), seconds=1.0)
    summary = progress.summary()
    assert list(summary) == ["ex03", "ex04"]
    assert (summary["ex03"].attempts, summary["ex03"].seconds, summary["ex03"].passed_at) == (2, 3.5, None)


def test_two_processes_at_once_lose_nothing(progress: Progress) -> None:
    command = [sys.executable, "-c", WRITER, str(progress.path)]
    writers = [subprocess.Popen(command) for _ in range(2)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    assert progress.hints_shown("ex03") == 80


def test_the_file_says_its_version(progress: Progress) -> None:
    progress.record(FAILED, seconds=1.0)
    with sqlite3.connect(progress.path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (4,)
    db.close()


def test_a_newer_file_is_left_alone(progress: Progress) -> None:
    progress.record(FAILED, seconds=1.0)
    with sqlite3.connect(progress.path) as db:
        db.execute("PRAGMA user_version = 9")
    db.close()
    for action in (progress.summary, lambda: progress.record(FAILED, seconds=1.0)):
        with pytest.raises(ProgressError, match="progress") as caught:
            action()
        assert "newer bugkit (version 9, 4 is known here)" in caught.value.evidence[0]


def test_a_file_that_is_no_database_is_told(progress: Progress) -> None:
    progress.path.parent.mkdir()
    progress.path.write_text("not a database, and long enough to be read as one" * 20)
    with pytest.raises(ProgressError, match="cannot be read"):
        progress.summary()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / ".bugkit").write_text("a file in the way")
    with pytest.raises(ProgressError, match="cannot be stored"):
        Progress(tmp_path / ".bugkit" / "progress.db").record(FAILED, seconds=1.0)


def test_a_failed_write_leaves_nothing_half_done(progress: Progress) -> None:
    with pytest.raises(ProgressError):
        progress.record(replace(FAILED, outcome=None), seconds=1.0)  # type: ignore[arg-type]
    assert progress.summary() == {}
    progress.record(FAILED, seconds=1.0)
    assert progress.state("ex03") == "tried"


def test_an_explained_report_is_remembered_and_counts_as_a_hint_once(tmp_path):
    progress = Progress(tmp_path / "progress.db")
    assert not progress.is_explained("ex03")
    for _ in range(2):
        progress.explain("ex03")
    assert progress.is_explained("ex03")
    assert not progress.is_explained("ex04")
    assert progress.of("ex03").hints == 1
    assert progress.show_hint("ex03", 3) == 1
    assert (progress.of("ex03").hints, progress.hints_shown("ex03")) == (2, 1)
    assert [event.what for event in progress.events()["ex03"]] == ["explained", "hint"]


def test_notes_are_kept_with_their_times_and_not_twice(progress: Progress) -> None:
    assert progress.notes("ex03") == ()
    for text in ("the loss", "the loss", "softmax twice"):
        progress.note("ex03", text)
    progress.note("ex04", "shapes")
    assert [one.text for one in progress.notes("ex03")] == ["the loss", "softmax twice"]
    assert datetime.fromisoformat(progress.notes("ex04")[0].at).tzinfo is not None


def test_the_time_at_work_begins_when_it_is_opened(progress: Progress) -> None:
    progress.open("ex03")
    progress.record(FAILED, seconds=1.0)
    assert progress.events()["ex03"][0].what == "opened"
    assert progress.of("ex03").attempts == 1


def test_a_file_of_the_first_version_is_brought_up_to_this_one(progress: Progress) -> None:
    progress.path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(progress.path) as db:
        for statement in SCHEMA:
            db.execute(statement)
        db.execute("INSERT INTO given_up VALUES ('ex03', '2026-01-01T00:00:00+00:00')")
        db.execute("PRAGMA user_version = 1")
    db.close()
    assert progress.gave_up("ex03")
    assert [event.what for event in progress.events()["ex03"]] == ["gave up"]
    progress.note("ex03", "later")
    assert [one.text for one in progress.notes("ex03")] == ["later"]


def test_what_a_killed_process_left_half_written_is_undone_by_whoever_looks(tmp_path: Path) -> None:
    """The file and its journal as they lie there when a process is killed in the middle of a transaction."""
    before, after = Progress(tmp_path / "before.db"), tmp_path / "after.db"
    before.note("ex03", "the first thought")
    with closing(sqlite3.connect(before.path, isolation_level=None)) as db:
        db.execute("PRAGMA cache_size = 1")  # so that pages are written before the end
        db.execute("BEGIN IMMEDIATE")
        for number in range(2000):
            db.execute("INSERT INTO note VALUES (?, ?, ?)", (f"ex{number}", "2026-03-02T09:00:00+00:00", "x" * 100))
        shutil.copy(before.path, after)
        shutil.copy(f"{before.path}-journal", f"{after}-journal")
        db.execute("ROLLBACK")
    assert [note.text for note in Progress(after).notes("ex03")] == ["the first thought"]
    assert Progress(after).notes("ex7") == ()
