"""Every notebook file that was handed in ends as graded, as known before, as failed by a fault of ours, or is told."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bugkit.classroom import grading as room
from bugkit.classroom.batch import GradingFailure, GradingOptions
from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.grades import Graded
from bugkit.classroom.grading import Grading, Reading
from bugkit.classroom.identity import Person
from bugkit.errors import Fault, UsageError
from bugkit.exercise import Catalog
from bugkit.notebook import Notebook


def named(*names: str) -> list[Person]:
    return [Person(name, name) for name in names]


RULES = GradingOptions("salt", sandbox=False)


class Pretending:
    """An executor that passes everything, but has faults with some people."""

    def __init__(self, catalog, unlucky: str = "") -> None:
        self.catalog = catalog
        self.unlucky = unlucky
        self.graded: list[tuple[str, str]] = []

    def __call__(self, readings: Iterator[Reading]) -> Iterator[Graded | GradingFailure]:
        for batch in filter(None, (reading() for reading in readings)):
            for parsed in batch.submissions:
                if batch.person == self.unlucky:
                    yield GradingFailure(batch.person, parsed.exercise, "a fault")
                    continue
                self.graded.append((batch.person, parsed.exercise))
                key = RULES.key_of(self.catalog.find(parsed.exercise), parsed.digest)
                yield Graded(batch.person, parsed.exercise, parsed.digest, key, "{}", "passed", 1.0, 0.1)


def grade(toys, book: Gradebook, folder: Path, executor=None, **how):
    executor = executor or Pretending(toys.catalog)
    return Grading(book, toys.catalog, RULES, **how).run(folder, executor, lambda *_: None)


def accounted(summary) -> int:
    passed_over = summary.known + summary.copies + summary.elsewhere.total()
    return sum(summary.graded.values()) + passed_over + len(summary.failed) + len(summary.troubles)


FOLDERS = st.sampled_from(
    [
        "ada",
        "bob",
        "..",
        ".hidden",
        "submitted",
        "toy01",
        "Ada L_12_assignsubmission_file_",
        "bob\u202e",
        "a" * 210,
        "é",
    ]
)
STEMS = st.sampled_from(
    ["toy01", "toy02", "Untitled", "toy01-Copy1", "toy01 (2)", "ada_1_2_toy01", "ada_toy02", "._toy01", " ", "x.y"]
)
CONTENTS = st.sampled_from(["right", "shipped", "other", "broken", "empty", "nothing"])
ENDINGS = st.sampled_from([".ipynb", ".IPYNB", ".txt", ".zip"])
FILES = st.lists(st.tuples(st.lists(FOLDERS, max_size=3), STEMS, ENDINGS, CONTENTS), max_size=12)
ZIPPED = st.lists(st.tuples(FOLDERS, FILES), max_size=2)


def contents_of(toys) -> dict[str, bytes]:
    right = toys.right().to_json().encode()
    return {
        "right": right,
        "shipped": toys.shipped().to_json().encode(),
        "other": toys.right("toy02").to_json().encode(),
        "broken": right[:-30],
        "empty": b"",
        "nothing": b'{"nbformat": 4, "cells": []}',
    }


def wanted(names: list[str]) -> int:
    """How many of these files are notebooks that somebody may miss, and zip files, which here all are broken."""
    return sum(
        name.lower().endswith((".ipynb", ".zip")) and not PurePosixPath(name).name.startswith("._") for name in names
    )


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES, zips=ZIPPED)
def test_every_notebook_is_accounted_for(toys, files, zips):
    contents = contents_of(toys)
    with tempfile.TemporaryDirectory() as name, Gradebook("sqlite://", salt="salt") as book:
        folder = Path(name)
        count = 0
        written = set()
        for parts, stem, ending, content in files:
            path = folder.joinpath(*(part for part in parts if part != ".."), stem + ending)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents[content])
            written.add(str(path.relative_to(folder)))
        count += wanted(list(written))
        for number, (parent, inside) in enumerate(zips):
            path = folder / parent.replace("..", "up") / f"z{number}.zip"
            path.parent.mkdir(parents=True, exist_ok=True)
            out = io.BytesIO()
            members = {"/".join([*parts, stem + ending]): content for parts, stem, ending, content in inside}
            with zipfile.ZipFile(out, "w") as archive:
                for member, content in members.items():
                    archive.writestr(member, contents[content])
            path.write_bytes(out.getvalue())
            count += wanted(list(members))
        how = {}
        try:
            first = grade(toys, book, folder)
        except UsageError:  # it may be one person's folder, or everybody's
            how = {"below": 1}
            first = grade(toys, book, folder, **how)
        assert (first.notebooks, first.done) == (count, first.wanted)
        assert accounted(first) == count
        assert len(first.troubles) == len(book.troubles()) or len(set(first.troubles)) == len(book.troubles())
        second = grade(toys, book, folder, **how)
        assert second.graded == Counter()
        assert (second.wanted, second.done) == (0, 0)
        assert second.notebooks == accounted(second) == count
        assert second.troubles == first.troubles


def test_copies_and_others_of_one_exercise_are_told(toys, small_book, put, tmp_path):
    put(tmp_path, "ada/hw/toy01.ipynb", toys.shipped(), at=1000)
    put(tmp_path, "ada/hw/toy01-Copy1.ipynb", toys.right(), at=2000)
    put(tmp_path, "ada/old/toy01.ipynb", toys.right(), at=1500)
    summary = grade(toys, small_book, tmp_path, below=0)
    assert (summary.notebooks, summary.known, summary.copies, sum(summary.graded.values())) == (3, 0, 1, 1)
    ((place, reason),) = summary.troubles
    assert place == "ada/hw/toy01.ipynb"
    assert reason == "ada has several notebooks for toy01; graded: ada/hw/toy01-Copy1.ipynb"
    assert [grade.submission.place for grade in small_book.grades()] == ["ada/hw/toy01-Copy1.ipynb"]


def test_a_notebook_of_an_exercise_that_is_not_graded_is_nobody_elses(toys, small_book, put, tmp_path, saying):
    """Though it looks like one, is named like one, or nothing else of that person is there."""
    others = {"toy02": toys.shipped("toy02")}
    put(tmp_path, "ada/hw/toy01.ipynb", toys.right(), at=1000)
    put(tmp_path, "ada/hw/toy02.ipynb", toys.right("toy02"), at=2000)
    put(tmp_path, "bob/toy01.ipynb", toys.right("toy02"))
    put(tmp_path, "cleo/x.ipynb", saying(Notebook(toys.right("toy02").cells[3:6]), {"exercise": "toy02"}))
    only = Catalog(tmp_path.with_name("only"))
    shutil.copytree(toys.catalog.find("toy01").path, only.root / "exercises" / "toy01_too_big")
    executor = Pretending(toys.catalog)
    summary = Grading(small_book, only, RULES, others=others).run(tmp_path, executor, lambda *_: None)
    assert executor.graded == [("ada", "toy01")]
    assert (summary.elsewhere, summary.troubles, summary.wanted) == (Counter(toy02=3), [], 1)
    assert [(one.submission.person, one.submission.place) for one in small_book.grades()] == [
        ("ada", "ada/hw/toy01.ipynb")
    ]


def test_who_decides_does_so_by_moving_a_file(toys, small_book, put, tmp_path):
    put(tmp_path, "ada/hw/toy01.ipynb", toys.right(), at=1000)
    late = put(tmp_path, "ada/hw-late/toy01.ipynb", toys.shipped(), at=2000)
    grade(toys, small_book, tmp_path, below=0)
    assert [one.submission.place for one in small_book.grades()] == ["ada/hw-late/toy01.ipynb"]
    late.rename(tmp_path.with_name("elsewhere.ipynb"))
    summary = grade(toys, small_book, tmp_path, below=0)
    assert (summary.troubles, dict(summary.graded)) == ([], {"passed": 1})
    (counts,) = small_book.grades()
    assert (counts.submission.place, counts.attempts) == ("ada/hw/toy01.ipynb", 2)
    assert counts.graded.digest == counts.submission.digest


def test_who_is_asked_says_whose_folders_they_are(toys, small_book, put, tmp_path):
    for person in ("ada", "bob"):
        put(tmp_path, f"class/{person}/toy01.ipynb", toys.right())
    with pytest.raises(UsageError, match="everything lies in one folder") as asked:
        grade(toys, small_book, tmp_path)
    assert "--people-below" in str(asked.value)
    assert list(small_book.people()) == []
    assert grade(toys, small_book, tmp_path, below=1).people == 2
    assert grade(toys, small_book, tmp_path).known == 2, "they are known by now"


def test_what_counts_and_lies_there_no_more_is_told(toys, small_book, put, tmp_path):
    path = put(tmp_path / "one", "ada/toy01.ipynb", toys.right())
    put(tmp_path / "one", "bob/toy01.ipynb", toys.right())
    assert grade(toys, small_book, tmp_path / "one").gone == []
    path.unlink()
    summary = grade(toys, small_book, tmp_path / "one")
    assert [(one.person, one.place) for one in summary.gone] == [("ada", "ada/toy01.ipynb")]
    assert [one.submission.person for one in small_book.grades() if one.graded] == ["ada", "bob"]  # and still counts
    (tmp_path / "two").mkdir()
    assert grade(toys, small_book, tmp_path / "two").gone == []  # of another folder nothing is said


def test_of_several_folders_the_last_handed_in_counts_whichever_is_graded_last(toys, small_book, put, tmp_path):
    put(tmp_path / "one", "ada/toy01.ipynb", toys.right(), at=1000)
    put(tmp_path / "two", "ada/toy01.ipynb", toys.shipped(), at=2000)
    for folder in ("one", "two", "one"):
        grade(toys, small_book, tmp_path / folder)
    (counts,) = small_book.grades()
    assert (counts.submission.folder, counts.submission.at) == (str(tmp_path / "two"), "1970-01-01T00:33:20+00:00")


def test_who_handed_in_no_notebook_is_named(toys, small_book, put, tmp_path):
    folder = tmp_path / "class"
    put(folder, "Ada L_12_assignsubmission_file_/hw.rar", b"rar")
    put(folder, "Bob_13_assignsubmission_file_/toy01.ipynb", toys.right())
    put(folder, "Cleo_14_assignsubmission_file_/toy01.ipynb.txt", toys.right())
    (folder / "Dan_15_assignsubmission_file_").mkdir()
    put(folder, "read me.txt", b"of nobody")
    summary = grade(toys, small_book, folder)
    assert (summary.without, summary.people, summary.others) == (["Ada L", "Cleo", "Dan"], 4, 3)
    assert [place for place, _ in summary.troubles] == ["Cleo_14_assignsubmission_file_/toy01.ipynb.txt"]
    assert [one.id for one in small_book.people()] == ["Ada L", "Bob", "Cleo", "Dan"]


def test_two_people_of_one_name_are_two(toys, small_book, put, tmp_path):
    put(tmp_path, "jo_12_1_toy01.ipynb", toys.right())
    put(tmp_path, "jo_13_2_toy01.ipynb", toys.right())
    summary = grade(toys, small_book, tmp_path)
    assert (summary.namesakes, summary.copies, dict(summary.graded)) == (["jo"], 0, {"passed": 2})
    assert [one.id for one in small_book.people()] == ["jo (12)", "jo (13)"]


def test_what_cannot_be_read_costs_nobody_else_anything(toys, small_book, put, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "MOST_TOGETHER", 5000)
    put(tmp_path, "ada/toy01.ipynb", b" " * 4000 + toys.right().to_json().encode())
    put(tmp_path, "ada/toy02.ipynb", toys.right("toy02"))
    put(tmp_path, "bob/toy01.ipynb", toys.right())
    os.mkfifo(tmp_path / "bob/toy02.ipynb")
    (tmp_path / "eve.zip").write_bytes(b"no")
    summary = grade(toys, small_book, tmp_path)
    assert sum(summary.graded.values()) == 1
    assert dict(summary.troubles) == {
        "ada/toy01.ipynb": "ada's notebooks are larger than 0 MiB together",
        "ada/toy02.ipynb": "ada's notebooks are larger than 0 MiB together",
        "bob/toy02.ipynb": "it cannot be read (it is not a regular file)",
        "eve.zip": "it cannot be read as a zip file (File is not a zip file)",
    }


def only_paper(toys, book, folder):
    """The one parsed that a folder's grading would hand to an executor."""
    submissions = []

    def keep(readings):
        submissions.extend(parsed for reading in readings for parsed in reading().submissions)
        return iter(())

    grade(toys, book, folder, keep)
    (parsed,) = submissions
    return parsed


