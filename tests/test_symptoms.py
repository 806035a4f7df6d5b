"""Symptoms on curves of the shapes that were measured: every one is named, and a healthy curve has none."""

from __future__ import annotations

import math
import random

import pytest

from bugkit.symptoms import diagnose
from bugkit.verdict import CheckResult, RunResult, Target

NATS = Target("Held-out cross-entropy", "nats", below=0.5, above=0.01, at_start=math.log(10), max_steps=1000)
TOKENS = Target("Held-out cross-entropy", "nats", below=4.8, above=1.6, at_start=math.log(256), max_steps=1000)
SHARE = Target("Share", "of the best", below=0.1, above=0.0, at_start=None, max_steps=1000)
MISSED = Target("Missed", "of the intervals", 0.2, 0.0, None, 1000, curve_unit="nats")  # not what is recorded
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
        (noisy(lambda _: 1.0), 0.9, MISSED, "flat"),
        (healthy(), 0.5, MISSED, "misbehaves"),
        (noisy(lambda t: 2.3 - 1.2 * t), 0.5, MISSED, "misbehaves"),
        (noisy(lambda t: 2 + 400 * t), 0.5, MISSED, "diverged"),
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
        (noisy(lambda t: 2.2 + 1.96 * math.exp(-9 * t), noise=0.03), 2.2, NATS, "start-off"),
        (noisy(lambda t: 2.3 - 0.5 * t * t, noise=0.02), 1.2, NATS, "floor"),
        (noisy(lambda t: 2.3 - 0.5 * t * t, noise=0.02), 1.8, NATS, "too-early"),  # as high as the answers deserve
        (noisy(lambda t: 1.47 + 0.8 * math.exp(-6 * t), noise=0.003), 1.5, NATS, "plateau"),
        (noisy(lambda t: 5.545 - 0.37 * t, noise=0.01), 5.17, TOKENS, "plateau"),  # it fell
        (noisy(lambda t: 2.3 - 1.1 * t, noise=0.03), 1.2, NATS, "too-early"),  # on its way, and below the floor
        (noisy(lambda t: 0.3 + 0.9 * abs(t - 0.4) + 2 * math.exp(-40 * t)), 0.9, VARIANCE, "diverged"),
        ([2.29, 968.6, *noisy(lambda _: 2.33)], 2.33, NATS, "diverged"),
        ([2.3, 1.1, 0.7], 0.7, NATS, "too-early"),
        (noisy(lambda t: 4.88 + 0.7 * math.exp(-20 * t), noise=0.01), 5.2, TOKENS, "plateau"),  # near ln(255 + e) - 1
        (noisy(lambda t: 3.6 + 2 * math.exp(-9 * t), noise=0.03), 4.85, TOKENS, "gap"),  # another text than it learns
        (noisy(lambda t: 0.4 + 0.45 * math.exp(-40 * t), noise=0.01), 0.4, SHARE, "plateau"),  # falls, and at once
        (noisy(lambda _: 0.85, noise=0.01), 0.85, SHARE, "flat"),
        (noisy(lambda t: 6.2 + 6 * t * (1 - t), noise=0.01), 6.2, TOKENS, "plateau"),  # falls, from a hump
    ],
)
def test_the_most_decisive_symptom_comes_first(curve, loss, target, first):
    assert named(curve, loss, target)[0] == first


@pytest.mark.parametrize("seed", range(20))
def test_a_healthy_curve_has_no_symptom(seed):
    curve = noisy(lambda t: 0.12 + 2.2 * math.exp(-12 * t), noise=0.6, seed=seed)
    assert named(curve, 0.13, converged=True) == []


def test_that_the_grader_feeds_other_numbers_is_told():
    run = RunResult(0, "ok", loss=13.2, curve=tuple(healthy()), rescaled=True)
    assert diagnose([run], NATS)[0].id == "other-inputs"


def test_more_steps_than_allowed_are_told():
    assert named(healthy(), 0.1, steps=4000) == ["over-budget"]


