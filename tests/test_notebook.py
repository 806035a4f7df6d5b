"""Broken files are refused in one sentence; a rebuild keeps ours and theirs apart; patches bite once."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bugkit.errors import ManifestError, NotebookError
from bugkit.exercise.manifest import Edit
from bugkit.notebook import Cell, Notebook, apply, at_their_stage, read, rebuild, sealed, stage_of, unlock
from bugkit.notebook.read import MAX_CELLS, parse

LOCKED = {"editable": False, "deletable": False}


def code(name: str | None, source: str, **metadata: Any) -> Cell:
    return Cell(name, "code", source, metadata)


def notebook(*cells: Cell) -> Notebook:
    return Notebook(cells)


def file(*cells: Any, **top: Any) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **top}).encode()


def cell(source: Any = "x = 1", kind: str = "code", **more: Any) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "metadata": {}, "outputs": [], "execution_count": None, **more}


GOOD = file(cell(id="a"), cell("words", "markdown", id="b"))

BROKEN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "white space": (b" \n\t", "is empty"),
    "only a byte-order mark": (b"\xef\xbb\xbf", "is empty"),
    "null": (b"null", "not a notebook"),
    "list": (b"[]", "not a notebook"),
    "object": (b"{}", "not a notebook"),
    "python": (b"import torch\n", "not JSON"),
    "latin-1": (file(cell("caf\u00e9")).replace(b"\\u00e9", b"\xe9"), "not UTF-8"),
    "half a UTF-16": (b"\xff\xfe{", "not UTF-8"),
    "truncated": (GOOD[:-30], "may be cut off"),
    "truncated in a character": ("{\u00e9".encode()[:-1], "not UTF-8"),
    "two documents": (GOOD + GOOD, "not JSON"),
    "nbformat 3": (file(nbformat=3), "notebook format 3, not 4"),
    "nbformat 5": (file(nbformat=5), "notebook format 5, not 4"),
    "nbformat 999999": (file(nbformat=999999), "notebook format 999999, not 4"),
    "nbformat x": (file(nbformat="x"), "notebook format 'x', not 4"),
    "nbformat null": (file(nbformat=None), "notebook format None, not 4"),
    "nbformat true": (file(nbformat=True), "notebook format True, not 4"),
    "nbformat of many lines": (file(nbformat="\n" * 1000), "not 4"),
    "no cells": (b'{"nbformat": 4}', "no list of cells"),
    "cells are an object": (file(cells={}), "no list of cells"),
    "too many cells": (file(*[cell()] * (MAX_CELLS + 1)), "2001 cells"),
    "a cell is a number": (file(7), "malformed cell (cell 1)"),
    "an unknown kind of cell": (file(cell(), cell(kind="sql")), "malformed cell (cell 2)"),
    "a kind that is a list": (file(cell() | {"cell_type": []}), "malformed cell"),
    "source 7": (file(cell(7)), "cell without text (cell 1)"),
    "source null": (file(cell(None)), "cell without text"),
    "source of numbers": (file(cell([1, 2])), "cell without text"),
    "much code": (file(cell("x" * 100_001), cell("x" * 100_000)), "200001 characters of code, more than 200000"),
    "very many lists": (b'{"nbformat": 4, "cells": [' + b"[]," * 2_000_000 + b"[]]}", "more than 2000000 brackets"),
    "20 MiB": (b" " * ((20 << 20) + 1), "larger than 20 MiB"),
    "id 7": (file(cell(id=7)), "malformed cell"),
    "metadata is a list": (file(cell() | {"metadata": []}), "malformed cell"),
    "a surrogate": (file(cell("\ud800")), "no text may hold"),
    "a surrogate in metadata": (file(cell() | {"metadata": {"\udfff": 1}}), "no text may hold"),
    "NUL": (file(cell("a\0b")), "no text may hold"),
    "duplicate ids": (file(cell(id="a"), cell(), cell("y = 2", id="a")), "two cells with the id 'a' (cells 1 and 3)"),
    "duplicate keys": (b'{"nbformat": 4, "nbformat": 4}', "the key 'nbformat' twice"),
    "deep lists": (b"[" * 200_000 + b"]" * 200_000, "nested too deeply"),
    "deep objects": (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "nested too deeply"),
    "5000 digits": (b'{"nbformat": ' + b"9" * 5000 + b"}", "notebook format inf, not 4"),
}


def sentence(error: NotebookError) -> str:
    assert "\n" not in error.what
    assert len(error.what) < 200
    return error.what


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    content, words = BROKEN[name]
    path = tmp_path / "ex.ipynb"
    path.write_bytes(content)
    with pytest.raises(NotebookError) as caught:
        read(path)
    assert words in sentence(caught.value)
    assert caught.value.what.startswith(f"{path}: the file ")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_does_no_harm(encoding: str) -> None:
    assert parse(GOOD.decode().encode(encoding)) == parse(GOOD)


def test_paths_that_are_no_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "real.ipynb").write_bytes(GOOD)
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "real.ipynb")
    os.mkfifo(tmp_path / "pipe.ipynb")
    wanted = {
        "": "is a directory",
        "link.ipynb": "symbolic link",
        "pipe.ipynb": "not a regular file",
        "none.ipynb": "does not exist",
        "real.ipynb/ex.ipynb": "does not exist",
        "a\0b": "cannot have this name",
        "x" * 300: "cannot be read",
    }
    for name, words in wanted.items():
        with pytest.raises(NotebookError) as caught:
            read(tmp_path / name)
        assert words in caught.value.what


def test_a_directory_leaves_no_open_file_behind(tmp_path: Path) -> None:
    before = psutil.Process().num_fds()
    for _ in range(5):
        with pytest.raises(NotebookError):
            read(tmp_path)
    assert psutil.Process().num_fds() == before


def test_a_file_of_200_mib_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "ex.ipynb"
    with path.open("wb") as sparse:
        sparse.truncate(200 << 20)
    start = time.monotonic()
    with pytest.raises(NotebookError, match="200 MiB, larger than 20 MiB"):
        read(path)
    assert time.monotonic() - start < 1


def test_a_picture_may_be_pasted_into_a_notebook() -> None:
    """Colab puts it into a cell of Markdown, as letters."""
    picture = "![](data:image/png;base64," + "A" * (2 << 20) + ")"
    assert len(parse(file(cell(picture, kind="markdown"), cell("x = 1"))).cells) == 2


def test_a_repeated_key_among_very_many_is_found_in_linear_time() -> None:
    keys = ",".join(f'"k{number}":1' for number in range(100_000))
    start = time.monotonic()
    with pytest.raises(NotebookError, match="k99999"):
        parse(f'{{{keys},"k99999":1}}'.encode())
    assert time.monotonic() - start < 10


def test_an_id_that_jupyter_would_not_write_is_as_good_as_none() -> None:
    assert [c.id for c in parse(file(cell(id="#VSC-1"), cell(id=""), cell(id="x" * 65))).cells] == [None] * 3


def test_lines_end_alike_on_all_systems() -> None:
    assert parse(file(cell(["a\r\n", "b\r", "c"]))).cells[0].source == "a\nb\nc"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NEARLY_CELLS = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw"]) | JSON,
        "source": st.text(max_size=20) | JSON,
        "metadata": st.dictionaries(st.text(max_size=5), JSON, max_size=2) | JSON,
        "id": st.text(max_size=5) | JSON,
    },
)
NEARLY_NOTEBOOKS = st.fixed_dictionaries(
    {},
    optional={"nbformat": st.just(4) | JSON, "cells": st.lists(NEARLY_CELLS | JSON, max_size=4) | JSON, "x": JSON},
)


def reads_or_refuses(content: bytes) -> None:
    try:
        found = parse(content)
    except NotebookError as error:
        sentence(error)
    else:
        found.to_json().encode()


@given(st.binary(max_size=200))
def test_random_bytes_are_read_or_refused(content: bytes) -> None:
    reads_or_refuses(content)


@given(JSON | NEARLY_NOTEBOOKS)
def test_random_json_is_read_or_refused(document: Any) -> None:
    reads_or_refuses(json.dumps(document).encode())


@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=3))
def test_a_damaged_notebook_is_read_or_refused(place: int, damage: bytes) -> None:
    reads_or_refuses(GOOD[:place] + damage + GOOD[place + len(damage) :])


SOURCES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=60)
CELLS = st.builds(
    Cell,
    id=st.from_regex(r"\A[A-Za-z0-9_-]{1,64}\Z"),
    kind=st.sampled_from(["code", "markdown", "raw"]),
    source=SOURCES,
    metadata=st.sampled_from([{}, LOCKED, {"tags": ["parameters"]}, {"own": {"a": [1, None, "\u00e9"]}}]),
)
NOTEBOOKS = st.lists(CELLS, max_size=6, unique_by=lambda c: c.id).map(lambda cells: Notebook(tuple(cells)))


@given(NOTEBOOKS)
def test_what_is_written_is_read_back_the_same(book: Notebook) -> None:
    assert parse(book.to_json().encode()) == book


@settings(max_examples=25, deadline=None)
@given(NOTEBOOKS)
def test_jupyter_accepts_what_is_written(book: Notebook) -> None:
    nbformat.validate(nbformat.reads(book.to_json(), as_version=4))


def test_cells_without_ids_get_free_ones_when_they_are_written() -> None:
    book = notebook(code(None, "a"), code("cell-1", "b"), code(None, "c"))
    assert [c.id for c in parse(book.to_json().encode()).cells] == ["cell-2", "cell-1", "cell-3"]


SETUP, MODEL = code("setup", "import math\nimport random", **LOCKED), code("model", "def model(x):\n    return x + 1")
TRAINING = code("training", "for step in range(10):\n    loss = step\n    losses.append(loss)")
TEMPLATE = notebook(SETUP, MODEL, TRAINING)


def sources(book: Notebook) -> list[str]:
    return [c.source for c in book.cells]


def test_an_untouched_notebook_is_rebuilt_as_it_is() -> None:
    built = rebuild(TEMPLATE, TEMPLATE)
    assert built.notebook == TEMPLATE
    assert (built.restored, built.missing, built.extra, built.changed_lines) == ((), (), 0, 0)


def test_a_locked_cell_is_put_back_and_told() -> None:
    built = rebuild(TEMPLATE, notebook(SETUP.with_source("import cheats"), MODEL, TRAINING))
    assert built.notebook == TEMPLATE
    assert built.restored == ("setup",)
    assert built.changed_lines == 0


def test_a_locked_cell_that_was_deleted_is_put_back_and_told() -> None:
    built = rebuild(TEMPLATE, notebook(MODEL, TRAINING))
    assert built.notebook == TEMPLATE
    assert built.restored == ("setup",)


def test_blank_lines_around_a_locked_cell_are_no_change() -> None:
    assert rebuild(TEMPLATE, notebook(SETUP.with_source(SETUP.source + "\n\n"), MODEL, TRAINING)).restored == ()


def test_the_marks_are_ours_and_cannot_be_taken_over() -> None:
    learner = notebook(code("setup", SETUP.source), code("model", MODEL.source, **LOCKED), TRAINING)
    assert rebuild(TEMPLATE, learner).notebook == TEMPLATE


def test_a_missing_cell_is_told_and_its_lines_count_as_changed() -> None:
    built = rebuild(TEMPLATE, notebook(SETUP, TRAINING))
    assert built.missing == ("model",)
    assert sources(built.notebook) == [SETUP.source, TRAINING.source]
    assert built.changed_lines == 2


def test_extra_cells_stay_where_they_are() -> None:
    learner = notebook(
        code("own-1", "first = 1"), SETUP, code("own-2", "second = 2"), MODEL, TRAINING, code(None, "last = 3")
    )
    built = rebuild(TEMPLATE, learner)
    assert sources(built.notebook) == sources(learner)
    assert built.extra == 3
    assert built.changed_lines == 3
    assert all(c.id for c in built.notebook.cells)


def test_empty_cells_and_words_of_the_learner_are_not_counted() -> None:
    built = rebuild(TEMPLATE, notebook(SETUP, MODEL, Cell("w", "markdown", "my words"), code("e", " \n"), TRAINING))
    assert (built.extra, built.changed_lines) == (0, 0)


def test_cells_without_ids_are_matched_by_likeness() -> None:
    fixed = MODEL.source.replace("+ 1", "+ 2")
    learner = notebook(code(None, SETUP.source), code(None, fixed), code(None, TRAINING.source))
    built = rebuild(TEMPLATE, learner)
    assert [c.id for c in built.notebook.cells] == ["setup", "model", "training"]
    assert sources(built.notebook) == [SETUP.source, fixed, TRAINING.source]
    assert (built.restored, built.missing, built.extra, built.changed_lines) == ((), (), 0, 1)


def test_a_cell_like_none_of_ours_is_an_extra_one() -> None:
    learner = notebook(SETUP, code(None, "%matplotlib inline"), TRAINING)
    built = rebuild(TEMPLATE, learner)
    assert (built.missing, built.extra) == (("model",), 1)


def test_changed_lines_are_those_that_an_editor_marks() -> None:
    source = "for step in range(20):\n\n    loss = step   \n    losses.append(loss)\nprint(losses)"
    built = rebuild(TEMPLATE, notebook(SETUP, MODEL, TRAINING.with_source(source)))
    assert built.changed_lines == 2


def test_very_large_cells_are_matched_in_seconds() -> None:
    big = [code(None, "x = 1\n" * 80_000) for _ in range(20)]
    start = time.monotonic()
    assert rebuild(TEMPLATE, notebook(*big)).missing == ("model", "training")
    assert time.monotonic() - start < 10


@given(NOTEBOOKS, NOTEBOOKS)
def test_whatever_the_learner_hands_in_our_cells_stand_in_our_order(template: Notebook, learner: Notebook) -> None:
    built = rebuild(template, learner)
    ours = [c.id for c in built.notebook.cells if template.cell(c.id or "")]
    kept = [c.id for c in template.cells if c.id in ours]
    assert list(dict.fromkeys(ours)) == kept
    for cell_ in template.cells:
        if cell_.locked:
            assert built.notebook.cell(str(cell_.id)) == cell_


def test_a_patch_replaces_its_text_once() -> None:
    assert sources(apply(TEMPLATE, [Edit(cell="model", find="+ 1", replace="- 1")]))[1].endswith("x - 1")


def test_patches_are_applied_in_order() -> None:
    edits = [Edit(cell="model", find="+ 1", replace="+ 2"), Edit(cell="model", find="+ 2", replace="+ 3")]
    assert sources(apply(TEMPLATE, edits))[1].endswith("x + 3")


def test_an_empty_find_replaces_the_whole_cell() -> None:
    assert sources(apply(TEMPLATE, [Edit(cell="model", find="", replace="pass\n")]))[1] == "pass"


@pytest.mark.parametrize(("find", "times"), [("nowhere", 0), ("loss", 3)])
def test_a_patch_that_does_not_bite_once_is_an_error_of_the_author(find: str, times: int) -> None:
    with pytest.raises(ManifestError, match=f"'training' must find its text once, but finds it {times} times"):
        apply(TEMPLATE, [Edit(cell="training", find=find, replace="")])


def test_a_patch_of_an_unknown_cell_names_the_known_ones() -> None:
    with pytest.raises(ManifestError, match="known: setup, model, training"):
        apply(TEMPLATE, [Edit(cell="modle", find="x", replace="y")])


# ---- stages


def test_a_locked_cell_of_a_later_stage_does_not_open_it(tmp_path: Path) -> None:
    plot = code("plot", "show()", **LOCKED, tags=["presentation", "stage-2"])
    template = notebook(code("model", "x = 1"), code("cache", "y = 2", tags=["stage-2"]), plot)
    path = tmp_path / "learner.ipynb"
    path.write_text(sealed(template).to_json())
    for pristine in (template, sealed(template)):
        ours, theirs = at_their_stage(pristine, read(path))
        assert [[cell.id for cell in one.cells] for one in (ours, theirs)] == [["model"], ["model"]]
    unlock(path, 2)
    for pristine in (template, sealed(template)):
        ours, theirs = at_their_stage(pristine, read(path))
        assert [len(one.cells) for one in (ours, theirs)] == [3, 3]
        assert stage_of(rebuild(ours, theirs).notebook) == 2
    assert [cell.locked for cell in read(path).cells] == [False, False, True]
