"""What a correct fix of ex03 shows: the training's loss reaches from zero to far above."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import nll, probabilities, redrawn, rows_among
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)

FEW = 20  # answers, too few to tell
SCALES = (1, 3, 10, 30, 100, 1000)  # brighter images make a network surer; the largest may overflow to NaN

# As the training asks for the loss, and as an evaluation does.
# The loss of a batch, and those of its images two by two.
IN_PAIRS = """
if isinstance(model, torch.nn.Module):
    model.eval()
with torch.no_grad():
    together = torch.as_tensor(batch_loss(images, labels))
    pairs = zip(images.split(2), labels.split(2))
    apart = torch.stack([torch.as_tensor(batch_loss(*pair)) for pair in pairs])
"""
LOSS = """
with torch.set_grad_enabled(gradients):
    loss = torch.as_tensor(batch_loss(images, labels)).detach()
"""


def draw(rng):
    """The digits with other numbers and their pixels in other places."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_a_sure_and_right_answer_costs_nothing(run):
    """An answer that is sure and right costs next to nothing."""
    for gradients in (True, False):
        least = np.nanmin([cost(run, scale, np.argmax, gradients) for scale in SCALES])
        assert least < 1, f"the network's own answers, however sure, cost {least:.2f} nats (0 wanted)"


def check_a_sure_and_wrong_answer_costs_much(run):
    """An answer that is sure and wrong costs much."""
    for gradients in (True, False):
        most = np.nanmax([cost(run, scale, np.argmin, gradients) for scale in SCALES])
        assert most > 7, f"the least likely labels, however sure, cost only {most:.2f} nats (over 7 wanted)"


def check_every_image_of_a_batch_counts(run):
    """The loss of a batch is the mean of its images' losses, however many there are."""
    x, y = run.train
    for size in (8, 32, 34, 64, 200):
        some = run.rng.choice(len(y), size, replace=False)
        arrays = {"images": x[some], "labels": (y[some] + run.rng.integers(10, size=size) // 8) % 10}
        told = run.ask(IN_PAIRS, arrays, ["together", "apart"], needs=["model", "batch_loss"])
        together, mean = float(told["together"].mean()), float(told["apart"].mean())
        adds_up = abs(together - size / 2 * mean) < 0.02 * together  # a sum over the batch
        assert adds_up or abs(together - mean) < 0.02 * mean + 1e-3, (
            f"{size} images together cost {together:.4g} nats, and in pairs {mean:.4g} (the same wanted)"
        )


def cost(run, scale, choose, gradients):
    """The notebook's loss when the labels are what the network holds for most (argmax) or least (argmin) likely."""
    x = run.train[0][:64] * np.float32(scale)
    asked = {"images": x, "labels": choose(run.model(x), axis=1).astype(np.int64)}
    return float(run.ask(LOSS, asked, ["loss"], needs=["batch_loss"], gradients=gradients)["loss"].mean())


def check_the_training_pushes_as_hard_as_answers_are_wrong(run):
    """In the training, the loss pushes at each answer in proportion to how wrong it is."""
    calls = [list(_pushes(run, call)) for call in run.audit.needed().calls]
    pushes = np.array([push for call in calls for push in call])
    if len(pushes) < FEW:
        raise UndecidedError("no image was recognized in what the model was given while it trained")
    off = min((_far_from_the_median(kind) for kind in pushes.T), key=np.mean)  # a mean over the batch, or a sum
    of_call = np.repeat(np.arange(len(calls)), [len(call) for call in calls])
    worst = max((np.mean(off[part]) for part in _fifths(of_call, len(calls))), default=0.0)
    assert max(10 * off.mean(), worst) < 0.3, (
        f"at {off.mean():.0%} of the sampled answers it pushes much less or much more, "
        f"and at {worst:.0%} in a fifth of the training (0 wanted)"
    )


def _pushes(run, call):
    """For each wrong answer: the slope at its logits against probability minus label; the same times the batch size."""
    x, y = run.train
    if call.slope is None or not call.inputs or call.output.shape != (len(call.inputs[0]), 10):
        return
    p, slope = probabilities(call.output), call.slope.astype(float)
    is_share = call.output.min() >= 0 and np.abs(call.output.sum(axis=1) - 1).max() < 1e-3
    through = p * (slope - (p * slope).sum(axis=1, keepdims=True))  # the softmax that made them
    slope = through if is_share else slope - p * slope.sum(axis=1, keepdims=True)
    for row, known in enumerate(rows_among(call.inputs[0], x)):
        wanted = np.arange(10) == y[known]
        if known >= 0 and 1e-6 < p[row][wanted] < 0.6:  # of less, some losses make 1e-6; of more, smoothing makes less
            push = np.linalg.norm(slope[row]) / np.linalg.norm(p[row] - wanted)
            yield push, push * len(p)


def _far_from_the_median(pushes):
    """Which of the numbers are: by a factor of 1.6."""
    return np.abs(np.log2(np.maximum(pushes, 1e-30) / max(np.median(pushes), 1e-30))) > 0.7


def _fifths(calls, count):
    """Where in a column the answers of each fifth of the calls stand, if they are enough to tell."""
    for fifth in range(5):
        part = calls * 5 // count == fifth
        if part.sum() >= 5:
            yield part