def test_a_notebook_that_is_huge_when_read_is_told(toys, small_book, put, tmp_path, monkeypatch):
    def starved(_content):
        raise MemoryError

    monkeypatch.setattr("bugkit.classroom.batch.parse", starved)
    put(tmp_path, "ada/toy01.ipynb", toys.right())
    parsed = only_paper(toys, small_book, tmp_path)
    assert parsed.notebook is None
    assert "more memory" in parsed.unread


def test_a_flood_of_text_is_told_and_not_compared(toys, small_book, put, tmp_path):
    put(tmp_path, "ada/toy01.ipynb", toys.doing("x = 1\n" * 50_000))
    parsed = only_paper(toys, small_book, tmp_path)
    assert parsed.notebook is None
    assert "characters of code, more than 200000" in parsed.unread


def test_faults_are_told_and_graded_the_next_time(toys, small_book, put, tmp_path):
    for person in ("ada", "bob"):
        put(tmp_path, f"{person}/toy01.ipynb", toys.right())
    first = grade(toys, small_book, tmp_path, Pretending(toys.catalog, unlucky="bob"))
    assert [(one.person, one.reason) for one in first.failed] == [("bob", "a fault")]
    assert first.done == first.notebooks == 2
    assert [grade.graded is None for grade in small_book.grades()] == [False, True]
    lucky = Pretending(toys.catalog)
    second = grade(toys, small_book, tmp_path, lucky)
    assert (lucky.graded, second.known, second.failed) == ([("bob", "toy01")], 1, [])


