"""What a correct fix of ex19 shows: the AUC is a share of pairs, whatever the order of the rows."""

import numpy as np

from bugkit.checks import redrawn

NEAR = 1e-3


def draw(rng):
    """Other tumours are held out, and the measurements change places."""
    return redrawn("diagnoses", rng, features=True)


def heldout_loss(run):
    """1 - AUC on held-out tumours"""
    x, y = run.heldout
    return 1 - pairs(np.asarray(run.model(x), dtype=np.float64).reshape(-1), y)


def check_the_auc_is_a_share_of_pairs(run):
    """The AUC is the chance that a malignant tumour scores above a benign one."""
    _, malignant = run.train
    for levels in (len(malignant), 60, 8, 3):
        scores, marks = drawn(run.rng, malignant, levels)
        answer, wanted = area(run, scores, marks), pairs(scores, marks)
        assert abs(answer - wanted) < NEAR, (
            f"for {len(marks)} scores from 0 to {levels - 1} it is {answer:.4f}, and counting pairs gives {wanted:.4f}"
        )


def check_the_order_of_the_rows_is_no_matter(run):
    """The AUC is the same in whatever order the tumours are listed."""
    scores, marks = drawn(run.rng, run.train[1], 8)
    answers = {}
    for name, order in (
        ("malignant first", np.argsort(-marks, kind="stable")),
        ("benign first", np.argsort(marks, kind="stable")),
        ("mixed", run.rng.permutation(len(marks))),
    ):
        answers[name] = area(run, scores[order], marks[order])
    told = ", ".join(f"{name} {answer:.4f}" for name, answer in answers.items())
    assert np.ptp(list(answers.values())) < NEAR, f"the AUC of the same tumours, {told} (three equal numbers wanted)"


def check_scores_that_say_nothing_get_one_half(run):
    """If all tumours score the same, the AUC is that of guessing."""
    marks = np.sort(run.train[1])[::-1]
    answer = area(run, np.full(len(marks), 4.0), marks)
    assert abs(answer - 0.5) < NEAR, f"it is {answer:.4f} (0.5 wanted)"


def drawn(rng, malignant, levels):
    """Marks in the order of the notebook, and whole numbers as scores that are higher for the malignant."""
    marks = np.sort(malignant)[::-1]
    noisy = marks + rng.normal(size=len(marks))
    share = noisy.argsort().argsort() / len(marks)
    return np.floor(share * levels), marks


def area(run, scores, marks):
    """The notebook's AUC; its functions may write into what they are given."""
    return float(run.auc(scores.astype(np.float64), marks.astype(np.int64)))


def pairs(scores, marks):
    """The share of pairs, a malignant and a benign tumour, in which the malignant one scores higher; ties are half."""
    difference = scores[marks == 1][:, None] - scores[marks == 0]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))
