"""The geometry of small pictures of many: in percent of the picture, from its upper left corner."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from bugkit.report.curve import WIDE, curve_of
from bugkit.report.geometry import plot
from bugkit.verdict import Outcome, Target, Verdict

BINS = 10  # of scores
MOST_BARS = 60
LANES = 5  # of dots, so that few cover one another
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Bar:
    """One of several beside each other."""

    left: float
    width: float
    height: float
    says: str


@dataclass(frozen=True)
class Bars:
    """A distribution, or how something went over time."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, str], ...]
    marks: tuple[tuple[float, str], ...] = ()  # upright lines, such as what was due when
    highest: int = 0


@dataclass(frozen=True)
class Dot:
    """One run among many."""

    at: float
    down: float
    outcome: Outcome
    says: str


@dataclass(frozen=True)
class Strip:
    """Held-out losses beside the band."""

    dots: tuple[Dot, ...]
    band: tuple[float, float]  # left edge and width
    ticks: tuple[tuple[float, str], ...]
    is_logarithmic: bool


@dataclass(frozen=True)
class Small:
    """A small curve, one of many."""

    lines: tuple[str, ...]
    band: tuple[float, float]


def small(verdict: Verdict) -> Small | None:
    """The curve of a verdict; None where there is none to draw."""
    curve = curve_of(verdict)
    if curve is None:
        return None
    drawn = plot(curve, verdict.target)
    return Small(drawn.lines, drawn.band)


def scores(values: Sequence[float]) -> Bars:
    """How many works have which score, from 0 to 1."""
    counts = [0] * BINS
    for value in values:
        counts[min(int(value * BINS + 1e-9), BINS - 1)] += 1
    highest = max(counts, default=0)
    width = 100 / BINS
    said = [f"{count} from {10 * n} to {10 * (n + 1)} %" for n, count in enumerate(counts)]
    bars = tuple(Bar(n * width, width, _share(count, highest), said[n]) for n, count in enumerate(counts) if count)
    return Bars(bars, tuple((tick, f"{tick} %") for tick in (0, 50, 100)), highest=highest)


def losses(runs: Sequence[tuple[float, Outcome, str]], target: Target) -> Strip | None:
    """Held-out losses with their outcomes and whose they are; None where none is a finite number."""
    finite = [run for run in runs if math.isfinite(run[0])]
    if not finite:
        return None
    values = [value for value, _, _ in finite] + [target.below]
    positive = [value for value in values if value > 0]
    is_logarithmic = bool(positive) and max(values) > WIDE * min(positive) and min(values) > 0
    low, high = min(*values, target.above if not is_logarithmic else math.inf), max(values)

    def across(value: float) -> float:
        first, last, one = (math.log(max(x, 1e-300)) if is_logarithmic else x for x in (low, high, value))
        return round(100 * min(max((one - first) / (last - first or 1.0), 0.0), 1.0), 2)

    ordered = sorted(finite)
    dots = [
        Dot(across(value), 100 * (number % LANES + 0.5) / LANES, outcome, f"{whose}: {value:.4g}")
        for number, (value, outcome, whose) in enumerate(ordered)
    ]
    left = across(target.above) if not is_logarithmic or target.above > 0 else 0.0
    ticks = sorted({(across(value), f"{value:.3g}") for value in (low, target.below, high)})
    apart = [ticks[0], *(after for before, after in pairwise(ticks) if after[0] - before[0] > BINS)]
    return Strip(tuple(dots), (left, round(across(target.below) - left, 2)), tuple(apart), is_logarithmic)


def over_time(times: Sequence[datetime], due: Sequence[tuple[datetime, str]] = ()) -> Bars | None:
    """When works were handed in, by days or longer; with lines where they were due. None where all is of one day."""
    if not times:
        return None
    known = [*times, *(at for at, _ in due)]
    first = min(known).replace(hour=0, minute=0, second=0, microsecond=0)
    days = (max(known) - first) // DAY + 1
    if days == 1:
        return None
    step = -(-days // MOST_BARS) * DAY
    count = -(-days * DAY // step)
    counts = [0] * count
    for at in times:
        counts[(at - first) // step] += 1
    width, highest = 100 / count, max(counts)

    def across(at: datetime) -> float:
        return round(100 * ((at - first) / (count * step)), 2)

    bars = tuple(
        Bar(round(n * width, 2), round(width, 2), _share(number, highest), f"{first + n * step:%-d %B}: {number}")
        for n, number in enumerate(counts)
        if number
    )
    last = first + count * step - DAY
    ends = ((0.0, f"{first:%-d %b}"), (100.0, f"{last:%-d %b}"))
    return Bars(bars, ends, tuple((across(at), name) for at, name in due), highest)


def _share(count: int, highest: int) -> float:
    return round(100 * count / highest, 2) if highest else 0.0
