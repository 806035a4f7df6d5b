"""Symptoms: what the curve and the measure look like, in plain words. Pure; the cause is never said."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

from bugkit.verdict import RunResult, Symptom, Target

MOST = 3
SHORT = 20  # steps: a shorter curve has no shape to speak of
FLOOR_REACH = 0.35  # nats: a curve whose least value is further above the floor has not come near it
NEAR = 0.06  # relative: a minibatch curve's level is known to about this


def diagnose(runs: Sequence[RunResult], target: Target) -> tuple[Symptom, ...]:
    """At most three symptoms, the most decisive first, from the first run that did not converge (else the first)."""
    judged = [run for run in runs if run.status == "ok"]
    if not judged:
        return ()
    run = next((run for run in judged if not run.converged), judged[0])
    found = [symptom for rule in RULES if (symptom := rule(run, target)) is not None]
    return tuple(found[:MOST])


def _diverged(run: RunResult, target: Target) -> Symptom | None:
    first = next((step for step, x in enumerate(run.curve) if not math.isfinite(x)), None)
    if first is not None:
        return Symptom("diverged", f"The loss diverges: at step {first} it is no finite number any more.")
    start = statistics.median(run.curve[:5]) if run.curve else 0.0
    if len(run.curve) >= SHORT and _level(run.curve) > 10 * max(start, target.at_start or 0.0, 1e-9):
        end = _level(run.curve)
        return Symptom("diverged", f"The loss grows instead of falling: from {start:.3g} to {end:.3g} {target.unit}.")
    if run.loss is not None and not math.isfinite(run.loss):
        return Symptom("diverged", "The trained model's answers are no finite numbers.")
    return None


def _too_good(run: RunResult, target: Target) -> Symptom | None:
    if run.loss is not None and run.loss < target.above:
        text = f"Too good to be true: {run.loss:.3g} {target.unit}, where an honest program ends above {target.above:g}."
        return Symptom("too-good", text)
    return None


def _saw_tooth(run: RunResult, target: Target) -> Symptom | None:
    if not _finite(run.curve) or len(run.curve) < 2 * SHORT:
        return None
    low, high = 0.1 * _scale(run, target), 0.7 * _scale(run, target)
    teeth, down = 0, False
    for x in run.curve[len(run.curve) // 5 :]:  # the first fall is no tooth
        if x < low:
            down = True
        elif down and x > high:
            teeth, down = teeth + 1, False
    if teeth < 5:
        return None
    text = f"A saw-tooth: {teeth} times the loss falls below {low:.2g} and jumps up again above {high:.2g} {target.unit}."
    return Symptom("saw-tooth", text)


def _flat(run: RunResult, target: Target) -> Symptom | None:
    if not _finite(run.curve) or len(run.curve) < SHORT or target.at_start is None:
        return None
    middle, end = _level(run.curve[len(run.curve) // 4 : len(run.curve) // 2]), _level(run.curve)
    level = target.at_start
    if abs(end - level) < 2 * NEAR * level and abs(middle - level) < 2 * NEAR * level:
        text = f"The loss stays flat at {end:.3g} {target.unit}, close to {_start_in_words(target)}."
        return Symptom("flat", text)
    return None


def _floor(run: RunResult, target: Target) -> Symptom | None:
    """Probabilities where logits are wanted cannot cost less than ln(C - 1 + e) - 1."""
    classes = _classes(target)
    if classes is None or not _finite(run.curve) or len(run.curve) < SHORT:
        return None
    floor = math.log(classes - 1 + math.e) - 1
    end, least = _level(run.curve), min(run.curve)
    if not floor * 0.999 < least < floor + FLOOR_REACH or end > target.at_start or end < target.below:  # type: ignore[operator]
        return None
    text = (
        f"The loss stays above ln(C - 1 + e) - 1 = {floor:.3f} for C = {classes} at every step (the least is "
        f"{least:.3f}), though there is no such floor under the loss of a good model."
    )
    return Symptom("floor", text)


def _plateau(run: RunResult, target: Target) -> Symptom | None:
    if not _finite(run.curve) or len(run.curve) < SHORT:
        return None
    fifth = len(run.curve) // 5
    before, end = _level(run.curve[-2 * fifth : -fifth]), _level(run.curve[-fifth:])
    if end >= target.below and abs(before - end) < NEAR * max(abs(before), abs(end)):
        text = f"The loss levels off at {end:.3g} {target.unit}, above {target.below:g}, long before the end."
        return Symptom("plateau", text)
    return None


def _gap(run: RunResult, target: Target) -> Symptom | None:
    if not _finite(run.curve) or not run.curve or run.loss is None or run.loss < target.below:
        return None
    end = _level(run.curve)
    if end < target.below and run.loss > 2 * end:
        text = f"A gap: the notebook's loss ends at {end:.3g}, the same model's held-out loss is {run.loss:.3g} {target.unit}."
        return Symptom("gap", text)
    return None


def _too_early(run: RunResult, target: Target) -> Symptom | None:
    if not _finite(run.curve) or len(run.curve) < SHORT:
        return None
    fifth = len(run.curve) // 5
    before, end = _level(run.curve[-2 * fifth : -fifth]), _level(run.curve[-fifth:])
    if end >= target.below and end < before * (1 - NEAR):
        text = f"Too early to tell: the loss is still falling at the end, from {before:.3g} to {end:.3g} {target.unit}."
        return Symptom("too-early", text)
    return None


def _over_budget(run: RunResult, target: Target) -> Symptom | None:
    if run.steps > target.max_steps:
        return Symptom("over-budget", f"It takes {run.steps} optimiser steps; {target.max_steps} are enough.")
    return None


def _no_curve(run: RunResult, _target: Target) -> Symptom | None:
    if run.curve:
        return None
    return Symptom("no-curve", "The list `losses` holds nothing: there is no curve to read.")


RULES: tuple[Callable[[RunResult, Target], Symptom | None], ...] = (
    _diverged,
    _too_good,
    _saw_tooth,
    _flat,
    _floor,
    _gap,
    _plateau,
    _too_early,
    _over_budget,
    _no_curve,
)


def _level(values: Sequence[float]) -> float:
    """The level of a noisy curve: the median of its last tenth, of at least ten values."""
    return statistics.median(values[-max(10, len(values) // 10) :]) if values else math.nan


def _finite(values: Sequence[float]) -> bool:
    return all(map(math.isfinite, values))


def _scale(run: RunResult, target: Target) -> float:
    return target.at_start or statistics.median(run.curve[:5])


def _classes(target: Target) -> int | None:
    """C where the loss at the start is ln C in nats."""
    if target.at_start is None or target.unit != "nats":
        return None
    count = math.exp(target.at_start)
    return round(count) if round(count) >= 2 and abs(count - round(count)) < 0.02 * count else None


def _start_in_words(target: Target) -> str:
    classes = _classes(target)
    if classes:
        return f"ln {classes} = {target.at_start:.3f}, the cost of equal chances for {classes} answers"
    return f"{target.at_start:g}, the cost of answering with the mean"
