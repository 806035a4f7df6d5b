"""What a correct fix of ex22 shows: the next letter is predicted from the earlier ones, and from nothing else."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import nll, probabilities
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import answers_by_training, replayed
from bugkit.sequences import last_place_cost, least_taught

LENGTH = 12  # letters in a row
PREFIXES = (3, 6, 12)
# In train mode, with the same random seed each time, so that dropout is the same in two calls.
TRAINING = """
if isinstance(model, torch.nn.Module):
    model.train()
    for part in model.modules():
        if isinstance(part, torch.nn.modules.batchnorm._BatchNorm):
            part.eval()


def outputs(letters):
    torch.manual_seed(0)
    with torch.no_grad():
        return model(letters)


first, again, other = outputs(rows), outputs(rows), outputs(changed)
"""


def heldout_loss(run):
    """Held-out cross-entropy per letter, from only the letters before it"""
    text = rows_of(run, 1000)
    return float(np.mean([nll(run.model(text[:, :n])[:, -1], text[:, n]) for n in PREFIXES]))


def check_later_letters_change_nothing(run):
    """The output at a position does not depend on later letters, in rows of any length."""
    for length in range(2, LENGTH + 1):
        for count in (1, 24, 64):
            rows = rows_of(run, count)[:, :length]
            first = run.model(rows)
            for kept in range(1, length):
                one, other = first[:, :kept], run.model(changed_after(run, rows, kept))[:, :kept]
                assert alike(one, other), (
                    f"in {count} rows of {length}, other letters from position {kept} on change earlier outputs "
                    f"by up to {moved(one, other):.2g} (expected: 0)"
                )


def check_a_row_that_ends_gives_the_same(run):
    """The output at a position is the same whether the row ends there or goes on."""
    rows = rows_of(run, 24)[:, :LENGTH]
    whole = run.model(rows)
    for length in range(1, LENGTH):
        one, other = whole[:, :length], run.model(rows[:, :length])
        assert alike(one, other), (
            f"in rows cut to {length} letters, the outputs change by up to {moved(one, other):.2g} (expected: 0)"
        )


def check_later_letters_change_nothing_in_training(run):
    """In train mode too, the output at a position does not depend on later letters."""
    for length, kept in ((12, 6), (12, 1), (12, 11), (2, 1), (5, 3), (8, 4), (11, 10)):
        for count in (24, 3, 64):
            rows = rows_of(run, count)[:, :length]
            arrays = {"rows": rows, "changed": changed_after(run, rows, kept)}
            seen = run.ask(TRAINING, arrays, ["first", "again", "other"], needs=["model"])
            if not alike(seen["first"], seen["again"]):
                return  # random in train mode: two answers cannot be compared
            one, other = seen["first"][:, :kept], seen["other"][:, :kept]
            assert alike(one, other), (
                f"in {count} rows of {length}, outputs at earlier positions change "
                f"by up to {moved(one, other):.2g} (expected: 0)"
            )


def check_the_network_answers_as_it_did_in_training(run):
    """With the weights of a training step, the network gives the same outputs as in that step."""
    for call, then, answers in replayed(run):
        off = float(max(np.abs(now - then).max() for now in answers) / max(np.abs(then).max(), 1e-3))
        assert off < 0.02, f"at step {call.step + 1} its outputs differ by {off:.2g} of their size (expected: 0)"


def check_every_step_teaches_the_letter_to_come(run):
    """At each position, every training step makes the next letter more likely."""
    worst = least_taught(run, "letters")
    assert worst > 0.95, (
        f"at one position, a step makes it more likely in {worst:.0%} of the rows (expected: over 95 %)"
    )


def check_the_last_place_is_as_good_as_others(run):
    """The letter after twelve letters is predicted as well as after the last eleven of them."""
    extra = last_place_cost(run, rows_of(run, 3000))
    assert extra < 0.2, (
        f"after 12 letters the loss is {extra:.2f} nats higher than after 11 of them (expected: under 0.2)"
    )


def check_the_trained_network_answers(run):
    """The model that answers at the end is the network that was trained."""
    assert answers_by_training(run), "the model that answers is not the network that was trained (expected: the same)"


def check_earlier_letters_count(run):
    """The prediction depends on more than the last letter."""
    rows = rows_of(run, 256)[:, :6]
    others = np.concatenate([run.rng.permutation(rows)[:, :5], rows[:, 5:]], axis=1)
    one, other = probabilities(run.model(rows)[:, -1]), probabilities(run.model(others)[:, -1])
    change = float(np.mean(np.abs(one - other).sum(axis=1) / 2))
    assert change > 0.05, (
        f"other letters before the last one shift {change:.1%} of the probability (expected: over 5 %)"
    )


def rows_of(run, count):
    """Rows of the held-out names (count, LENGTH + 1): 0 is the end of a name, 1 to 26 are the letters."""
    codes = run.heldout[0].astype(np.int64)
    letters = np.where(codes == ord("\n"), 0, codes - ord("a") + 1)
    starts = run.rng.integers(len(letters) - LENGTH, size=(count, 1))
    return letters[starts + np.arange(LENGTH + 1)]


def changed_after(run, rows, kept):
    """The rows with random letters from position ``kept`` on."""
    return np.concatenate([rows[:, :kept], run.rng.integers(27, size=rows[:, kept:].shape)], axis=1)


def alike(a, b):
    """Whether two answers agree up to rounding."""
    return np.allclose(a, b, rtol=1e-3, atol=1e-3)


def moved(a, b):
    """The largest change between two answers."""
    return float(np.abs(a - b).max())
