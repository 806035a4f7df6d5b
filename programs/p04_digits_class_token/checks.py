"""What p04 shows when it works: an image is all of its pieces in their places, and its answer is its own."""

import numpy as np

from bugkit.checks import nll, probabilities, redrawn
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import evaluation_gap

__all__ = [
    "check_every_row_teaches",
    "check_gradients_are_whole",
    "check_the_same_question_gets_the_same_answer",
]

SIDE = 4  # pieces along an edge of an image
SIZES = (1, 2, 17, 64)  # of batches
CLOSE = 1e-3  # of a probability


def draw(rng):
    """The same task with permuted labels and other images held out."""
    return redrawn("digits", rng, labels=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_an_image_alone_gets_the_same_answer(run):
    """An image gets the same answer alone and in a batch of any size."""
    x = run.rng.permutation(run.heldout[0])
    together = probabilities(run.model(x))
    for size in SIZES:
        for start in (0, 5, len(x) - size):
            some = slice(start, start + size)
            change = float(np.abs(probabilities(run.model(x[some])) - together[some]).max())
            assert change < CLOSE, f"in a batch of {size}, a probability changes by up to {change:.2g} (expected: 0)"


def check_pieces_in_disorder_are_another_image(run):
    """When the pieces of an image are shuffled, its answer changes."""
    x = run.rng.permutation(run.heldout[0])[:200]
    disorder = shuffled(x, run.rng.permutation(SIDE * SIDE))
    gap = np.abs(probabilities(run.model(x)) - probabilities(run.model(disorder)))
    change = float(gap.sum(axis=1).mean()) / 2
    assert change > 0.2, f"on average the probabilities change by {change:.2g} (expected: over 0.2)"


def check_every_piece_counts(run):
    """Every piece of an image can change its answer."""
    x = run.rng.permutation(run.heldout[0])[:100]
    usual = probabilities(run.model(x))
    changes = []
    for piece in range(SIDE * SIDE):
        other = x.reshape(-1, SIDE, 2, SIDE, 2).copy()
        row, column = divmod(piece, SIDE)
        other[:, row, :, column] = 1 - other[:, row, :, column]
        other = np.ascontiguousarray(other.reshape(len(x), -1))
        changes.append(float(np.abs(probabilities(run.model(other)) - usual).sum(axis=1).max()) / 2)
    least = int(np.argmin(changes))
    assert changes[least] > 0.02, (
        f"with the piece at {divmod(least, SIDE)} inverted, the probabilities change by at most {changes[least]:.2g}"
        " (expected: over 0.02)"
    )


def check_every_digit_is_recognized(run):
    """Every digit is recognized."""
    x, y = run.heldout
    answers = np.argmax(run.model(x), axis=1)
    share = np.array([np.mean(answers[y == digit] == digit) for digit in range(10)])
    worst = int(share.argmin())
    assert share[worst] > 0.6, f"{share[worst]:.0%} of the images of {worst} are recognized (expected: over 60 %)"


def check_predictions_are_the_most_likely_digits(run):
    """`predict` gives the digits that `model` finds most likely."""
    x = run.heldout[0]
    expected, found = probabilities(run.model(x)), np.asarray(run.predict(x))
    assert found.shape == (len(x),), f"for {len(x)} images they have the shape {found.shape}"
    chosen = np.take_along_axis(expected, found[:, None].astype(np.int64), axis=1)[:, 0]
    agree = float(np.mean(expected.max(axis=1) - chosen < CLOSE))
    assert agree == 1, f"for {agree:.1%} of the images they do (expected: 100 %)"


def check_the_evaluation_is_made_in_evaluation_mode(run):
    """While `evaluate` measures, the network answers as in evaluation mode."""
    gap = evaluation_gap(run, "evaluate")
    assert gap < CLOSE, f"an answer differs by up to {gap:.2g} from that in evaluation mode (expected: 0)"


def shuffled(images, order):
    """The images with their pieces of 2 x 2 pixels in another order."""
    pieces = images.reshape(-1, SIDE, 2, SIDE, 2).transpose(0, 1, 3, 2, 4).reshape(-1, SIDE * SIDE, 2, 2)[:, order]
    return np.ascontiguousarray(pieces.reshape(-1, SIDE, SIDE, 2, 2).transpose(0, 1, 3, 2, 4).reshape(len(images), -1))
