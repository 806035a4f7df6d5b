"""What a correct fix of ex25 shows: an image is more than its pieces."""

import numpy as np

from bugkit.checks import nll, redrawn

SIDE = 4  # pieces along an edge of an image


def draw(rng):
    """The digits with other numbers, and others of them held out."""
    return redrawn("digits", rng, labels=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own scores"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_pieces_in_disorder_are_another_image(run):
    """An image whose pieces have changed places does not keep its answer."""
    x = run.rng.permutation(run.heldout[0])[:200]
    disorder = moved(x, run.rng.permutation(SIDE * SIDE))
    change = far_apart(run.model(x), run.model(disorder))
    assert change > 0.2, f"on average the chances move by {change:.2g} (over 0.2 wanted)"


def check_every_exchange_is_seen(run):
    """Two neighbouring pieces that are exchanged change the answer, wherever they are."""
    change = {}
    for one in range(SIDE * SIDE):
        for other in (one + 1, one + SIDE):
            if other < SIDE * SIDE and (other == one + SIDE or other % SIDE):
                change[one, other] = exchanged(run, one, other)
    (one, other), least = min(change.items(), key=lambda item: item[1])
    assert least > 1e-4, f"for pieces {one} and {other} the chances move by at most {least:.2g} (over 0.0001 wanted)"


def check_an_image_alone_gets_the_same_answer(run):
    """An image gets the same answer alone as at any place in a batch."""
    x = run.rng.permutation(run.heldout[0])[:16]
    together = run.model(x)
    alone = np.concatenate([run.model(image[None]) for image in x])
    change = float(np.abs(softmax(together) - softmax(alone)).max())
    assert change < 1e-3, f"its chances move by up to {change:.2g} (0 wanted)"


def moved(images, order):
    """The images with their pieces of 2 x 2 pixels in another order."""
    pieces = images.reshape(-1, SIDE, 2, SIDE, 2).transpose(0, 1, 3, 2, 4).reshape(-1, SIDE * SIDE, 2, 2)[:, order]
    return np.ascontiguousarray(pieces.reshape(-1, SIDE, SIDE, 2, 2).transpose(0, 1, 3, 2, 4).reshape(len(images), -1))


def exchanged(run, one, other):
    """How far an answer moves at most when two pieces change places, of 40 images where the two differ the most."""
    images, order = run.train[0], np.arange(SIDE * SIDE)
    order[[one, other]] = other, one
    differing = np.abs(moved(images, order) - images).sum(axis=1).argsort()[-40:]
    x = images[differing]
    return far_apart(run.model(x), run.model(moved(x, order)), over_images=np.max)


def far_apart(scores, others, over_images=np.mean):
    """How far the chances of the ten digits are apart, from 0 to 1."""
    return float(over_images(np.abs(softmax(scores) - softmax(others)).sum(axis=1)) / 2)


def softmax(scores):
    """Chances, whether the model gives scores or log-probabilities."""
    z = np.exp(np.asarray(scores, dtype=np.float64) - np.max(scores, axis=1, keepdims=True))
    return z / z.sum(axis=1, keepdims=True)
