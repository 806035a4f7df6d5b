"""What a correct fix of ex13 shows: every image keeps its label, and the network distinguishes images."""

import numpy as np

from bugkit.checks import accuracy, nll, probabilities, redrawn, rows_among
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import answers_by_training

# An epoch of images that carry their label in every pixel. A notebook without `batches`, or with one that takes other
# arguments, is not tested.
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
    """The same task with permuted labels, permuted pixels and other images held out."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_different_images_get_different_answers(run):
    """The network gives different images different probabilities."""
    spread = float(probabilities(run.model(run.heldout[0])).std(axis=0).mean())
    assert spread > 0.15, f"a digit's probability varies by {spread:.2g} between unseen images (expected: over 0.15)"


def check_every_digit_is_recognised(run):
    """Every digit is recognized."""
    x, y = run.heldout
    named = np.asarray(run.model(x)).argmax(axis=1)
    share = [float(np.mean(named[y == digit] == digit)) for digit in range(10)]
    worst = int(np.argmin(share))
    assert share[worst] > 0.5, (
        f"{share[worst]:.0%} of the unseen {worst}s are classified correctly (expected: over 50 %)"
    )


def check_an_epoch_deals_out_what_belongs_together(run):
    """In the batches of an epoch, every image comes with its own label."""
    labels = run.rng.integers(0, 10, len(run.train[1]))
    epoch = run.ask(EPOCH, {"labels": labels}, ["kept", "dealt"])
    dealt = int(epoch["dealt"])
    share = int(epoch["kept"]) / max(dealt, 1)
    assert not dealt or share > 0.99 or learned_otherwise(run), (
        f"{share:.0%} of {dealt} images do (expected: over 99 %)"
    )


def check_every_step_teaches_an_image_its_own_label(run):
    """At every step of the training, each image is taught its own label."""
    calls = [call for call in run.audit.needed().calls if has_gradients(call)]
    usual = np.quantile(np.concatenate([pull(call) for call in calls]), 0.9) if calls else 0
    shares = [share for share in (misled(call, usual, *run.train) for call in calls) if share is not None]
    if not shares:
        return  # no known images or no gradients were seen
    mean, off = np.mean(shares), np.mean(np.greater(shares, 0.2))
    assert mean < 0.02, (
        f"{mean:.0%} of the images are taught another label, more than a fifth of them in {off:.0%} of the steps "
        "(expected: below 2 % of the images)"
    )


def check_the_trained_network_answers(run):
    """The model that answers at the end is the network that was trained."""
    assert answers_by_training(run), "the model that answers is not the network that was trained (expected: the same)"


def has_gradients(call):
    """Whether a gradient with ten values per image was seen."""
    slope = call.slope
    return slope is not None and slope.ndim == 2 and slope.shape[1] == 10 and len(call.inputs[0]) >= len(slope)


def pull(call):
    """How strongly each image's loss pulls up one of the outputs: the size of the most negative gradient."""
    return -call.slope.min(axis=1) * len(call.slope)


def misled(call, usual, x, y):
    """The share of a step's images whose loss pulls up an output that is not their label's; None if few are known.

    An image that is pulled by less than a tenth of the usual strength already fits. Smoothed labels even push it back.
    """
    known = rows_among(call.inputs[0][: len(call.slope)], x)
    if (known >= 0).sum() < 5:
        return None
    other = (pull(call) > 0.1 * usual) & (call.slope.argmin(axis=1) != y[known])
    return float(np.mean(other[known >= 0]))


def learned_otherwise(run):
    """Whether the network learned anyway: the training may not use `batches`."""
    x, y = run.heldout
    return accuracy(run.model(x), y) > 0.9
