"""What a correct fix of ex03 shows: the training's loss reaches from zero to far above."""

import numpy as np

from bugkit.checks import nll, redrawn

SCALES = (1, 3, 10, 30, 100, 1000)  # brighter images make a network surer; the largest may overflow to NaN


def draw(rng):
    """The digits with other numbers and their pixels in other places."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_a_sure_and_right_answer_costs_nothing(run):
    """An answer that is sure and right costs next to nothing."""
    least = np.nanmin([cost(run, scale, np.argmax) for scale in SCALES])
    assert least < 1, f"the network's own answers, however sure, cost {least:.2f} nats (0 wanted)"


def check_a_sure_and_wrong_answer_costs_much(run):
    """An answer that is sure and wrong costs much."""
    most = np.nanmax([cost(run, scale, np.argmin) for scale in SCALES])
    assert most > 4, f"the least likely labels, however sure, cost only {most:.2f} nats (over 4 wanted)"


def cost(run, scale, choose):
    """The notebook's loss when the labels are what the network holds for most (argmax) or least (argmin) likely."""
    x = run.train[0][:64] * np.float32(scale)
    labels = choose(run.model(x), axis=1)
    return float(np.mean(run.batch_loss(x, labels.astype(np.int64))))
