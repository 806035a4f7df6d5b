"""What a correct variational autoencoder shows: codes are as its KL term says, and new images look like digits."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import redrawn
from bugkit.invariants import check_every_row_teaches
from bugkit.questions import CUT, EVERY, GRADIENT, given
from bugkit.run import LearnerCodeError

__all__ = ["check_every_row_teaches"]

DRAWS = 96  # codes of each image
DECODED = 8  # of these, decoded and compared with the image
SIZES = (450, 64, 3, 1)  # of batches
PIXELS = 64
SLACK = 0.02
SAME = 1e-3
NAMES = ["encode", "reparameterize", "kl_divergence", "decode"]

# Modules may leave out the noise in evaluation mode. So codes are drawn in training mode, and the rest is computed in
# evaluation mode.
DRAWN = """
def mode(training):
    for module in [m for m in list(globals().values()) if isinstance(m, torch.nn.Module)]:
        module.train(training)

with torch.no_grad():
    mode(False)
    told = tuple(encode(images))
    claimed = float(torch.as_tensor(kl_divergence(*told)).mean())
    mode(True)
    codes = torch.stack([torch.as_tensor(reparameterize(*told)) for _ in range(draws)])
    mode(False)
    logits = torch.stack([torch.as_tensor(decode(some)) for some in codes[:decoded]])
"""
# What the encoder gives in evaluation mode.
IN_USE = """
for module in [m for m in list(globals().values()) if isinstance(m, torch.nn.Module)]:
    module.eval()
with torch.no_grad():
    parts = tuple(encode(images))
"""
# The standard deviations of codes in both modes.
IN_BOTH_MODES = """
spreads = []
for training in (True, False):
    for module in [m for m in list(globals().values()) if isinstance(m, torch.nn.Module)]:
        module.train(training)
    with torch.no_grad():
        codes = torch.stack([torch.as_tensor(reparameterize(*parts)) for _ in range(draws)])
    spreads.append(codes.double().std(dim=0))
drawn, used = spreads
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
    return (torch.as_tensor(reparameterize(*parts)) * share).sum()

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
# The part of the model that was called in a step: the one of as many weights that gives such an output.
PART = """
def was_called(part):
    if sum(w.numel() for w in part.parameters()) != len(before):
        return False
    try:
        with torch.no_grad():
            return torch.as_tensor(part(*given)).shape[1:] == slope.shape[1:]
    except Exception:
        return False

model = [part for part in model.modules() if was_called(part)][0]
"""
# The loss of a batch, and of the same with every image twice.
TWICE = """
for module in [m for m in list(globals().values()) if isinstance(m, torch.nn.Module)]:
    module.eval()
with torch.no_grad():
    once, twice = (torch.as_tensor(batch_loss(some)).double() for some in (images, torch.cat([images, images])))
"""
# How far the codes differ between the two modes.
MODES = """
both = []
for training in (True, False):
    for module in [m for m in list(globals().values()) if isinstance(m, torch.nn.Module)]:
        module.train(training)
    torch.manual_seed(0)
    with torch.no_grad():
        both.append(torch.cat([torch.as_tensor(part).double() for part in encode(images)], dim=-1))
gap = float((both[0] - both[1]).abs().max() / both[1].abs().max().clamp(min=1e-6))
"""


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
        close = abs(claimed - true) < (0.25 if size > 9 else 0.8) + 0.1 * true
        assert close, f"for {size} images it is {claimed:.2f} nats (expected: {true:.2f}, from the codes drawn)"


def check_codes_are_normal(run):
    """The codes are drawn from normal distributions with positive variance, independently for each image."""
    for size in (200, 64, 2):
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


def check_codes_are_the_same_in_use(run):
    """In evaluation mode, codes are drawn as in training, or they are not random at all."""
    with_noise = run.ask(IN_USE + IN_BOTH_MODES, {"images": run.heldout[0]}, ["drawn", "used"], draws=DRAWS)
    drawn, used = (with_noise[name].astype(np.float64) for name in ("drawn", "used"))
    ratio = float(np.exp(np.log(np.maximum(used, 1e-12) / np.maximum(drawn, 1e-12)).mean()))
    assert used.max() < SAME or 0.9 < ratio < 1.1, (
        f"in evaluation mode, they vary {ratio:.2f} times as much (expected: as much, or not at all)"
    )


