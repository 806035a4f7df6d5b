"""A curve in a few lines of text: braille dots, or plain ASCII where a console has no more."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a braille cell, by row and column
BLANK = 0x2800
GUTTER = 8


@dataclass(frozen=True, slots=True)
class Level:
    """A value drawn across the plot as a dashed line, with its label on the right."""

    value: float
    label: str


def draw(
    curve: Sequence[float], levels: Sequence[Level], *, width: int = 56, height: int = 8, ascii_only: bool = False
) -> list[str]:
    """The lines of a plot: an axis of numbers, ``width`` x ``height`` characters, the labels, and the steps below.

    Every column spans the lowest to the highest loss of its steps, so that teeth and noise are seen. Values far above
    the levels are cut at the top edge; columns without a finite loss stay empty. An empty list where nothing is finite.
    """
    finite = [x for x in curve if math.isfinite(x)]
    if not finite:
        return []
    low, high = _range(finite, [level.value for level in levels])
    down, across = (1, 1) if ascii_only else (4, 2)
    spans = _spans(curve, width * across, lambda x: _row(x, low, high, height * down))
    cells = _ascii(spans, width, height) if ascii_only else _braille(spans, width, height)
    rows = _places([_row(level.value, low, high, height) for level in levels], height)
    axis = {0: f"{high:.3g}", height - 1: f"{low:.3g}"}
    lines = []
    for y, row in enumerate(cells):
        here = next((i for i, at in enumerate(rows) if at == y), None)
        dash = " " if here is None else (".-" if ascii_only else "┈╌")[here % 2]
        text = "".join(c if c != " " else dash for c in row)
        bar = "|" if ascii_only else "│"
        label = "" if here is None else " " + levels[here].label
        lines.append(f"{axis.get(y, ''):>{GUTTER}} {bar}{text}{label}".rstrip())
    return [*lines, _steps(len(curve), width, ascii_only=ascii_only)]


def _range(finite: Sequence[float], levels: Sequence[float]) -> tuple[float, float]:
    """From zero, or below where losses are, to the highest that is still worth seeing."""
    middle = sorted(finite)[len(finite) // 2]
    worth = max([3 * max([*levels, 0.0]), 3 * abs(middle), 3 * abs(finite[0])])
    low = min(0.0, max(min(finite), -worth))
    high = min(max([*finite, *levels]), worth) * 1.05
    return low, high if low < high < math.inf else low + 1.0


def _row(x: float, low: float, high: float, rows: int) -> int:
    """The row of a value, 0 at the top; what lies outside is put on the edge."""
    share = (high - x) / (high - low)
    return min(rows - 1, max(0, int(min(1.0, max(0.0, share)) * rows)))


def _spans(curve: Sequence[float], columns: int, row: object) -> Iterator[tuple[int, int, int]]:
    raise NotImplementedError
