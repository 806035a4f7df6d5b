"""What was changed between two versions of a notebook, cell by cell."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from bugkit.notebook.model import Notebook

SIGNS = ("-", "+")


def difference(before: Notebook, after: Notebook, context: int = 2) -> Iterator[tuple[str, str]]:
    """The changed lines of each changed cell, with the kind of each: "cell", "-", "+" or "" for those around."""
    for cell in after.cells:
        old = before.cell(cell.id) if cell.id else None
        if old is None or old.source == cell.source:
            continue
        yield f"cell {cell.id}", "cell"
        lines = difflib.unified_diff(old.source.splitlines(), cell.source.splitlines(), n=context, lineterm="")
        for line in list(lines)[2:]:  # after the names of the two files
            yield ("  ..." if line.startswith("@@") else f"  {line}"), line[:1] if line[:1] in SIGNS else ""


def fix_of(before: Notebook, after: Notebook) -> str:
    """The changed lines of code alone, and those of new cells: what one fix is told from another by."""
    code = Notebook(tuple(cell for cell in after.cells if cell.kind == "code"))
    lines = [line.strip() for line, kind in difference(before, code, context=0) if kind in SIGNS]
    known = {cell.id for cell in before.cells}
    own = (f"+{line}" for cell in code.cells if cell.id not in known for line in cell.source.splitlines())
    return "\n".join([*lines, *own])
