"""What a correct fix of ex02 shows."""

import numpy as np

from bugkit.checks import mean_squared_error, redrawn
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)

# The gradient that the training's own loss has at these weights.
GRADIENT = """
gradient = torch.zeros(0)
if isinstance(model, torch.nn.Module):
    weights = list(model.parameters())
    torch.nn.utils.vector_to_parameters(before, weights)
    output = model(rows)
    if output.shape == slope.shape:
        parts = torch.autograd.grad(output, weights, slope.to(output.dtype), allow_unused=True)
        parts = [torch.zeros_like(w) if g is None else g for w, g in zip(weights, parts)]
        gradient = torch.cat([part.flatten() for part in parts]).float()
"""


def draw(rng):
    """The tumors with other ones held out and their measurements in other columns."""
    return redrawn("tumors", rng, features=True)


def heldout_loss(run):
    """Held-out squared error in units of the target's variance, from the model's own outputs."""
    x, y = run.heldout  # (171, 10) and (171,), float32
    return mean_squared_error(run.model(x), y)


def check_every_step_follows_its_own_batch(run):
    """No gradient of an earlier batch is left in a parameter when that of the next batch is taken."""
    audit = run.audit.needed()
    known = [call.left_over for call in audit.calls if not np.isnan(call.left_over)]
    old = sum(norm > 0 for norm in known)
    assert not old, f"at {old} of {len(known)} sampled steps there was one (0 wanted)"


def check_steps_made_by_hand_go_downhill(run):
    """Steps that no optimizer makes go down the loss of their own batch."""
    audit = run.audit.needed()
    if len(audit.rates):
        return  # averages of Adam and its like may point elsewhere for a while
    cosines = np.array([_downhill(run, moment) for moment in run.moments])
    cosines = cosines[np.isfinite(cosines)]
    # Two passes a step, as in sharpness-aware training, go straight up and straight down by turns.
    if len(cosines) > 2 and np.abs(cosines).mean() < 0.8:
        uphill = np.minimum(cosines, 0).mean()
        assert uphill > -0.05, f"a step goes uphill with a mean cosine of {uphill:.2f} (0 wanted)"


def _downhill(run, moment):
    """The cosine between one step and the way down its batch's own loss; NaN where there is nothing to compare."""
    call, step = moment.call, moment.after - moment.before
    if call.slope is None or len(call.inputs) != 1:
        return np.nan
    asked = {"before": moment.before, "rows": call.inputs[0], "slope": call.slope}
    gradient = run.ask(GRADIENT, asked, ["gradient"], needs=["model"])["gradient"]
    lengths = np.linalg.norm(gradient) * np.linalg.norm(step)
    return -float(gradient @ step) / lengths if len(gradient) == len(step) and lengths > 0 else np.nan


def check_the_estimates_are_numbers(run):
    """Every estimate is a finite number."""
    x, _ = run.heldout
    estimates = run.model(x)
    finite = int(np.isfinite(estimates).sum())
    assert finite == estimates.size, f"{finite} of {estimates.size} estimates are finite (all wanted)"


def check_the_estimates_follow_the_truth(run):
    """Where the largest nucleus is larger, the estimate is larger."""
    x, y = run.heldout
    estimates = run.model(x).reshape(-1).astype(float)
    assert np.isfinite(estimates).all(), "the estimates are not finite"
    spread = estimates.std()
    correlation = np.corrcoef(estimates, y)[0, 1] if spread > 0 else 0.0
    assert correlation > 0.8, f"estimates and truth correlate with {correlation:.2f} (more than 0.8 wanted)"
