"""A notebook as records, and as the JSON that Jupyter reads."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


OWN_MAGICS = ("%bugkit", "%load_ext bugkit")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell without its outputs."""

    id: str | None  # None where the file has no ids (nbformat 4.4 and before)
    kind: str  # "code", "markdown" or "raw"
    source: str
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)
    own: bool = False  # a cell of the learner's, beside those of the exercise

    @property
    def tags(self) -> tuple[str, ...]:
        """The cell's tags; anything that is not a list of words counts as none."""
        tags = self.metadata.get("tags")
        return tuple(t for t in tags if isinstance(t, str)) if isinstance(tags, list) else ()

    @property
    def locked(self) -> bool:
        """Jupyter's own mark: neither editable nor deletable."""
        return self.metadata.get("editable") is False and self.metadata.get("deletable") is False

    @property
    def runs(self) -> bool:
        """Whether a run executes it: code that neither only presents nor does nothing but call bugkit.

        ``skip-execution`` is Jupyter's own tag.
        """
        lines = (line.strip() for line in self.source.splitlines())
        calls = [line.startswith(OWN_MAGICS) for line in lines if line and not line.startswith("#")]
        shown_only = not {"presentation", "skip-execution"}.isdisjoint(self.tags) or (any(calls) and all(calls))
        return self.kind == "code" and not shown_only

    @property
    def may_raise(self) -> bool:
        """Whether the cells after it run even where it raises: Jupyter's own tag."""
        return "raises-exception" in self.tags

    def edited(self, mine: Cell) -> Cell:
        """This cell of the exercise as the learner has it: their text and kind, and what Jupyter is to do with it."""
        theirs = [tag for tag in mine.tags if tag in ("skip-execution", "raises-exception") and tag not in self.tags]
        metadata = {**self.metadata, "tags": [*self.tags, *theirs]} if theirs else self.metadata
        return replace(self, source=mine.source, kind=mine.kind, metadata=metadata)

    def with_source(self, source: str) -> Cell:
        """The same cell with another text."""
        return replace(self, source=source)


@dataclass(frozen=True, slots=True)
class Notebook:
    """The cells of a notebook in order."""

    cells: tuple[Cell, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)  # as it was read

    def cell(self, name: str) -> Cell | None:
        """The cell with this id."""
        return next((c for c in self.cells if c.id == name), None)

    def with_last(self, *cells: Cell) -> Notebook:
        """With more cells after the last one that runs."""
        place = max(number for number, cell in enumerate(self.cells, start=1) if cell.runs)
        return Notebook((*self.cells[:place], *cells, *self.cells[place:]))

    def to_json(self) -> str:
        """The file as Jupyter writes it: nbformat 4.5, no outputs, a newline at the end; every cell gets an id."""
        ids = {cell.id for cell in self.cells}
        free = (name for number in itertools.count(1) if (name := f"cell-{number}") not in ids)
        document = {
            "cells": [_cell_json(cell, cell.id or next(free)) for cell in self.cells],
            "metadata": KERNEL,
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _cell_json(cell: Cell, name: str) -> dict[str, Any]:
    out: dict[str, Any] = {
        "cell_type": cell.kind,
        "id": name,
        "metadata": dict(cell.metadata),
        "source": cell.source.splitlines(keepends=True),
    }
    if cell.kind == "code":
        out |= {"execution_count": None, "outputs": []}
    return out