def test_a_fault_of_everybody_ends_the_grading_and_keeps_what_came(toys, small_book, put, tmp_path):
    for person in ("ada", "bob"):
        put(tmp_path, f"{person}/toy01.ipynb", toys.right())

    def dying(batches):
        yield next(iter(Pretending(toys.catalog)(batches)))
        raise Fault("no more")

    with pytest.raises(Fault):
        grade(toys, small_book, tmp_path, dying)
    assert [grade.submission.person for grade in small_book.grades() if grade.graded] == ["ada"]


def test_what_changed_is_graded_and_nothing_else(toys, small_book, put, tmp_path):
    put(tmp_path, "ada/toy01.ipynb", toys.shipped(), at=1000)
    put(tmp_path, "ada/toy02.ipynb", toys.right("toy02"), at=1000)
    grade(toys, small_book, tmp_path)
    put(tmp_path, "ada/toy01.ipynb", toys.right(), at=900)  # older, but it lies there now
    executor = Pretending(toys.catalog)
    summary = grade(toys, small_book, tmp_path, executor)
    assert (executor.graded, summary.known) == ([("ada", "toy01")], 1)
    assert len(small_book.history("ada", "toy01")) == 2
    counts = {grade.submission.exercise: grade for grade in small_book.grades()}
    assert counts["toy01"].attempts == 2
    assert counts["toy01"].graded.digest == counts["toy01"].submission.digest
    again = Pretending(toys.catalog)
    grade(toys, small_book, tmp_path, again, again=True)
    assert again.graded == [("ada", "toy01"), ("ada", "toy02")]
    assert len(small_book.history("ada", "toy01")) == 3


