"""What a correct fix of ex24 shows: every letter of the word is repeated, and no position sees later letters."""

import numpy as np

from bugkit.checks import nll
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import answers_by_training, replayed

WORD, STOP = 8, 10


def heldout_loss(run):
    """Cross-entropy of repeating new words, from only the letters before each one"""
    rows = rows_of(run.rng, 300)
    return float(np.mean([nll(said(run, rows, place), rows[:, place]) for place in range(WORD)]))


def check_every_letter_is_said_again(run):
    """Every letter of the word is repeated, from the first to the last."""
    rows = rows_of(run.rng, 300)
    right = [float(np.mean(said(run, rows, place).argmax(axis=1) == rows[:, place])) for place in range(WORD)]
    worst = int(np.argmin(right))
    assert right[worst] > 0.9, (
        f"letter {worst + 1} of {WORD} is repeated in {right[worst]:.0%} of the words (expected: over 90 %)"
    )


def check_later_letters_change_nothing(run):
    """The output at a position does not depend on later letters."""
    for count in (64, 1):
        rows = rows_of(run.rng, count)[:, :-1]
        first = run.model(rows)
        for kept in range(1, 2 * WORD):
            other = np.concatenate([rows[:, :kept], run.rng.integers(STOP, size=rows[:, kept:].shape)], axis=1)
            a, b = first[:, :kept], run.model(other)[:, :kept]
            assert alike(a, b), (
                f"other letters from position {kept} on change earlier outputs "
                f"by up to {np.abs(a - b).max():.2g} (expected: 0)"
            )


def check_a_row_that_ends_gives_the_same(run):
    """The output at a position is the same whether the row ends there or goes on."""
    rows = rows_of(run.rng, 32)[:, :-1]
    whole = run.model(rows)
    for length in range(1, 2 * WORD):
        a, b = whole[:, :length], run.model(rows[:, :length])
        assert alike(a, b), (
            f"in rows cut to {length} letters, the outputs change by up to {np.abs(a - b).max():.2g} (expected: 0)"
        )


def check_rows_do_not_see_each_other(run):
    """The output for a row does not depend on the other rows of the batch."""
    rows = rows_of(run.rng, 33)[:, :-1]
    among = run.model(rows)
    for start, count in ((0, 1), (4, 3), (9, 8), (1, 32)):
        a, b = among[start : start + count], run.model(rows[start : start + count])
        assert alike(a, b), (
            f"with {count} rows instead of 33, the outputs change by up to {np.abs(a - b).max():.2g} (expected: 0)"
        )


def check_the_network_answers_as_it_did_in_training(run):
    """With the weights of a training step, the network gives the same outputs as in that step."""
    for call, then, answers in replayed(run):
        off = float(max(np.abs(now - then).max() for now in answers) / max(np.abs(then).max(), 1e-3))
        assert off < 0.02, f"at step {call.step + 1} its outputs differ by {off:.2g} of their size (expected: 0)"


def check_the_trained_network_answers(run):
    """The model that answers at the end is the network that was trained."""
    assert answers_by_training(run), "the model that answers is not the network that was trained (expected: the same)"


def alike(a, b):
    """Whether two answers agree up to rounding."""
    return np.allclose(a, b, rtol=1e-3, atol=1e-3)


def rows_of(rng, count):
    """Words, a stop, and the words again: (count, 2 * WORD + 1) int64."""
    words = rng.integers(STOP, size=(count, WORD))
    return np.concatenate([words, np.full((count, 1), STOP), words], axis=1)


def said(run, rows, place):
    """The outputs (count, 11) for the letter at ``place`` in the second word, from the letters before it."""
    return run.model(rows[:, : WORD + 1 + place])[:, -1]
