"""What a correct fix of ex41 shows: logits that the future does not change, and the same ones piece by piece."""

import numpy as np

from bugkit.checks import nll, probabilities
from bugkit.invariants import check_every_row_teaches, check_gradients_are_whole
from bugkit.questions import trained_otherwise

PIXELS = 4  # of a piece
CLOSE = 2e-3  # float32 moves a probability by some 1e-5
SIZES = ((64, 16), (5, 1), (128, 16), (7, 5), (3, 40), (1, 16), (64, 16), (33, 9), (450, 16), (2, 2))  # images, pieces


def heldout_loss(run):
    """Held-out cross-entropy per image, piece by piece"""
    images, labels = run.heldout
    return nll(run.stream(images.reshape(len(images), -1, PIXELS))[:, -1], labels)


def check_the_future_does_not_count(run):
    """At once, the logits at a piece do not depend on the pieces after it."""
    for count, length in SIZES:
        x = drawn(run, count, length)
        usual = probabilities(run.model(x))
        for end in {1, length // 2, length - 1} - {0, length}:
            short = probabilities(run.model(x[:, :end]))
            gap = np.abs(short - usual[:, :end]).max()
            assert gap < CLOSE, f"with {length} pieces, a probability changes by up to {gap:.2g} (expected: 0)"
            other = x.copy()
            other[:, end:] = drawn(run, count, length)[:, end:]
            gap = np.abs(probabilities(run.model(other))[:, :end] - usual[:, :end]).max()
            assert gap < CLOSE, f"with other pieces at the end, a probability changes by up to {gap:.2g} (expected: 0)"


def check_streamed_logits_do_not_know_the_future(run):
    """Piece by piece, the logits at a piece do not depend on the pieces after it."""
    for count, length in SIZES:
        x = drawn(run, count, length)
        usual = probabilities(run.stream(x))
        for end in {1, length // 2, length - 1} - {0, length}:
            gap = np.abs(probabilities(run.stream(x[:, :end])) - usual[:, :end]).max()
            assert gap < CLOSE, f"with {length} pieces, a probability changes by up to {gap:.2g} (expected: 0)"


def check_both_ways_give_the_same(run):
    """Piece by piece, the logits are the same as at once, for any number of images and pieces."""
    for count, length in SIZES:
        x = drawn(run, count, length)
        gap = np.abs(probabilities(run.stream(x)) - probabilities(run.model(x))).max()
        assert gap < CLOSE, (
            f"for {count} images in {length} pieces, a probability differs by up to {gap:.2g} (expected: 0)"
        )


def check_the_past_counts(run):
    """The answer depends on the first pieces of an image, both ways."""
    x = drawn(run, 200, 16)
    other = x.copy()
    other[:, :4] = drawn(run, 200, 16)[:, :4]
    for ask in (run.model, run.stream):
        moved = np.abs(probabilities(ask(other))[:, -1] - probabilities(ask(x))[:, -1]).max(axis=1)
        share = float(np.mean(moved > 0.01))
        assert share > 0.1, f"with other pieces at the start, {share:.0%} of the answers change (expected: over 10 %)"


def check_every_step_trains_the_same_network(run):
    """At every step of the training, the network computes the same as when it is used."""
    odd = trained_otherwise(run)
    assert odd == 0, f"at {odd:.0%} of the sampled steps, a log-probability is different (expected: 0 %)"


def drawn(run, count, length):
    """Held-out images in pieces (N, L, 4), drawn at random; cut off, or one after the other."""
    images = run.heldout[0].reshape(-1, 16, PIXELS)
    rows = run.rng.integers(len(images), size=(count, -(-length // 16)))
    return images[rows].reshape(count, -1, PIXELS)[:, :length].copy()
