"""What a correct fix of ex07 shows: every layer behaves as it should in training, at every step."""

import numpy as np

from bugkit.checks import nll, redrawn
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import answers_by_training

# As in training, but without dropout, which is random.
AS_IN_TRAINING = """
if isinstance(model, torch.nn.Module):
    model.train()
    for part in model.modules():
        if isinstance(part, torch.nn.modules.dropout._DropoutNd):
            part.eval()
with torch.no_grad():
    answers = model(wines)
"""

# The fewest batches that a batch normalization has counted; a large number if none counts.
COUNTED = """
parts = getattr(model, "modules", list)()
kept = [int(n) for part in parts if (n := getattr(part, "num_batches_tracked", None)) is not None]
counted = min(kept, default=10**9)
"""

# The outputs for a batch at these weights in training mode: with dropout, and without.
WITH_AND_WITHOUT = """
drawn = still = torch.zeros(0)
if isinstance(model, torch.nn.Module):
    torch.nn.utils.vector_to_parameters(before, model.parameters())
    model.train()
    dropout = torch.nn.functional.dropout
    with torch.no_grad():
        drawn = model(wines)
        torch.nn.functional.dropout = lambda value, *_, **__: value
        try:
            still = model(wines)
        finally:
            torch.nn.functional.dropout = dropout
"""


def draw(rng):
    """The same task with other wines held out, permuted labels and permuted columns."""
    return redrawn("wines", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_the_network_knows_as_much_in_use(run):
    """The network does as well in use as in training."""
    x, y = run.train
    training = run.ask(AS_IN_TRAINING, {"wines": x}, ["answers"], needs=["model"])["answers"]
    costs = nll(training, y), nll(run.model(x), y)
    assert abs(costs[0] - costs[1]) < 0.3, (
        f"the same wines cost {costs[0]:.2f} nats in training and {costs[1]:.2f} in use (expected: less than 0.3 apart)"
    )


def check_all_layers_take_part_at_every_step(run):
    """Every layer behaves as it should in training, at every step."""
    audit = run.audit.needed()
    x, _ = run.train
    if np.array_equal(run.call("model", x, mode="train"), run.model(x)):
        return  # no layer behaves differently in training
    shares = np.array([call.training for call in audit.calls])
    if shares.min() == 1:
        return
    changed = int((shares[1:] != shares[-1]).sum())  # the first call may come before the first step
    assert not changed, (
        f"at {changed} of {len(shares)} sampled steps, fewer or more layers do so than at the last (expected: 0)"
    )
    # Only some layers behave differently in training, so the check looks at what they did.
    counted = int(run.ask(COUNTED, returns=["counted"], needs=["model"])["counted"])
    assert counted > 0.9 * audit.steps, (
        f"one layer has counted {max(counted, 0)} batches in {audit.steps} steps (expected: over 90 % of the steps)"
    )
    still = sum(_without_chance(run, moment) for moment in run.moments)
    assert not still, f"at {still} of {len(run.moments)} sampled steps, nothing in the output is random (expected: 0)"


def check_the_trained_network_answers(run):
    """The model that answers at the end is the network that was trained."""
    assert answers_by_training(run), "the model that answers is not the network that was trained (expected: the same)"


def _without_chance(run, moment):
    """Whether a training call returned the output without dropout, although dropout would change it."""
    call = moment.call
    asked = {"before": moment.before, "wines": call.inputs[0]}
    outputs = run.ask(WITH_AND_WITHOUT, asked, ["drawn", "still"], needs=["model"])
    still, drawn = outputs["still"], outputs["drawn"]
    if still.shape != call.output.shape:
        return False
    size = max(float(np.abs(still).max()), 1e-6)
    return bool(np.abs(drawn - still).max() > 1e-3 * size > np.abs(call.output - still).max())
