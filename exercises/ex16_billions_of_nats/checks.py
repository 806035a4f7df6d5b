"""What a correct fix of ex16 shows: a step follows the slope of the mean loss, for any number of images."""

import numpy as np

from bugkit.checks import nll, redrawn

WAYS = 4  # random directions for each array of parameters
SIZES = (40, 20, 80)  # images
WRONG = (4, 8, 2)  # labels of them, so that the slopes differ much in length

# The batches, and the random directions.
TASK = """
def listed(arrays):
    return [arrays[name] for name in parameters] if isinstance(parameters, dict) else list(arrays)

def along(arrays):
    return [float((np.asarray(array) * way).sum()) for array, some in zip(arrays, ways) for way in some]

rng = np.random.default_rng(int(seed))
ways = [rng.normal(size=(count, *array.shape)) for array in listed(parameters)]
ends = np.cumsum(sizes)
batches = [(images[end - size : end], labels[end - size : end]) for size, end in zip(sizes, ends)]
"""
# The slopes of the mean loss: measured by moving one array at a time, and as `gradients` gives them.
SLOPES = """
def mean_loss(some, truth):
    scores = np.array(model(some), dtype=np.float64)
    scores -= scores.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(truth)), truth]))

def moved(array, way, batch):
    kept, losses = array.copy(), []
    for sign in (1, -1):
        array[...] = kept + sign * 1e-4 * way
        losses.append(mean_loss(*batch))
    array[...] = kept
    return (losses[0] - losses[1]) / 2e-4

arrays = listed(parameters)
measured = np.array([[moved(a, way, batch) for a, some in zip(arrays, ways) for way in some] for batch in batches])
try:
    computed = np.array([along(listed(gradients(*batch))) for batch in batches])
except Exception:
    computed = np.full_like(measured, np.nan)
"""
# How far one step goes along the same directions, each from the state after training. What the step may change is
# put back by hand: arrays, and lists and dicts of them, whether changed in place or replaced.
STEPS = """
home = getattr(training_step, "__globals__", globals())

def entries(holder):
    return list(holder.items()) if isinstance(holder, dict) else list(enumerate(holder))

def saved(value):
    return value.copy() if isinstance(value, np.ndarray) else value

held = {name: value for name, value in home.items() if not name.startswith("_") and name not in ("In", "Out")}
kept = {name: saved(value) for name, value in held.items() if isinstance(value, (np.ndarray, int, float))}
inside = {
    name: [(key, value, saved(value)) for key, value in entries(holder)]
    for name, holder in held.items()
    if isinstance(holder, (dict, list)) and len(holder) < 100
}

def put_back():
    for name, value in kept.items():
        if isinstance(value, np.ndarray) and held[name].flags.writeable:
            held[name][...] = value
        home[name] = held[name]
    for name, entries_of in inside.items():
        home[name] = held[name]
        for key, value, old in entries_of:
            if isinstance(value, np.ndarray):
                value[...] = old
            held[name][key] = value

def step(batch):
    before = [array.copy() for array in listed(parameters)]
    training_step(*batch)
    after = [np.array(array) for array in listed(home.get("parameters", parameters))]
    put_back()
    return along([b - a for b, a in zip(before, after)])

once, twice = batches[1], tuple(np.concatenate([part, part]) for part in batches[1])
steps = np.array([step(batch) for batch in (*batches, once, twice)])
"""


def draw(rng):
    """The digits with other numbers and their pixels in other places."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_a_step_follows_the_slope_of_the_mean_loss(run):
    """The gradient that a step follows is the slope of the mean loss, as it can be measured."""
    task = _task(run)
    answers = run.ask(TASK + SLOPES, **task, returns=["measured", "computed"], needs=["parameters", "gradients"])
    measured, computed = (_differences(answers[name]) for name in ("measured", "computed"))
    if _agree(computed, measured, 1.0):
        return
    steps = run.ask(TASK + STEPS, **task, returns=["steps"], needs=["training_step"])["steps"]
    followed = _differences(steps[: len(SIZES)])
    rate = _ratio(followed, measured)
    ratios = [_ratio(computed[:, i], measured[:, i]) for i in range(measured.shape[1])]
    worst = max(ratios, key=lambda ratio: abs(ratio - 1))
    follows = rate > 0 and _agree(followed, measured, rate)
    assert follows, f"a computed gradient is {worst:.3g} times the slope that is measured (1 wanted)"


def check_twice_the_same_images_make_the_same_step(run):
    """A batch that holds each image twice makes the same step as the batch that holds it once."""
    steps = run.ask(TASK + STEPS, **_task(run), returns=["steps"], needs=["training_step"])["steps"]
    other, once, twice = steps[0], steps[-2], steps[-1]
    change = np.linalg.norm(twice - once) / np.linalg.norm(once - other)
    assert change < 0.05, f"it differs by {change:.2f} times as much as that of other images (0 wanted)"


def _task(run):
    x, y = run.train
    rows = run.rng.choice(len(y), sum(SIZES), replace=False)
    labels = y[rows].copy()
    for start, wrong in zip(np.cumsum(SIZES) - SIZES, WRONG, strict=True):
        labels[start : start + wrong] = (labels[start : start + wrong] + 1) % 10
    arrays = {"images": x[rows], "labels": labels, "sizes": np.array(SIZES)}
    return {"arrays": arrays, "seed": run.seed, "count": WAYS}


def _differences(slopes):
    """Of two batches to a third, (2, arrays, WAYS): what does not depend on the batch drops out, such as momentum."""
    return (slopes[1:] - slopes[0]).reshape(len(slopes) - 1, -1, WAYS)


def _agree(slopes, wanted, factor):
    """Whether the slopes are ``factor`` times those wanted, in each array of parameters."""
    size = abs(factor) * np.sqrt(np.mean(wanted**2, axis=(0, 2)))
    error = np.sqrt(np.mean((slopes - factor * wanted) ** 2, axis=(0, 2)))
    return bool(np.all(error <= 0.1 * size + 1e-4 * size.max()))


def _ratio(slopes, wanted):
    """By how much the slopes are larger, in the sense of least squares; 1 where there is nothing to compare."""
    total = float(np.sum(wanted**2))
    return float(np.sum(slopes * wanted)) / total if total else 1.0
