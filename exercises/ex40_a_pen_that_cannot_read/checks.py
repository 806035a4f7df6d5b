"""What a correct fix of ex40 shows: a network that reads each image by itself, and a reader that computes the same."""

import numpy as np

from bugkit.checks import accuracy, log_probabilities, needs, nll, redrawn
from bugkit.invariants import check_every_row_teaches, check_gradients_are_whole
from bugkit.questions import trained_otherwise

PIECES, PIXELS = 16, 4
CLOSE = 2e-3  # of a log-probability; float32 moves one by some 1e-5
STEPPED = """
rows = []
with torch.no_grad():
    for image in pieces:
        reader.reset()
        rows.append(torch.stack([torch.as_tensor(reader.step(piece)).reshape(-1) for piece in image]))
logits = torch.stack(rows)
"""
NEEDS = ["reader"]
READ = """
for piece in before:
    reader.step(piece)
with torch.set_grad_enabled(bool(learning)):
    logits = torch.as_tensor(read(pieces)).detach()
"""


def draw(rng):
    """The same task with permuted labels and other images held out."""
    return redrawn("digits", rng, labels=True)


def heldout_loss(run):
    """Held-out cross-entropy of the reader per image"""
    images, labels = run.heldout
    return nll(run.read(in_pieces(images)), labels)


def check_the_network_reads_digits(run):
    """The network classifies held-out images well."""
    images, labels = run.heldout
    share = accuracy(log_probabilities(run.model(in_pieces(images))), labels)
    assert share > 0.82, f"{share:.0%} are correct (expected: over 82 %)"


def check_other_images_do_not_count(run):
    """The network gives an image the same logits alone and among any others."""
    for count in (64, 7, 300, 2, 64):
        x = drawn(run, count)
        usual = log_probabilities(run.model(x))
        for row in {0, count - 1, int(run.rng.integers(count))}:
            alone = log_probabilities(run.model(x[row : row + 1]))
            gap = np.abs(alone[0] - usual[row]).max()
            assert gap < CLOSE, f"alone, a log-probability changes by up to {gap:.2g} (expected: 0)"
        order = run.rng.permutation(count)
        gap = np.abs(log_probabilities(run.model(x[order])) - usual[order]).max()
        assert gap < CLOSE, f"in another order, a log-probability changes by up to {gap:.2g} (expected: 0)"


def check_all_pieces_count(run):
    """The network's answer depends on the first pieces of an image and on the last ones."""
    x = drawn(run, 200)
    usual = log_probabilities(run.model(x))
    for where, places in (("first", slice(0, 6)), ("last", slice(10, 16))):
        other = x.copy()
        other[:, places] = drawn(run, 200)[:, places]
        share = float(np.mean(np.abs(log_probabilities(run.model(other)) - usual).max(axis=1) > 0.01))
        assert share > 0.8, f"with other {where} pieces, {share:.0%} of the answers change (expected: nearly all)"


@needs("check_other_images_do_not_count")
def check_the_reader_starts_with_nothing(run):
    """`read` gives an image the same logits wherever it stands, and whatever the reader read before."""
    x = drawn(run, 12)
    usual = log_probabilities(run.read(x))
    order = run.rng.permutation(12)
    for learning in (True, False):
        gap = np.abs(log_probabilities(answers(run, x[order], learning)) - usual[order]).max()
        assert gap < CLOSE, f"in another order, a log-probability changes by up to {gap:.2g} (expected: 0)"
        for row in (0, 5, 5):
            alone = log_probabilities(answers(run, x[row : row + 1], learning))
            gap = np.abs(alone - usual[row]).max()
            assert gap < CLOSE, f"alone, a log-probability changes by up to {gap:.2g} (expected: 0)"


@needs("check_other_images_do_not_count")
def check_the_reader_gives_the_logits_of_the_network(run):
    """`read` gives the logits that `model` gives, for any number of images."""
    for count in (30, 1, 7, 1, 1):
        x = drawn(run, count)
        gap = np.abs(log_probabilities(run.read(x)) - log_probabilities(run.model(x))).max()
        assert gap < CLOSE, f"for {count} images, a log-probability differs by up to {gap:.2g} (expected: 0)"


@needs("check_other_images_do_not_count")
def check_each_step_of_the_reader_is_one_of_the_network(run):
    """After each piece, the reader gives the logits that `model` gives for the pieces up to there."""
    for count, length in ((6, PIECES), (1, 1), (2, 23), (1, 5)):
        x = drawn(run, count, length)
        found = log_probabilities(run.ask(STEPPED, {"pieces": x}, ["logits"], needs=NEEDS)["logits"])
        for end in range(1, length + 1):
            gap = np.abs(found[:, end - 1] - log_probabilities(run.model(x[:, :end]))).max()
            assert gap < CLOSE, f"after piece {end}, a log-probability differs by up to {gap:.2g} (expected: 0)"


def check_every_step_trains_the_same_network(run):
    """At every step of the training, the network computes the same as when it is used."""
    odd = trained_otherwise(run)
    assert odd == 0, f"at {odd:.0%} of the sampled steps, a log-probability is different (expected: 0 %)"


def answers(run, pieces, learning):
    """The logits of `read`, after a few steps of the reader; with gradients on or off."""
    arrays = {"pieces": pieces, "before": drawn(run, 1, 5)[0]}
    return run.ask(READ, arrays, ["logits"], needs=["read", "reader"], learning=learning)["logits"]


def in_pieces(images):
    """Images (N, 64) as pieces (N, 16, 4)."""
    return images.reshape(len(images), PIECES, PIXELS)


def drawn(run, count, length=PIECES):
    """Held-out images in pieces (N, T, 4), drawn at random; cut off, or one after the other."""
    images = in_pieces(run.heldout[0])
    rows = run.rng.integers(len(images), size=(count, -(-length // PIECES)))
    return images[rows].reshape(count, -1, PIXELS)[:, :length].copy()
