"""What a correct fix of ex11 shows: no step follows a gradient longer than the limit; short ones are not changed."""

import numpy as np

from bugkit.checks import mean_squared_error, redrawn
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)

LIMIT = 50
# The number of patients, and the factors for their scores and for their measurements.
BATCHES = [(32, 100, 1), (32, 10, 1), (32, 3, 1), (32, 1, 1), (1, 1, 1), (3, 10, 1), (97, 1, 1), (32, 1, 100)]

# Training steps from fresh weights. The first uses targets close to the outputs and shows how far a step goes for a
# gradient of length one. The others use targets that are far off. For each: how far the weights moved, and the length
# of the gradients before and after the optimizer's step, nan if no optimizer steps.
STEPS = """
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

lengths, slopes, late, plain = {}, [], [], True

def length_of(parts):
    return float(sum(p.detach().double().pow(2).sum() for p in parts) ** 0.5)

def of_gradients(optimizer):
    return length_of([p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None])

def before_it(optimizer, args, kwargs):
    late.append(optimizer.register_step_pre_hook(note))  # the last of all

def note(optimizer, args, kwargs):
    global plain
    group = optimizer.param_groups[0]
    sgd = isinstance(optimizer, torch.optim.SGD) and not group["momentum"] and not group["weight_decay"]
    plain = plain and (sgd or type(optimizer).__module__ == "__main__")
    has_closure = bool(args) and args[-1] is not None and callable(args[-1]) or kwargs.get("closure") is not None
    if not has_closure:
        lengths["before"] = of_gradients(optimizer)

def after_it(optimizer, args, kwargs):
    while late:
        late.pop().remove()  # or each step would be noted once more than the one before
    lengths["after"] = of_gradients(optimizer)
    lengths.setdefault("before", lengths["after"])

def seen(module, given, gave):
    if gave.requires_grad:
        gave.register_hook(lambda slope: slopes.append(length_of([slope])))

def step(features, targets):
    lengths.clear()
    old = [p.detach().clone() for p in weights]
    training_step(features, targets)
    moved = length_of([p.detach() - o for p, o in zip(weights, old)])
    return [moved, lengths.get("before", float("nan")), lengths.get("after", float("nan"))]

def fresh():
    for last in (False, True):
        torch.manual_seed(0)
        with torch.no_grad():
            for p in weights:
                p.copy_(0.1 * torch.randn(p.shape))
        for _ in range(0 if last else 40):  # what a velocity remembers fades
            quiet_step()

def quiet_step():
    answer = model(features).detach().reshape(targets.shape).to(targets.dtype)
    return step(features, answer + 1e-5 * targets)

weights = [p for p in model.parameters() if p.requires_grad]
handles = [register_optimizer_step_pre_hook(before_it), register_optimizer_step_post_hook(after_it)]
if isinstance(model, torch.nn.Module):
    handles.append(model.register_forward_hook(seen))
fresh()
output = model(features)
right = output.detach().reshape(targets.shape).to(targets.dtype)
near = right + 1e-3 * targets
gradients = torch.autograd.grad(((output.reshape(targets.shape) - near) ** 2).mean(), weights, allow_unused=True)
expected = length_of([g for g in gradients if g is not None])
slopes.clear()
small = step(features, near)
mean = length_of([2 * (right - near) / len(near)])
factor = max(slopes, default=mean) / mean  # of the training's loss, against the mean squared error
rate = small[0] / max(expected * factor, 1e-30)
fresh()
half = step(features, right + 5e-4 * targets)
plain = plain and abs(half[0] / max(small[0], 1e-30) - 0.5) < 0.02  # one of the notebook's own may be another
rows = []
start = 0
for size in sizes.tolist():
    fresh()
    rows.append(step(far_features[start : start + size], far_targets[start : start + size]))
    start += size
fresh()
echo = 1 / max(step(far_features[: sizes[0]], far_targets[: sizes[0]])[0], 1e-30) * quiet_step()[0]
for handle in handles:
    handle.remove()
small, rows = torch.tensor(small), torch.tensor(rows)
plain = plain or not lengths
"""


