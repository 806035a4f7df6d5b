"""What a correct fix of ex17 shows: a loss and a slope that are right for scores of any size."""

import numpy as np

from bugkit.checks import cross_entropy, nll, redrawn

FULL = 16  # a black pixel
CERTAIN = 10  # nats: what a mistake made with certainty costs at least; some programs cap it, and may


def draw(rng):
    """The digits with other numbers and their pixels in other places."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return min(nll(run.model(scale * x), y) for scale in (np.float32(FULL), np.float32(1)))


def check_the_loss_is_right_for_small_scores(run):
    """The loss is the cross-entropy of the scores, where they lie between -10 and 10."""
    scores, labels = run.rng.uniform(-10, 10, size=(50, 10)).astype(np.float32), run.rng.integers(10, size=50)
    loss, honest = _loss(run, scores, labels), cross_entropy(scores, labels)
    assert abs(loss - honest) < 0.01, f"it is {loss:.4g} nats where {honest:.4g} is right"


def check_the_loss_is_a_number_for_large_scores(run):
    """The loss is a finite number for large scores too: small for a right answer, large for a wrong one."""
    for size in (100, 1_000, 100_000):
        scores, best = _apart(run, size)
        right, wrong = _loss(run, scores, best), _loss(run, scores, (best + 1) % 10)
        assert abs(right) < 0.01, f"being right costs {right:.3g} nats with scores up to {size} (0 wanted)"
        known = CERTAIN < wrong < np.inf
        assert known, (
            f"being wrong costs {wrong:.3g} nats with scores up to {size} (over {CERTAIN}, and finite, wanted)"
        )


def check_the_slope_is_right_for_any_scores(run):
    """The slope at the scores is the probabilities minus the truth, divided by the images, for any scores."""
    for size in (3, 30, 300, 100_000):
        scores = (size * run.rng.normal(size=(50, 10))).astype(np.float32)
        labels = run.rng.integers(10, size=50)
        _, slope = run.cross_entropy(scores, labels)
        error = float(np.abs(slope - _slope(scores, labels)).max()) * len(labels)
        assert error < 1e-3, f"with scores around {size} it is off by up to {error:.2g} (0 wanted)"


def check_the_same_number_added_to_all_scores_changes_nothing(run):
    """The same number added to all scores of an image changes neither the loss nor the slope."""
    scores, labels = run.rng.integers(-64, 64, size=(50, 10)) / np.float32(16), run.rng.integers(10, size=50)
    scores = scores.astype(np.float32)
    loss, slope = run.cross_entropy(scores, labels)
    for number in (-4096, 4096):  # in sixteenths, float32 holds such sums exactly
        other, other_slope = run.cross_entropy(scores + np.float32(number), labels)
        change = max(abs(float(other) - float(loss)), float(np.abs(other_slope - slope).max()))
        assert change < 1e-3, f"with {number:+} the loss goes from {float(loss):.4g} to {float(other):.4g}"


def _loss(run, scores, labels):
    return float(np.asarray(run.cross_entropy(scores, labels)[0]).reshape(()))


def _apart(run, size):
    """Scores whose largest is far above the others, and where it is."""
    best = run.rng.integers(10, size=50)
    scores = run.rng.uniform(-size, 0, size=(50, 10)).astype(np.float32)
    scores[np.arange(50), best] = size
    return scores, best


def _slope(scores, labels):
    powers = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
    slope = powers / powers.sum(axis=1, keepdims=True)
    slope[np.arange(len(labels)), labels] -= 1
    return slope / len(labels)
