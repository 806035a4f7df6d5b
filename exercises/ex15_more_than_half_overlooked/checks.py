"""What a correct fix of ex15 shows: the reported sensitivity is what its name says."""

import numpy as np

from bugkit.checks import cross_entropy, redrawn
from bugkit.invariants import check_every_row_teaches, check_gradients_are_whole

MANY = 2400  # patients; more than any batch holds
SIZES = (1, 2, 3, 7, 19, 20, 21, 41, 100, 333)  # patients
# The state of an earlier epoch: what was recorded until then, and the loop variable.
EARLIER = """
bk_function = sensitivity
while hasattr(bk_function, "func"):
    bk_function = bk_function.func
bk_home = getattr(bk_function, "__globals__", None) or getattr(type(bk_function).__call__, "__globals__", {})
if type(bk_home.get("epoch")) is int:
    bk_home["epoch"] = int(bk_at)
for bk_name, bk_count in (("reports", bk_at), ("losses", 12 * bk_at)):
    if isinstance(bk_home.get(bk_name), list):
        del bk_home[bk_name][int(bk_count):]
"""


def draw(rng):
    """The same task with other tumors held out and permuted columns."""
    return redrawn("diagnoses", rng, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    z = _logits(run, x)
    return cross_entropy(np.stack([np.zeros_like(z), z], axis=1), y)


def check_the_sensitivity_is_the_share_that_is_found(run):
    """The reported sensitivity is the share of the malignant tumors that the network classifies as malignant."""
    for size in (45, 170, MANY):
        for share in (0.9, 0.6, 0.3):
            patients, diagnoses, honest = _patients(run, size, share)
            _compare(_reported(run, patients, diagnoses), honest, f"for {size} patients ")


def check_a_network_that_finds_all_is_told_so(run):
    """The reported sensitivity is 1 if the network finds every malignant tumor."""
    for size in (75, MANY):
        patients, diagnoses, _ = _patients(run, size, 1.0)
        _compare(_reported(run, patients, diagnoses), 1.0)


def check_the_order_of_the_patients_does_not_matter(run):
    """The reported sensitivity does not depend on the order of the patients."""
    for size in (170, MANY):
        patients, diagnoses, _ = _patients(run, size, 0.6)
        here = _reported(run, patients, diagnoses)
        for order in (run.rng.permutation(size), np.arange(size)[::-1], np.arange(size).reshape(2, -1).T.reshape(-1)):
            there = _reported(run, patients[order], diagnoses[order])
            assert abs(here - there) < 0.006, f"it is {here:.1%}, and {there:.1%} in another order (expected: the same)"


def check_unsure_answers_count_by_their_sign(run):
    """A malignant tumor counts as found if its logit is above 0, however close to 0 it is."""
    x = _unsure(run)
    z = _logits(run, x)
    for low, high in ((0.02, 0.3), (0.3, 0.7), (0.7, 2)):
        near = (np.abs(z) > low) & (np.abs(z) < high)
        for wanted in (0.2, 0.5, 0.9):
            found, missed = np.flatnonzero(near & (z > 0)), np.flatnonzero(near & (z < 0))
            if len(found) < 3 or len(missed) < 3:
                continue
            count = round(100 * wanted)
            rows = run.rng.permutation(
                np.concatenate([run.rng.choice(found, count), run.rng.choice(missed, 100 - count)])
            )
            _compare(
                _reported(run, x[rows], np.ones(100, dtype=np.int64)),
                wanted,
                f"with logits from {low} to {high} off 0 ",
            )


def check_it_is_so_for_any_number_of_patients(run):
    """The reported sensitivity is correct for any number of patients, few or many of them malignant, in any order."""
    x = np.concatenate([run.heldout[0], run.train[0]])
    z = _logits(run, x)
    for size in SIZES:
        for share in (0.05, 0.5, 1):
            rows = run.rng.integers(len(x), size=size)
            rows[::3] = run.rng.choice(np.flatnonzero(z > 0), size=len(rows[::3]))
            diagnoses = (run.rng.random(size) < share).astype(np.int64)
            diagnoses[run.rng.integers(size)] = 1
            honest = float(np.mean(z[rows][diagnoses == 1] > 0))
            _compare(
                _reported(run, x[rows], diagnoses),
                honest,
                f"for {size} patients, {diagnoses.sum()} of them malignant, ",
            )


def check_it_is_so_after_every_epoch(run):
    """The reported sensitivity is correct after every epoch."""
    patients, diagnoses, honest = _patients(run, 170, 0.6)
    for at in (0, 1, 2, 3, 9, 15, 19):
        run.ask(EARLIER, bk_at=at, needs=["sensitivity"])
        _compare(_reported(run, patients, diagnoses), honest, f"after epoch {at + 1} ")


def _unsure(run):
    """Patients between benign and malignant ones, for whom the network is uncertain."""
    x, y = run.train
    one, other = (x[y == kind][run.rng.integers((y == kind).sum(), size=400)] for kind in (0, 1))
    low, high = np.zeros((400, 1)), np.ones((400, 1))
    for _ in range(6):  # bisect the way from one to the other to find where the logit is 0
        middle = (low + high) / 2
        above = _logits(run, (one + middle * (other - one)).astype(np.float32))[:, None] > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    around = low + run.rng.normal(size=(400, 1)) * np.repeat([0.01, 0.03, 0.1, 0.3], 100)[:, None]
    return (one + around * (other - one)).astype(np.float32)


def _patients(run, size, share):
    """Patients for whom the network is certain, diagnoses that make the sensitivity ``share``, and that sensitivity.

    The diagnoses are made up for the network's own answers, so the check can choose the sensitivity. A third is
    malignant. The malignant tumors that are found come first, then those that are missed, then the benign ones.
    """
    x = np.concatenate([run.heldout[0], run.train[0]])
    ranks = np.argsort(_logits(run, x))
    benign, malignant = x[ranks[: len(x) // 3]], x[ranks[-len(x) // 6 :]]
    there = size // 3
    found = round(share * there)
    named = [(malignant, found), (benign, there - found), (benign, size - there)]
    patients = np.concatenate([group[run.rng.integers(len(group), size=count)] for group, count in named])
    return patients, (np.arange(size) < there).astype(np.int64), found / there


def _compare(reported, honest, of_whom=""):
    assert abs(reported - honest) < 0.006, f"{of_whom}it is {reported:.1%} (expected: {honest:.1%})"


def _reported(run, patients, diagnoses):
    return float(np.asarray(run.sensitivity(patients, diagnoses)).reshape(()))


def _logits(run, x):
    return np.asarray(run.model(x), dtype=np.float64).reshape(len(x))
