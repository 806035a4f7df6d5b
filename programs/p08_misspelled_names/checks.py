"""What a correct retriever shows: misspelled words find their names among many that it has never seen."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import cross_entropy
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)

__all__ = [
    "check_every_row_teaches",
    "check_gradients_are_whole",
    "check_the_same_question_gets_the_same_answer",
]

MANY, SOME = 500, 200  # names
LENGTH = 14
LETTERS = 26
SLACK = 0.02

SCORES = "logits = torch.as_tensor(scores(queries.split(), names.split()))"
# The logits of a batch in evaluation mode, and its loss.
LOSS = """
if isinstance(model, torch.nn.Module):
    model.eval()
rows = encode(queries.split()), encode(names.split())
with torch.no_grad():
    logits, loss = torch.as_tensor(model(*rows)), torch.as_tensor(batch_loss(*rows)).double()
"""


def heldout_loss(run):
    """Cross-entropy in both directions among 500 held-out pairs"""
    return both_directions(logits_of(run, *pairs(run, MANY)))


def check_the_name_that_was_meant_comes_first(run):
    """For most misspelled words, the name that was meant comes first among 200 held-out names."""
    logits = logits_of(run, *pairs(run, SOME))
    for direction, table in (("names", logits), ("misspelled words", logits.T)):
        share = float(np.mean(table.argmax(axis=1) == np.arange(SOME)))
        assert share > 0.65, f"among the {direction}, {share:.0%} of the right ones come first (expected: over 65 %)"


def check_a_word_alone_gets_the_same_logits(run):
    """A word gets the same logits alone and among others, whether it stands among the queries or among the names."""
    queries, names = pairs(run, SOME)
    together = logits_of(run, queries, names)
    for size in (1, 2, 17):
        for some, table in (
            (logits_of(run, queries[:size], names), together[:size]),
            (logits_of(run, queries, names[:size]), together[:, :size]),
        ):
            gap = float(np.abs(some - table).max())
            assert gap < 1e-2, f"among {size} words, a logit changes by up to {gap:.2g} (expected: 0)"


def check_the_loss_is_the_mean_of_both_directions(run):
    """The loss of a batch is its mean cross-entropy, averaged over both directions."""
    for size in (10, 64, 150):
        queries, names = pairs(run, size)
        told = run.ask(LOSS, {}, ["logits", "loss"], queries=" ".join(queries), names=" ".join(names))
        loss, wanted = float(told["loss"]), both_directions(told["logits"])
        assert abs(loss - wanted) < 0.02 * wanted + 1e-3, (
            f"for {size} pairs it is {loss:.3f} nats (expected: {wanted:.3f}, from the logits)"
        )


def check_words_are_shown_with_their_own_names(run):
    """In every step, each misspelled word is shown together with its own name."""
    shares = [share for call in run.audit.needed().calls if (share := own_names(call)) is not None]
    if not shares:
        raise UndecidedError("which words were shown together could not be seen")
    assert min(shares) > 0.9, f"in one step, {min(shares):.0%} of the words are (expected: over 90 %)"


def check_each_step_brings_pairs_together(run):
    """In every step, the logit of a word and its own name grows, and no other one of the word grows as much."""
    slopes = [call.slope for call in run.audit.needed().calls if call.slope is not None]
    slopes = [slope for slope in slopes if slope.ndim == 2 and slope.shape[0] == slope.shape[1] > 1]
    if not slopes:
        raise UndecidedError("which logits grow in training could not be seen")
    shares = [np.mean((slope.argmin(axis=1) == np.arange(len(slope))) & (np.diag(slope) < 0)) for slope in slopes]
    assert min(shares) > 0.95, f"in one step, this is so for {min(shares):.0%} of the words (expected: over 95 %)"


def check_no_pair_counts_for_several(run):
    """In every step, a pair counts at most for its share of the batch."""
    calls = [call for call in run.audit.needed().calls if call.slope is not None and call.slope.ndim == 2]
    shares = [float(np.abs(call.slope).max()) * call.rows for call in calls if call.slope.shape[1] == call.rows]
    if not shares:
        raise UndecidedError("which logits grow in training could not be seen")
    odd = sum(share > 1 + SLACK for share in shares)
    assert not odd, f"at {odd} of {len(shares)} sampled steps, one counts for up to {max(shares):.3g} (expected: 1)"


def pairs(run, count):
    """Misspelled words and their names, none of which is in the training."""
    names = bytes(run.heldout[0]).decode("ascii").split()
    names = [names[i] for i in run.rng.permutation(len(names))[:count]]
    return [misspelled(name, run.rng) for name in names], names


def misspelled(name, rng):
    """A name with one or two errors."""
    letters = list(name)
    for _ in range(rng.integers(1, 3)):
        i, kind = rng.integers(len(letters)), rng.integers(4)
        if kind == 0 and len(letters) > 2:
            del letters[i]
        elif kind == 1 and len(letters) < LENGTH:
            letters.insert(i, letters[i])
        elif kind == 2:
            letters[i] = chr(ord("a") + rng.integers(LETTERS))
        else:
            letters[i : i + 2] = letters[i : i + 2][::-1]
    return "".join(letters)


def logits_of(run, queries, names):
    """The logits (N, M) of two lists of words."""
    words = {"queries": " ".join(queries), "names": " ".join(names)}
    logits = run.ask(SCORES, {}, ["logits"], needs=["scores"], **words)["logits"].astype(np.float64)
    assert logits.shape == (len(queries), len(names)), f"logits of shape {logits.shape}"
    return logits


def both_directions(logits):
    """The mean cross-entropy in nats of the pairs on the diagonal, in both directions."""
    labels = np.arange(len(logits))
    return (cross_entropy(logits, labels) + cross_entropy(logits.T, labels)) / 2


def own_names(call):
    """The share of words that have most letters in common with the name in the same row; None: not known."""
    rows = [one for one in call.inputs if one.ndim == 2 and one.dtype.kind == "i"]
    if len(rows) != 2 or rows[0].shape != rows[1].shape or min(one.min() for one in rows) < 0:
        return None
    size = max(int(one.max()) for one in rows) + 1
    queries, names = (np.stack([np.bincount(row, minlength=size)[1:] for row in one]) for one in rows)
    common = np.minimum(queries[:, None], names).sum(axis=2)
    return float(np.mean(np.diag(common) >= np.maximum(queries.sum(axis=1), names.sum(axis=1)) - 3))
