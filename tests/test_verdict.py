"""Verdicts: every seed and every check has to hold, and an error is told from a failure."""

from __future__ import annotations

import pytest

from bugkit.verdict import CheckResult, RunResult, outcome_of, over_seeds, score_of


def check(name, outcome="passed", seed=0):
    return CheckResult(name, "It holds.", outcome, "" if outcome == "passed" else "it does not", seed)


def run(seed=0, *, converged=True, status="ok", checks=("passed", "passed")):
    results = tuple(check(f"check_{i}", outcome, seed) for i, outcome in enumerate(checks))
    return RunResult(seed, status, converged=converged and status == "ok", checks=results if status == "ok" else ())


@pytest.mark.parametrize(
    ("runs", "outcome", "score"),
    [
        ([run(0), run(1)], "passed", 1.0),
        ([run(0), run(1, converged=False)], "failed", 2 / 3),
        ([run(0), run(1, checks=("passed", "failed"))], "failed", 2 / 3),
        ([run(0, converged=False, checks=("failed", "failed"))], "failed", 0.0),
        ([run(0), run(1, status="timed_out")], "failed", 2 / 3),
        ([run(0), run(1, checks=("passed", "undecided"))], "passed", 1.0),
        ([run(0, checks=("failed", "undecided"))], "failed", 1 / 2),
        ([run(0, status="raised"), run(1, status="raised")], "error", 0.0),
        ([run(0, status="no_answer")], "error", 0.0),
        ([], "error", 0.0),
    ],
)
def test_a_pass_needs_every_seed_and_every_check(runs, outcome, score):
    assert outcome_of(runs) == outcome
    assert score_of(runs) == pytest.approx(score)


def test_weights_shift_the_score_and_never_the_outcome():
    runs = [run(0, checks=("passed", "failed"))]
    assert score_of(runs, {"check_1": 3}) == pytest.approx(2 / 5)
    assert score_of(runs, {"convergence": 2}) == pytest.approx(3 / 4)
    assert score_of([run(0)], {"check_1": 3}) == 1.0


def test_a_check_is_shown_on_the_seed_on_which_it_first_failed():
    shown = over_seeds([run(0), run(1, checks=("passed", "failed")), run(2, checks=("failed", "failed"))])
    assert [(c.name, c.outcome, c.seed) for c in shown] == [("check_0", "failed", 2), ("check_1", "failed", 1)]


def test_a_failed_check_is_shown_before_an_undecided_one_and_that_before_one_that_holds():
    runs = [run(0), run(1, checks=("undecided", "undecided")), run(2, checks=("failed", "passed"))]
    assert [(c.outcome, c.seed) for c in over_seeds(runs)] == [("failed", 2), ("undecided", 1)]
