"""One more cell in a learner's notebook; the rest of the file stays as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bugkit.notebook.files import write_notebook

NOTES = ("notes", "about-check")  # ids of cells that stay last


def insert(path: Path, name: str, source: str) -> bool:
    """Put a code cell of this id after the last cell of the exercise that runs; False where one has the id already.

    OSError or ValueError where the file cannot be read or written.
    """
    document = json.loads(path.read_bytes())
    cells = document["cells"]
    if any(cell.get("id") == name for cell in cells):
        return False
    place = next((number for number, cell in enumerate(cells) if cell.get("id") in NOTES), len(cells))
    cells.insert(place, _cell(name, source, with_id=document.get("nbformat_minor", 5) >= 5))
    write_notebook(path, document)
    return True


def _cell(name: str, source: str, *, with_id: bool) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    cell["source"] = source.splitlines(keepends=True)
    return {**cell, "id": name} if with_id else cell
