"""The geometry of the pictures on a page: everything in percent of the picture, from its upper left corner.

With percents a picture fills any width, and its labels keep the size of the text around it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from bugkit.report.curve import GUESSING, TARGET, Curve
from bugkit.verdict import RunResult, Target

MOST_BINS = 300  # of a curve, each drawn by its lowest and its highest loss
TICKS = 5
NEAR = 7.0  # percent of the height of a plot, about a line of text
SURE = 1e-9


@dataclass(frozen=True, slots=True)
class ReferenceLine:
    """A horizontal line, and what it stands for."""

    kind: str  # "wanted" or "start"
    at: float
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A curve, ready to be drawn."""

    lines: tuple[str, ...]  # the points of each stretch without a gap
    gaps: tuple[tuple[float, float], ...]  # left edge and width, where no loss is a finite number
    band: tuple[float, float]  # upper edge and height of what is wanted
    wanted: ReferenceLine | None
    start: ReferenceLine | None
    columns: tuple[tuple[float, str], ...]  # the labeled steps
    rows: tuple[tuple[float, str], ...]  # the labeled losses
    points: tuple[tuple[float, float], ...] = ()  # of a short curve

    @property
    def levels(self) -> tuple[ReferenceLine, ...]:
        """Those that there are, the upper one first."""
        return tuple(sorted((level for level in (self.wanted, self.start) if level), key=lambda level: level.at))

    @property
    def levels_meet(self) -> bool:
        """Whether their numbers would cover one another."""
        return len(self.levels) > 1 and self.levels[1].at - self.levels[0].at < NEAR


@dataclass(frozen=True, slots=True)
class Gauge:
    """Where one seed's loss lies beside the band, from the left."""

    band: tuple[float, float]  # left edge and width
    dot: float | None


def plot(curve: Curve, target: Target) -> Plot:
    """The curve with its axes, the band and the levels that are known."""

    def down(value: float) -> float:
        return _round(100 * (1 - curve.height(value)))

    last = len(curve.losses) - 1
    lines, gaps = _stretches(curve.losses)
    upper, lower = down(target.below), down(max(target.above, curve.bottom))
    start = target.of_curve.at_start
    wanted = None if target.curve_unit else ReferenceLine("wanted", upper, f"{target.below:g}", TARGET)
    return Plot(
        lines=tuple(" ".join(f"{100 * i / last:.2f},{down(curve.losses[i])}" for i in line) for line in lines),
        gaps=tuple((_round(100 * left / last), _round(100 * (right - left) / last)) for left, right in gaps),
        band=(upper, _round(max(0.0, lower - upper)) if wanted else 0.0),
        wanted=wanted,
        start=None if start is None else ReferenceLine("start", down(start), f"{start:g}", GUESSING),
        columns=tuple((_round(100 * step / last), f"{step:g}") for step in _ticks(0, last) if step == int(step)),
        rows=tuple((down(value), f"{value:g}") for value in _rows(curve)),
        points=tuple((_round(100 * i / last), down(x)) for i, x in enumerate(curve.losses) if math.isfinite(x))
        if curve.is_short
        else (),
    )


def gauge(run: RunResult, target: Target) -> Gauge:
    """The loss on a scale that holds the band and, where it is known, the loss of guessing."""
    low = min(0.0, target.above)
    high = max(target.at_start or 0.0, 2 * target.below, low + SURE)

    def across(value: float) -> float:
        return _round(100 * (min(max(value, low), high) - low) / (high - low))

    left, right = across(target.above), across(target.below)
    dot = None if run.loss is None or math.isnan(run.loss) else across(run.loss)
    return Gauge((left, _round(max(0.0, right - left))), dot)


def _round(percent: float) -> float:
    return round(percent, 2) + 0.0  # no -0.0


def _stretches(losses: Sequence[float]) -> tuple[list[list[int]], list[tuple[float, float]]]:
    """The indices to draw in stretches, and the gaps between them from edge to edge."""
    lines: list[list[int]] = []
    gaps: list[tuple[float, float]] = []
    for is_drawn, parts in groupby(_bins(losses), key=lambda part: bool(part[2])):
        whole = list(parts)
        if is_drawn:
            line = [index for _, _, indices in whole for index in indices]
            lines.append(line if len(line) > 1 else line * 2)  # a line of one point would not be seen
        else:
            gaps.append((max(0, whole[0][0] - 0.5), min(whole[-1][1] - 0.5, len(losses) - 1)))
    return lines, gaps


def _bins(losses: Sequence[float]) -> Iterator[tuple[int, int, list[int]]]:
    """From, to, and the indices of the lowest and the highest finite loss between them, in order."""
    count = min(MOST_BINS, len(losses))
    for number in range(count):
        first, end = len(losses) * number // count, len(losses) * (number + 1) // count
        finite = [index for index in range(first, end) if math.isfinite(losses[index])]
        ends = {min(finite, key=losses.__getitem__), max(finite, key=losses.__getitem__)} if finite else set()
        yield first, end, sorted(ends)


def _rows(curve: Curve) -> Iterator[float]:
    """The losses that are labeled: round numbers, on a logarithmic axis about TICKS powers of ten."""
    if not curve.is_logarithmic:
        yield from _ticks(curve.bottom, curve.top)
        return
    first, last = math.ceil(math.log10(curve.bottom) - SURE), math.floor(math.log10(curve.top) + SURE)
    for power in range(first, last + 1, max(1, -(-(last - first) // TICKS))):
        yield 10.0**power


def _ticks(low: float, high: float) -> Iterator[float]:
    """About TICKS round numbers (1, 2 or 5 times a power of ten apart) between two others."""
    rough = high / TICKS - low / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough * (1 - SURE))
    for number in range(math.ceil(low / step - SURE), math.floor(high / step + SURE) + 1):
        yield number * step + 0.0
