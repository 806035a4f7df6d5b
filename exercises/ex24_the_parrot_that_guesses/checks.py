"""What a correct fix of ex24 shows: every letter of the word is heard, and none before its time."""

import numpy as np

from bugkit.checks import nll

WORD, STOP = 8, 10


def heldout_loss(run):
    """Cross-entropy of new words said again, the model being shown only what comes before"""
    rows = rows_of(run.rng, 300)
    return float(np.mean([nll(said(run, rows, place), rows[:, place]) for place in range(WORD)]))


def check_every_letter_is_said_again(run):
    """Every letter of the word is said again, from the first to the last."""
    rows = rows_of(run.rng, 300)
    right = [float(np.mean(said(run, rows, place).argmax(axis=1) == rows[:, place])) for place in range(WORD)]
    worst = int(np.argmin(right))
    assert right[worst] > 0.9, (
        f"letter {worst + 1} of {WORD} is said again in {right[worst]:.0%} of the words (over 90 % wanted)"
    )


def check_later_letters_change_nothing(run):
    """What the model gives for a position is the same whatever letters come after it."""
    rows = rows_of(run.rng, 64)[:, :-1]
    for kept in (3, WORD + 1, WORD + 5):
        other = np.concatenate([rows[:, :kept], run.rng.integers(STOP, size=rows[:, kept:].shape)], axis=1)
        a, b = run.model(rows)[:, :kept], run.model(other)[:, :kept]
        assert np.allclose(a, b, rtol=1e-3, atol=1e-3), (
            f"other letters from position {kept} on move earlier numbers by up to {np.abs(a - b).max():.2g} (0 wanted)"
        )


def rows_of(rng, count):
    """Words, a stop, and the words again: (count, 2 * WORD + 1) int64."""
    words = rng.integers(STOP, size=(count, WORD))
    return np.concatenate([words, np.full((count, 1), STOP), words], axis=1)


def said(run, rows, place):
    """The outputs (count, 11) for the letter at ``place`` of the second word, from what comes before it."""
    return run.model(rows[:, : WORD + 1 + place])[:, -1]
