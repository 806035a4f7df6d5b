"""What was run in a kernel beside what is saved in the file."""

from __future__ import annotations

from collections.abc import Sequence

from bugkit.notebook.model import Cell, Notebook
from bugkit.notebook.rebuild import likeness

SAME_CELL = 0.6  # what agrees less with every cell was run by the way, and is no version of one
LATEST = 200  # runs to look at


def not_as_run(notebook: Notebook, ran: Sequence[str]) -> tuple[str, ...]:
    """The code cells that were last run with another text than the saved one, by name.

    ``ran`` are the sources that a kernel ran, the latest last. A kernel does not know which cell a source came from:
    a text that is in the file is that cell's, another one belongs to the cell that it resembles most. Magics, blank
    lines and spaces at the ends of lines do not count.
    """
    cells = {cell.id or f"cell {number}": cell for number, cell in enumerate(notebook.cells, start=1) if cell.runs}
    saved = {name: text for name, cell in cells.items() if (text := _told(cell.source))}
    names = {text: name for name, text in saved.items()}
    last: dict[str, str] = {}
    for source in reversed(ran[-LATEST:]):
        text = _told(source)
        if text and text not in last.values() and (name := names.get(text) or _nearest(text, saved)):
            last.setdefault(name, text)
    return tuple(name for name, text in saved.items() if last.get(name, text) != text)


def _nearest(text: str, saved: dict[str, str]) -> str | None:
    mine = Cell(None, "code", text)
    shares = {name: likeness(Cell(None, "code", other), mine) for name, other in saved.items()}
    best = max(shares, key=shares.__getitem__, default=None)
    return best if best is not None and shares[best] >= SAME_CELL else None


def _told(source: str) -> str:
    """What counts of a source."""
    lines = (line.rstrip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.lstrip().startswith(("%", "!")))
