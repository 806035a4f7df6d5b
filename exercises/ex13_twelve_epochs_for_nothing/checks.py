"""What a correct fix of ex13 shows: an image keeps its label, and the network tells images apart."""

import numpy as np

from bugkit.checks import accuracy, nll, probabilities, redrawn, rows_among
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import answers_by_training

# An epoch of images that carry their label in every pixel. A notebook without `batches`, or with one that takes other
# arguments, is not asked.
EPOCH = """
kept, dealt = 0, 0
try:
    for some_images, some_labels in batches(labels[:, None].float().repeat(1, 64), labels):
        kept += int((some_images.reshape(len(some_labels), -1)[:, 0].long() == some_labels).sum())
        dealt += len(some_labels)
except Exception:
    kept = dealt = 0
"""


def draw(rng):
    """The digits with other numbers and their pixels in other places."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_different_images_get_different_answers(run):
    """The network gives different images different probabilities."""
    spread = float(probabilities(run.model(run.heldout[0])).std(axis=0).mean())
    assert spread > 0.15, f"a digit's probability varies by {spread:.2g} between unseen images (about 0.3 wanted)"


def check_every_digit_is_recognised(run):
    """Every digit is recognized."""
    x, y = run.heldout
    named = np.asarray(run.model(x)).argmax(axis=1)
    share = [float(np.mean(named[y == digit] == digit)) for digit in range(10)]
    worst = int(np.argmin(share))
    assert share[worst] > 0.5, f"{share[worst]:.0%} of the unseen {worst}s are classified correctly (most wanted)"


def check_an_epoch_deals_out_what_belongs_together(run):
    """What an epoch deals out belongs together."""
    labels = run.rng.integers(0, 10, len(run.train[1]))
    epoch = run.ask(EPOCH, {"labels": labels}, ["kept", "dealt"])
    dealt = int(epoch["dealt"])
    share = int(epoch["kept"]) / max(dealt, 1)
    assert not dealt or share > 0.99 or learned_otherwise(run), f"{share:.0%} of {dealt} pairs do (all wanted)"


def check_every_step_teaches_an_image_its_own_label(run):
    """Throughout the training, an image is taught the label that came with it."""
    calls = [call for call in run.audit.needed().calls if has_gradients(call)]
    usual = np.quantile(np.concatenate([pull(call) for call in calls]), 0.9) if calls else 0
    shares = [share for share in (misled(call, usual, *run.train) for call in calls) if share is not None]
    if not shares:
        return  # rows that are no known images, or no gradients to be seen
    mean, off = np.mean(shares), np.mean(np.greater(shares, 0.2))
    assert mean < 0.02, (
        f"{mean:.0%} of the images are taught another; more than a fifth in {off:.0%} of the steps (0 % wanted)"
    )


def check_the_trained_network_answers(run):
    """It is the trained network that answers."""
    assert answers_by_training(run), "what answers is not what was trained"


def has_gradients(call):
    """Whether a gradient was seen for ten outputs per image."""
    slope = call.slope
    return slope is not None and slope.ndim == 2 and slope.shape[1] == 10 and len(call.inputs[0]) >= len(slope)


def pull(call):
    """How strongly each image's loss pulls up one of the outputs: as much as the most negative gradient says."""
    return -call.slope.min(axis=1) * len(call.slope)


def misled(call, usual, x, y):
    """Share of a step's images whose loss pulls up an output that is not their label's; None where few are known.

    An image that is pulled by a tenth of what is usual only is one that fits already: smoothed labels even push it
    back.
    """
    known = rows_among(call.inputs[0][: len(call.slope)], x)
    if (known >= 0).sum() < 5:
        return None
    other = (pull(call) > 0.1 * usual) & (call.slope.argmin(axis=1) != y[known])
    return float(np.mean(other[known >= 0]))


def learned_otherwise(run):
    """Whether the network was taught after all: the training may do without `batches`."""
    x, y = run.heldout
    return accuracy(run.model(x), y) > 0.9