def draw(rng):
    """The same task with other patients held out and permuted columns."""
    return redrawn("diabetes", rng, features=True)


def heldout_loss(run):
    """Held-out squared error, from the model's own outputs"""
    x, y = run.heldout
    return mean_squared_error(run.model(x), y)


def check_no_step_follows_a_longer_gradient(run):
    """No step follows a gradient longer than the limit, for any batch."""
    _, far, rate, plain, _ = _steps(run)
    for (patients, scores, values), (moved, before, after) in zip(BATCHES, far, strict=True):
        length = moved / rate if plain else np.fmin(before, after)
        assert not length > 1.02 * LIMIT, (
            f"a step on {patients} patients, with scores times {scores} and measurements times {values}, "
            f"followed a gradient of length {length:.3g} (expected: at most {LIMIT})"
        )


def check_no_step_of_the_training_followed_a_longer_gradient(run):
    """During the training, no step followed a gradient longer than the limit."""
    audit = run.audit.needed()
    _, far, rate, plain, echo = _steps(run)
    if (far[:, 1] <= 1.02 * LIMIT).all():  # the gradients are limited before the optimizer steps
        norms = audit.norms[np.isfinite(audit.norms)]
        longest = norms.max(initial=0.0)
        assert longest < 1.02 * LIMIT, (
            f"{np.count_nonzero(norms > 1.02 * LIMIT)} of {len(norms)} sampled steps did, "
            f"the longest of length {longest:.3g} (expected: at most {LIMIT})"
        )
    elif plain and len(run.moments):
        rates = audit.rates
        most = rate * (rates.max() / max(rates[-1], 1e-30) if len(rates) else 2)  # the rate may have been higher before
        most /= 1 - min(echo, 0.99)  # a velocity adds up
        longest = max(float(np.linalg.norm(m.after - m.before)) for m in run.moments) / most
        assert not longest > 1.05 * LIMIT, f"one step followed a gradient of {longest:.3g} (expected: at most {LIMIT})"


def check_short_gradients_are_left_alone(run):
    """A gradient that is shorter than the limit is not made longer."""
    (moved, before, after), far, _, plain, _ = _steps(run)
    length = np.fmin(before, after)
    assert not length > 0.2 * LIMIT, (
        f"with targets close to the outputs, the gradient's length is {length:.3g} (expected: below 10)"
    )
    longer = moved / max(far[0][0], 1e-30)
    assert not plain or longer < 0.2, (
        f"with targets close to the outputs, a step is {longer:.2g} times as long as with targets that are far off "
        "(expected: below 0.2)"
    )


def check_the_scores_are_numbers(run):
    """Every score is a finite number."""
    scores = run.model(run.heldout[0])
    finite = int(np.isfinite(scores).sum())
    assert finite == scores.size, f"{finite} of {scores.size} scores are finite (expected: all)"


def _steps(run):
    """The step on close targets, the steps on the others, the rate, whether it is plain descent, and its momentum."""
    x, y = run.train
    some = run.rng.choice(len(y), 32, replace=False)
    far = [run.rng.choice(len(y), patients, replace=False) for patients, _, _ in BATCHES]
    scaled = list(zip(far, np.array(BATCHES, dtype=np.float32), strict=True))
    arrays = {
        "features": x[some],
        "targets": y[some],
        "far_features": np.concatenate([x[rows] * by for rows, (_, _, by) in scaled]),
        "far_targets": np.concatenate([y[rows] * by for rows, (_, by, _) in scaled]),
        "sizes": np.array([patients for patients, _, _ in BATCHES]),
    }
    asked = run.ask(STEPS, arrays, ["small", "rows", "rate", "plain", "echo"], needs=["model", "training_step"])
    return asked["small"], asked["rows"], max(float(asked["rate"]), 1e-30), bool(asked["plain"]), float(asked["echo"])
