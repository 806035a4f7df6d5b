"""What a correct fix of ex01 shows: the answer to an image depends on that image alone."""

import numpy as np

from bugkit.checks import nll, redrawn
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import answers_by_training

# Training mode, except for the layers that behave differently there by design: dropout is random, and batch
# normalization uses the statistics of the batch.
TRAINING = """
if isinstance(model, torch.nn.Module):
    model.train()
    for part in model.modules():
        if isinstance(part, (torch.nn.modules.batchnorm._BatchNorm, torch.nn.modules.dropout._DropoutNd)):
            part.eval()
"""
ALONE = """
if isinstance(model, torch.nn.Module):
    model.eval()
with torch.no_grad():
    answers = torch.cat([model(image[None]) for image in images])
"""
IN_COMPANY = """
with torch.no_grad():
    first, again, other = model(images), model(images), torch.cat([model(image[None]) for image in images])
"""
# A notebook without `batch_loss`, or with another signature, is not tested.
COSTS = """
def cost(digits):
    with torch.no_grad():
        return float(np.mean([float(batch_loss(images[i:i + 1], digits[i:i + 1])) for i in range(len(images))]))

try:
    right, again, wrong = cost(labels), cost(labels), cost((labels + 1) % 10)
except Exception:
    right = again = wrong = float("nan")
"""


def draw(rng):
    """The same task with permuted labels, permuted pixels and other images held out."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, one image per batch"""
    x, y = run.heldout
    return nll(run.ask(ALONE, {"images": x}, ["answers"], needs=["model"])["answers"], y)


def check_an_image_alone_gets_the_same_answer(run):
    """An image gets the same answer alone as in a batch."""
    x = run.rng.permutation(run.heldout[0])[:16]
    company = run.model(x)
    alone = np.concatenate([run.model(image[None]) for image in x])
    assert alike(alone, company), (
        f"alone and in a batch, an image's outputs differ by up to {moved(alone, company):.2g} (expected: 0)"
    )


def check_training_shows_each_image_by_itself(run):
    """In training mode, too, an image's answer does not depend on the other images of its batch."""
    batches = {call.rows for call in run.audit.calls} if run.audit.available else set()
    for size in {2, 24, *sorted(batches)[-3:]}:
        x = run.rng.permutation(run.train[0])[:size]
        answers = run.ask(TRAINING + IN_COMPANY, {"images": x}, ["first", "again", "other"], needs=["model"])
        if not alike(answers["first"], answers["again"]):
            return  # the model is random in training mode, so two answers cannot be compared
        change = moved(answers["first"], answers["other"])
        assert alike(answers["first"], answers["other"]), (
            f"in a batch of {size}, the other images change an output by up to {change:.2g} (expected: 0)"
        )


def check_no_step_of_the_training_mixes_images(run):
    """At no step of the training is the output normalized over the images instead of over the digits."""
    audit = run.audit.needed()
    mixed = sum(_adds_up_over_images(call) for call in audit.calls)
    assert not mixed, f"at {mixed} of {len(audit.calls)} sampled steps it is normalized over the images (expected: 0)"


def check_the_trained_network_answers(run):
    """The model that answers at the end is the network that was trained."""
    assert answers_by_training(run), "the model that answers is not the network that was trained (expected: the same)"


def check_a_wrong_answer_costs_more(run):
    """For a single image, a wrong label has a higher loss than the correct label."""
    x, y = run.train
    some = run.rng.choice(len(y), 32, replace=False)
    costs = run.ask(
        TRAINING + COSTS, {"images": x[some], "labels": y[some]}, ["right", "again", "wrong"], needs=["model"]
    )
    right, again, wrong = (float(costs[name]) for name in ("right", "again", "wrong"))
    if np.isnan(right) or abs(right - again) > 0.1:
        return
    assert wrong > right + 0.5, (
        f"the correct label costs {right:.2f} nats, a wrong one {wrong:.2f} (expected: over 0.5 nats more)"
    )


def _adds_up_over_images(call):
    """Whether the probabilities sum to one over the images, or the gradient of the loss shows a softmax over them."""
    if call.output.ndim != 2 or len(call.output) < 2 or len(call.output) == call.output.shape[1]:
        return False
    with np.errstate(over="ignore"):
        kinds = [call.output, np.exp(np.minimum(call.output, 50))]
    if any(_off_one(one, axis=0) < 1e-3 < _off_one(one, axis=1) for one in kinds):
        return True
    if call.slope is None or not np.abs(call.slope).max() > 0:
        return False
    size = np.abs(call.slope).sum()
    over_images, over_digits = (np.abs(call.slope.sum(axis=axis)).sum() / size for axis in (0, 1))
    return bool(over_images < 1e-4 and over_digits > 1e-2)


def _off_one(numbers, axis):
    """The largest distance from 1 among the sums along an axis."""
    return float(np.abs(numbers.sum(axis=axis) - 1).max())


def alike(a, b):
    """Whether two answers agree up to rounding. Log-probabilities below -50 count as -50."""
    return np.allclose(np.maximum(a, -50), np.maximum(b, -50), rtol=1e-3, atol=1e-3)


def moved(a, b):
    """The largest difference between two answers."""
    return float(np.abs(np.maximum(a, -50) - np.maximum(b, -50)).max())