def check_gradients_go_through_the_codes(run):
    """Gradients flow from the codes back to both tensors that they are drawn from."""
    told = run.ask(THROUGH, {"images": run.train[0][:64]}, ["told", "tried"], needs=NAMES[:2])
    gap = np.abs(told["told"] - told["tried"]) / np.maximum(np.abs(told["tried"]), 1e-3)
    assert gap.max() < 0.01, f"they differ by {gap.max():.0%} from finite differences (expected: 0 %)"


def check_gradients_reach_every_layer(run):
    """At every step of the training, the gradients are those of the whole network."""
    gaps = []
    for moment in run.moments[::-1][::EVERY]:
        call = moment.call
        if call.slope is None or call.training not in (0, 1) or np.array_equal(moment.before, moment.after):
            continue
        question, arrays = given(call, PART + GRADIENT)
        arrays |= {"before": moment.before, "slope": call.slope}
        try:
            told = run.ask(question, arrays, ["gap", "spread"], needs=["model"], training=call.training == 1)
        except LearnerCodeError:
            continue
        if told["spread"] < CUT:
            gaps.append(float(told["gap"]))
    if not gaps:
        raise UndecidedError("the gradients of the training could not be seen")
    share = float(np.mean(np.array(gaps) > CUT))
    assert share == 0, f"at {share:.0%} of the sampled steps, a part of the network is missing (expected: 0 %)"


def check_the_loss_is_a_mean(run):
    """The loss of a batch is a mean: with every image twice, it is about the same."""
    images = run.rng.permutation(run.heldout[0])[:300]
    told = run.ask(TWICE, {"images": images}, ["once", "twice"], needs=["batch_loss"])
    ratio = float(told["twice"]) / float(told["once"])
    assert 0.8 < ratio < 1.25, f"it is {ratio:.2f} times as large (expected: about 1)"


def check_no_image_counts_for_several(run):
    """In every step, an image counts at most for its share of the batch."""
    calls = [call for call in run.audit.needed().calls if call.slope is not None and call.slope.ndim == 2]
    shares = [float(np.abs(call.slope).max()) * call.rows for call in calls if call.slope.shape[1] == PIXELS]
    if not shares:
        raise UndecidedError("what the training teaches could not be seen")
    odd = sum(share > 1 + SLACK for share in shares)
    assert not odd, f"at {odd} of {len(shares)} sampled steps, one counts for up to {max(shares):.3g} (expected: 1)"


def check_batches_are_normalized_in_every_step(run):
    """At every step of the training, layers that have two modes are in training mode."""
    shares = np.array([call.training for call in run.audit.needed().calls[2:]])  # the first may come before a step
    if shares.min(initial=1) == 1:
        return
    if float(run.ask(MODES, {"images": run.train[0][:64]}, ["gap"], needs=["encode"])["gap"]) < SAME:
        return  # no layer has two modes
    odd = int(((shares == 0) | (shares < shares.max())).sum())  # some layers may be frozen, at all steps
    assert not odd, f"at {odd} of {len(shares)} sampled steps, layers are in evaluation mode (expected: at none)"


def check_new_images_look_like_digits(run):
    """New images are about as close to a real image as real images are to each other, and each is another one."""
    known, unseen = run.train[0].astype(np.float64), run.heldout[0].astype(np.float64)
    pixels = np.asarray(run.sample(400), dtype=np.float64).reshape(400, -1)
    beyond = float(np.abs(pixels - 0.5).max())
    assert beyond <= 0.5, f"pixels are up to {beyond:.2g} away from 0.5 (expected: up to 0.5)"
    ratio = nearest(pixels, known) / nearest(unseen, known)
    assert ratio < 1.3, f"new images are {ratio:.2f} times as far away (expected: below 1.3)"
    spread = float(np.sqrt(pixels.var(axis=0).sum() / known.var(axis=0).sum()))
    assert spread > 0.4, f"new images vary {spread:.2f} times as much as real ones (expected: over 0.4)"


def drawn(run, images):
    """Codes (DRAWS, N, C), the logits of DECODED of them, and the mean of the KL term of the notebook."""
    returns = ["claimed", "codes", "logits"]
    return run.ask(DRAWN, {"images": images}, returns, needs=NAMES, draws=DRAWS, decoded=DECODED)


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
