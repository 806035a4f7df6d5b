"""What a correct fix of ex29 shows: codes are distributed as the KL term assumes, and inventions look like digits."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import redrawn

CODE = 8
DRAWS = 128  # codes of each image
DECODED = 8  # of these, decoded and compared with the image
SIZES = (450, 1, 3, 64, 201)  # of batches
# Mean and standard deviation, for several meanings of the two halves of the output of the encoder.
READINGS = (
    lambda first, second: (first, np.exp(second / 2)),
    lambda first, second: (second, np.exp(first / 2)),
    lambda first, second: (first, np.exp(second)),
    lambda first, second: (first, np.abs(second)),
    lambda first, second: (first, np.logaddexp(0, second)),
)

# Modules may leave out the noise in eval mode. So codes are drawn in train mode, while encoding and decoding run in
# eval mode.
DRAWN = """
def all_modules():
    return [m for m in list(globals().values()) if isinstance(m, torch.nn.Module)]

def mode(training):
    for module in all_modules():
        module.train(training)

with torch.no_grad():
    mode(False)
    told = tuple(encode(images))
    claimed = float(torch.as_tensor(kl_divergence(*told)).mean())
    mode(True)
    codes = torch.stack([torch.as_tensor(draw_codes(*told)) for _ in range(draws)])
    mode(False)
    logits = torch.stack([torch.as_tensor(decode(some)) for some in codes[:decoded]])
"""
# How the codes change with each of the two tensors that they are drawn from, by gradients and by finite differences.
THROUGH = """
with torch.no_grad():
    parts = [torch.as_tensor(part).double() for part in encode(images)]
parts = [part.clone().requires_grad_() for part in parts]
generator = torch.Generator().manual_seed(1)
share = torch.randn(parts[0].shape, generator=generator, dtype=torch.float64)

def total():
    torch.manual_seed(0)
    return (torch.as_tensor(draw_codes(*parts)) * share).sum()

ways = [torch.randn(part.shape, generator=generator, dtype=torch.float64) for part in parts]
cost = total()
found = torch.autograd.grad(cost, parts, allow_unused=True) if cost.requires_grad else [None, None]
told = [float((g * way).sum()) if g is not None else 0.0 for g, way in zip(found, ways)]
tried = []
with torch.no_grad():
    for part, way in zip(parts, ways):
        part.add_(1e-6 * way)
        ahead = float(total())
        part.sub_(2e-6 * way)
        tried.append((ahead - float(total())) / 2e-6)
        part.add_(1e-6 * way)
