"""What a correct fix of ex58 shows: an attention that equals the softmax, with gradients that are its own."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import log_probabilities, nll
from bugkit.invariants import check_every_row_teaches, check_gradients_are_whole
from bugkit.questions import ROUNDING, replayed

CLOSE = 1e-3  # of the largest number; float32 gives some 1e-6
SIZES = (  # queries, keys, numbers of a key, numbers of a value, size of the last scores
    (60, 160, 32, 10, 2.0),
    (4, 8, 8, 10, 1.0),
    (64, 1000, 16, 10, 6.0),
    (7, 1, 32, 3, 1.0),
    (33, 47, 4, 2, 15.0),
    (1, 300, 8, 1, 3.0),
    (128, 31, 64, 20, 0.1),
    (5, 129, 32, 10, 30.0),
    (3, 5000, 4, 2, 5.0),
    (9, 160, 32, 10, 100.0),
    (60, 160, 32, 10, 2.0),
)
QUESTION = """
q, k, v, weight = (torch.as_tensor(one).clone() for one in (q, k, v, weight))
with torch.no_grad():
    unwatched = torch.as_tensor(attention(q, k, v))
inputs = [one.requires_grad_() for one in (q, k, v)]
out = torch.as_tensor(attention(*inputs))
grads = torch.autograd.grad((out * weight).sum(), inputs, allow_unused=True)
grads = [torch.zeros_like(one) if grad is None else grad for one, grad in zip(inputs, grads)]
exact = [one.detach().double().requires_grad_() for one in inputs]
wanted = torch.softmax(exact[0] @ exact[1].T / exact[0].shape[1] ** 0.5, dim=1) @ exact[2]
wanted_grads = torch.autograd.grad((wanted * weight.double()).sum(), exact)

def apart(one, other):
    if one.shape != other.shape:
        return torch.tensor(float("inf"), dtype=torch.float64)
    return (one.double() - other).abs().max()

out_gap = torch.stack([apart(one.detach(), wanted.detach()) for one in (out, unwatched)])
grad_gaps = torch.stack([apart(*pair) for pair in zip(grads, wanted_grads)])
grad_sizes = torch.stack([one.abs().max() for one in wanted_grads])
"""


def heldout_loss(run):
    """Held-out cross-entropy per image, compared with all images of the training"""
    images, labels = run.heldout
    return nll(run.model(images, *in_order(run)), labels)


def check_attention_is_that_of_the_softmax(run):
    """For any sizes, `attention` returns the mean of the values, weighted with the softmax of the scores."""
    for size, told in compared(run):
        gap = float(np.nan_to_num(told["out_gap"], nan=np.inf).max())
        assert gap < 4 * CLOSE, f"for {told_of(size)}, an output is off by up to {gap:.2g} (expected: 0)"


def check_gradients_are_those_of_the_softmax(run):
    """For any sizes, the gradients of `attention` are those of this weighted mean, for queries, keys and values."""
    for size, told in compared(run):
        gaps = np.nan_to_num(told["grad_gaps"], nan=np.inf)
        bounds = CLOSE * (told["grad_sizes"].astype(np.float64) + told["grad_sizes"].max() + 0.1)
        for name, gap, bound, largest in zip(
            ("queries", "keys", "values"), gaps, bounds, told["grad_sizes"], strict=True
        ):
            assert gap < bound, (
                f"for {told_of(size)}, a gradient for the {name} is off by up to {gap:.2g},"
                f" where the largest is {largest:.2g} (expected: 0)"
            )


def check_the_order_of_known_images_does_not_count(run):
    """The answer does not depend on the order of the known images, nor on the other images that are classified."""
    images, _ = run.heldout
    known, labels = in_order(run)
    for asked, size in ((60, 160), (len(images), len(known)), (1, 300), (60, 160), (7, 33), (128, 20)):
        chosen = np.sort(run.rng.permutation(len(known))[:size])
        usual = log_probabilities(run.model(images[:asked], known[chosen], labels[chosen]))
        mixed = run.rng.permutation(chosen)
        turned = log_probabilities(run.model(images[:asked][::-1], known[mixed], labels[mixed]))[::-1]
        gap = np.abs(np.exp(usual) - np.exp(turned)).max()
        assert gap < CLOSE, f"with {size} known images, a probability changes by up to {gap:.2g} (expected: 0)"


def check_labels_are_those_of_the_known_images(run):
    """The answer is made of the labels that are given: with other names for the digits, it has other names, too."""
    images, _ = run.heldout
    known, labels = in_order(run)
    for size in (160, len(known), 50):
        chosen = run.rng.permutation(len(known))[:size]
        names = np.roll(np.arange(10), 1 + int(run.rng.integers(8)))
        usual = log_probabilities(run.model(images, known[chosen], labels[chosen]))
        renamed = log_probabilities(run.model(images, known[chosen], names[labels[chosen]]))[:, names]
        gap = np.abs(np.exp(usual) - np.exp(renamed)).max()
        assert gap < CLOSE, f"with {size} known images, a probability changes by up to {gap:.2g} (expected: 0)"


def check_every_step_trains_the_same_network(run):
    """At every step of the training, the network computes the same as when it is used."""
    gaps = [
        max(np.abs(log_probabilities(then) - log_probabilities(now)).max() for now in answers)
        for _, then, answers in replayed(run)
    ]
    if not gaps or min(gaps) > ROUNDING:
        raise UndecidedError("what the network computed in training could not be compared")
    odd = float(np.mean(np.array(gaps) > ROUNDING))
    assert odd == 0, f"at {odd:.0%} of the sampled steps, a log-probability is different (expected: 0 %)"


def compared(run):
    """For each size, how far outputs and gradients are from those of the softmax."""
    for size in SIZES:
        queries, keys, dims, values, scale = size
        arrays = {
            "q": run.rng.standard_normal((queries, dims)) * scale,
            "k": run.rng.standard_normal((keys, dims)) * np.linspace(0.2, 1, keys)[:, None],
            "v": run.rng.standard_normal((keys, values)),
            "weight": run.rng.standard_normal((queries, values)),
        }
        asked = {name: array.astype(np.float32) for name, array in arrays.items()}
        names = ["out_gap", "grad_gaps", "grad_sizes"]
        yield size, run.ask(QUESTION, asked, names, needs=["attention"])


def told_of(size):
    """A size in words."""
    queries, keys, *_ = size
    return f"{queries} queries and {keys} key{'s' if keys > 1 else ''}"


def in_order(run):
    """All images of the training and their labels, sorted by label as in the notebook."""
    images, labels = run.train
    order = np.argsort(labels, kind="stable")
    return images[order], labels[order]
