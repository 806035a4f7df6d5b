"""What a correct fix of ex05 shows: each step learns from many digits, and none is forgotten."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import nll, redrawn, rows_among
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)

PIXELS = 64
LARGE = 20  # images; this many random ones almost never hold fewer than five digits
SMALLEST = 3  # images
MANY = 3  # calls per step; with more, a step is split into parts and its mixture cannot be seen


def draw(rng):
    """The same task with permuted labels, permuted pixels and other images held out."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_batches_are_mixtures(run):
    """Every step learns from a mixture of many digits, from the first step to the last."""
    audit = run.audit.needed()
    batches = [digits for call in audit.calls if len(digits := _digits(run, call)) >= SMALLEST]
    if not batches or audit.made > MANY * audit.steps:
        raise UndecidedError("which images a step learns from could not be seen")
    shares = [len(np.unique(digits)) / _expected(len(digits)) for digits in batches]
    assert np.mean(shares) > 0.7, (
        f"a batch holds {np.mean(shares):.0%} as many different digits as a random one (expected: over 70 %)"
    )
    large = [digits for digits in batches if len(digits) >= LARGE]
    few = [digits for digits in large if len(np.unique(digits)) < 5 or np.bincount(digits).max() > 0.6 * len(digits)]
    assert not few, (
        f"{len(few)} of {len(large)} sampled batches hold fewer than 5 different digits or mostly one (expected: 0)"
    )


def check_every_digit_is_recognised(run):
    """Every digit is recognized, not only the last ones seen in training."""
    x, y = run.heldout
    named = run.model(x).argmax(axis=1)
    share = [float(np.mean(named[y == digit] == digit)) for digit in range(10)]
    worst = int(np.argmin(share))
    assert share[worst] > 0.2, (
        f"{share[worst]:.0%} of the unseen {worst}s are classified correctly (expected: over 20 %)"
    )


def check_no_digit_is_predicted_too_often(run):
    """No digit is predicted far more often than it occurs."""
    named = run.model(run.heldout[0]).argmax(axis=1)
    share = np.bincount(named, minlength=10) / len(named)
    often = int(np.argmax(share))
    assert share[often] < 0.4, (
        f"{share[often]:.0%} of the unseen images are classified as {often} (expected: below 40 %)"
    )


def _digits(run, call):
    """The digits of the training images in a call; none if most of its images are unknown."""
    x, y = run.train
    if not call.inputs or call.inputs[0].size != call.rows * PIXELS:
        return y[:0]
    rows = rows_among(call.inputs[0].reshape(-1, PIXELS), x)
    return y[rows[rows >= 0]] if np.mean(rows >= 0) > 0.8 else y[:0]


def _expected(images):
    """How many different digits this many random images hold, on average."""
    return 10 * (1 - 0.9**images)
