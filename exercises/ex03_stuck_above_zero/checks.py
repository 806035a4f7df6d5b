"""What a correct fix of ex03 shows: the training loss can be close to zero, and far above."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import nll, probabilities, redrawn, rows_among
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)

FEW = 20  # answers; fewer are too few to decide
SCALES = (1, 3, 10, 30, 100, 1000)  # brighter images give more confident answers; the largest may overflow to NaN

# The loss of a batch, and the losses of its images in pairs.
IN_PAIRS = """
if isinstance(model, torch.nn.Module):
    model.eval()
with torch.no_grad():
    together = torch.as_tensor(batch_loss(images, labels))
    pairs = zip(images.split(2), labels.split(2))
    apart = torch.stack([torch.as_tensor(batch_loss(*pair)) for pair in pairs])
"""
# With gradients as in the training, or without as in an evaluation.
LOSS = """
with torch.set_grad_enabled(gradients):
    loss = torch.as_tensor(batch_loss(images, labels)).detach()
"""


def draw(rng):
    """The same task with permuted labels, permuted pixels and other images held out."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_a_sure_and_right_answer_costs_nothing(run):
    """A confident, correct answer costs almost nothing."""
    for gradients in (True, False):
        least = np.nanmin([cost(run, scale, np.argmax, gradients) for scale in SCALES])
        assert least < 1, f"with its own answers as labels, the loss is still {least:.2f} nats (expected: below 1)"


def check_a_sure_and_wrong_answer_costs_much(run):
    """A confident, wrong answer costs a lot."""
    for gradients in (True, False):
        most = np.nanmax([cost(run, scale, np.argmin, gradients) for scale in SCALES])
        assert most > 7, f"with the least likely digits as labels, the loss is only {most:.2f} nats (expected: over 7)"


def check_every_image_of_a_batch_counts(run):
    """The loss of a batch is the mean of its images' losses, for any batch size."""
    x, y = run.train
    for size in (8, 32, 34, 64, 200):
        some = run.rng.choice(len(y), size, replace=False)
        arrays = {"images": x[some], "labels": (y[some] + run.rng.integers(10, size=size) // 8) % 10}
        told = run.ask(IN_PAIRS, arrays, ["together", "apart"], needs=["model", "batch_loss"])
        together, mean = float(told["together"].mean()), float(told["apart"].mean())
        adds_up = abs(together - size / 2 * mean) < 0.02 * together  # the loss is a sum over the batch
        assert adds_up or abs(together - mean) < 0.02 * mean + 1e-3, (
            f"a batch of {size} images costs {together:.4g} nats, its pairs {mean:.4g} on average (expected: the same)"
        )


def cost(run, scale, choose, gradients):
    """The notebook's loss when the labels are the digits that the network finds most or least likely."""
    x = run.train[0][:64] * np.float32(scale)
    asked = {"images": x, "labels": choose(run.model(x), axis=1).astype(np.int64)}
    return float(run.ask(LOSS, asked, ["loss"], needs=["batch_loss"], gradients=gradients)["loss"].mean())


def check_the_training_pushes_as_hard_as_answers_are_wrong(run):
    """In training, the gradient at each answer is in proportion to its error."""
    calls = [list(_pushes(run, call)) for call in run.audit.needed().calls]
    pushes = np.array([push for call in calls for push in call])
    if len(pushes) < FEW:
        raise UndecidedError("no image was recognized in what the model was given while it trained")
    off = min((_far_from_the_median(kind) for kind in pushes.T), key=np.mean)  # for a mean or for a sum
    of_call = np.repeat(np.arange(len(calls)), [len(call) for call in calls])
    worst = max((np.mean(off[part]) for part in _fifths(of_call, len(calls))), default=0.0)
    assert max(10 * off.mean(), worst) < 0.3, (
        f"the gradient is far too small or too large at {off.mean():.0%} of the sampled answers (expected: below 3 %), "
        f"and at {worst:.0%} in one fifth of the training (expected: below 30 %)"
    )


def _pushes(run, call):
    """For each wrong answer: the gradient at its logits over its error; the same times the batch size."""
    x, y = run.train
    if call.slope is None or not call.inputs or call.output.shape != (len(call.inputs[0]), 10):
        return
    p, slope = probabilities(call.output), call.slope.astype(float)
    is_share = call.output.min() >= 0 and np.abs(call.output.sum(axis=1) - 1).max() < 1e-3
    through = p * (slope - (p * slope).sum(axis=1, keepdims=True))  # back through the softmax that made them
    slope = through if is_share else slope - p * slope.sum(axis=1, keepdims=True)
    for row, known in enumerate(rows_among(call.inputs[0], x)):
        wanted = np.arange(10) == y[known]
        if known >= 0 and 1e-6 < p[row][wanted] < 0.6:  # some losses clamp lower ones; smoothing acts on higher ones
            push = np.linalg.norm(slope[row]) / np.linalg.norm(p[row] - wanted)
            yield push, push * len(p)


def _far_from_the_median(pushes):
    """Which values are off the median by a factor of more than 1.6."""
    return np.abs(np.log2(np.maximum(pushes, 1e-30) / max(np.median(pushes), 1e-30))) > 0.7


def _fifths(calls, count):
    """A mask of the answers in each fifth of the calls, where there are enough of them."""
    for fifth in range(5):
        part = calls * 5 // count == fifth
        if part.sum() >= 5:
            yield part
