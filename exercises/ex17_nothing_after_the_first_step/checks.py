"""What a correct fix of ex17 shows: the loss and its gradient are correct for logits of any size."""

import numpy as np

from bugkit.checks import cross_entropy, nll, redrawn

FULL = 16  # a black pixel
CERTAIN = 10  # nats: the least that a certain mistake costs; a program may cap the loss above this
SPREADS = (0.1, 3, 10, 30, 60, 85, 95, 150, 300, 1_000, 100_000)
SHIFTS = (-3_000, -500, -100, -50, 0, 50, 100, 500, 3_000)
MOMENTS = (0, 1, 2, 3, 5, 8, 11, 20, 21, 50, 100, 143, 200)  # steps of the training
# Put the notebook back to an earlier step: the variables of its loops and the losses so far.
EARLIER = """
bk_function = cross_entropy
while hasattr(bk_function, "func"):
    bk_function = bk_function.func
bk_home = getattr(bk_function, "__globals__", None) or getattr(type(bk_function).__call__, "__globals__", {})
for bk_name, bk_value in (("epoch", bk_at // 21), ("start", bk_at % 21 * 64), ("step", bk_at), ("i", bk_at)):
    if type(bk_home.get(bk_name)) is int:
        bk_home[bk_name] = int(bk_value)
if isinstance(bk_home.get("losses"), list):
    del bk_home["losses"][int(bk_at):]
"""


def draw(rng):
    """The same task with permuted labels, permuted pixels and other images held out."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return min(nll(run.model(scale * x), y) for scale in (np.float32(FULL), np.float32(1)))


def check_the_loss_is_right_for_small_scores(run):
    """For logits between -10 and 10, the loss is their cross-entropy."""
    for images in (1, 2, 7, 50, 64, 300):
        for largest in (0.5, 3, 10):
            scores, labels = _scores(run, images, largest), run.rng.integers(10, size=images)
            loss, honest = _loss(run, scores, labels), cross_entropy(scores, labels)
            assert abs(loss - honest) < 0.01, f"it is {loss:.4g} nats (expected: {honest:.4g}) for {images} images"


def check_the_loss_is_a_number_for_large_scores(run):
    """The loss is finite for large logits too: small for a correct answer, large for a wrong one."""
    for size in (100, 1_000, 100_000):
        scores, best = _apart(run, size)
        right, wrong = _loss(run, scores, best), _loss(run, scores, (best + 1) % 10)
        assert abs(right) < 0.01, f"a correct answer costs {right:.3g} nats with logits up to {size} (expected: 0)"
        known = CERTAIN < wrong < np.inf
        assert known, (
            f"a wrong answer costs {wrong:.3g} nats with logits up to {size} (expected: finite and over {CERTAIN})"
        )


def check_every_image_counts_by_its_own_scores(run):
    """The loss of a batch is the mean of the losses of its images, even if their logits differ widely in size."""
    labels = run.rng.integers(10, size=len(SPREADS) * len(SHIFTS))
    scores = np.stack([s * run.rng.uniform(-1, 1, 10) + shift for s in SPREADS for shift in SHIFTS]).astype(np.float32)
    alone = np.array([_loss(run, row[None], label[None]) for row, label in zip(scores, labels, strict=True)])
    honest = np.array([cross_entropy(row[None], label[None]) for row, label in zip(scores, labels, strict=True)])
    for loss, right in zip(alone, honest, strict=True):
        known = abs(loss - right) < 0.01 + 1e-3 * right if right < CERTAIN else CERTAIN - 0.1 < loss < 1.01 * right + 1
        assert known, f"the loss of a single image is {loss:.4g} nats (expected: {right:.4g})"
    together = _loss(run, scores, labels)
    assert abs(together - alone.mean()) < 0.01 + 1e-3 * alone.mean(), (
        f"the loss of {len(labels)} images is {together:.4g} nats "
        f"(expected: {alone.mean():.4g}, the mean of their single losses)"
    )


def check_the_slope_is_right_for_any_scores(run):
    """For any logits, the gradient is the probabilities minus the one-hot labels, divided by the number of images."""
    for size in (*SPREADS, 3):
        for images in (1, 50):
            scores = (size * run.rng.normal(size=(images, 10))).astype(np.float32)
            labels = run.rng.integers(10, size=images)
            error = _error(run, scores, labels)
            assert error < 1e-3, f"with logits around {size} it is off by up to {error:.2g} (expected: 0)"
    mixed = np.concatenate([_scores(run, 5, size) + np.float32(shift) for size in SPREADS for shift in SHIFTS])
    error = _error(run, mixed, run.rng.integers(10, size=len(mixed)))
    assert error < 5e-3, f"with small and large logits in one batch it is off by up to {error:.2g} (expected: 0)"


def check_the_same_number_added_to_all_scores_changes_nothing(run):
    """Adding the same constant to all logits of an image changes neither the loss nor the gradient."""
    scores, labels = run.rng.integers(-64, 64, size=(50, 10)) / np.float32(16), run.rng.integers(10, size=50)
    scores = scores.astype(np.float32)
    loss, slope = run.cross_entropy(scores, labels)
    each = run.rng.choice([-4096, -256, 0, 64, 4096], size=(50, 1))
    for number, told in (
        (-4096, "-4096"),
        (4096, "+4096"),
        (-96, "-96"),
        (96, "+96"),
        (each, "another number for each"),
    ):
        other, other_slope = run.cross_entropy(scores + np.float32(number), labels)  # float32 holds such sums exactly
        change = max(abs(float(other) - float(loss)), float(np.abs(other_slope - slope).max()))
        assert change < 1e-3, (
            f"adding {told} takes the loss from {float(loss):.4g} to {float(other):.4g} "
            "(expected: no change of loss or gradient)"
        )


def check_it_is_so_at_every_step(run):
    """Early and late in the training, the loss and the gradient are correct for large logits."""
    scores, labels = _scores(run, 64, 400), run.rng.integers(10, size=64)
    for at in reversed(MOMENTS):  # removed losses do not come back
        run.ask(EARLIER, bk_at=at, needs=["cross_entropy"])
        loss, slope = run.cross_entropy(scores, labels)
        error = float(np.abs(slope - _slope(scores, labels)).max()) * len(labels)
        assert np.isfinite(float(np.asarray(loss).reshape(()))), (
            f"at step {at + 1} the loss is {loss} (expected: a finite number)"
        )
        assert error < 1e-3, f"at step {at + 1} the gradient is off by up to {error:.2g} (expected: 0)"


def _loss(run, scores, labels):
    return float(np.asarray(run.cross_entropy(scores, labels)[0]).reshape(()))


def _error(run, scores, labels):
    """The largest error of the gradient, times the number of images."""
    return float(np.abs(run.cross_entropy(scores, labels)[1] - _slope(scores, labels)).max()) * len(labels)


def _scores(run, images, largest):
    return run.rng.uniform(-largest, largest, size=(images, 10)).astype(np.float32)


def _apart(run, size):
    """Logits of which one is far above the others, and its index."""
    best = run.rng.integers(10, size=50)
    scores = run.rng.uniform(-size, 0, size=(50, 10)).astype(np.float32)
    scores[np.arange(50), best] = size
    return scores, best


def _slope(scores, labels):
    powers = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
    slope = powers / powers.sum(axis=1, keepdims=True)
    slope[np.arange(len(labels)), labels] -= 1
    return slope / len(labels)
