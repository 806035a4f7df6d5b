"""What a correct fix of ex25 shows: an image is more than its pieces."""

from itertools import combinations

import numpy as np

from bugkit.checks import nll, probabilities, redrawn
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import trained_otherwise

SIDE = 4  # pieces along an edge of an image
LEAST = 1e-4


def draw(rng):
    """The same task with permuted labels and other images held out."""
    return redrawn("digits", rng, labels=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_pieces_in_disorder_are_another_image(run):
    """When the pieces of an image are shuffled, its answer changes."""
    x = run.rng.permutation(run.heldout[0])[:200]
    disorder = moved(x, run.rng.permutation(SIDE * SIDE))
    change = far_apart(run.model(x), run.model(disorder))
    assert change > 0.2, f"on average the probabilities change by {change:.2g} (expected: over 0.2)"


def check_every_exchange_is_seen(run):
    """Exchanging two parts of an image changes the answer, for any positions and sizes of the parts."""
    names, orders = zip(*exchanges(), strict=True)
    change = seen(run, orders)
    name, least = names[change.argmin()], change.min()
    assert least > LEAST, f"with {name} the probabilities change by at most {least:.2g} (expected: over {LEAST:g})"


def check_an_image_alone_gets_the_same_answer(run):
    """An image gets the same answer alone and in a batch of any size."""
    x = run.rng.permutation(run.heldout[0])
    together = probabilities(run.model(x))
    for size in (1, 2, 3, 17, 64, 201):
        for start in (0, 5, len(x) - size):
            change = float(
                np.abs(probabilities(run.model(x[start : start + size])) - together[start : start + size]).max()
            )
            assert change < 1e-3, f"in a batch of {size}, its probabilities change by up to {change:.2g} (expected: 0)"


def check_every_step_trains_the_same_model(run):
    """At every training step, the model computes the same as afterward."""
    odd = trained_otherwise(run)
    assert odd == 0, f"at {odd:.0%} of the sampled steps, a log-probability differs (expected: 0 %)"


def exchanges():
    """Names of exchanges of parts, and for each the new order of the pixels (64,)."""
    pixels = np.arange(64).reshape(8, 8)
    for height, width in ((2, 2), (4, 4), (2, 4), (4, 2), (1, 8), (8, 1), (4, 8), (8, 4)):
        corners = [(row, column) for row in range(0, 8, height) for column in range(0, 8, width)]
        for (r, c), (s, d) in combinations(corners, 2):
            order = pixels.copy()
            order[r : r + height, c : c + width] = pixels[s : s + height, d : d + width]
            order[s : s + height, d : d + width] = pixels[r : r + height, c : c + width]
            yield f"{height} x {width} pixels at {r}, {c} and {s}, {d} exchanged", order.ravel()
    for name, axes in (("left and right", (2,)), ("top and bottom", (0,)), ("both", (0, 2))):
        yield f"the pieces in reverse order, {name},", np.flip(pixels.reshape(4, 2, 4, 2), axes).ravel()
    yield "rows of pieces as columns", pixels.reshape(4, 2, 4, 2).transpose(2, 1, 0, 3).ravel()


def seen(run, orders):
    """For each order of the pixels, the largest change of an answer, over the 16 images that it changes most."""
    images = run.train[0].reshape(-1, 64)[:400]
    which = [np.abs(images[:, order] - images).sum(axis=1).argsort()[-16:] for order in orders]
    changed = np.concatenate([images[some][:, order] for some, order in zip(which, orders, strict=True)])
    usual, answers = probabilities(run.model(images)), probabilities(run.model(changed))
    return np.abs(answers.reshape(len(orders), 16, -1) - usual[np.array(which)]).sum(axis=2).max(axis=1) / 2


def moved(images, order):
    """The images with their pieces of 2 x 2 pixels in another order."""
    pieces = images.reshape(-1, SIDE, 2, SIDE, 2).transpose(0, 1, 3, 2, 4).reshape(-1, SIDE * SIDE, 2, 2)[:, order]
    return np.ascontiguousarray(pieces.reshape(-1, SIDE, SIDE, 2, 2).transpose(0, 1, 3, 2, 4).reshape(len(images), -1))


def far_apart(outputs, others):
    """The mean distance between the probabilities of the ten digits, from 0 to 1."""
    return float(np.abs(probabilities(outputs) - probabilities(others)).sum(axis=1).mean()) / 2
