"""What a correct fix of ex26 shows: at each position the network predicts the next letter."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import log_probabilities
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import trained_otherwise
from bugkit.sequences import least_taught, moved

LENGTH = 16  # letters that the network must be able to read at once
ASKED = (  # rows, letters in each, and how many of them stay the same
    *((32, 16, 8), (32, 16, 15), (1, 16, 1), (3, 7, 4), (100, 12, 11)),
    *((2, 5, 2), (2, 16, 3), (1, 2, 1), (5, 3, 2)),
)
PREFIXES = (3, 6, 10, 15)
REACH = 2  # letters on both sides of a position


def heldout_loss(run):
    """Held-out cross-entropy of the next letter, from those before it"""
    rows = windows(run.heldout[0])
    losses = []
    for known in PREFIXES:  # the target is not part of the input
        expected = log_probabilities(run.model(rows[:, :known]))[:, -1]
        losses.append(-expected[np.arange(len(rows)), rows[:, known]].mean())
    return float(np.mean(losses))


def check_the_letter_to_come_is_expected_most(run):
    """Of the letters around a position, the next one is the most likely."""
    rows = run.rng.permutation(windows(run.heldout[0]))[:256]
    expected = log_probabilities(run.model(rows))
    places = np.arange(REACH, LENGTH - REACH)
    cost = {
        offset: -np.take_along_axis(expected[:, places], rows[:, places + offset, None], axis=2).mean()
        for offset in range(-REACH, REACH + 1)
    }
    to_come, cheapest = cost[1], min(cost.values())
    assert to_come == cheapest, (
        f"the next letter costs {to_come:.2f} nats, and another letter nearby {cheapest:.2f} "
        "(expected: the next letter costs least)"
    )


def check_every_step_teaches_the_letter_to_come(run):
    """At each position, every training step makes the next letter more likely."""
    worst = least_taught(run, "letters", tokens(run.train[0]))
    assert worst > 0.95, (
        f"at one position, a step makes it more likely in {worst:.0%} of the rows (expected: over 95 %)"
    )


def check_what_it_writes_is_like_names(run):
    """The letter pairs in written names are as common as those in real names."""
    usual = pair_costs(tokens(run.train[0]))
    text = written(run, rows=128)
    within = np.cumsum(text[:, 1:] == 0, axis=1) - (text[:, 1:] == 0) == 0  # up to the first mark
    cost = usual[text[:, :-1], text[:, 1:]][within].mean()
    assert cost < 3.0, (
        f"by the pairs in real names, the written text costs {cost:.2f} nats per letter (expected: below 3)"
    )


def check_answers_do_not_change_with_what_follows(run):
    """The output at a position does not depend on later letters or on other rows."""
    rows = run.rng.permutation(windows(run.heldout[0]))
    for count, length, cut in ASKED:
        some, other = rows[:count, :length], run.rng.integers(27, size=(count, length))
        other[:, :cut] = some[:, :cut]
        gap = moved(run, some, other)[:, :cut].max()
        assert gap < 0.01, f"with other letters after it, a log-probability changes by up to {gap:.2g} (expected: 0)"
        gap = moved(run, some, np.concatenate([some[:1], rows[-count:, :length]])[:count])[:1].max()
        assert gap < 0.01, f"with other rows in the batch, a log-probability changes by up to {gap:.2g} (expected: 0)"


def check_every_step_trains_the_same_model(run):
    """At every training step, the model computes the same as afterward."""
    odd = trained_otherwise(run)
    assert odd == 0, f"at {odd:.0%} of the sampled steps, a log-probability differs (expected: 0 %)"


def written(run, rows):
    """Text that is sampled letter by letter from the predictions of the network."""
    text = np.zeros((rows, 1), dtype=np.int64)
    for _ in range(LENGTH - 1):
        probs = np.exp(log_probabilities(run.model(text))[:, -1])
        drawn = (probs.cumsum(axis=1) < run.rng.random((rows, 1))).sum(axis=1).clip(max=26)
        text = np.concatenate([text, drawn[:, None]], axis=1)
    return text


def pair_costs(text):
    """-log p of each letter after each other letter, (27, 27), counted in a text."""
    count = np.full((27, 27), 0.1)
    np.add.at(count, (text[:-1], text[1:]), 1)
    return -np.log(count / count.sum(axis=1, keepdims=True))


def tokens(codes):
    """The indices of the letters: 0 for the mark between names, 1 to 26 for a to z."""
    return np.where(codes == ord("\n"), 0, codes.astype(np.int64) - ord("a") + 1)


def windows(codes):
    """Pieces of LENGTH letters, (N, LENGTH), that start at all positions within names."""
    return np.lib.stride_tricks.sliding_window_view(tokens(codes), LENGTH)[::9].copy()
