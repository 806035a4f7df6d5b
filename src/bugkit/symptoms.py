"""What a curve looks like, in plain words with the number that gave it away. Pure; the cause is never said."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from bugkit.verdict import RunResult, Symptom, Target

AT_MOST = 3
MISBEHAVES = "misbehaves"
FEW = 8  # with fewer losses nothing can be said about the shape
MANY_TIMES = 5  # what grew this much over its start has diverged
GAP = 1.2  # held-out loss by training loss, where training alone ends as wanted
WIDE_GAP = 3  # and where it does not
NEAR_FLOOR = 0.35  # nats: above this, the lowest of the losses has not come near the floor
BETTER = 0.15  # nats: the answers are so much better than the losses that were recorded, where a floor holds these up
FELL = 0.03  # of the start: less is no fall
SPIKE = 10  # so has what once grew this much and never came below its start
OTHER_INPUTS = (
    "Training fed the model scaled inputs, and the grader feeds it the data as they are: the loss is of these"
)
ELSEWHERE = "The recorded losses are another quantity than what is measured, and may look as they should"
ORDER = (  # most decisive first
    "diverged", "too-good", "over-budget", "other-inputs", "saw-tooth", "floor", "flat", "start-off", "gap", "plateau",
    "too-early", "no-curve", MISBEHAVES,
)  # fmt: skip


def diagnose(runs: Sequence[RunResult], target: Target) -> tuple[Symptom, ...]:
    """The symptoms of the runs that did not pass, most decisive first, at most three.

    Where only some of the runs show a symptom, its sentence says how many. Curves are taken to be in the unit of the
    target, one loss per step; NaN and infinities are allowed anywhere.
    """
    seen: dict[str, list[str]] = {}
    misses = any(run.status == "ok" and not run.converged for run in runs)
    for run in runs:
        for name, text in () if run.passed else _symptoms(run, target):
            if not (name == MISBEHAVES and run.converged and misses):  # it says that the target is reached
                seen.setdefault(name, []).append(text)
    found = [name for name in ORDER if name in seen][:AT_MOST]
    return tuple(Symptom(name, _told(name, seen[name], len(runs))) for name in found)


def _told(name: str, texts: Sequence[str], runs: int) -> str:
    everywhere = name == MISBEHAVES or len(texts) == runs  # a check that fails on one seed fails
    return f"{texts[0]}." if everywhere else f"{texts[0]} (on {len(texts)} of {runs} seeds)."


@dataclass(frozen=True)
class _Shape:
    """A curve by the medians of its parts, which minibatch noise and single spikes leave alone."""

    curve: tuple[float, ...]

    @cached_property
    def finite(self) -> list[float]:
        return [x for x in self.curve if math.isfinite(x)]

    @cached_property
    def broke(self) -> int | None:
        """The index of the first loss that is not finite, if most of what follows is not finite either."""
        first = next((i for i, x in enumerate(self.curve) if not math.isfinite(x)), None)
        if first is None:
            return None
        rest = self.curve[first:]
        return first if sum(map(math.isfinite, rest)) < len(rest) / 2 else None

    @cached_property
    def tail(self) -> list[float]:
        return self.finite[-(len(self.finite) // 4 or 1) :]

    @cached_property
    def end(self) -> float:
        return _quantile(self.tail, 0.5)

    @cached_property
    def head(self) -> float:
        return _quantile(self.finite[: len(self.finite) // 5 or 1], 0.5)

    @property
    def first(self) -> float:
        return _quantile(self.finite[:FEW], 0.5)

    @property
    def lowest(self) -> float:
        """The lowest of the four quarters' medians."""
        size = len(self.tail)
        return min(_quantile(self.finite[i : i + size], 0.5) for i in range(0, len(self.finite) - size + 1, size))

    @property
    def falling(self) -> bool:
        """Whether the last quarter is lower than the one before by 8 % and by more than the noise explains."""
        size = len(self.tail)
        fell = _quantile(self.finite[-2 * size : -size], 0.5) - self.end
        noise = 1.25 * 1.48 * _quantile([abs(x - self.end) for x in self.tail], 0.5) / math.sqrt(size)
        return fell > max(0.08 * abs(self.end), 3 * noise)


