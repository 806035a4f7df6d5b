"""What p03 shows when it works: each letter is tagged from its whole name, and from nothing else."""

import re

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import nll, probabilities
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import evaluation_gap

__all__ = [
    "check_every_row_teaches",
    "check_gradients_are_whole",
    "check_the_same_question_gets_the_same_answer",
]

LONGEST = 11  # letters
TAGS = ("opens", "closes", "vowel", "stressed")
CLOSE = 1e-3  # of a probability
GROUP = re.compile(r"(?:[aeiou]|y(?![aeiou]))+")


def heldout_loss(run):
    """Held-out cross-entropy of the tags of each letter"""
    rows, tags = rows_of(words(run.heldout[0]))
    real = rows > 0
    return nll(run.model(rows)[real], tags[real])


def check_a_name_alone_gets_the_same_answer(run):
    """A name gets the same answer alone, in a batch of any size, and with more or less padding behind it."""
    some = words(run.heldout[0])
    some = [some[number] for number in run.rng.permutation(len(some))[:60]]
    rows, _ = rows_of(some)
    together = probabilities(run.model(rows))
    for number, name in enumerate(some):
        length = len(name)
        given = [rows[number : number + 1, :length], rows[number : number + 1]]
        for these in given if number < len(some) // 2 else given[:1]:
            gap = float(np.abs(probabilities(run.model(these))[0, :length] - together[number, :length]).max())
            assert gap < CLOSE, (
                f"alone, with {these.shape[1] - length} numbers of padding, a probability of {name!r} changes by up to"
                f" {gap:.2g} (expected: 0)"
            )
    longer = np.pad(rows, ((0, 0), (0, 3)))
    gap = float(np.abs((probabilities(run.model(longer))[:, :LONGEST] - together)[rows > 0]).max())
    assert gap < CLOSE, f"with three more numbers of padding, a probability changes by up to {gap:.2g} (expected: 0)"


def check_every_tag_is_found(run):
    """Each of the four tags is found in names that the network has not seen."""
    rows, tags = rows_of(words(run.heldout[0]))
    answers = run.model(rows).argmax(axis=-1)
    shares = [float(np.mean(answers[tags == tag] == tag)) for tag in range(len(TAGS))]
    worst = int(np.argmin(shares))
    assert shares[worst] > 0.9, f"of the letters with {TAGS[worst]!r}, {shares[worst]:.0%} are found (expected: 90 %)"


def check_another_end_moves_the_stress(run):
    """With one more syllable at its end, a name has its stress on the next one."""
    some = [name for name in words(run.heldout[0]) if len(name) <= LONGEST - 2 and not name.endswith("y")]
    some = [name for name in some if len(GROUP.findall(name)) > 1]
    longer, tags = rows_of([name + ("na" if name[-1] in "aeiou" else "a") for name in some])
    before, _ = rows_of(some)
    is_stressed = (tags == TAGS.index("stressed")) & (before > 0)
    found = float(np.mean(run.model(longer).argmax(axis=-1)[is_stressed] == TAGS.index("stressed")))
    assert found > 0.85, f"{found:.0%} of the vowels that are stressed then are found (expected: over 85 %)"


def check_padding_teaches_nothing(run):
    """No step of the training teaches tags of padding."""
    calls = [call for call in run.audit.needed().calls if call.slope is not None and call.inputs]
    taught = []
    for call in calls:
        rows = call.inputs[0][: len(call.slope)]
        if rows.ndim == 2 and call.slope.shape[:2] == rows.shape and (rows == 0).any() and (rows != 0).any():
            strength = np.abs(call.slope).max(axis=-1)
            taught.append(float(strength[rows == 0].max() / max(strength[rows != 0].max(), 1e-30)))
    if not taught:
        raise UndecidedError("what the training teaches at padding could not be seen")
    odd = int(np.sum(np.array(taught) > CLOSE))
    assert not odd, f"{odd} of {len(taught)} sampled steps do (expected: none)"


def check_predictions_are_the_most_likely_tags(run):
    """`predict` gives the tags that `model` finds most likely."""
    rows, _ = rows_of(words(run.heldout[0]))
    expected, found = probabilities(run.model(rows)), np.asarray(run.predict(rows))
    assert found.shape == rows.shape, f"for rows {rows.shape} they have the shape {found.shape}"
    chosen = np.take_along_axis(expected, found[..., None].astype(np.int64), axis=-1)[..., 0]
    agree = float(np.mean((expected.max(axis=-1) - chosen < CLOSE)[rows > 0]))
    assert agree == 1, f"for {agree:.2%} of the letters they do (expected: 100 %)"


def check_the_evaluation_is_made_in_evaluation_mode(run):
    """While `evaluate` measures, the network answers as in evaluation mode."""
    gap = evaluation_gap(run, "evaluate", padding=0)
    assert gap < CLOSE, f"an answer differs by up to {gap:.2g} from that in evaluation mode (expected: 0)"


def words(codes):
    """Names as a list."""
    return codes.tobytes().decode("ascii").split()


def rows_of(some):
    """Rows of letters and of tags (N, LONGEST); 0 and -1 behind a name."""
    rows, tags = np.zeros((len(some), LONGEST), dtype=np.int64), np.full((len(some), LONGEST), -1)
    for number, name in enumerate(some):
        rows[number, : len(name)] = [ord(letter) - ord("a") + 1 for letter in name]
        tags[number, : len(name)] = tags_of(name)
    return rows, tags


def tags_of(name):
    """The tag of each letter by the rule."""
    groups = [match.span() for match in GROUP.finditer(name)]
    tags = [TAGS.index("closes")] * len(name)
    for number, (start, end) in enumerate(groups):
        is_stressed = number == max(len(groups) - 2, 0)
        tags[start:end] = [TAGS.index("stressed" if is_stressed else "vowel")] * (end - start)
        if start:
            tags[start - 1] = TAGS.index("opens")
    return tags