told, tried = np.array(told), np.array(tried)
"""
NAMES = ["encode", "draw_codes", "kl_divergence", "decode"]


def draw(rng):
    """The same task with permuted pixels and other images held out."""
    return redrawn("digits", rng, features=True)


def heldout_loss(run):
    """Held-out negative evidence lower bound, from the codes that are drawn"""
    x = run.heldout[0]
    seen = drawn(run, x)
    z = seen["logits"].astype(np.float64)
    missed = np.mean(np.sum(np.logaddexp(0, z) - x * z, axis=-1))
    return float(missed + kl_of(seen["codes"]))


def check_the_kl_term_is_that_of_the_codes(run):
    """The KL term is that of the codes that are drawn."""
    x = run.rng.permutation(run.heldout[0])
    for size in SIZES:
        seen = drawn(run, x[:size])
        claimed, true = float(seen["claimed"]), kl_of(seen["codes"])
        close = abs(claimed - true) < (0.2 if size > 9 else 0.6) + 0.1 * true
        assert close, f"for {size} images it is {claimed:.2f} nats (expected: {true:.2f}, from the codes drawn)"


def check_codes_are_normal(run):
    """The codes are drawn from normal distributions with positive variance, independently for each image."""
    for size in (200, 64, 33, 2):
        codes = drawn(run, run.heldout[0][:size])["codes"].astype(np.float64)
        centered = codes - codes.mean(axis=0)
        spread = centered.std(axis=0)
        assert spread.min() > 1e-6, f"the smallest standard deviation is {spread.min():.2g} (expected: above 0)"
        noise = centered / spread
        tails = float(np.mean(noise**4))
        assert size == 2 or 2.6 < tails < 3.4, f"their kurtosis is {tails:.2f} (expected: about 3)"
        for what, axis in (("images", 1), ("draws", 0), ("numbers of a code", 2)):
            alike = correlation(np.moveaxis(noise, axis, 0))
            assert alike < 0.3, f"with {size} images, the correlation between {what} is up to {alike:.2f} (expected: 0)"


def check_gradients_go_through_the_codes(run):
    """Gradients flow from the codes back to both tensors that they are drawn from."""
    told = run.ask(THROUGH, {"images": run.train[0][:64]}, ["told", "tried"], needs=NAMES[:2])
    gap = np.abs(told["told"] - told["tried"]) / np.maximum(np.abs(told["tried"]), 1e-3)
    assert gap.max() < 0.01, f"they differ by {gap.max():.0%} from finite differences (expected: 0 %)"


def check_every_step_draws_such_codes(run):
    """At every training step, codes are drawn in the same way."""
    shown = run.audit.needed().calls
    pairs = [(one, other) for one in shown for other in shown if one.step == other.step and is_drawn_from(one, other)]
    if len(pairs) < 8:
        raise UndecidedError("which codes were drawn in training could not be seen")
    variances = np.array([[spread_of(one, other, reading) for reading in READINGS] for one, other in pairs])
    numbers = np.array([one.output.size / 2 for one, _ in pairs])
    spread = 2.33 / np.sqrt(numbers)  # the standard deviation of a median of squares, relative to it
    off = np.abs(np.log(variances))
    well = (off < (0.05 + 2 * spread)[:, None]).mean(axis=0)
    if well.max() < 0.35:
        raise UndecidedError("how codes are drawn from what the encoder gives could not be told")
    share = float((off < (0.1 + 5 * spread)[:, None])[:, well.argmax()].mean())
    assert share > 0.97, f"at {1 - share:.0%} of the sampled steps, their variance differs (expected: 0 %)"


def check_inventions_look_like_digits(run):
    """Inventions are about as close to a real image as real images are to each other."""
    known, unseen = run.train[0], run.heldout[0]
    codes = run.rng.standard_normal((500, CODE)).astype(np.float32)
    pixels = 1 / (1 + np.exp(-np.asarray(run.decode(codes), dtype=np.float64)))
    ratio = nearest(pixels, known) / nearest(unseen, known)
    assert ratio < 1.33, f"inventions are {ratio:.2f} times as far away (expected: below 1.33)"


def drawn(run, images):
    """Codes (DRAWS, N, CODE), the logits of DECODED of them, and the mean of the KL term of the notebook."""
    returns = ["claimed", "codes", "logits"]
    return run.ask(DRAWN, {"images": images}, returns, needs=NAMES, draws=DRAWS, decoded=DECODED)


def is_drawn_from(one, other):
    """Whether one call returns two values per feature of a code, and the other one takes such codes."""
    given = other.inputs[0] if other.inputs else np.zeros(0)
    return one.output.ndim == 2 and one.output.shape[1] == 2 * CODE and given.shape == (len(one.output), CODE)


def spread_of(one, other, reading):
    """The median variance of codes, relative to the variance from the encoder."""
    mean, deviation = reading(*np.split(one.output.astype(np.float64), 2, axis=1))
    squares = ((other.inputs[0] - mean) / np.maximum(deviation, 1e-9)) ** 2
    return max(float(np.median(squares)) / 0.455, 1e-12)


def correlation(noise):
    """The largest correlation between two of the rows (N, ...), beyond what is random."""
    rows = noise.reshape(len(noise), -1)
    each = np.abs(np.corrcoef(rows)[np.triu_indices(len(rows), 1)])
    return float(each.max(initial=0) - 5 / np.sqrt(rows.shape[1]))


def kl_of(codes):
    """Mean KL divergence from the standard normal, in nats, of normal distributions with the moments of these codes."""
    mean, variance = codes.mean(axis=0, dtype=np.float64), codes.var(axis=0, dtype=np.float64, ddof=1)
    each = 0.5 * (mean**2 + variance - 1 - np.log(np.maximum(variance, 1e-12)))
    return float(each.sum(axis=1).mean())


def nearest(pixels, known):
    """Mean distance to the nearest known image."""
    squares = (pixels**2).sum(axis=1)[:, None] + (known**2).sum(axis=1) - 2 * pixels @ known.T
    return float(np.sqrt(np.maximum(squares, 0).min(axis=1)).mean())
