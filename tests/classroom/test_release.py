"""What students get: all that they need, in nbgrader's words too, and nothing of the instructor's."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path, PurePosixPath

import pytest

from bugkit.classroom.batch import parse_submission
from bugkit.classroom.matching import match
from bugkit.classroom.pack import packed
from bugkit.classroom.release import handed_out, release
from bugkit.cli.app import run as run_bugkit
from bugkit.errors import ManifestError, UsageError
from bugkit.exercise import Catalog
from bugkit.notebook import read, rebuild

GRADE_ID = re.compile(r"[a-zA-Z0-9_\-]+")
FLAGS = ("grade", "locked", "solution")


def wrong_with(cells: list[dict]) -> list[str]:
    """What nbgrader's schema, version 3, objects to in a notebook's cells."""
    found = []
    seen = set()
    for cell in cells:
        told = cell["metadata"].get("nbgrader")
        if told is None:
            continue
        name = told.get("grade_id")
        unknown = set(told) - {"schema_version", *FLAGS, "task", "grade_id", "points", "checksum", "cell_type"}
        found += [f"{name}: {key} is unknown" for key in unknown]
        if told.get("schema_version") != 3 or type(told["schema_version"]) is not int:
            found.append(f"{name}: the version is {told.get('schema_version')}")
        found += [f"{name}: {flag} is no truth" for flag in FLAGS if type(told.get(flag)) is not bool]
        if not isinstance(name, str) or not GRADE_ID.fullmatch(name) or name in seen:
            found.append(f"{name}: no name for a cell, or one twice")
        seen.add(name)
        if told["grade"] and not isinstance(told.get("points"), int | float):
            found.append(f"{name}: it has no points")
        if cell["cell_type"] == "markdown" and told["grade"] != told["solution"]:
            found.append(f"{name}: a text is both graded and a solution, or neither")
    return found


def test_the_rules_of_nbgraders_schema_can_be_broken():
    good = {"schema_version": 3, "grade": False, "locked": True, "solution": False, "grade_id": "a"}

    def wrong(kind="code", **changes):
        return wrong_with([{"cell_type": kind, "metadata": {"nbgrader": good | changes}}])

    assert wrong() == []
    for bad in ({"schema_version": 2}, {"grade": 1}, {"grade_id": "a b"}, {"bugkit": 1}, {"grade": True}):
        assert wrong(**bad)
    assert wrong("markdown", solution=True)
    assert len(wrong_with([{"cell_type": "code", "metadata": {"nbgrader": good}}] * 2)) == 1


@pytest.fixture
def given_out(toys, tmp_path) -> Path:
    release(tmp_path / "out", list(toys.catalog))
    return tmp_path / "out"


def test_there_is_all_that_they_need_and_nothing_else(given_out):
    files = sorted(path.relative_to(given_out).as_posix() for path in given_out.rglob("*") if path.is_file())
    assert files == [
        "README.md",
        *(f"exercises/{one}/{name}" for one, name in [
            ("toy01_too_big", "checks.py"), ("toy01_too_big", "exercise.toml"), ("toy01_too_big", "toy01.ipynb"),
            ("toy02_never_moves", "checks.py"), ("toy02_never_moves", "exercise.toml"),
            ("toy02_never_moves", "toy02.ipynb"),
        ]),
    ]  # fmt: skip


def test_neither_solutions_nor_hidden_checks_are_in_any_file(given_out, toys):
    told = "".join(path.read_text() for path in given_out.rglob("*") if path.is_file())
    for secret in ("check_what_nobody_is_told", "hidden secret", "turned-sign", "add-the-step"):
        assert secret not in told
    fixed = read(toys.catalog.find("toy01").solution).cell("training-step").source
    assert fixed not in [cell.source for cell in read(given_out / "exercises/toy01_too_big/toy01.ipynb").cells]


def test_the_notebooks_carry_nbgraders_metadata_and_ours(toys):
    toy = toys.catalog.find("toy01")
    document = json.loads(handed_out(toy))
    assert wrong_with(document["cells"]) == []
    assert document["metadata"]["bugkit"]["exercise"] == "toy01"
    for cell in document["cells"]:
        is_locked = cell["metadata"].get("editable") is False
        assert ("nbgrader" in cell["metadata"]) == is_locked
        if is_locked:
            assert cell["metadata"]["nbgrader"]["locked"]


def test_a_text_that_a_learner_mends_is_no_answer_that_nbgrader_would_empty(toys):
    """nbgrader replaces the whole text of a solution cell without marks when it hands it out."""
    for toy in toys.catalog:
        for cell in json.loads(handed_out(toy))["cells"]:
            assert not cell["metadata"].get("nbgrader", {}).get("solution")


def test_a_notebook_with_that_metadata_is_the_same_to_us(given_out, toys):
    path = given_out / "exercises/toy01_too_big/toy01.ipynb"
    rebuilt = rebuild(toys.shipped(), read(path))
    assert (rebuilt.restored, rebuilt.missing, rebuilt.extra, rebuilt.changed_lines) == ((), (), 0, 0)
    known = {one.id: toys.shipped(one.id) for one in toys.catalog}
    matched = match(
        PurePosixPath("a/x.ipynb"), path.read_bytes(), parse_submission("", path.read_bytes()).notebook, known
    )
    assert (matched.exercise, matched.note) == ("toy01", "")


def test_what_was_given_out_is_a_catalog(given_out):
    assert [one.id for one in Catalog(given_out)] == ["toy01", "toy02"]
    assert not any(one.has_solution or one.hidden_checks.exists() for one in Catalog(given_out))


@pytest.mark.slow
def test_a_learner_checks_what_was_given_out(given_out, monkeypatch, capsys):
    monkeypatch.chdir(given_out)
    path = given_out / "exercises/toy01_too_big/toy01.ipynb"
    assert run_bugkit(["check", "toy01", "--seeds", "1"]) == 1
    document = json.loads(path.read_text())
    for cell in document["cells"]:
        if cell["id"] == "training-step":
            cell["source"] = "".join(cell["source"]).replace("y - predict(x)", "predict(x) - y")
    path.write_text(json.dumps(document))
    capsys.readouterr()
    assert run_bugkit(["check", "toy01", "--seeds", "1"]) == 0
    assert "PASSED" in capsys.readouterr().out
    shutil.rmtree(given_out / ".bugkit")


def test_a_folder_with_something_in_it_is_not_written_into(toys, tmp_path):
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        release(tmp_path, list(toys.catalog))
    with pytest.raises(UsageError, match="is not empty"):
        release(tmp_path / "notes", list(toys.catalog))
    (tmp_path / "new").mkdir()
    assert len(release(tmp_path / "new", list(toys.catalog)[:1])) == 4


def test_hidden_checks_in_the_wrong_place_are_refused(toys, tmp_path):
    root = shutil.copytree(toys.catalog.root, tmp_path / "pack")
    toy = Catalog(root).find("toy01")
    shutil.copy(toy.hidden_checks, toy.path)
    for work in (lambda: release(tmp_path / "out", [toy]), lambda: packed([toy])):
        with pytest.raises(ManifestError, match="lies where learners would find it") as error:
            work()
        assert str(toy.hidden_checks) in str(error.value)
    assert not (tmp_path / "out").exists()


def test_a_notebook_that_is_out_of_step_is_not_handed_out(toys, tmp_path):
    toy = Catalog(shutil.copytree(toys.catalog.root, tmp_path / "pack")).find("toy01")
    release(tmp_path / "out", [toy])
    toy.notebook.write_text(toy.notebook.read_text().replace("0.1", "0.2"))
    with pytest.raises(ManifestError, match="out of step with its solution") as error:
        release(tmp_path / "more", [toy])
    assert "bugkit author build toy01" in str(error.value)
    assert not (tmp_path / "more").exists()
