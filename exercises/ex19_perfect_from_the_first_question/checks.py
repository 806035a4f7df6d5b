"""What a correct fix of ex19 shows: the AUC is the share of correctly ordered pairs, in any order of the rows."""

import numpy as np

from bugkit.checks import redrawn

NEAR = 1e-6
SIZES = (2, 3, 5, 11, 60, 397, 1_300)  # tumors
QUESTIONS = (0, 1, 2, 3, 5, 9)  # on the card
# Put the notebook back to an earlier question: the card and the losses so far, and the variable of its loop.
EARLIER = """
bk_function = auc
while hasattr(bk_function, "func"):
    bk_function = bk_function.func
bk_home = getattr(bk_function, "__globals__", None) or getattr(type(bk_function).__call__, "__globals__", {})
for bk_name in ("card", "losses"):
    if isinstance(bk_home.get(bk_name), list):
        del bk_home[bk_name][int(bk_at):]
for bk_name in ("_", "question", "i", "step"):
    if type(bk_home.get(bk_name)) is int:
        bk_home[bk_name] = int(bk_at)
"""


def draw(rng):
    """The same task with other tumors held out and permuted measurements."""
    return redrawn("diagnoses", rng, features=True)


def heldout_loss(run):
    """1 - AUC on held-out tumors"""
    x, y = run.heldout
    return 1 - pairs(np.asarray(run.model(x), dtype=np.float64).reshape(-1), y)


def check_the_auc_is_a_share_of_pairs(run):
    """The AUC is the share of pairs in which the malignant tumor has the higher score."""
    _, malignant = run.train
    for levels in (len(malignant), 60, 11, 8, 3, 2):
        scores, marks = drawn(run.rng, malignant, levels)
        _compare(run, scores, marks, f"for {len(marks)} scores from 0 to {levels - 1}")


def check_scores_may_be_any_numbers(run):
    """The AUC is correct for scores of any kind: negative, fractional, unevenly spaced, few or many."""
    for size in SIZES:
        marks = run.rng.permutation(np.arange(size) % 3 == 0 if size > 3 else np.arange(size) == 0).astype(int)
        noise = run.rng.normal(size=size) + 0.7 * marks
        for scores, kind in (
            (noise, "fractional"),
            (-np.exp(4 * noise), "negative and unevenly spaced"),
            (np.round(noise, 1) - 3, "negative, with ties"),
            (np.where(noise > 1, 1e6 + np.round(noise), np.round(noise, 2) / 1000), "large and small"),
            (np.round(noise) / 3, "thirds, with many ties"),
            (np.where(run.rng.random(size) < 0.8, 0.5, noise), "mostly equal"),
        ):
            _compare(run, scores, marks, f"for {size} scores, {kind},")


def check_it_is_so_at_every_question(run):
    """The AUC is correct with any number of questions on the card."""
    scores, marks = drawn(run.rng, run.train[1], 4)
    for at in reversed(QUESTIONS):  # removed questions do not come back
        run.ask(EARLIER, bk_at=at, needs=["auc"])
        _compare(run, scores, marks, f"with {at} questions on the card")


def check_the_order_of_the_rows_is_no_matter(run):
    """The AUC does not depend on the order of the rows."""
    scores, marks = drawn(run.rng, run.train[1], 8)
    answers = {}
    for name, order in (
        ("malignant first", np.argsort(-marks, kind="stable")),
        ("benign first", np.argsort(marks, kind="stable")),
        ("mixed", run.rng.permutation(len(marks))),
        ("by score", np.argsort(scores, kind="stable")),
    ):
        answers[name] = area(run, scores[order], marks[order])
    told = ", ".join(f"{name} {answer:.4f}" for name, answer in answers.items())
    assert np.ptp(list(answers.values())) < NEAR, (
        f"the AUC of the same tumors in different orders: {told} (expected: all equal)"
    )


def check_scores_that_say_nothing_get_one_half(run):
    """If all tumors have the same score, the AUC is that of guessing."""
    marks = np.sort(run.train[1])[::-1]
    answer = area(run, np.full(len(marks), 4.0), marks)
    assert abs(answer - 0.5) < NEAR, f"it is {answer:.4f} (expected: 0.5)"


def _compare(run, scores, marks, what):
    answer, wanted = area(run, scores, marks), pairs(scores, marks)
    assert abs(answer - wanted) < NEAR, f"{what} it is {answer:.6f} (expected: {wanted:.6f}, counted over all pairs)"


def drawn(rng, malignant, levels):
    """Integer scores that are higher for malignant tumors, and labels in the order of the notebook."""
    marks = np.sort(malignant)[::-1]
    noisy = marks + rng.normal(size=len(marks))
    share = noisy.argsort().argsort() / len(marks)
    return np.floor(share * levels), marks


def area(run, scores, marks):
    """The notebook's AUC. It gets copies, because it may write into its arguments."""
    return float(run.auc(scores.astype(np.float64), marks.astype(np.int64)))


def pairs(scores, marks):
    """The share of malignant-benign pairs in which the malignant tumor scores higher. Ties count half."""
    difference = scores[marks == 1][:, None] - scores[marks == 0]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))
