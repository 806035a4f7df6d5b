"""Patches on a notebook: how a bug is put in, and how a stored fix is tried."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from bugkit.errors import ManifestError
from bugkit.notebook.model import Cell, Notebook


class Replacement(Protocol):
    """One text for another in the cell of this id."""

    @property
    def cell(self) -> str: ...  # noqa: D102 - described by the class

    @property
    def find(self) -> str: ...  # noqa: D102

    @property
    def replace(self) -> str: ...  # noqa: D102


def apply(notebook: Notebook, edits: Iterable[Replacement]) -> Notebook:
    """The notebook after the edits, or ManifestError where a text does not stand exactly once in its cell."""
    cells = list(notebook.cells)
    for edit in edits:
        number = next((i for i, c in enumerate(cells) if c.id == edit.cell), None)
        if number is None:
            known = ", ".join(c.id for c in cells if c.kind == "code" and c.id is not None)
            told = f"known: {known}" if known else "the notebook's cells have no ids: save it in format 4.5"
            raise ManifestError(f"a patch names the cell {edit.cell!r}, which is not there", evidence=[told])
        cells[number] = _patched(cells[number], edit)
    return Notebook(tuple(cells))


def _patched(cell: Cell, edit: Replacement) -> Cell:
    if not edit.find:
        return cell.with_source(edit.replace.rstrip("\n"))
    count = cell.source.count(edit.find)
    if count != 1:
        raise ManifestError(
            f"a patch of the cell {edit.cell!r} must find its text once, but finds it {count} times",
            evidence=[f"text: {edit.find!r}"],
        )
    return cell.with_source(cell.source.replace(edit.find, edit.replace))