def test_a_sentence_has_the_number_that_gave_it_away():
    run = RunResult(0, "ok", loss=float("nan"), curve=(1.0,) * 47 + (float("inf"),) * 100)
    assert "step 4" in diagnose([run], VARIANCE)[0].text
    floor = RunResult(0, "ok", loss=1.1, curve=tuple(noisy(lambda t: 1.465 + 0.8 * math.exp(-6 * t), noise=0.001)))
    assert "1.461" in diagnose([floor], NATS)[0].text


def test_a_loss_that_starts_high_is_told_once_and_without_contradiction():
    run = RunResult(0, "ok", loss=900.0, curve=tuple(noisy(lambda t: 169 + 4000 * t)))
    grows, first = (symptom.text for symptom in diagnose([run], NATS))
    assert grows.startswith(f"The loss grows from {run.curve[0]:.3g} at the start")
    assert first.startswith(f"The first loss is {run.curve[0]:.3g}")
    assert named(noisy(lambda _: 169), 169, NATS)[:1] == ["start-off"]  # it stays where it is


def test_a_loss_that_is_fine_names_no_check():
    checks = (CheckResult("check_rows", "Rows are apart.", "failed", "they are not", 0),)
    run = RunResult(0, "ok", loss=0.1, converged=True, curve=tuple(healthy()), checks=checks)
    (symptom,) = diagnose([run], NATS)
    assert symptom.id == "misbehaves"
    assert "apart" not in symptom.text


def test_nothing_is_said_of_runs_that_did_not_end_well():
    assert diagnose([RunResult(0, "raised")], NATS) == ()


@pytest.mark.parametrize("curve", [[1e308] * 50, [0.0] * 50, [-1e300] * 50, [float("-inf")] * 3, [5.0], [float("nan")]])
def test_any_numbers_at_all_are_survived(curve):
    assert len(named(curve, float("inf"))) <= 3


def test_one_batch_without_a_number_is_no_divergence():
    curve = healthy()
    curve[200] = float("nan")
    assert named(curve, 3.9) == ["gap"]


def test_a_symptom_of_some_seeds_says_of_how_many():
    flat, fine = noisy(lambda _: 2.3), healthy()
    runs = [
        RunResult(0, "ok", loss=2.3, curve=tuple(flat)),
        RunResult(1, "ok", loss=0.1, converged=True, curve=tuple(fine)),
    ]
    [symptom] = diagnose(runs, NATS)
    assert symptom.text.endswith("(on 1 of 2 seeds).")
    assert "ln 10 = 2.303" in symptom.text


def test_what_is_shown_is_one_sentence_and_three_symptoms_at_most():
    curve = [51.6, *saw(), *[float("nan")] * 400]
    run = RunResult(0, "ok", loss=-1.0, steps=4000, curve=tuple(curve))
    found = diagnose([run], NATS)
    assert [symptom.id for symptom in found] == ["diverged", "too-good", "over-budget"]
    assert all(symptom.text.endswith(".") and "\n" not in symptom.text for symptom in found)


def test_a_level_that_is_no_logarithm_is_not_called_one():
    target = Target("Held-out loss", "nats", below=0.5, above=0.0, at_start=3.1, max_steps=1000)
    run = RunResult(0, "ok", loss=3.1, curve=tuple(noisy(lambda _: 3.1)))
    assert "ln" not in diagnose([run], target)[0].text


def test_nothing_is_said_to_reach_its_target_that_misses_it_on_another_seed():
    failed = CheckResult("check_something", "Something holds.", "failed", "it does not", 0)
    near = RunResult(0, "ok", loss=0.3, converged=True, steps=400, curve=tuple(healthy()), checks=(failed,))
    far = RunResult(1, "ok", loss=0.9, converged=False, steps=400, curve=tuple(healthy()), checks=(failed,))
    assert [symptom.id for symptom in diagnose([near, near], NATS)] == ["misbehaves"]
    assert [symptom.id for symptom in diagnose([near, far], NATS)] == ["gap"]
