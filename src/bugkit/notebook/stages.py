"""Stages: cells tagged ``stage-2``, ``stage-3`` ... are sealed until the stage before them is passed.

A sealed cell is locked and carries the tag ``sealed``; it is shown, and not run.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from bugkit.notebook.files import write_notebook
from bugkit.notebook.model import Cell, Notebook
from bugkit.notebook.rebuild import matched

TAG = re.compile(r"stage-([2-9])")
SEALED = "sealed"
LAST = 9


def stage_of(notebook: Notebook) -> int:
    """The last stage that has cells here; 1 where none is tagged."""
    return max((_stage(cell) for cell in notebook.cells), default=1)


def at_their_stage(template: Notebook, learner: Notebook) -> tuple[Notebook, Notebook]:
    """Both without what is still sealed in the learner's file.

    Cells are known by their ids, or where these were lost by their text. In a file that has lost its tags a later stage
    is open once something of it was changed.
    """
    pairs = matched(template, learner)
    tagged = any(cell.tags for cell in learner.cells)

    def is_open(cell: Cell) -> bool:
        mine = pairs.get(cell)
        return mine is not None and (SEALED not in mine.tags if tagged else mine.source.strip() != cell.source.strip())

    stage = max((_stage(cell) for cell in template.cells if _can_be_sealed(cell) and is_open(cell)), default=1)
    later = {id(mine) for cell, mine in pairs.items() if _stage(cell) > stage}
    theirs = (cell for cell in learner.cells if id(cell) not in later and SEALED not in cell.tags)
    return up_to(template, stage), Notebook(tuple(theirs))


def at_the_last_stage(template: Notebook, learner: Notebook) -> tuple[Notebook, Notebook]:
    """Both with every stage, however far the learner has come: what is graded in the end."""
    return up_to(template, stage_of(template)), up_to(learner, LAST)


def sealed(notebook: Notebook) -> Notebook:
    """As it is shipped: with every stage after the first sealed."""
    return Notebook(tuple(_sealed(cell) if _stage(cell) > 1 and not cell.locked else cell for cell in notebook.cells))


def up_to(notebook: Notebook, stage: int) -> Notebook:
    """Without the cells of later stages, and with none sealed."""
    kept = (cell for cell in notebook.cells if _stage(cell) <= stage)
    return Notebook(tuple(replace(cell, metadata=_opened(dict(cell.metadata))) for cell in kept))


def unlock(path: Path, stage: int) -> None:
    """Open a stage's cells in a learner's file; the rest of the file stays as it is."""
    document = json.loads(path.read_bytes())
    for cell in document["cells"]:
        if f"stage-{stage}" in cell.get("metadata", {}).get("tags", []):
            cell["metadata"] = _opened(cell["metadata"])
    write_notebook(path, document)


def _stage(cell: Cell) -> int:
    found = (TAG.fullmatch(tag) for tag in cell.tags)
    return max((int(match[1]) for match in found if match), default=1)


def _can_be_sealed(cell: Cell) -> bool:
    """Whether its seal tells the stage: a cell that nobody may ever edit, such as a plot, has none."""
    return SEALED in cell.tags or not cell.locked


def _sealed(cell: Cell) -> Cell:
    lock = {"editable": False, "deletable": False, "tags": [*cell.tags, SEALED]}
    return replace(cell, metadata={**cell.metadata, **lock})


def _opened(metadata: dict[str, Any]) -> dict[str, Any]:
    tags = metadata.get("tags")
    if not isinstance(tags, list) or SEALED not in tags:
        return metadata
    rest = {name: value for name, value in metadata.items() if name not in ("editable", "deletable")}
    return {**rest, "tags": [tag for tag in tags if tag != SEALED]}
