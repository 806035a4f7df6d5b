"""A workspace: made once, brought up to date often, and a learner's work never lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bugkit.errors import UsageError
from bugkit.exercise import Catalog
from bugkit.workspace import ORIGIN, Change, create, renamed, update

PACK = Path(__file__).parent / "pack"
TOY = "exercises/toy01_too_big"


@pytest.fixture
def installed(tmp_path):
    return Path(shutil.copytree(PACK, tmp_path / "installed", ignore=shutil.ignore_patterns(".bugkit", "__pycache__")))


@pytest.fixture
def mine(tmp_path, installed):
    create(tmp_path / "mine", Catalog(installed))
    return tmp_path / "mine"


def changes(mine, installed):
    return {change.path: change.what for change in update(mine, Catalog(installed))}


def test_a_workspace_has_the_exercises_and_no_solutions(mine, installed):
    assert {e.id for e in Catalog(mine)} == {e.id for e in Catalog(installed)}
    assert not (mine / "solutions").exists()
    assert "bugkit check" in (mine / "README.md").read_text()
    assert changes(mine, installed) == {}


def test_untouched_files_are_replaced_and_touched_ones_kept(mine, installed):
    (mine / TOY / "toy01.ipynb").write_text("my work")
    for name in ("toy01.ipynb", "checks.py"):
        (installed / TOY / name).write_text(f"a new {name}")
    (installed / TOY / "more.txt").write_text("new")
    assert changes(mine, installed) == {
        f"{TOY}/checks.py": "replaced",
        f"{TOY}/more.txt": "added",
        f"{TOY}/toy01.ipynb": "kept",
    }
    assert (mine / TOY / "toy01.ipynb").read_text() == "my work"
    assert (mine / TOY / "checks.py").read_text() == "a new checks.py"
    assert changes(mine, installed) == {}  # told once


def test_what_the_learner_removed_stays_away(mine, installed):
    (mine / TOY / "checks.py").unlink()
    assert changes(mine, installed) == {}
    assert not (mine / TOY / "checks.py").exists()


def test_an_update_that_was_cut_off_is_finished_by_the_next(mine, installed):
    (installed / TOY / "checks.py").write_text("new")
    (installed / TOY / "exercise.toml").write_text("new")
    before = (mine / ORIGIN).read_bytes()
    update(mine, Catalog(installed))
    (mine / ORIGIN).write_bytes(before)  # as if it had died before remembering
    assert changes(mine, installed) == {}
    assert (mine / TOY / "checks.py").read_text() == "new"


@pytest.mark.parametrize("text", [None, "{", "[]", '{"format": 9, "files": {}}', '{"format": 1, "files": 7}'])
def test_without_a_memory_everything_that_differs_is_kept(mine, installed, text):
    (mine / ORIGIN).unlink()
    if text is not None:
        (mine / ORIGIN).write_text(text)
    (mine / TOY / "toy01.ipynb").write_text("my work")
    assert changes(mine, installed) == {f"{TOY}/toy01.ipynb": "kept"}
    assert json.loads((mine / ORIGIN).read_text())["format"] == 1


def test_a_folder_that_holds_something_is_left_alone(tmp_path, installed, mine):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("words")
    for folder in (tmp_path / "full", tmp_path / "full" / "thesis.tex", mine):
        with pytest.raises(UsageError):
            create(folder, Catalog(installed))
    with pytest.raises(UsageError):
        update(installed, Catalog(installed))
    assert [p.name for p in (tmp_path / "full").iterdir()] == ["thesis.tex"]


def test_an_empty_folder_will_do(tmp_path, installed):
    (tmp_path / "empty").mkdir()
    made = create(tmp_path / "empty", Catalog(installed))
    assert Change(f"{TOY}/toy01.ipynb", "added") in made


def test_names_that_a_kept_notebook_has_from_before_are_told(mine, installed):
    (installed / "docs").mkdir()
    (installed / "docs" / "renames.json").write_text('{"toy01": {"optimiser": "optimizer", "chances": "probs"}}')
    (mine / TOY / "toy01.ipynb").write_text("optimiser.step()  # mischances")
    catalog = Catalog(installed)
    assert renamed(catalog, catalog.find("toy01"), mine / TOY / "toy01.ipynb") == {"optimiser": "optimizer"}
    assert renamed(catalog, catalog.find("toy02"), mine / TOY / "toy01.ipynb") == {}
    assert renamed(Catalog(mine), catalog.find("toy01"), mine / TOY / "toy01.ipynb") == {}
