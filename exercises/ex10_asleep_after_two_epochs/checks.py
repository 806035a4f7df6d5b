"""What a correct fix of ex10 shows: the steps shrink as slowly as planned."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import nll, redrawn
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)

DECAY = 0.9  # of the learning rate, per epoch
EPOCHS = 20
FIRST = 5  # steps, all of them in the first epoch

# The norm of the gradient of the training's own loss at these weights.
GRADIENT = """
norm = torch.tensor(float("nan"))
if isinstance(model, torch.nn.Module):
    weights = list(model.parameters())
    torch.nn.utils.vector_to_parameters(before, weights)
    output = model(rows)
    if output.shape == slope.shape:
        parts = torch.autograd.grad(output, weights, slope.to(output.dtype), allow_unused=True)
        norm = torch.cat([part.flatten() for part in parts if part is not None]).norm()
"""


def draw(rng):
    """The same task with permuted labels, permuted pixels and other images held out."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_it_still_learns_halfway(run):
    """Halfway through the training, the learning rate is still about a third of its initial value, as planned."""
    rates = _shares(run)
    if _is_whole(run):
        halfway = float(rates[len(rates) // 2])
        assert halfway > 0.05, f"it is {halfway:.2g} times its initial value (planned: 0.35, expected: over 0.05)"


def check_the_learning_rate_follows_the_plan(run):
    """At every step, the learning rate follows the plan: it falls by 10 % with every epoch."""
    rates = _shares(run)
    if not len(rates):
        return  # the next check covers these
    ratios = min((rates / DECAY ** (np.arange(len(rates)) / epoch) for epoch in _epochs(run)), key=_deviation)
    off = np.flatnonzero((ratios < 0.8) | (ratios > 1.3))
    assert not len(off), (
        f"at {len(off)} of {len(rates)} steps it does not, first at step {off[0]}: "
        f"it is {ratios[off[0]]:.2g} times the planned rate (expected: 0.8 to 1.3)"
    )


def check_steps_made_by_hand_shrink_as_planned(run):
    """Steps made by hand, or by several optimizers, shrink about as planned."""
    if _is_whole(run):
        return
    moments = [m for m in run.moments if m.call.slope is not None and len(m.call.inputs) == 1]
    lengths = np.array([_length(run, moment) for moment in moments])
    if np.isfinite(lengths).sum() < 6:
        raise UndecidedError("how long the steps are could not be seen")
    steps = np.array([moment.call.step for moment in moments])
    grown = []
    for epoch in _epochs(run):
        logs = np.log(np.maximum(lengths, 1e-30)) - np.log(DECAY) * steps / epoch
        early, late = np.array_split(logs[np.isfinite(logs)], 2)
        grown.append(float(np.exp(np.median(late) - np.median(early))))
    nearest = min(grown, key=lambda ratio: abs(np.log(ratio)))
    assert 0.3 < nearest < 2.2, (
        f"for the same gradient, later steps are {nearest:.2g} times as long as planned from the early ones "
        "(expected: 0.3 to 2.2)"
    )


def _shares(run):
    """The learning rate at each step over the first ones, for the optimizer that took most steps; or empty."""
    rates = run.audit.needed().rates
    return rates / rates[:FIRST].max() if rates[:FIRST].max(initial=0) > 0 else rates[:0]


def _is_whole(run):
    """Whether one optimizer took nearly all steps. There may be none, or a new one in every epoch."""
    return len(_shares(run)) >= 0.9 * run.audit.steps


def _epochs(run):
    """How many steps an epoch may have: by the number of all steps, and by the images in a call."""
    rows = np.median([call.rows for call in run.audit.calls])
    return run.audit.steps / EPOCHS, max(1, len(run.train[0]) // rows)


def _deviation(ratios):
    """The largest distance from 1 on a logarithmic scale."""
    return float(np.abs(np.log(np.maximum(ratios, 1e-30))).max())


def _length(run, moment):
    """The length of a step for a gradient of length one."""
    asked = {"before": moment.before, "rows": moment.call.inputs[0], "slope": moment.call.slope}
    norm = float(run.ask(GRADIENT, asked, ["norm"], needs=["model"])["norm"])
    return float(np.linalg.norm(moment.after - moment.before)) / max(norm, 1e-12)
