"""The strict reader: one clear sentence for each way in which a notebook file can be broken.

nbformat is not used here: it upgrades old files, renames duplicate ids in silence and lets several kinds of
broken file through as tracebacks; importing it also costs more than reading the file.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from bugkit.errors import NotebookError
from bugkit.notebook.files import NotRegularError, open_regular
from bugkit.notebook.model import Cell, Notebook

MAX_BYTES = 20 << 20  # a notebook full of pictures is some MiB
MAX_CELLS = 2_000
MAX_CODE = 200_000  # characters of all code: comparing more with an exercise's would hold up everybody
MAX_BRACKETS = 2_000_000  # in the whole file: so many lists and objects take 130 MiB and a second
KINDS = ("code", "markdown", "raw")
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
NO_TEXT = re.compile("[\0\ud800-\udfff]")  # what no text file may hold

_SAVE_AGAIN = "open it in Jupyter and save it again"
_CLEAR = "clear its outputs in Jupyter and save it again"
_OPEN_ERRORS = {
    errno.ELOOP: "is a symbolic link; name the file itself",
    errno.ENOENT: "does not exist",
    errno.EACCES: "may not be read",
    errno.ENXIO: "is not a regular file",
    errno.EISDIR: "is a directory, not a notebook",
    errno.ENOTDIR: "does not exist",
}


def read(path: Path) -> Notebook:
    """Read a notebook, or raise NotebookError with one sentence that says what is wrong with the file."""
    try:
        return parse(_bytes(path))
    except NotebookError as error:
        raise NotebookError(f"{path}: the file {error.what}", next_command=error.next_command) from None


def parse(content: bytes) -> Notebook:
    """A notebook from the bytes of its file; NotebookError's sentence goes on from "the file ..."."""
    document = _json(content)
    if not isinstance(document, dict) or "nbformat" not in document:
        _refuse("is not a notebook: it has no nbformat number")
    if document["nbformat"] != 4 or isinstance(document["nbformat"], bool):
        _refuse(f"is in notebook format {_short(document['nbformat'])}, not 4", _SAVE_AGAIN)
    described = document.get("cells")
    if not isinstance(described, list):
        _refuse("has no list of cells", _SAVE_AGAIN)
    if len(described) > MAX_CELLS:
        _refuse(f"has {len(described)} cells, more than {MAX_CELLS}")
    cells = [_cell(number, cell) for number, cell in enumerate(described, start=1)]
    code = sum(len(cell.source) for cell in cells if cell.kind == "code")
    if code > MAX_CODE:
        _refuse(f"has {code} characters of code, more than {MAX_CODE}")
    metadata = document.get("metadata")
    return Notebook(tuple(_told_apart(cells)), metadata if isinstance(metadata, dict) else {})


def _bytes(path: Path) -> bytes:
    try:
        return _regular_bytes(path)
    except ValueError:
        _refuse("cannot have this name")
    except NotRegularError:
        _refuse("is not a regular file")
    except OSError as error:
        _refuse(_OPEN_ERRORS.get(error.errno or 0, f"cannot be read ({error.strerror})"))


def _regular_bytes(path: Path) -> bytes:
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_BYTES:
            _refuse(f"is {size >> 20} MiB, larger than {MAX_BYTES >> 20} MiB", _CLEAR)
        return file.read(MAX_BYTES + 1)


def _json(content: bytes) -> Any:
    if len(content) > MAX_BYTES:
        _refuse(f"is larger than {MAX_BYTES >> 20} MiB", _CLEAR)
    if content.count(b"[") + content.count(b"{") > MAX_BRACKETS:
        _refuse(f"has more than {MAX_BRACKETS} brackets", _CLEAR)
    try:
        # utf-8-sig: some Windows editors put a byte-order mark first, which does no harm
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(f"is not UTF-8 text (byte {error.start})")
    if not text.strip():
        _refuse("is empty")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_int=_integer)
    except RecursionError:
        _refuse("is nested too deeply")
    except json.JSONDecodeError as error:
        at_the_end = error.pos >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated string")
        cut = " and may be cut off" if at_the_end else ""
        _refuse(f"is not JSON (line {error.lineno}: {error.msg}){cut}", _SAVE_AGAIN)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        _refuse(f"has the key {_short(twice)} twice in one object", _SAVE_AGAIN)
    return out


def _integer(digits: str) -> int | float:
    """Numbers with thousands of digits are turned away by Python itself; no notebook needs more than 19."""
    return int(digits) if len(digits) < 20 else float("inf")


def _cell(number: int, cell: Any) -> Cell:
    if not isinstance(cell, dict) or cell.get("cell_type") not in KINDS:
        _refuse(f"has a malformed cell (cell {number})", _SAVE_AGAIN)
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        _refuse(f"has a cell without text (cell {number})", _SAVE_AGAIN)
    if NO_TEXT.search(source) or not _is_writable(cell.get("metadata")):
        _refuse(f"has a character in cell {number} that no text may hold")
    name, metadata = cell.get("id"), cell.get("metadata", {})
    if not (name is None or isinstance(name, str)) or not isinstance(metadata, dict):
        _refuse(f"has a malformed cell (cell {number})", _SAVE_AGAIN)
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    # an id that Jupyter would not write is as good as none
    return Cell(name if name and ID.fullmatch(name) else None, cell["cell_type"], source, metadata)


def _is_writable(metadata: Any) -> bool:
    try:
        return bool(json.dumps(metadata, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        return False


def _told_apart(cells: list[Cell]) -> Iterator[Cell]:
    """The cells, where a copy has an id of its own. Copies of text, and of code to the letter, do no harm.

    Of two different cells of code nobody knows which is the exercise's.
    """
    seen: dict[str, tuple[int, Cell]] = {}
    for number, cell in enumerate(cells, start=1):
        first_number, first = seen.setdefault(cell.id, (number, cell)) if cell.id is not None else (number, cell)
        if first_number == number:
            yield cell
        elif first.kind == cell.kind and (cell.kind != "code" or cell.source.strip() == first.source.strip()):
            yield replace(cell, id=None)
        else:
            _refuse(
                f"has two cells with the id {_short(cell.id)} (cells {first_number} and {number})",
                "delete the copy, or put its text into a new cell",
            )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _refuse(sentence: str, next_command: str | None = None) -> NoReturn:
    raise NotebookError(sentence, next_command=next_command)
