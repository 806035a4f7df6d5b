"""What a correct fix of ex16 shows: a step follows the gradient of the mean loss, for any number of images."""

import numpy as np

from bugkit.checks import nll, redrawn
from bugkit.run import LearnerCodeError

WAYS = 4  # random directions for each array of parameters
SIZES = (40, 20, 80, 1, 7, 300, 1347)  # images
DOUBLED = (1, 4)  # indices of the batches whose images are doubled: those of 20 and 7
MOMENTS = (0, 1, 2, 3, 5, 10, 11, 49, 100, 150, 199)  # steps of the training

LISTED = """
def bk_listed(arrays):
    return [np.asarray(arrays[name]) for name in parameters] if isinstance(parameters, dict) else list(arrays)
"""
# The slopes of the mean loss along random directions, measured by moving one array at a time.
MEASURED = """
def bk_mean_loss():
    scores = np.array(model(bk_images), dtype=np.float64)
    scores -= scores.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(bk_labels)), bk_labels]))

def bk_moved(array, way):
    kept, losses = array.copy(), []
    for sign in (1, -1):
        array[...] = kept + sign * 1e-4 * way
        losses.append(bk_mean_loss())
    array[...] = kept
    return (losses[0] - losses[1]) / 2e-4

bk_rng = np.random.default_rng(int(bk_seed))
bk_ways = [(a, bk_rng.normal(size=(bk_count, *a.shape))) for a in bk_listed(parameters)]
bk_out = np.array([[bk_moved(a, way) for way in ways] for a, ways in bk_ways])
"""
# An array for each parameter, projected onto the same directions.
PROJECTED = """
bk_rng = np.random.default_rng(int(bk_seed))
bk_out = np.array([(bk_rng.normal(size=(bk_count, *a.shape)) * a).reshape(bk_count, -1).sum(axis=1) for a in bk_all])
"""
GRADIENTS = LISTED + "bk_all = bk_listed(gradients(bk_images, bk_labels))" + PROJECTED
STATE = LISTED + "bk_all = bk_listed(parameters)" + PROJECTED
STEP = "training_step(bk_images, bk_labels)"
# The state of an earlier step: the loop variable and the losses until then.
EARLIER = """
bk_function = gradients
while hasattr(bk_function, "func"):
    bk_function = bk_function.func
bk_home = getattr(bk_function, "__globals__", None) or getattr(type(bk_function).__call__, "__globals__", {})
for bk_name in ("step", "epoch", "i", "t", "_"):
    if type(bk_home.get(bk_name)) is int:
        bk_home[bk_name] = int(bk_at)
if isinstance(bk_home.get("losses"), list):
    del bk_home["losses"][int(bk_at):]
"""


def draw(rng):
    """The same task with permuted labels, permuted pixels and other images held out."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_a_step_follows_the_slope_of_the_mean_loss(run):
    """The gradient that a step follows is the gradient of the mean loss, as measured."""
    batches = [_batch(run, size) for size in SIZES]
    measured = _differences([_asked(run, LISTED + MEASURED, batch) for batch in batches])
    try:
        computed = _differences([_asked(run, GRADIENTS, batch, needs=["gradients"]) for batch in batches])
    except (LearnerCodeError, ValueError):
        computed = np.full_like(measured, np.nan)
    if _agree(computed, measured, 1.0):
        return
    followed = _differences([_step(run, batch) for batch in batches])
    rate = _ratio(followed, measured)
    ratios = [_ratio(computed[i], measured[i]) for i in range(len(measured))]
    worst = max(ratios, key=lambda ratio: abs(ratio - 1))
    follows = rate > 0 and _agree(followed, measured, rate)
    assert follows, f"a computed gradient is {worst:.3g} times the measured one (expected: 1)"


def check_a_step_moves_every_parameter(run):
    """A training step changes every parameter array."""
    batch = _batch(run, 60)
    moved = np.abs(_step(run, batch)).max(axis=1)
    still = int((moved == 0).sum())
    assert not still, f"{still} of {len(moved)} arrays do not change (expected: 0)"


def check_twice_the_same_images_make_the_same_step(run):
    """A batch with every image twice makes the same step as a batch with every image once."""
    for which in DOUBLED:
        other, once = _batch(run, SIZES[0]), _batch(run, SIZES[which])
        twice = tuple(np.concatenate([part, part]) for part in once)
        steps = [_step(run, batch) for batch in (other, once, twice)]
        change = np.linalg.norm(steps[2] - steps[1]) / np.linalg.norm(steps[1] - steps[0])
        assert change < 0.05, f"they differ by {change:.2f} times as much as for other images (expected: below 0.05)"


def check_the_gradient_is_the_same_at_every_step(run):
    """With the same parameters, the gradient of the same images is the same, early and late in the training."""
    batch = _batch(run, 60)
    last = _asked(run, GRADIENTS, batch, needs=["gradients"])
    for at in MOMENTS:
        _begin(run)
        run.ask(EARLIER, bk_at=at, needs=["gradients"])
        _same(_asked(run, GRADIENTS, batch, needs=["gradients"], fresh=False), last, f"at step {at + 1}")
    _begin(run)
    for number in range(2, 14):
        _same(_asked(run, GRADIENTS, batch, needs=["gradients"], fresh=False), last, f"asked {number} times")


def _same(slopes, last, when):
    change = np.linalg.norm(slopes - last) / np.linalg.norm(last)
    assert change < 1e-3, (
        f"{when}, it differs by {change:.2g} times its size from the gradient after training (expected: below 0.001)"
    )


def _batch(run, size):
    """Images with wrong labels for a tenth of them, and for at least two, so that the gradients are far from 0."""
    x, y = run.train
    rows = run.rng.choice(len(y), size, replace=False)
    labels = y[rows].copy()
    wrong = run.rng.permutation(size)[: max(2, size // 10)]
    labels[wrong] = (labels[wrong] + 1) % 10
    return x[rows], labels


def _begin(run):
    """Restore the state after training. The check's random numbers continue."""
    rng = run.rng
    run.begin()
    run.rng = rng


def _asked(run, code, batch, *, needs=(), fresh=True):
    """What ``code`` gives along each random direction, (arrays, WAYS), from the state after training."""
    if fresh:
        _begin(run)
    images, labels = batch
    arrays = {"bk_images": images, "bk_labels": labels}
    answer = run.ask(code, arrays, ["bk_out"], needs=["parameters", *needs], bk_seed=run.seed, bk_count=WAYS)
    return answer["bk_out"].astype(np.float64)


def _step(run, batch):
    """How far one step goes against the same directions, from the state after training."""
    before = _asked(run, STATE, batch)
    run.ask(STEP, {"bk_images": batch[0], "bk_labels": batch[1]}, needs=["training_step"])
    return before - _asked(run, STATE, batch, fresh=False)


def _differences(slopes):
    """Each batch minus the first, (arrays, batches, WAYS): terms that do not depend on the batch drop out."""
    return np.swapaxes(np.array(slopes[1:]) - slopes[0], 0, 1)


def _agree(slopes, wanted, factor):
    """Whether the slopes are ``factor`` times the expected ones, in each parameter array and for each batch."""
    size = abs(factor) * np.sqrt(np.mean(wanted**2, axis=2))
    error = np.sqrt(np.mean((slopes - factor * wanted) ** 2, axis=2))
    return bool(np.all(error <= 0.1 * size + 1e-4 * size.max()))


def _ratio(slopes, wanted):
    """The factor between the slopes and the expected ones, by least squares; 1 if there is nothing to compare."""
    total = float(np.sum(wanted**2))
    return float(np.sum(slopes * wanted)) / total if total else 1.0