def _symptoms(run: RunResult, target: Target) -> Iterator[tuple[str, str]]:
    """Every symptom of one run, by id."""
    shape = _Shape(run.curve)
    if run.steps > target.max_steps:
        yield "over-budget", f"The notebook takes {run.steps} optimizer steps and {target.max_steps} are allowed"
    broken = _diverged(run, target.of_curve, shape)
    if broken:
        yield "diverged", broken
    if run.status != "ok":  # what was recorded until then is no whole curve
        return
    if not run.curve:
        yield "no-curve", "The notebook recorded nothing in `losses`, so there is no curve to look at"
    if run.rescaled:
        yield "other-inputs", OTHER_INPUTS
    if low := _too_good(run, target, shape):
        yield "too-good", low
    if start := _start_off(target.of_curve, shape):
        yield "start-off", start
    if shape.finite and not broken:
        yield from _ends(run, target, shape)


def _ends(run: RunResult, target: Target, shape: _Shape) -> Iterator[tuple[str, str]]:
    """Where a curve that did not diverge goes; teeth go nowhere."""
    if teeth := _saw_tooth(target.of_curve, shape):
        yield "saw-tooth", teeth
        return
    if run.converged:
        yield from _misbehaves(run)
        return
    if target.curve_unit:
        yield _way(target.of_curve, shape) or (MISBEHAVES, ELSEWHERE)
        return
    if gap := _gap(run, target, shape):
        yield "gap", gap
    if shape.end >= target.below:
        yield _level(run, target, shape)


def _misbehaves(run: RunResult) -> Iterator[tuple[str, str]]:
    """What training does not show: the loss is as it should be, and a check fails; which one, the checks say."""
    if run.loss is not None and any(check.outcome == "failed" for check in run.checks):
        reached = f"What is measured reaches its target, at {_plain(run.loss)}"
        yield MISBEHAVES, f"{reached}: what is wrong does not show in it"


def _diverged(run: RunResult, target: Target, shape: _Shape) -> str | None:
    if shape.broke is not None:
        return _broke(shape, shape.broke)
    if run.status == "ok" and run.loss is not None and not math.isfinite(run.loss):
        return f"The held-out loss is {_plain(run.loss)}"
    if not shape.finite:
        return None
    start, peak = max(_start(target, shape), shape.finite[0]), max(shape.finite)
    if start > 0 and _quantile(shape.tail, 0.75) > MANY_TIMES * start:
        return f"The loss grows from {_plain(shape.finite[0])} at the start to {_plain(peak)}"
    if start > 0 and peak > SPIKE * start and _quantile(shape.tail, 0.25) > 0.9 * start:
        step = shape.curve.index(peak) + 1
        return f"The loss shoots up to {_plain(peak)} at step {step} and ends at {_plain(shape.end)}"
    return None


def _broke(shape: _Shape, index: int) -> str:
    what = f"The loss is {_plain(shape.curve[index])} at step {index + 1}"
    before = [x for x in shape.curve[:index] if math.isfinite(x)]
    if not before:
        return f"{what}, the first one"
    top = max(before)
    grew = top > MANY_TIMES * before[0] > 0
    return f"{what}, after it grew from {_plain(before[0])} to {_plain(top)}" if grew else f"{what} and after"


def _too_good(run: RunResult, target: Target, shape: _Shape) -> str | None:
    limit = f"below {_plain(target.above)}, which no correct program reaches"
    if run.loss is not None and run.loss < target.above:
        what = "What is measured" if target.curve_unit else "The held-out loss"
        return f"{what} is {_plain(run.loss)}, {limit}"
    if shape.broke is None and shape.finite and shape.end < target.of_curve.above:
        return f"The training loss ends at {_plain(shape.end)}, {limit}"
    return None


def _start_off(target: Target, shape: _Shape) -> str | None:
    classes = _classes(target)
    if classes is None or not shape.curve or not math.isfinite(shape.curve[0]):
        return None
    first = shape.curve[0]
    if abs(first - math.log(classes)) < 0.3 * math.log(classes):
        return None
    return f"The first loss is {_plain(first)}, where guessing costs ln {classes} = {math.log(classes):.4g}"


def _gap(run: RunResult, target: Target, shape: _Shape) -> str | None:
    if run.loss is None or run.loss < target.below or shape.end < 0:
        return None
    if run.loss > (GAP if shape.end < target.below else WIDE_GAP) * shape.end:
        return f"The training loss ends at {_plain(shape.end)}, but the held-out loss is {_plain(run.loss)}"
    return None


