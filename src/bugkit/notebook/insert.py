"""More cells in a learner's notebook; the rest of the file stays as it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from bugkit.notebook.files import write_notebook
from bugkit.notebook.model import Cell

NOTES = ("notes", "about-check")  # ids of cells that stay last


def insert(path: Path, name: str, source: str) -> bool:
    """Put a code cell of this id after the last cell of the exercise that runs; False where one has the id already.

    OSError or ValueError where the file cannot be read or written.
    """
    return insert_cells(path, [Cell(name, "code", source)], before=NOTES)


def insert_cells(path: Path, new: Sequence[Cell], *, before: Sequence[str] = (), after: Collection[str] = ()) -> bool:
    """Put cells before the first of some, by their ids, or after the last of others; False where one is there already.

    At the end where there are none of these.
    """
    document = json.loads(path.read_bytes())
    cells = document["cells"]
    if {cell.get("id") for cell in cells} & {one.id for one in new}:
        return False
    place = next((number for number, cell in enumerate(cells) if cell.get("id") in before), len(cells))
    place = max((number for number, cell in enumerate(cells, start=1) if cell.get("id") in after), default=place)
    with_id = document.get("nbformat_minor", 5) >= 5
    cells[place:place] = [_described(one, with_id=with_id) for one in new]
    write_notebook(path, document)
    return True


def _described(one: Cell, *, with_id: bool) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": one.kind, "metadata": dict(one.metadata)}
    cell["source"] = one.source.splitlines(keepends=True)
    if one.kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return {**cell, "id": one.id} if with_id else cell
