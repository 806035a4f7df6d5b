"""What a correct fix of ex07 shows: the layers that work otherwise in training do so at every step."""

import numpy as np

from bugkit.checks import nll, redrawn

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

# In how many batches each batch normalisation has taken part, where it keeps count.
COUNTED = """
kept = [getattr(part, "num_batches_tracked", None) for part in getattr(model, "modules", list)()]
counted = min((int(number) for number in kept if number is not None), default=0)
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
    """While the network trains, every layer works as it is meant to then."""
    x, _ = run.train
    counted = int(run.ask(COUNTED, returns=["counted"], needs=["model"])["counted"])
    if np.array_equal(run.call("model", x, mode="train"), run.model(x)):
        return  # no layer works otherwise in training
    seen = run.recorded
    steps = len(seen["lr"]) or len(run.curve)
    so = len(np.unique(seen["call"])) if "call" in seen else 0
    so = max(so, counted)
    assert so > 0.9 * steps, f"so it is at {min(so, steps)} of {steps} steps (all wanted)"