@pytest.mark.parametrize(
    "other",
    [GradingOptions("pepper", sandbox=False), GradingOptions("salt", 1, False), GradingOptions("salt", None, None)],
)
def test_a_verdict_holds_for_what_it_rests_on_only(toys, other):
    toy = toys.catalog.find("toy01")
    keys = {
        options.key_of(toy, "digest") for options in (RULES, other, GradingOptions("salt", sandbox=False, redraw=False))
    }
    assert len(keys) == 3
    assert RULES.key_of(toy, "digest") != RULES.key_of(toy, "other")


def test_the_exercise_itself_is_part_of_what_a_verdict_rests_on(toys, tmp_path):
    from bugkit.classroom.pack import unpacked

    catalog = unpacked(toys.pack, tmp_path)
    toy = catalog.find("toy01")
    before = RULES.key_of(toy, "digest")
    assert before == RULES.key_of(unpacked(toys.pack, tmp_path / "again").find("toy01"), "digest")
    for path in (toy.checks, toy.hidden_checks, toy.path / "exercise.toml", toy.notebook):
        text = path.read_text()
        path.write_text(text + "\n")
        assert RULES.key_of(toy, "digest") != before
        path.write_text(text)


def test_everybody_in_a_wrapped_zip_file_is_themselves(toys, small_book, tmp_path):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for person in ("ada", "bob"):
            archive.writestr(f"submitted/{person}/hw/toy01.ipynb", toys.right().to_json())
    summary = grade(toys, small_book, path)
    assert [one.id for one in small_book.people()] == ["ada", "bob"]
    assert sum(summary.graded.values()) == 2


def test_a_gradebooks_address_fits_a_file_of_any_name(tmp_path):
    with Gradebook(str(tmp_path / "my grades %20 ?.db")) as book:
        book.enrol(named("ada"))
    assert (tmp_path / "my grades %20 ?.db").is_file()
