"""Which exercise a notebook is of, whatever its name and its metadata say."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

import pytest

from bugkit.classroom.batch import parse_submission
from bugkit.classroom.matching import match, one_of
from bugkit.notebook import Notebook


@pytest.fixture
def matched(toys):
    known = {one.id: toys.shipped(one.id) for one in toys.catalog}

    def of(place: str, content: bytes | Notebook, among=known):
        content = content if isinstance(content, bytes) else content.to_json().encode()
        return match(PurePosixPath(place), content, parse_submission("", content).notebook, among)

    return of


@pytest.mark.parametrize("name", ["toy01", "toy02"])
def test_content_tells_under_any_name(matched, toys, name):
    for notebook in (toys.shipped(name), toys.right(name)):
        assert matched("ada/Untitled3.ipynb", notebook).exercise == name
        assert matched(f"ada/{name}.ipynb", notebook).note == ""


def test_names_and_metadata_that_lie_are_told(matched, toys, saying):
    found = matched("ada/toy02.ipynb", saying(toys.right(), {"exercise": "toy02"}))
    assert found.exercise == "toy01"
    assert found.note == "its name and metadata said otherwise, its cells tell"


def test_with_few_cells_left_the_metadata_tell_then_the_name(matched, toys, saying):
    left = Notebook(toys.right().cells[5:6])
    assert matched("ada/x.ipynb", saying(left, {"exercise": "toy01"})).exercise == "toy01"
    assert "by its metadata" in matched("ada/x.ipynb", saying(left, {"exercise": "toy01"})).note
    assert matched("ada/toy02.ipynb", left).exercise == "toy02"
    assert "by its name" in matched("ada/toy02.ipynb", left).note
    assert matched("ada/x.ipynb", left).exercise is None


@pytest.mark.parametrize("told", [None, 7, [], {"exercise": 7}, {"exercise": ["toy01"]}, {"exercise": "toy99"}, {}])
def test_odd_metadata_say_nothing(matched, saying, told):
    assert matched("ada/x.ipynb", saying(Notebook(()), told)).exercise is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"metadata": 3}', b"null"])
def test_what_is_no_notebook_is_known_by_its_name_only(matched, content):
    assert matched("ada/toy01.ipynb", content).exercise == "toy01"
    assert matched("ada/x.ipynb", content).exercise is None


def test_a_broken_notebook_with_whole_metadata_is_known_by_them(matched, saying, toys):
    document = json.loads(saying(toys.right(), {"exercise": "toy01"}))
    document["cells"][0]["cell_type"] = "poem"
    assert matched("ada/x.ipynb", json.dumps(document).encode()).exercise == "toy01"


def test_white_space_and_order_do_not_matter(matched, toys):
    cells = [cell.with_source(cell.source.replace("    ", "\t") + "\n\n") for cell in toys.right().cells]
    assert matched("ada/x.ipynb", Notebook(tuple(reversed(cells)))).exercise == "toy01"


def test_two_exercises_in_one_notebook_are_not_guessed(matched, toys):
    cells = [*toys.shipped("toy01").cells, *toys.shipped("toy02").cells]
    both = Notebook(tuple(type(cell)(None, cell.kind, cell.source) for cell in cells))
    assert matched("ada/x.ipynb", both).exercise is None


def test_where_nothing_was_given_out_nothing_matches(matched, toys):
    assert matched("ada/toy01.ipynb", toys.right(), among={}).exercise is None


def test_of_several_the_last_saved_counts():
    assert one_of([(PurePosixPath("a"), "2026-01-02"), (PurePosixPath("b"), "2026-01-01")]) == 0
    assert one_of([(PurePosixPath("a"), "2026-01-01"), (PurePosixPath("b"), "2026-01-01")]) == 1
