"""What a correct fix of ex59 shows: the noise that was added is learned, and taken back as the reverse process says."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import needs
from bugkit.invariants import check_every_row_teaches, check_gradients_are_whole
from bugkit.questions import replayed

STEPS = 50  # timesteps
COUNT = 450  # images drawn
ALIKE = 0.7  # cosine: 1 for the squared error, 0.8 for the absolute error, below 0.6 for other noise
SIZES = (128, 1, 450, 7, 64)  # images
ROWS = 200
ALPHAS = """
with torch.no_grad():
    t = torch.arange(steps)
    one, none = torch.ones(steps, 64), torch.zeros(steps, 64)
    signal, noise = torch.as_tensor(q_sample(one, t, none))[:, 0], torch.as_tensor(q_sample(none, t, one))[:, 0]
    mixed = torch.as_tensor(q_sample(images, times, added))
"""
PREDICTED = """
if isinstance(model, torch.nn.Module):
    model.eval()
with torch.no_grad():
    predicted = torch.as_tensor(model(x, t))
"""
BACK = """
with torch.no_grad():
    back = torch.stack([torch.as_tensor(p_sample(x, int(t))) for _ in range(times)])
"""
DRAWN = "drawn = torch.cat([torch.as_tensor(sample(int(count))) for count in counts])"


def heldout_distance(run):
    """Energy distance between drawn and held-out images"""
    drawn = run.ask(DRAWN, {"counts": [COUNT]}, ["drawn"], needs=["sample"])["drawn"]
    return energy_distance(drawn.reshape(-1, 64), pictures(run))


def check_noise_covers_images_step_by_step(run):
    """At each timestep, more noise is mixed in, and the variance of noise is kept."""
    signal, noise, gap = schedule(run)
    assert gap < 1e-3, f"an image and its noise are not mixed in the same ratio in all pixels: off by {gap:.2g}"
    off = np.abs(signal**2 + noise**2 - 1).max()
    assert off < 0.01, f"the squares of both shares add up to {1 + off:.2f} or {1 - off:.2f} (expected: 1)"
    assert (np.diff(signal) < 0).all(), "an image does not fade at each timestep"
    assert signal[0] > 0.9, f"at timestep 0, {signal[0]:.0%} of the image are left (expected: over 90 %)"
    assert signal[-1] < 0.2, f"at the last timestep, {signal[-1]:.0%} of the image are left (expected: below 20 %)"


def check_training_teaches_the_noise_that_was_added(run):
    """At every step of the training, the network is taught the noise that is in its input."""
    signal, noise, _ = schedule(run)
    known = run.train[0].astype(np.float64) * 2 - 1
    seen = 0
    for call in run.audit.needed().calls:
        if call.slope is None or len(call.inputs) != 2 or call.slope.shape != call.inputs[0].shape:
            continue
        x, t = call.inputs[0].astype(np.float64), call.inputs[1].reshape(-1)
        if t.shape != x.shape[:1] or t.dtype.kind != "i" or t.min() < 0 or t.max() >= STEPS:
            continue
        seen += 1
        share = float(np.mean(likeness(x, call.output, call.slope, signal[t], noise[t], known) > ALIKE))
        assert share > 0.9, f"at step {call.step}, that is so for {share:.0%} of the images (expected: 100 %)"
    if not seen:
        raise UndecidedError("what noise the training teaches could not be seen")


def check_noise_is_predicted(run):
    """On held-out images, the network predicts most of the noise at any timestep but the first ones."""
    x = pictures(run)
    for first, last, bound in ((5, 14, 0.75), (15, 29, 0.35), (30, 49, 0.15)):
        t = run.rng.integers(first, last + 1, size=len(x))
        added = run.rng.standard_normal(x.shape)
        gap = float(np.mean((predicted(run, mixed(run, x, t, added), t) - added) ** 2))
        assert gap < bound, (
            f"at timesteps {first} to {last}, the mean squared error is {gap:.2f} (expected: below {bound})"
        )


def check_the_timestep_counts(run):
    """The prediction for an image depends on its timestep, and not on the other images."""
    x = pictures(run)
    t = run.rng.integers(STEPS, size=len(x))
    noised = mixed(run, x, t, run.rng.standard_normal(x.shape))
    for size in SIZES:
        some, times = noised[:size], t[:size]
        usual = predicted(run, some, times)
        for _ in range(2):
            order = run.rng.permutation(len(x))
            place = order.argsort()[:size]
            gap = float(np.abs(predicted(run, noised[order], t[order])[place] - usual).max())
            assert gap < 0.02, f"among other images, a prediction changes by up to {gap:.2g} (expected: 0)"
        moved = np.sqrt(np.mean((predicted(run, some, STEPS - 1 - times) - usual) ** 2))
        assert moved > 0.05, f"at another timestep, predictions change by {moved:.2g} (expected: over 0.05)"


def check_training_computes_the_same(run):
    """At every step of the training, the network computes the same as afterwards."""
    gaps = [max(np.abs(then - now).max(), np.abs(then - used).max()) for _, then, (now, used) in replayed(run)]
    if not gaps or 0.02 < min(gaps) < 0.06:  # lower precision, say, was for the training only
        raise UndecidedError("what the network computed in training could not be compared")
    odd = float(np.mean(np.array(gaps) > 0.02))
    assert odd == 0, f"at {odd:.0%} of the sampled steps, a prediction is different (expected: 0 %)"


def check_a_step_back_has_its_mean(run):
    """A step back has the mean of the reverse process."""
    for t, given, noise, back, mean, betas, _ in steps_back(run):
        rest = back.mean(axis=0) - mean
        for what, way in (("the image", given), ("the predicted noise", noise)):
            length = (way**2).sum()
            off, bound = float((rest * way).sum() / length), 0.01 + 6 * np.sqrt(betas / len(back) / length)
            assert abs(off) < bound, (
                f"at timestep {t}, for {len(given)} images, it is off by {off:.3f} times {what} (expected: 0)"
            )


def check_a_step_back_has_its_variance(run):
    """A step back adds normal noise, with the variance of the reverse process."""
    for t, given, _, back, mean, betas, posterior in steps_back(run):
        low, high = (0.8 * np.sqrt(posterior), 1.1 * np.sqrt(betas) + 0.02) if t else (0.0, 0.01)
        wanted = f"{np.sqrt(posterior):.3f} or {np.sqrt(betas):.3f}" if t else "0"
        for one in back:
            spread = float(np.sqrt(np.mean((one - mean) ** 2)))
            assert low <= spread < high, (
                f"at timestep {t}, for {len(given)} images, its standard deviation is {spread:.3f} (expected: {wanted})"
            )


@needs("check_the_timestep_counts")
def check_drawn_images_are_as_varied_as_real_ones(run):
    """Any number of images can be drawn, and they are about as different from each other as real ones."""
    counts = [1, 3, 128, 64]
    drawn = run.ask(DRAWN, {"counts": counts}, ["drawn"], needs=["sample"])["drawn"].reshape(-1, 64)
    assert len(drawn) == sum(counts), f"{len(drawn)} images are drawn (expected: {sum(counts)})"
    x = pictures(run)
    ratio = distance(drawn, drawn) / distance(x, x)
    assert 0.55 < ratio < 1.25, (
        f"the distance between two of them is {ratio:.2f} of that of real ones (expected: about 1)"
    )


def steps_back(run):
    """Some steps: t, images and predicted noise (N, 64), results (K, N, 64), their mean (N, 64), and both variances."""
    signal, noise, _ = schedule(run)
    x = pictures(run)
    for t, size in (*((t, ROWS) for t in (49, 40, 33, 25, 16, 8, 3, 1, 0)), *((t, 7) for t in (45, 20, 0))):
        some, times = x[run.rng.permutation(len(x))[:size]], np.full(size, t)
        given = mixed(run, some, times, run.rng.standard_normal(some.shape))
        told = predicted(run, given, times)
        bar, before = signal[t] ** 2, signal[t - 1] ** 2 if t else 1.0
        alpha, beta = bar / before, 1 - bar / before
        start = (given - noise[t] * told) / signal[t]
        means = [  # of the normal distribution between both ends; many programs clip the predicted image
            (np.sqrt(before) * beta * one + np.sqrt(alpha) * (1 - before) * given) / (1 - bar)
            for one in (start, start.clip(-1, 1))
        ]
        arrays = {"x": given.astype(np.float32)}
        back = run.ask(BACK, arrays, ["back"], needs=["p_sample"], t=t, times=2)["back"].astype(np.float64)
        mean = min(means, key=lambda one: np.mean((back - one) ** 2))
        yield t, given, told, back, mean, beta, beta * (1 - before) / (1 - bar)


def likeness(x, output, slope, signal, noise, known):
    """For each row, how well a step's slope (N, 64) agrees with the noise in x (N, 64), whatever image is below it.

    The largest cosine, over the images that are known (M, 64), between the way that the output is pushed and the way
    from the output to the noise.
    """
    push = -slope.astype(np.float64)
    way = x - noise[:, None] * output
    # The way to the noise is (x - signal * image) / noise - output, up to a factor.
    inner = (push * way).sum(axis=1)[:, None] - signal[:, None] * (push @ known.T)
    squares = (way**2).sum(axis=1)[:, None] + signal[:, None] ** 2 * (known**2).sum(axis=1)
    squares -= 2 * signal[:, None] * (way @ known.T)
    length = np.sqrt(np.maximum(squares, 1e-12) * np.maximum((push**2).sum(axis=1), 1e-30)[:, None])
    return (inner / length).max(axis=1)


def schedule(run):
    """The shares of image and noise at each timestep (50,), and how far mixed images are from these shares."""
    x = pictures(run)[:100]
    arrays = {
        "images": x.astype(np.float32),
        "times": run.rng.integers(STEPS, size=len(x)),
        "added": run.rng.standard_normal(x.shape).astype(np.float32),
    }
    told = run.ask(ALPHAS, arrays, ["signal", "noise", "mixed"], needs=["q_sample"], steps=STEPS)
    signal, noise = told["signal"].astype(np.float64), told["noise"].astype(np.float64)
    t = arrays["times"]
    gap = np.abs(told["mixed"] - signal[t][:, None] * x - noise[t][:, None] * arrays["added"]).max()
    return signal, noise, float(gap)


def mixed(run, x, t, added):
    """Images (N, 64) covered with noise as the notebook does it."""
    x, added = x.astype(np.float32), added.astype(np.float32)
    return np.asarray(run.q_sample(x, t, added), dtype=np.float64)


def predicted(run, x, t):
    """The noise that the notebook's network predicts in images (N, 64) at timesteps (N,)."""
    arrays = {"x": x.astype(np.float32), "t": t}
    return run.ask(PREDICTED, arrays, ["predicted"], needs=["model"])["predicted"].astype(np.float64)


def pictures(run):
    """Held-out images (450, 64), from -1 to 1."""
    return run.heldout[0].astype(np.float64) * 2 - 1


def energy_distance(some, others):
    """Twice the mean distance between two sets, minus those within each of them."""
    some, others = np.asarray(some, dtype=np.float64), np.asarray(others, dtype=np.float64)
    between = np.sqrt(squares_between(some, others)).mean()
    return float(2 * between - distance(some, some) - distance(others, others))


def distance(some, others):
    """Mean distance between two of a set."""
    return float(np.sqrt(squares_between(some, others)).sum() / (len(some) * (len(some) - 1)))


def squares_between(some, others):
    """Squared distances (N, M)."""
    squares = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * some @ others.T
    return np.maximum(squares, 0)
