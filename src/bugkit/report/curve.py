"""The curve that a report shows: whose it is, the range in which it is drawn, and what it does in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from bugkit.verdict import RunResult, Target, Verdict

GUESSING, TARGET = "guessing", "target"
ALIKE = 0.05  # of the larger one: a loss that moved by less has stayed where it was
WIDE = 100.0  # losses over more than two powers of ten go on a logarithmic axis
RARE = 0.02  # of the losses may lie below what is shown: one lucky batch does not set the range
FEW = 24  # losses, which are drawn as points
SEEN = 0.01  # of the range: what is cut off by less looks the same


@dataclass(frozen=True, slots=True)
class Curve:
    """One run's losses, with the range that is shown; ``losses`` has at least two finite numbers."""

    seed: int
    losses: tuple[float, ...]
    finite: tuple[float, ...]
    bottom: float
    top: float
    is_logarithmic: bool = False

    @property
    def is_short(self) -> bool:
        """Whether each loss is drawn as a point."""
        return len(self.losses) <= FEW

    @property
    def end(self) -> float:
        """The median of the last tenth."""
        return median(self.finite[-(len(self.finite) // 10 or 1) :])

    def height(self, value: float) -> float:
        """From 0 at the bottom to 1 at the top; what lies outside is put on the edge."""
        inside = min(max(value, self.bottom), self.top)
        if self.is_logarithmic:
            return math.log(inside / self.bottom) / math.log(self.top / self.bottom)
        return (inside / 2 - self.bottom / 2) / (self.top / 2 - self.bottom / 2)  # the whole range may overflow


def shown_run(verdict: Verdict) -> RunResult | None:
    """The first run with a curve that did not converge, else the first."""
    return next((run for run in verdict.runs if not run.converged and run.curve), None) or next(
        iter(verdict.runs), None
    )


def curve_of(verdict: Verdict, share: float = 1.0) -> Curve | None:
    """The curve to show, or None where there is none to draw.

    Its range reaches up to the ``share`` of its losses; of one that explodes, only to four times what is known.
    """
    run, target = shown_run(verdict), verdict.target.of_curve
    finite = tuple(x for x in run.curve if math.isfinite(x)) if run else ()
    if run is None or len(finite) < 2:
        return None
    ordered = sorted(finite)
    known = max(finite[0] if target.at_start is None else target.at_start, target.below)
    low, high = ordered[int(RARE * len(ordered))], ordered[-1]
    if 0 < low < high / WIDE and math.isfinite(high / low):
        bottom, top = min(low, target.below if target.below > 0 else low), max(high, known)
        return Curve(run.seed, run.curve, finite, bottom, top, is_logarithmic=True)
    high = ordered[min(len(ordered) - 1, int(share * len(ordered)))]
    top = max(known, min(high, 4 * known)) if known > 0 else max(known, high)
    bottom = min(0.0, *finite)
    return Curve(run.seed, run.curve, finite, bottom, top if top > bottom else bottom + max(1.0, abs(bottom)))


def in_words(curve: Curve, target: Target) -> str:
    """What the curve does, for those who do not see it."""
    return " ".join(_sentences(curve, target))


def _sentences(curve: Curve, target: Target) -> Iterator[str]:
    target, lowest = target.of_curve, _with_step(curve, min(curve.finite))
    yield f"Over {len(curve.losses)} steps the loss {_way(curve)}; the lowest is {lowest}."
    reached = next((i for i, x in enumerate(curve.losses, start=1) if x <= target.below), None)
    band = f"the target, {target.below:g} {target.unit}"
    if not target.curve_unit:
        yield f"It first comes down to {band} at step {reached}." if reached else f"It never comes down to {band}."
    if target.at_start is not None:
        yield f"Guessing costs {target.at_start:g}."
    yield from peculiarities(curve)


def _way(curve: Curve) -> str:
    """Where it goes: from its first loss to its end."""
    start, end = curve.finite[0], curve.end
    if abs(end - start) <= ALIKE * max(abs(start), abs(end)):
        return f"begins and ends near {end:.3g}"
    return f"{'falls' if end < start else 'rises'} from {start:.3g} to {end:.3g}"


def _with_step(curve: Curve, loss: float) -> str:
    return f"{loss:.3g} at step {curve.losses.index(loss) + 1}"


def peculiarities(curve: Curve) -> Iterator[str]:
    """What cannot be drawn: losses that are no finite numbers, and those outside the axis; and what kind it is of."""
    if curve.is_logarithmic:
        yield "The loss is on a logarithmic axis."
    if bad := len(curve.losses) - len(curve.finite):
        first = next(i for i, x in enumerate(curve.losses, start=1) if not math.isfinite(x))
        are = "is not a finite number" if bad == 1 else "are not finite numbers"
        yield f"{bad} of {len(curve.losses)} losses {are}, the first at step {first}."
    high = max(curve.finite)
    if high > curve.top * (1 + SEEN):
        yield f"The plot ends at {curve.top:.3g}; the highest loss is {_with_step(curve, high)}."
    low = min(curve.finite)
    if low < curve.bottom:
        yield f"The plot starts at {curve.bottom:.3g}; the lowest loss is {_with_step(curve, low)}."
