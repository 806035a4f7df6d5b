"""What a correct fix of ex11 shows: no step follows a gradient longer than the limit, and short ones are left alone."""

import numpy as np

from bugkit.checks import mean_squared_error, redrawn

LIMIT = 50

# One training step from fresh weights. The inner hook comes after the notebook's own hooks, and sees the gradients
# that the optimiser is given. An optimiser may also shorten them inside its step: how far plain descent went tells.
STEP = """
def look(optimiser, *_):
    optimiser.register_step_pre_hook(note)

def note(optimiser, *_):
    global norm, rate
    gradients = [p.grad for group in optimiser.param_groups for p in group["params"] if p.grad is not None]
    norm = float(sum(g.double().pow(2).sum() for g in gradients) ** 0.5) if gradients else 0.0
    rate = float(optimiser.param_groups[0]["lr"]) if isinstance(optimiser, torch.optim.SGD) else 0.0

from torch.optim.optimizer import register_optimizer_step_pre_hook

torch.manual_seed(0)
weights = [p for p in model.parameters() if p.requires_grad]
with torch.no_grad():
    for p in weights:
        p.copy_(0.1 * torch.randn(p.shape))
    if nearly_right:
        targets = model(features).reshape(targets.shape) + 1e-3 * targets
before = [p.detach().clone() for p in weights]
norm, rate = float("nan"), 0.0
handle = register_optimizer_step_pre_hook(look)
training_step(features, targets)
handle.remove()
moved = float(sum((p.detach() - b).double().pow(2).sum() for p, b in zip(weights, before)) ** 0.5)
"""


def draw(rng):
    """The patients with other ones held out and their measurements in other columns."""
    return redrawn("diabetes", rng, features=True)


def heldout_loss(run):
    """Held-out squared error, from the model's own outputs"""
    x, y = run.heldout
    return mean_squared_error(run.model(x), y)


def check_no_step_follows_a_longer_gradient(run):
    """No step follows a gradient longer than the limit, whatever the batch."""
    x, y = batch(run)
    step = take(run, x, 100 * y, nearly_right=False)
    if np.isnan(step["norm"]):
        return  # no optimiser took the step: nobody knows what it followed
    length = float(step["norm"])
    if step["rate"] > 0:
        length = min(length, float(step["moved"] / step["rate"]))
    assert length < 1.01 * LIMIT, f"a step followed a gradient of length {length:.3g} (at most {LIMIT} wanted)"


def check_short_gradients_are_left_alone(run):
    """A gradient that is shorter than the limit is not made longer."""
    x, _ = batch(run)
    step = take(run, x, run.rng.normal(size=len(x)).astype("float32"), nearly_right=True)
    length = float(step["norm"])
    assert not length > 0.2 * LIMIT, (
        f"on a batch that is nearly right the gradient's length is {length:.3g} (below 1 wanted)"
    )


def check_the_scores_are_numbers(run):
    """Every score is a finite number."""
    scores = run.model(run.heldout[0])
    finite = int(np.isfinite(scores).sum())
    assert finite == scores.size, f"{finite} of {scores.size} scores are finite (all wanted)"


def batch(run):
    """Some patients to train on."""
    x, y = run.train
    some = run.rng.choice(len(y), 32, replace=False)
    return x[some], y[some]


def take(run, x, y, *, nearly_right):
    """One training step: the norm of its gradient, how far the weights moved, and the rate of plain descent or 0."""
    arrays = {"features": x, "targets": y}
    return run.ask(STEP, arrays, ["norm", "moved", "rate"], needs=["model", "training_step"], nearly_right=nearly_right)
