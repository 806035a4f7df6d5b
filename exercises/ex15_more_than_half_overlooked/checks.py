"""What a correct fix of ex15 shows: the number that is reported is the number that it says it is."""

import numpy as np

from bugkit.checks import cross_entropy, redrawn

MANY = 2400  # patients; more than any batch holds


def draw(rng):
    """The tumours with other ones held out and their measurements in other columns."""
    return redrawn("diagnoses", rng, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    z = _logits(run, x)
    return cross_entropy(np.stack([np.zeros_like(z), z], axis=1), y)


def check_the_sensitivity_is_the_share_that_is_found(run):
    """The reported sensitivity is the share of the malignant tumours that the network calls malignant."""
    for size in (45, 170, MANY):
        for share in (0.9, 0.6, 0.3):
            patients, diagnoses, honest = _patients(run, size, share)
            _compare(_reported(run, patients, diagnoses), honest, f"for {size} patients ")


def check_a_network_that_finds_all_is_told_so(run):
    """The reported sensitivity is 1 where the network finds every malignant tumour."""
    for size in (75, MANY):
        patients, diagnoses, _ = _patients(run, size, 1.0)
        _compare(_reported(run, patients, diagnoses), 1.0)


def check_the_order_of_the_patients_does_not_matter(run):
    """The reported sensitivity is the same in whatever order the patients come."""
    for size in (170, MANY):
        patients, diagnoses, _ = _patients(run, size, 0.6)
        mixed = run.rng.permutation(size)
        here, there = _reported(run, patients, diagnoses), _reported(run, patients[mixed], diagnoses[mixed])
        assert abs(here - there) < 0.006, f"it is {here:.1%}, and {there:.1%} in another order (the same wanted)"


def _patients(run, size, share):
    """Patients of whom the network is sure, those found in front, and diagnoses that make the sensitivity ``share``.

    The diagnoses are ours, so that the sensitivity can be chosen; the network's answers are its own. A third is
    malignant. In front are those malignant tumours that are found, then the others, then the benign ones.
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
    assert abs(reported - honest) < 0.006, f"{of_whom}it is {reported:.1%} instead of {honest:.1%}"


def _reported(run, patients, diagnoses):
    return float(np.asarray(run.sensitivity(patients, diagnoses)).reshape(()))


def _logits(run, x):
    return np.asarray(run.model(x), dtype=np.float64).reshape(len(x))
