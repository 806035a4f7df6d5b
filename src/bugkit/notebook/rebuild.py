"""What is run: our template with the learner's text in the cells that may be edited, and their extra cells."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bugkit.notebook.model import Cell, Notebook

ALIKE = 0.5  # cells without ids are the same cell when at least this share of their words agrees
WORDS = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The notebook to run, and what it took to make it from the learner's file."""

    notebook: Notebook
    restored: tuple[str, ...]  # locked cells whose text was put back
    missing: tuple[str, ...]  # editable code cells that the learner's file no longer has
    extra: int  # code cells of the learner's own
    changed_lines: int


def rebuild(template: Notebook, learner: Notebook) -> Rebuilt:
    """Take the learner's text for every editable cell of the template; their extra cells stay where they were."""
    pairs = matched(template, learner)
    theirs = {id(mine): cell for cell, mine in pairs.items()}
    extras = _extras(learner, theirs)
    cells = list(extras.get(None, []))
    restored, missing, changed = [], [], 0
    for cell in template.cells:
        mine = pairs.get(cell)
        if cell.locked:
            if mine is None or mine.source.strip() != cell.source.strip():
                restored.append(str(cell.id))
            cells.append(cell)
        elif mine is None:
            if cell.kind == "code":
                missing.append(str(cell.id))
                changed += _changed_lines(cell.source, "")
        else:
            cells.append(cell.edited(mine))
            if cell.kind == "code":
                changed += _changed_lines(cell.source, mine.source)
        cells.extend(extras.get(cell, []))
    own = [cell for group in extras.values() for cell in group if cell.kind == "code" and cell.source.strip()]
    changed += sum(_changed_lines("", cell.source) for cell in own)
    return Rebuilt(Notebook(tuple(cells)), tuple(restored), tuple(missing), len(own), changed)


def matched(template: Notebook, learner: Notebook) -> dict[Cell, Cell]:
    """Template cell to learner's cell: by id, and for files that lost their ids by likeness, in order."""
    by_id = {cell.id: cell for cell in learner.cells if cell.id is not None}
    pairs = {cell: by_id[cell.id] for cell in template.cells if cell.id in by_id}
    taken = {id(mine) for mine in pairs.values()}
    rest = [mine for mine in learner.cells if id(mine) not in taken]
    for cell in template.cells:
        if cell not in pairs and rest:
            shares = [likeness(cell, mine) for mine in rest]
            best = shares.index(max(shares))
            if shares[best] >= ALIKE:
                pairs[cell] = rest.pop(best)
    return pairs


def likeness(cell: Cell, mine: Cell) -> float:
    """The share of words and signs that two cells of one kind have in common, in order; 0 when it is below ALIKE."""
    shorter, longer = sorted((len(cell.source), len(mine.source)))
    if cell.kind != mine.kind or shorter < longer * ALIKE / 4:  # a huge cell is no version of a small one
        return 0.0
    matcher = difflib.SequenceMatcher(None, WORDS.findall(cell.source), WORDS.findall(mine.source), autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= ALIKE else 0.0


def _extras(learner: Notebook, theirs: dict[int, Cell]) -> dict[Cell | None, list[Cell]]:
    """The learner's own cells, by the template's cell that they follow (None: before the first)."""
    out: dict[Cell | None, list[Cell]] = {}
    before: Cell | None = None
    for number, mine in enumerate(learner.cells, start=1):
        if id(mine) in theirs:
            before = theirs[id(mine)]
        else:
            named = Cell(mine.id or f"cell-{number}", mine.kind, mine.source, {"tags": list(mine.tags)}, own=True)
            out.setdefault(before, []).append(named)
    return out


def _changed_lines(before: str, after: str) -> int:
    """Lines that an editor's diff would mark: of each changed block the longer side."""
    a, b = list(_lines(before)), list(_lines(after))
    blocks = difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in blocks if tag != "equal")


def _lines(source: str) -> Iterator[str]:
    return (line.rstrip() for line in source.splitlines() if line.strip())
