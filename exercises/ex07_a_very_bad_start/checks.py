"""What a correct fix of ex07 shows: the layers that work otherwise in training do so at every step."""

import numpy as np

from bugkit.checks import nll, redrawn
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import answers_by_training

# As in training, but without the chance in dropout.
AS_IN_TRAINING = """
if isinstance(model, torch.nn.Module):
    model.train()
    for part in model.modules():
        if isinstance(part, torch.nn.modules.dropout._DropoutNd):
            part.eval()
with torch.no_grad():
    answers = model(wines)
"""

# In how many batches each batch normalization has taken part, where it keeps count; many where there is none.
COUNTED = """
parts = getattr(model, "modules", list)()
kept = [int(n) for part in parts if (n := getattr(part, "num_batches_tracked", None)) is not None]
counted = min(kept, default=10**9)
"""

# What a batch gave at these weights, in training mode: with dropout, and without.
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
    """The wines with other ones held out, the growers with other numbers, the measurements in other columns."""
    return redrawn("wines", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_the_network_knows_as_much_in_use(run):
    """What the network knows while it trains, it knows afterwards."""
    x, y = run.train
    training = run.ask(AS_IN_TRAINING, {"wines": x}, ["answers"], needs=["model"])["answers"]
    costs = nll(training, y), nll(run.model(x), y)
    assert abs(costs[0] - costs[1]) < 0.3, (
        f"the same wines cost {costs[0]:.2f} nats while it trains and {costs[1]:.2f} afterwards (alike wanted)"
    )


def check_all_layers_take_part_at_every_step(run):
    """While the network trains, every layer works as it is meant to in training, at every step."""
    audit = run.audit.needed()
    x, _ = run.train
    if np.array_equal(run.call("model", x, mode="train"), run.model(x)):
        return  # no layer works otherwise in training
    shares = np.array([call.training for call in audit.calls])
    if shares.min() == 1:
        return
    changed = int((shares[1:] != shares[-1]).sum())  # a first look is no step
    assert not changed, (
        f"at {changed} of {len(shares)} sampled steps fewer or more layers do so than at the last (0 wanted)"
    )
    # Only some layers have a mode that matters, so what they did decides.
    counted = int(run.ask(COUNTED, returns=["counted"], needs=["model"])["counted"])
    assert counted > 0.9 * audit.steps, f"batches take part at {max(counted, 0)} of {audit.steps} steps (all wanted)"
    still = sum(_without_chance(run, moment) for moment in run.moments)
    assert not still, f"at {still} of {len(run.moments)} sampled steps nothing is left to chance (0 wanted)"


def check_the_trained_network_answers(run):
    """The network that was trained is the one that answers in the end."""
    assert answers_by_training(run), "what answers is not what was trained"


def _without_chance(run, moment):
    """Whether a call in the training gave just what it gives without dropout, where dropout would change it."""
    call = moment.call
    asked = {"before": moment.before, "wines": call.inputs[0]}
    outputs = run.ask(WITH_AND_WITHOUT, asked, ["drawn", "still"], needs=["model"])
    still, drawn = outputs["still"], outputs["drawn"]
    if still.shape != call.output.shape:
        return False
    size = max(float(np.abs(still).max()), 1e-6)
    return bool(np.abs(drawn - still).max() > 1e-3 * size > np.abs(call.output - still).max())
