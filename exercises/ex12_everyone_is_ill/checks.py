"""What a correct fix of ex12 shows: in use, the network gets the same kind of inputs as in training."""

import numpy as np

from bugkit.checks import accuracy, nll, redrawn
from bugkit.invariants import check_gradients_are_whole

CLOSE = 0.015  # standard deviations
OTHER_UNITS = 3.0
SIZES = (1, 2, 3, 7, 8, 16, 33, 41, 100)  # tumors in one call of `predict`

# The inputs of the outermost trainable module while `predict` runs.
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

# How far the answers change when everything trainable is set to zero.
WITHOUT = """
import gc

before = torch.as_tensor(predict(measurements)).detach().clone()
with torch.no_grad():
    for one in gc.get_objects():
        if issubclass(type(one), torch.nn.Parameter) or (issubclass(type(one), torch.Tensor) and one.requires_grad):
            one.data.zero_()
moved = (torch.as_tensor(predict(measurements)).detach() - before).abs().max()
"""


def draw(rng):
    """The same task with other tumors held out and permuted columns."""
    return redrawn("diagnoses", rng, features=True)


def heldout_loss(run):
    """Held-out cross-entropy of the answers of `predict`"""
    x, y = run.heldout
    return nll(run.predict(x), y)


def check_a_tumor_alone_gets_the_same_answer(run):
    """A tumor gets the same answer alone as together with others."""
    x = run.rng.permutation(np.concatenate([run.heldout[0], run.train[0]]))
    company = run.predict(x)
    for size in SIZES:
        for start in run.rng.integers(0, len(x) - size, 5):
            apart = run.predict(x[start : start + size])
            there = company[start : start + size]
            moved = float(np.abs(apart - there).max())
            same = np.allclose(apart, there, rtol=1e-3, atol=1e-3)
            assert same, (
                f"in a call with {size} tumors, an answer differs by up to {moved:.2g} "
                f"from that in a call with {len(x)} (expected: 0)"
            )


def check_known_tumors_are_told_apart(run):
    """`predict` classifies the tumors of the training correctly, as the network did in training."""
    x, y = run.train
    share = accuracy(run.predict(x), y)
    assert share > 0.9, f"it classifies {share:.0%} of them correctly (expected: over 90 %)"


def check_a_tumor_looks_as_it_did_in_training(run):
    """In use, the network sees a tumor as it saw it in training."""
    trained = [call.inputs[0].astype(float) for call in run.audit.calls if call.inputs and call.inputs[0].ndim == 2]
    fed = run.ask(FED, {"measurements": run.train[0]}, ["fed"], needs=["predict"])["fed"].astype(float)
    if not len(fed) or not trained or any(rows.shape[1] != fed.shape[1] for rows in trained):
        return  # nothing comparable was seen
    apart, fourth = offset(fed, np.concatenate(trained))
    if fourth > OTHER_UNITS and nll(run.predict(run.heldout[0]), run.heldout[1]) < 0.3:
        return  # other units, but correct answers: the weights were changed to match
    assert apart < CLOSE, f"its measurements differ by {apart:.2g} standard deviations (expected: below 0.015)"
    odd = [unlike(rows, fed) for rows in trained if len(rows) >= 16]
    assert max(odd, default=0) < 0.5, (
        f"the inputs of {np.mean(np.greater(odd, 0.5)):.0%} of the training steps look very different (expected: 0 %)"
    )


def check_the_trained_network_answers(run):
    """The answers are those of the trained network."""
    run.audit.needed()
    x = run.heldout[0][:50]
    if len(run.ask(FED, {"measurements": x}, ["fed"], needs=["predict"])["fed"]):
        return
    moved = float(run.ask(WITHOUT, {"measurements": x}, ["moved"], needs=["predict"])["moved"])
    assert not moved <= 1e-6, f"with all weights set to 0, the answers change by {moved:.2g} (expected: more than 0)"


def offset(fed, trained):
    """The distance from the nearest training rows, in standard deviations: of the worst column and the fourth worst.

    Only the nearest third counts, because some rows may be held out. Noise in training does not count.
    """
    scale = np.maximum(trained.std(axis=0), 1e-12)
    a, b = fed / scale, trained / scale
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    nearest, distance = squares.argmin(axis=1), squares.min(axis=1)
    third = np.argsort(distance)[: max(1, len(fed) // 3)]
    differences = a[third] - b[nearest[third]]
    noise = 4 * differences.std(axis=0) / np.sqrt(len(third))
    apart = np.maximum(np.abs(differences.mean(axis=0)) - noise, 0)
    return float(apart.max()), float(np.sort(apart)[-4])


def unlike(rows, fed):
    """The share of columns in which the mean or the spread of a batch is far from that of the inputs in use."""
    spread = np.maximum(fed.std(axis=0), 1e-12)
    away = np.abs(rows.mean(axis=0) - fed.mean(axis=0)) / spread
    ratio = np.maximum(rows.std(axis=0), 1e-12) / spread
    return float(np.mean((away > 2) | (ratio > 5) | (ratio < 0.1)))
