"""The authors' words: the measures against hand-made values, and what the loader refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bugkit import checks, data, heldout
from bugkit.audit import Audit, Call, UndecidedError
from bugkit.box import Stopped
from bugkit.errors import ManifestError
from bugkit.run import LearnerCodeError

RNG = np.random.default_rng(0)
LOGITS, LABELS = RNG.normal(size=(50, 7)) * 3, RNG.integers(0, 7, 50)
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
HONEST = -np.mean(np.log(PROBABILITIES[np.arange(50), LABELS]))


@pytest.mark.parametrize(
    "outputs", [LOGITS, LOGITS + 100, np.log(PROBABILITIES), PROBABILITIES, PROBABILITIES.astype("f4")]
)
def test_nll_is_the_same_for_logits_log_probabilities_and_probabilities(outputs):
    assert checks.nll(outputs, LABELS) == pytest.approx(HONEST, rel=1e-5)


def test_cross_entropy_of_probabilities_has_its_floor():
    assert checks.cross_entropy(np.eye(10), np.arange(10)) == pytest.approx(math.log(9 + math.e) - 1)


def test_large_logits_do_not_overflow():
    assert checks.cross_entropy(np.array([[1e4, 0.0]]), np.array([1])) == pytest.approx(1e4)


def test_squared_error_pairs_one_by_one():
    p, y = RNG.normal(size=(20, 1)), RNG.normal(size=20)
    assert checks.mean_squared_error(p, y) == pytest.approx(
        np.mean([(a - b) ** 2 for a, b in zip(p[:, 0], y, strict=True)])
    )
    with pytest.raises(LearnerCodeError):
        checks.mean_squared_error(np.ones(3), np.ones(4))


def test_accuracy_counts_the_largest():
    assert checks.accuracy(np.eye(4), [0, 1, 2, 0]) == 0.75


def test_a_redrawn_set_is_another_task_of_the_same_rows():
    one, again, other = (
        checks.redrawn("digits", np.random.default_rng(seed), labels=True, features=True) for seed in (1, 1, 2)
    )
    (x, y), (x_held, y_held) = data.load("digits"), heldout.load("digits")
    assert [a.shape for a in (*one.train, *one.heldout)] == [a.shape for a in (x, y, x_held, y_held)]
    assert all(map(np.array_equal, one.train, again.train))
    assert not np.array_equal(one.train[0], other.train[0])
    pooled = np.concatenate([one.train[1], one.heldout[1]])
    assert sorted(np.bincount(pooled)) == sorted(np.bincount(np.concatenate([y, y_held])))
    brightness = np.concatenate([one.train[0], one.heldout[0]]).sum(1)
    assert np.allclose(np.sort(brightness), np.sort(np.concatenate([x, x_held]).sum(1)))
    assert not np.array_equal(one.train[0].mean(0), x.mean(0))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1", "measure"),
        ("def m(run):\n    'M.'", "check_"),
        ("def m(run):\n    'M.'\ndef check_a(run):\n    pass", "check_a has no docstring"),
        ("import nothing_of_that_name", "ModuleNotFoundError"),
        ("def m(", "SyntaxError"),
    ],
)
def test_a_checks_file_that_is_not_one_is_refused(tmp_path, text, words):
    (tmp_path / "checks.py").write_text(text)
    with pytest.raises(ManifestError) as refused:
        checks.load(tmp_path / "checks.py", "m")
    assert words in str(refused.value)


class FakeRun:
    """A run whose model does as told."""

    seed = 4

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.begun = 0

    def begin(self) -> None:
        self.begun += 1

    def model(self) -> float:
        if self.error:
            raise self.error
        return 1.0


def check_one(run) -> None:
    """It is one."""
    assert run.model() == 1.0


def check_two(run) -> None:
    """It is two."""
    assert run.model() == 2.0, "it is one, two wanted"


def test_a_check_passes_or_fails_with_its_message_from_a_fresh_start():
    run = FakeRun()
    one, two = checks.perform(check_one, run), checks.perform(check_two, run)
    assert (one.outcome, one.message, one.sentence, one.seed) == ("passed", "", "It is one.", 4)
    assert two.outcome == "failed"
    assert two.message.startswith("it is one, two wanted")
    assert run.begun == 2


@pytest.mark.parametrize("error", [LearnerCodeError("ValueError: no"), ValueError("shape"), IndexError("3")])
def test_what_the_model_raises_fails_the_check(error):
    assert checks.perform(check_one, FakeRun(error)).outcome == "failed"


def test_a_run_that_stops_is_not_a_failed_check():
    with pytest.raises(Stopped):
        checks.perform(check_one, FakeRun(Stopped("timed_out", "too long")))


class Still:
    """A run that nothing can be asked of."""

    seed = 3

    def begin(self):
        pass


def holds(_run):
    """It holds."""


def fails(_run):
    """It does not hold."""
    raise AssertionError("1 instead of 0")


def cannot_be_seen(_run):
    """Nobody knows."""
    raise UndecidedError("how the model was trained could not be seen")


@checks.needs("fails")
def hidden_by_another(_run):
    """It seems to hold."""


@checks.needs("holds", "convergence")
def shown(_run):
    """It holds where the loss does."""


@checks.needs("holds")
def fails_for_itself(_run):
    """It does not hold."""
    raise AssertionError("2 instead of 0")


def outcomes(*functions, converged):
    results = checks.perform_all(functions, Still(), converged=converged)
    return {result.name: result.outcome for result in results}


@pytest.mark.parametrize(("converged", "wanted"), [(True, "passed"), (False, "undecided")])
def test_what_another_bug_may_hide_is_undecided_until_it_holds(converged, wanted):
    found = outcomes(holds, fails, hidden_by_another, shown, fails_for_itself, cannot_be_seen, converged=converged)
    assert found == {
        "holds": "passed",
        "fails": "failed",
        "hidden_by_another": "undecided",
        "shown": wanted,
        "fails_for_itself": "failed",
        "cannot_be_seen": "undecided",
    }


def test_what_a_check_needs_has_to_be_a_check(tmp_path):
    path = tmp_path / "checks.py"
    path.write_text(
        'from bugkit.checks import needs\n\n\ndef loss(run):\n    """A loss."""\n\n\n'
        '@needs("check_nothing")\ndef check_it(run):\n    """It holds."""\n'
    )
    with pytest.raises(ManifestError, match="check_it needs 'check_nothing'"):
        checks.load(path, "loss")


def test_rows_are_found_among_known_ones_however_they_are_scaled():
    known = RNG.normal(size=(40, 12)) * np.arange(1, 13)
    rows = np.array([3, 3, 17, 0])
    standardized = (known - known.mean(axis=0)) / known.std(axis=0)
    assert checks.rows_among(known[rows], known).tolist() == rows.tolist()
    assert checks.rows_among(standardized[rows], known).tolist() == rows.tolist()
    assert checks.rows_among(2 * known[rows] + 1, known).tolist() == rows.tolist()
    assert checks.rows_among(RNG.normal(size=(2, 12)), known).tolist() == [-1, -1]
    assert checks.rows_among(np.ones((2, 5)), known).tolist() == [-1, -1]


class Trained:
    """A run whose training was fed these batches."""

    def __init__(self, known, batches):
        self.train = (known, None)
        calls = [Call(i, len(batch), 1.0, 0.0, (batch,), batch[:, :1], None) for i, batch in enumerate(batches)]
        self.audit = Audit(tuple(calls), len(calls), np.zeros(0), np.zeros(0), len(calls), asked=True)


def test_a_training_on_rescaled_inputs_is_told_from_one_on_the_data_as_they_are():
    known = RNG.normal(size=(40, 12)) * np.arange(1, 13) + 5
    standardized = (known - known.mean(axis=0)) / known.std(axis=0)
    assert checks.rescaled(Trained(known, [standardized[:16], standardized[16:32]]))
    assert not checks.rescaled(Trained(known, [known[:16], known[16:32]]))
    assert not checks.rescaled(Trained(known, [RNG.normal(size=(16, 12))]))
    assert not checks.rescaled(Trained(known, []))
