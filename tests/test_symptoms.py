"""Symptoms on curves of the shapes that were measured: every one is named, and a healthy curve has none."""

from __future__ import annotations

import math
import random

import pytest

from bugkit.symptoms import diagnose
from bugkit.verdict import RunResult, Target

NATS = Target("Held-out cross-entropy", "nats", below=0.5, above=0.01, at_start=math.log(10), max_steps=1000)
VARIANCE = Target("Held-out squared error", "variance", below=0.2, above=0.0, at_start=1.0, max_steps=1000)


def named(curve, loss, target=NATS, *, converged=False, steps=None):
    """The ids for one run."""
    run = RunResult(0, "ok", loss=loss, converged=converged, steps=steps or len(curve), curve=tuple(curve))
    return [symptom.id for symptom in diagnose([run], target)]


def noisy(level, steps=400, noise=0.05, seed=0):
    """A curve around level(share of the training done)."""
    rng = random.Random(seed)
    return [level(i / steps) * (1 + rng.uniform(-noise, noise)) for i in range(steps)]


def healthy(end=0.1):
    return noisy(lambda t: end + 2.2 * math.exp(-12 * t), noise=0.3)


def saw():
    return [0.02 if i % 40 > 3 else 4.0 for i in range(400)]


@pytest.mark.parametrize(
    ("curve", "loss", "target", "first"),
    [
        (noisy(lambda _: 2.30), 2.3, NATS, "flat"),
        (noisy(lambda _: 0.98, noise=0.3), 0.9, VARIANCE, "flat"),
        (noisy(lambda t: 1.47 + 0.8 * math.exp(-6 * t), noise=0.003), 1.0, NATS, "floor"),
        (noisy(lambda t: 0.9 + 1.4 * math.exp(-20 * t)), 0.9, NATS, "plateau"),
        (saw(), 4.0, NATS, "saw-tooth"),
        ([1.3, 0.5] * 30 + [float("nan")] * 300, float("nan"), VARIANCE, "diverged"),
        (noisy(lambda t: 2 + 400 * t), 300.0, NATS, "diverged"),
        (healthy(), float("nan"), NATS, "diverged"),
        (healthy(), 3.9, NATS, "gap"),
        (noisy(lambda t: 2.3 - 1.2 * t), 1.1, NATS, "too-early"),
        (healthy(0.001), 0.0005, NATS, "too-good"),
        ([], 2.0, NATS, "no-curve"),
    ],
)
def test_the_most_decisive_symptom_comes_first(curve, loss, target, first):
    assert named(curve, loss, target)[0] == first


@pytest.mark.parametrize("seed", range(20))
def test_a_healthy_curve_has_no_symptom(seed):
    curve = noisy(lambda t: 0.12 + 2.2 * math.exp(-12 * t), noise=0.6, seed=seed)
    assert named(curve, 0.13, converged=True) == []


def test_more_steps_than_allowed_are_told():
    assert named(healthy(), 0.1, steps=4000) == ["over-budget"]


def test_a_sentence_has_the_number_that_gave_it_away():
    run = RunResult(0, "ok", loss=float("nan"), curve=(1.0,) * 47 + (float("inf"),) * 100)
    assert "step 4" in diagnose([run], VARIANCE)[0].text
    floor = RunResult(0, "ok", loss=1.5, curve=tuple(noisy(lambda t: 1.465 + 0.8 * math.exp(-6 * t), noise=0.001)))
    assert "1.461" in diagnose([floor], NATS)[0].text


def test_nothing_is_said_of_runs_that_did_not_end_well():
    assert diagnose([RunResult(0, "raised")], NATS) == ()


@pytest.mark.parametrize("curve", [[1e308] * 50, [0.0] * 50, [-1e300] * 50, [float("-inf")] * 3, [5.0], [float("nan")]])
def test_any_numbers_at_all_are_survived(curve):
    assert len(named(curve, float("inf"))) <= 3
