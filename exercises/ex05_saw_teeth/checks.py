"""What a correct fix of ex05 shows: each step sees a mixture, and no digit is forgotten."""

import numpy as np

from bugkit.checks import nll, redrawn

ROWS = 30  # images that a group of calls holds at least
PIXELS = 64


def draw(rng):
    """The digits with other numbers and their pixels in other places."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_batches_are_mixtures(run):
    """The images of a batch are of many different digits."""
    seen = run.recorded
    if "inputs" not in seen or seen["inputs"].size != len(seen["inputs"]) * PIXELS:
        return  # nothing that looks like the images was seen
    digits = recognised(seen["inputs"].reshape(-1, PIXELS), *run.train)
    if digits is None:
        return
    mean = np.mean([len(np.unique(group)) for group in groups(digits, seen["call"])])
    assert mean > 4, f"{ROWS} images in a row hold {mean:.1f} digits on average (over 4 wanted)"


def check_every_digit_is_recognised(run):
    """Every digit is recognised, not only those that were seen last."""
    x, y = run.heldout
    named = run.model(x).argmax(axis=1)
    share = [float(np.mean(named[y == digit] == digit)) for digit in range(10)]
    worst = int(np.argmin(share))
    assert share[worst] > 0.2, f"{share[worst]:.0%} of the unseen {worst}s are read rightly (most wanted)"


def check_no_digit_is_named_too_often(run):
    """No digit is named far more often than it occurs."""
    named = run.model(run.heldout[0]).argmax(axis=1)
    share = np.bincount(named, minlength=10) / len(named)
    often = int(np.argmax(share))
    assert share[often] < 0.4, f"{share[often]:.0%} of unseen images are called {often} (about 10 % wanted)"


def recognised(images, known, labels):
    """The digit of each image, that of the most similar known one; None where they are not like the known ones.

    An image that comes again, as in every epoch, is compared once.
    """
    numbers = {}
    which = [numbers.setdefault(image.tobytes(), len(numbers)) for image in images]
    distinct = np.frombuffer(b"".join(numbers), images.dtype).reshape(-1, PIXELS)
    correlation = standard(distinct) @ standard(known).T / PIXELS
    if not np.mean(correlation.max(axis=1)[which]) > 0.8:
        return None
    return labels[correlation.argmax(axis=1)[which]]


def standard(images):
    """Each image with mean 0 and variance 1."""
    centred = images - images.mean(axis=1, keepdims=True)
    return centred / np.maximum(centred.std(axis=1, keepdims=True), 1e-6)


def groups(digits, call):
    """The digits of successive calls, taken together until there are ROWS of them."""
    ends = np.flatnonzero(np.diff(call, append=call[-1] + 1)) + 1
    start = 0
    for end in ends:
        if end - start >= ROWS:
            yield digits[start:end]
            start = end