def _saw_tooth(target: Target, shape: _Shape) -> str | None:
    """Teeth are counted between two thresholds; both ends must hold a tenth of the second half of the curve."""
    start = _start(target, shape)
    low, high = 0.1 * start, 0.5 * start
    half = shape.finite[len(shape.finite) // 2 :]
    rare = min(sum(x < low for x in half), sum(x > high for x in half)) < len(half) / 10
    teeth, down = 0, False
    for x in shape.finite:
        teeth += down and x > high
        down = x < low or (down and x <= high)
    if len(shape.finite) < FEW or rare or teeth < 4:
        return None
    return f"The loss falls near zero and jumps up again {teeth} times, to as much as {_plain(max(half))}"


def _level(run: RunResult, target: Target, shape: _Shape) -> tuple[str, str]:
    """Where a curve that ends above the band levels off, or that it does not."""
    if len(shape.finite) < FEW:
        return "too-early", f"Only {len(shape.finite)} losses were recorded, too few to see where they go"
    end, start, wanted = shape.end, _start(target, shape), _plain(target.below)
    if floor := _floor(run, target, shape):
        return "floor", floor
    if shape.falling and end < start:
        return "too-early", f"The loss is still falling when training ends, at {_plain(end)}; the target is {wanted}"
    if way := _way(target, shape):
        return way
    first = shape.finite[0]
    levels = f"ends at {_plain(end)}, above its first value, {_plain(first)}"
    if end <= max(start, first):
        levels = f"levels off at {_plain(end)}, above the target, {wanted}"
    return "plateau", f"The loss {levels}"


def _way(target: Target, shape: _Shape) -> tuple[str, str] | None:
    """Whether it stays where it started, or grows again; None where it does neither."""
    end, start = shape.end, _start(target, shape)
    if abs(end - start) < FELL * start and abs(shape.head - start) < 0.15 * start:
        return "flat", f"The loss stays at {_plain(end)}, where it started{_meaning(target)}"
    if end > 2 * shape.lowest > 0:
        return "diverged", f"The loss falls to {_plain(shape.lowest)} and then grows again to {_plain(end)}"
    return None


def _floor(run: RunResult, target: Target, shape: _Shape) -> str | None:
    """The least cross-entropy of logits that are probabilities: the losses come near it, and not one crosses it.

    Where the band's end lies above the floor, a correct program may end there too. A loss that merely passes by is as
    high as the answers deserve; a floor holds it up while these are better.
    """
    classes, low = _classes(target), min(shape.finite)
    if classes is None or shape.end > 0.9 * math.log(classes):
        return None
    if run.loss is None or not run.loss < shape.end - BETTER:
        return None
    floor = math.log(classes - 1 + math.e) - 1
    if floor < target.below or not floor - 1e-3 < low < floor + NEAR_FLOOR:
        return None
    where = f"{floor:.4g} = ln({classes - 1} + e) - 1"
    if shape.falling:
        return f"The loss is still falling, but of {len(shape.curve)} not one is below {where}; the lowest is {low:.4g}"
    return f"The loss levels off at {_plain(shape.end)}, above {where}, a floor that no training goes below"


def _meaning(target: Target) -> str:
    """What the level at the start stands for, where that is known."""
    if classes := _classes(target):
        every = "both" if classes == 2 else f"all {classes}"
        return f": ln {classes} = {math.log(classes):.4g}, the loss of calling {every} answers equally likely"
    if target.at_start is None or not any(word in target.unit.lower() for word in ("varia", "squar", "mse", "²")):
        return ""
    return f": {_plain(target.at_start)} is Var(y), the loss of answering with the mean"


def _start(target: Target, shape: _Shape) -> float:
    """The level that training starts from: as the author gives it, else as the first losses show it."""
    return shape.first if target.at_start is None else target.at_start


def _classes(target: Target) -> int | None:
    """C, where the loss starts at ln C nats; above 256 nearly every level is the logarithm of some integer."""
    if not target.unit.startswith("nats") or target.at_start is None or not 0.6 < target.at_start < math.log(257):
        return None
    classes = round(math.exp(target.at_start))
    return classes if abs(math.log(classes) - target.at_start) < 2e-3 else None


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


def _plain(x: float) -> str:
    """A loss as people write it."""
    if math.isnan(x):
        return "NaN"
    return f"{x:.3g}" if math.isfinite(x) else ("infinite" if x > 0 else "minus infinite")
