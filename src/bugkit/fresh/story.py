"""The words of a fresh exercise: what it does, what was measured, what has to stay; and nothing of what was put in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bugkit.fresh.plant import Planted
from bugkit.kinds.source import Source
from bugkit.notebook import Cell, Notebook

STORY = "story"
KEEP, BUDGET = "Keep:", "Budget:"
MUST = "Must hold when it is fixed:"  # in place of the first: not all of it holds with a bug
NOTES = "notes"
ABOUT_BUG, ABOUT_BUGS = "What was the bug?", "What was each bug?"
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
LARGE = 1000  # loss, from which on it is told as a whole number
LONG = 110  # lines of code, from which on a program takes longer to read
HARDEST = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """What proofs saw of a program, with the bugs and without."""

    words: str  # what was measured: "Held-out cross-entropy"
    unit: str
    broken: float | None
    whole: float
    is_loud: bool  # whether the loss with the bugs lies outside of the band


def neutral(source: Source, bugs: Sequence[Planted], measured: Measured | None) -> Notebook:
    """The working notebook with a story of its own, and of the rest of its text only what says nothing of the code.

    Headings stay, and what stands above cells that set up, set parameters or show.
    """
    cells: list[Cell] = []
    for number, cell in enumerate(source.notebook.cells):
        if cell.id == STORY:
            cells.append(cell.with_source(story(source, bugs, measured)))
        elif cell.id == NOTES and len(bugs) > 1:
            cells.append(cell.with_source(cell.source.replace(ABOUT_BUG, ABOUT_BUGS)))
        elif cell.kind == "markdown" and _tells_of_code(source.notebook, number):
            cells.append(cell.with_source(cell.source.partition("\n")[0]))
        else:
            cells.append(cell)
    return replace(source.notebook, cells=tuple(cells))


def story(source: Source, bugs: Sequence[Planted], measured: Measured | None) -> str:
    """The first cell."""
    it, count = ("it", "one bug") if len(bugs) == 1 else ("them", f"{NUMBERS[len(bugs)]} bugs")
    seen = f" {told(measured, len(bugs))}" if measured else ""
    told_first = f"# {source.roles.title}\n\n{source.roles.about}\n\nThis version has {count}.{seen}\n\n"
    return f"{told_first}Find {it}, and fix {it}.\n\n{_terms(source)}".strip()


def told(measured: Measured, bugs: int) -> str:
    """What was measured, in two sentences."""
    it = f"{_its(measured)} is {_with_unit(measured.broken, measured.unit)}"
    if not measured.is_loud:
        return f"{it}, about as it should be: what is wrong shows elsewhere."
    them = "the bug" if bugs == 1 else "the bugs"
    return f"{it}. Without {them}, it is {_with_unit(measured.whole, measured.unit)}."


def ends(measured: Measured) -> str:
    """The same, where nobody is told how many bugs there are, and of which sort."""
    now, right = (_with_unit(loss, measured.unit) for loss in (measured.broken, measured.whole))
    return f"The training runs. {_its(measured)} is {now}; that of a correct program is {right}."


def asked_to_fix(source: Source) -> str:
    """What is to be done, and what has to stay."""
    return f"Find out what is wrong with it, and make it right.\n\n{_terms(source)}"


def _its(measured: Measured) -> str:
    return f"Its {measured.words[:1].lower()}{measured.words[1:]}"


def _with_unit(loss: float | None, unit: str) -> str:
    if loss is None:
        return "NaN"
    return f"{loss:,.0f} {unit}".strip() if abs(loss) >= LARGE else f"{loss:.3g} {unit}".strip()


def difficulty(source: Source, bugs: int, measured: Measured | None) -> int:
    """From 1 to 5: one more for a long program, for what the loss does not show, and for each bug after the first."""
    lines = sum(len(cell.source.splitlines()) for cell in source.notebook.cells if cell.runs)
    is_hidden = measured is not None and not measured.is_loud
    return min(HARDEST, 1 + (lines > LONG) + is_hidden + max(0, bugs - 1))


def _tells_of_code(notebook: Notebook, number: int) -> bool:
    """Whether a text stands above a cell that may be broken."""
    after = next((cell for cell in notebook.cells[number + 1 :] if cell.kind == "code"), None)
    if after is None or not after.runs:
        return False
    return after.id != "setup" and "parameters" not in after.tags


def _terms(source: Source) -> str:
    """What the program's own story says has to stay, and its budget."""
    first = next((cell.source for cell in source.notebook.cells if cell.id == STORY), "")
    if KEEP in first:
        return f"{MUST}{first.partition(KEEP)[2]}".strip()
    return first[first.find(BUDGET) :].strip() if BUDGET in first else ""


def middle(losses: Sequence[float | None]) -> float | None:
    """The median of losses; None where more than half are no numbers."""
    known = sorted(loss if loss is not None and math.isfinite(loss) else math.inf for loss in losses)
    value = known[len(known) // 2]
    return value if math.isfinite(value) else None
