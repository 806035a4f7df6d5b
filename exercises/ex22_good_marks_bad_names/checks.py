"""What a correct fix of ex22 shows: what comes next is told from what came before, and from nothing else."""

import numpy as np

from bugkit.checks import nll

LENGTH = 12  # letters in a row
PREFIXES = (3, 6, 12)
# As in training. The same random numbers each time, so that dropout changes nothing between two answers.
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
    """Held-out cross-entropy per letter, the model being shown only what comes before"""
    text = rows_of(run, 1000)
    return float(np.mean([nll(run.model(text[:, :n])[:, -1], text[:, n]) for n in PREFIXES]))


def check_later_letters_change_nothing(run):
    """What the model gives for a position is the same whatever letters come after it."""
    rows = rows_of(run, 64)[:, :LENGTH]
    for kept in (2, 6, 10):
        one, other = run.model(rows)[:, :kept], run.model(changed_after(run, rows, kept))[:, :kept]
        assert alike(one, other), (
            f"other letters from position {kept} on move earlier numbers by up to {moved(one, other):.2g} (0 wanted)"
        )


def check_later_letters_change_nothing_in_training(run):
    """While it trains, too, letters that come later change nothing."""
    rows = rows_of(run, 64)[:, :LENGTH]
    arrays = {"rows": rows, "changed": changed_after(run, rows, 6)}
    seen = run.ask(TRAINING, arrays, ["first", "again", "other"], needs=["model"])
    if not alike(seen["first"], seen["again"]):
        return  # it is random while it trains: two answers cannot be compared
    one, other = seen["first"][:, :6], seen["other"][:, :6]
    assert alike(one, other), f"numbers of earlier positions move by up to {moved(one, other):.2g} (0 wanted)"


def check_earlier_letters_count(run):
    """What comes next depends on more than the last letter."""
    rows = rows_of(run, 256)[:, :6]
    others = np.concatenate([run.rng.permutation(rows)[:, :5], rows[:, 5:]], axis=1)
    one, other = chances(run.model(rows)[:, -1]), chances(run.model(others)[:, -1])
    change = float(np.mean(np.abs(one - other).sum(axis=1) / 2))
    assert change > 0.05, f"other letters before the last one move {change:.1%} of the probability (over 5 % wanted)"


def rows_of(run, count):
    """Rows of the held-out names (count, LENGTH + 1): 0 for the end of a name, 1 to 26 for the letters."""
    codes = run.heldout[0].astype(np.int64)
    letters = np.where(codes == ord("\n"), 0, codes - ord("a") + 1)
    starts = run.rng.integers(len(letters) - LENGTH, size=(count, 1))
    return letters[starts + np.arange(LENGTH + 1)]


def changed_after(run, rows, kept):
    """The rows with random letters from position ``kept`` on."""
    return np.concatenate([rows[:, :kept], run.rng.integers(27, size=rows[:, kept:].shape)], axis=1)


def chances(outputs):
    """Probabilities of what may be logits, log-probabilities or probabilities."""
    p = np.asarray(outputs, dtype=np.float64)
    if p.min() >= 0 and np.abs(p.sum(axis=1) - 1).max() < 1e-3:
        return p
    p = np.exp(p - p.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def alike(a, b):
    """Whether two answers agree up to rounding."""
    return np.allclose(a, b, rtol=1e-3, atol=1e-3)


def moved(a, b):
    """The largest change of a number between two answers."""
    return float(np.abs(a - b).max())
