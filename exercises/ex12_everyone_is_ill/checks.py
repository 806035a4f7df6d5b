"""What a correct fix of ex12 shows: in use, the network is fed what it was trained on."""

import numpy as np

from bugkit.checks import accuracy, nll, redrawn

CLOSE = 0.03  # of a standard deviation
OTHER_UNITS = 3.0

# What the outermost module that learns is given while `predict` runs.
FED = """
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

rows, depth = [], 0

def enter(module, args):
    global depth
    depth += 1
    learns = depth == 1 and next(module.parameters(), None) is not None
    if learns and args and isinstance(args[0], torch.Tensor):
        rows.append(args[0].detach().reshape(-1, args[0].shape[-1]))

def leave(*_):
    global depth
    depth -= 1

handles = [register_module_forward_pre_hook(enter), register_module_forward_hook(leave, always_call=True)]
predict(measurements)
for handle in handles:
    handle.remove()
fed = torch.cat(rows) if rows else torch.zeros(0, 0)
"""


def draw(rng):
    """The tumours with other ones held out and their measurements in other columns."""
    return redrawn("diagnoses", rng, features=True)


def heldout_loss(run):
    """Held-out cross-entropy of what `predict` answers"""
    x, y = run.heldout
    return nll(run.predict(x), y)


def check_a_tumour_alone_gets_the_same_answer(run):
    """A tumour gets the same answer alone as among others."""
    x = run.rng.permutation(run.heldout[0])[:16]
    company, halves = run.predict(x), np.concatenate([run.predict(x[:8]), run.predict(x[8:])])
    alone = np.concatenate([run.predict(tumour[None]) for tumour in x])
    for other in (halves, alone):
        moved = float(np.abs(other - company).max())
        assert np.allclose(other, company, rtol=1e-3, atol=1e-3), f"an answer moves by up to {moved:.2g} (0 wanted)"


def check_known_tumours_are_told_apart(run):
    """The tumours that it was trained on are told rightly, as they were in training."""
    x, y = run.train
    share = accuracy(run.predict(x), y)
    assert share > 0.9, f"`predict` tells {share:.0%} of them rightly (over 90 % wanted)"


def check_a_tumour_looks_as_it_did_in_training(run):
    """A tumour looks to the network as it looked in training."""
    trained = run.recorded.get("inputs", np.zeros((0, 0)))[-3000:].astype(float)
    fed = run.ask(FED, {"measurements": run.train[0]}, ["fed"], needs=["predict"])["fed"].astype(float)
    if not len(fed) or trained.ndim != 2 or trained.shape[1] != fed.shape[1]:
        return  # nothing that can be compared was seen
    apart = offset(fed, trained)
    if apart > OTHER_UNITS and nll(run.predict(run.heldout[0]), run.heldout[1]) < 0.3:
        return  # other units, and yet the answers are right: the weights were changed to match
    assert apart < CLOSE, f"it differs by {apart:.2g} standard deviations (0 wanted)"


def offset(fed, trained):
    """How far rows lie from the nearest of those trained on, in standard deviations: the worst column's mean.

    Only the nearest third counts, for some rows may have been kept apart; what noise in training explains does not.
    """
    scale = np.maximum(trained.std(axis=0), 1e-12)
    a, b = fed / scale, trained / scale
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    nearest, distance = squares.argmin(axis=1), squares.min(axis=1)
    third = np.argsort(distance)[: max(1, len(fed) // 3)]
    differences = a[third] - b[nearest[third]]
    noise = 4 * differences.std(axis=0) / np.sqrt(len(third))
    return float(np.maximum(np.abs(differences.mean(axis=0)) - noise, 0).max())
