"""What a correct fix of ex09 shows: the whole network learns, not only its end."""

import numpy as np

from bugkit.checks import nll, redrawn

# How many weight matrices change when the notebook takes a few steps.
STEPS = """
matrices = [p for p in model.parameters() if p.dim() > 1]
before = [p.detach().clone() for p in matrices]
if isinstance(model, torch.nn.Module):
    model.train()
for start in range(0, len(labels) - 31, 32):
    training_step(images[start : start + 32], labels[start : start + 32])
moved = sum(not torch.equal(p.detach(), old) for p, old in zip(matrices, before))
there = len(matrices)
"""


def draw(rng):
    """The digits with other numbers and their pixels in other places."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_all_of_the_network_learns(run):
    """A few steps change every weight matrix of the network."""
    x, y = run.train
    some = run.rng.permutation(len(y))[:96]
    found = run.ask(STEPS, {"images": x[some], "labels": y[some]}, ["moved", "there"], needs=["model", "training_step"])
    moved, there = int(found["moved"]), int(found["there"])
    assert moved == there > 0, f"{moved} of {there} change (all wanted)"


def check_every_digit_is_recognised(run):
    """Every digit is recognised, none lies hidden under others."""
    x, y = run.heldout
    named = run.model(x).argmax(axis=1)
    share = [float(np.mean(named[y == digit] == digit)) for digit in range(10)]
    worst = int(np.argmin(share))
    assert share[worst] > 0.2, f"{share[worst]:.0%} of the unseen {worst}s are read rightly (most wanted)"
