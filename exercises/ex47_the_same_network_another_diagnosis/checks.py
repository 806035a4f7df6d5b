"""What a correct fix of ex47 shows: on 8 bits, the network gives the answers that it gives in float32."""

import numpy as np

from bugkit.checks import log_probabilities, nll, redrawn
from bugkit.invariants import check_every_row_teaches, check_gradients_are_whole

__all__ = ["check_every_row_teaches", "check_gradients_are_whole"]

OFF = 0.05  # of the standard deviation of the answers; 0.006 with 8 bits
ALIKE = 0.7  # of the answers; float32 keeps some 2 %
TINY = 1e-5  # of a measurement
STEPS = 9  # values of a measurement
SAME = 1e-3
FEW = 0.25  # of the answers: where sums of float32 are rounded otherwise, a number may get the next level


def draw(rng):
    """The same task with other tumors held out and permuted measurements."""
    return redrawn("diagnoses", rng, features=True)


def divergence(run):
    """KL divergence of the network on the chip from the one in float32, for held-out tumors"""
    x, _ = run.heldout
    scores, chip = log_probabilities(run.model(x)), log_probabilities(run.quantized(x))
    return float((np.exp(scores) * (scores - chip)).sum(axis=1).mean())


def check_the_network_knows_tumors(run):
    """The network in float32 diagnoses held-out tumors."""
    x, y = run.heldout
    cost = nll(run.model(x), y)
    assert cost < 0.3, f"a diagnosis costs {cost:.2f} nats (expected: below 0.3)"


def check_every_measurement_is_resolved(run):
    """Whichever measurement changes, both networks change their answers alike."""
    x, _ = run.train
    scale = answers(run, "model", x).std()
    worst, at = 0.0, 0
    for column in range(x.shape[1]):
        rows = np.repeat(x[run.rng.permutation(len(x))[:12]], STEPS, axis=0)
        rows[:, column] = np.tile(np.quantile(x[:, column], np.linspace(0.02, 0.98, STEPS)), 12)
        off = answers(run, "quantized", rows) - answers(run, "model", rows)
        gap = float(np.median(np.abs(off)) / scale)
        worst, at = max((worst, at), (gap, column))
    assert worst < OFF, (
        f"with measurement {at} from low to high, half of the answers are at least {worst:.0%} of their standard"
        f" deviation apart (expected: below {OFF:.0%})"
    )


def check_measurements_are_rounded(run):
    """On the chip, a measurement is rounded to a level: a tiny change makes no difference."""
    x, _ = run.heldout
    moved = (x * (1 + TINY)).astype(np.float32)
    same = float(np.mean(answers(run, "quantized", x) == answers(run, "quantized", moved)))
    assert same > ALIKE, (
        f"{same:.0%} of the answers are the same when all measurements grow by 0.001 % (expected: most)"
    )


def check_what_is_out_of_range_is_set_to_its_end(run):
    """A measurement far above the range gives the answer of the highest level."""
    x, _ = run.train
    rows = x[run.rng.permutation(len(x))[:40]]
    for column in run.rng.permutation(x.shape[1])[:10]:
        far, farther = rows.copy(), rows.copy()
        far[:, column], farther[:, column] = 3 * x[:, column].max(), 7.3 * x[:, column].max()
        off = np.abs(answers(run, "quantized", far) - answers(run, "quantized", farther)).max()
        assert off < SAME, (
            f"three and seven times the largest value give answers that differ by {off:.3g} (expected: 0)"
        )


def check_other_tumors_are_no_matter(run):
    """On the chip, a tumor's answer is the same alone and among others."""
    x, _ = run.heldout
    together = answers(run, "quantized", x)
    for size in (1, 2, 7):
        apart = np.concatenate([answers(run, "quantized", x[at : at + size]) for at in range(0, 28, size)])
        others = float(np.mean(np.abs(apart - together[: len(apart)]) > SAME))
        assert others < FEW, (
            f"asked in groups of {size}, {others:.0%} of the answers are others (expected: none, or few by rounding)"
        )


def answers(run, name, x):
    """The log-odds of a malignant tumor (N,)."""
    scores = log_probabilities(run.call(name, x.astype(np.float32)))
    return scores[:, 1] - scores[:, 0]
