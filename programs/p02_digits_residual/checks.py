"""What p02 shows when it works: images are recognized one by one, moved or not, and an evaluation changes nothing."""

import numpy as np

from bugkit.checks import nll, probabilities, redrawn
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)

__all__ = [
    "check_every_row_teaches",
    "check_gradients_are_whole",
    "check_the_same_question_gets_the_same_answer",
]

SIDE = 8  # pixels
SIZES = (1, 2, 17, 64)  # of batches
CLOSE = 1e-3  # of a probability

# The answers before and after an evaluation, which may come at any time of the training.
EVALUATED = """
with torch.no_grad():
    before = torch.as_tensor(predict(images)).clone()
    if isinstance(model, torch.nn.Module):
        model.train()
    evaluate()
    after = torch.as_tensor(predict(images))
"""


def draw(rng):
    """The same task with permuted labels and other images held out."""
    return redrawn("digits", rng, labels=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the answers of `predict`"""
    x, y = run.heldout
    return nll(run.predict(x), y)


def check_an_image_alone_gets_the_same_answer(run):
    """An image gets the same answer alone and in a batch of any size."""
    x = run.rng.permutation(run.heldout[0])
    together = probabilities(run.predict(x))
    for size in SIZES:
        for start in (0, 5, len(x) - size):
            some = slice(start, start + size)
            change = float(np.abs(probabilities(run.predict(x[some])) - together[some]).max())
            assert change < CLOSE, f"in a batch of {size}, a probability changes by up to {change:.2g} (expected: 0)"


def check_an_evaluation_changes_no_answer(run):
    """An evaluation in the middle of the training changes no answer."""
    images = run.heldout[0][:64]
    told = run.ask(EVALUATED, {"images": images}, ["before", "after"], needs=["model", "predict", "evaluate"])
    gap = float(np.abs(probabilities(told["before"]) - probabilities(told["after"])).max())
    assert gap < CLOSE, f"after it, a probability differs by up to {gap:.2g} (expected: 0)"


def check_moved_images_are_recognized(run):
    """Images that are moved by a pixel are recognized, too, in every direction."""
    x, y = run.heldout
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            right_ones = np.mean(np.argmax(run.predict(moved(x, down, right)), axis=1) == y)
            assert right_ones > 0.85, (
                f"moved by {down} down and {right} to the right, {right_ones:.0%} are recognized (expected: over 85 %)"
            )


def check_every_digit_is_recognized(run):
    """Every digit is recognized."""
    x, y = run.heldout
    answers = np.argmax(run.predict(x), axis=1)
    share = np.array([np.mean(answers[y == digit] == digit) for digit in range(10)])
    worst = int(share.argmin())
    assert share[worst] > 0.8, f"{share[worst]:.0%} of the images of {worst} are recognized (expected: over 80 %)"


def moved(images, down, right):
    """The images (N, 64), moved by some pixels; the border is filled with zeros."""
    padded = np.pad(images.reshape(-1, SIDE, SIDE), ((0, 0), (1, 1), (1, 1)))
    out = padded[:, 1 - down : 1 - down + SIDE, 1 - right : 1 - right + SIDE]
    return np.ascontiguousarray(out.reshape(len(images), -1))
