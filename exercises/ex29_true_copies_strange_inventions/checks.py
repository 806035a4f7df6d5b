"""What a correct fix of ex29 shows: codes are spread as the KL term says, and inventions look like digits."""

import numpy as np

from bugkit.checks import redrawn

CODE = 8
DRAWS = 128  # codes of each image
DECODED = 8  # of them, to be compared with the image

# Modules may rightly leave out the noise when they do not train. What is drawn is looked at as in training, what is
# encoded and decoded as afterwards.
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
NAMES = ["encode", "draw_codes", "kl_divergence", "decode"]


def draw(rng):
    """The digits with their pixels in other places."""
    return redrawn("digits", rng, features=True)


def heldout_loss(run):
    """Held-out negative evidence lower bound, by the codes that are really drawn"""
    x = run.heldout[0]
    seen = drawn(run, x)
    z = seen["logits"].astype(np.float64)
    missed = np.mean(np.sum(np.logaddexp(0, z) - x * z, axis=-1))
    return float(missed + kl_of(seen["codes"]))


def check_the_kl_term_is_that_of_the_codes(run):
    """The KL term is that of the codes that are drawn, by the closed form for a normal distribution."""
    seen = drawn(run, run.heldout[0])
    claimed, true = float(seen["claimed"]), kl_of(seen["codes"])
    assert abs(claimed - true) < 0.2 + 0.1 * true, f"it says {claimed:.2f} nats, the codes drawn give {true:.2f}"


def check_codes_are_normal(run):
    """The codes of an image are drawn from a normal distribution that is no single point."""
    codes = drawn(run, run.heldout[0][:200])["codes"].astype(np.float64)
    centred = codes - codes.mean(axis=0)
    spread = centred.std(axis=0)
    assert spread.min() > 1e-6, f"the smallest standard deviation is {spread.min():.2g} (above 0 wanted)"
    tails = float(np.mean((centred / spread) ** 4))
    assert 2.6 < tails < 3.4, f"their kurtosis is {tails:.2f} (about 3 wanted)"


def check_inventions_look_like_digits(run):
    """What is made of standard normal codes is about as near to a real image as real images are to each other."""
    known, unseen = run.train[0], run.heldout[0]
    codes = run.rng.standard_normal((500, CODE)).astype(np.float32)
    pixels = 1 / (1 + np.exp(-np.asarray(run.decode(codes), dtype=np.float64)))
    ratio = nearest(pixels, known) / nearest(unseen, known)
    assert ratio < 1.33, f"inventions are {ratio:.2f} times as far away (below 1.33 wanted)"


def drawn(run, images):
    """Codes (DRAWS, N, CODE), logits of DECODED of them and the mean KL term that the notebook claims."""
    returns = ["claimed", "codes", "logits"]
    return run.ask(DRAWN, {"images": images}, returns, needs=NAMES, draws=DRAWS, decoded=DECODED)


def kl_of(codes):
    """Mean KL divergence in nats from the standard normal, of normal distributions with these codes' moments."""
    mean, variance = codes.mean(axis=0, dtype=np.float64), codes.var(axis=0, dtype=np.float64, ddof=1)
    each = 0.5 * (mean**2 + variance - 1 - np.log(np.maximum(variance, 1e-12)))
    return float(each.sum(axis=1).mean())


def nearest(pixels, known):
    """Mean distance to the nearest known image."""
    squares = (pixels**2).sum(axis=1)[:, None] + (known**2).sum(axis=1) - 2 * pixels @ known.T
    return float(np.sqrt(np.maximum(squares, 0).min(axis=1)).mean())
