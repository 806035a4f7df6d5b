"""What a correct fix of ex35 shows: what is taught at each step, and predictions that padding does not change."""

import numpy as np

from bugkit import data
from bugkit.audit import UndecidedError
from bugkit.checks import log_probabilities, nll
from bugkit.invariants import check_gradients_are_whole, check_the_same_question_gets_the_same_answer
from bugkit.questions import ROUNDING, replayed

PAD, MASK, FIRST = 0, 1, 2  # padding, a hidden letter, the letter a
IGNORE = -100  # no label
LETTERS = 26
LONGEST = 12  # positions
SELECTED, HIDDEN, REPLACED = 0.25, 0.8, 0.1  # BERT's rule
WIDE = 5  # standard deviations
FEW = 10  # names
CLOSE = 0.01  # nats; float32 moves a log-probability by some 1e-5
ANOTHER = 0.5  # nats; bfloat16 moves one by some 0.1
ALONE = """
if isinstance(model, torch.nn.Module):
    model.eval()
with torch.no_grad():
    apart = [torch.as_tensor(model(row[None, :length]))[0] for row, length in zip(rows, lengths.tolist())]
    answers = torch.stack([torch.nn.functional.pad(some, (0, 0, 0, rows.shape[1] - len(some))) for some in apart])
"""
# The answers for the same names, with more and more padding.
PADDED = """
if isinstance(model, torch.nn.Module):
    model.eval()
with torch.no_grad():
    answers = [torch.as_tensor(model(rows[:, :length]))[:, :shortest] for length in widths.tolist()]
answers = torch.stack(answers)
"""
MASKED = """
told = []
for turn in range(turns):
    with torch.set_grad_enabled(turn % 3 == 0):
        told.append([torch.as_tensor(part).long() for part in mask_tokens(rows.clone())])
inputs, labels = (torch.stack(part) for part in zip(*told))
"""


def heldout_loss(run):
    """Held-out cross-entropy per letter, of letters that are hidden or replaced by another one"""
    rows = np.array(padded(heldout_names(run)))
    lengths = (rows != PAD).sum(axis=1)
    places = (run.rng.random(len(rows)) * lengths).astype(int)
    each = np.arange(len(rows))
    right = rows[each, places]
    wrong = FIRST + (right - FIRST + run.rng.integers(1, LETTERS, len(rows))) % LETTERS
    rows[each, places] = np.where(each % 2, MASK, wrong)
    answers = run.ask(ALONE, {"rows": rows, "lengths": lengths}, ["answers"], needs=["model"])["answers"]
    return nll(answers[each, places], right)


def check_padding_changes_nothing(run):
    """The logits of a name do not depend on its padding."""
    names = sorted(heldout_names(run), key=len)
    rows = np.array(padded(names))
    lengths = (rows != PAD).sum(axis=1)
    for count, length in ((64, 6), (1, 4), (64, 5), (7, 3), (33, 7), (2, 8), (64, 7), (128, 6)):
        some = rows[lengths == length][:count]
        widths = np.array([length, LONGEST, length + 1, length, length, LONGEST])
        asked = {"rows": some, "widths": widths}
        told = run.ask(PADDED, asked, ["answers"], needs=["model"], shortest=length)["answers"]
        gap = np.ptp(log_probabilities(told), axis=0).max()
        assert gap < CLOSE, f"with padding, a log-probability changes by up to {gap:.2g} nats (expected: 0)"


def check_a_name_alone_gets_the_same_answer(run):
    """The logits of a name do not depend on the names beside it."""
    rows = run.rng.permutation(np.array(padded(heldout_names(run))))
    for count in (64, 200, 5, 64, 2):
        some, rows = rows[:count], np.roll(rows, -count, axis=0)
        lengths = (some != PAD).sum(axis=1)
        asked = {"rows": some[:, : lengths.max()], "lengths": lengths}
        apart = run.ask(ALONE, asked, ["answers"], needs=["model"])["answers"]
        gaps = np.abs(log_probabilities(run.model(asked["rows"])) - log_probabilities(apart)).max(axis=2)
        gap = gaps[asked["rows"] != PAD].max()
        assert gap < CLOSE, f"alone, a log-probability changes by up to {gap:.2g} nats (expected: 0)"


def check_every_step_trains_the_same_model(run):
    """At every step of the training, the model computes the same for letters as when it is used."""
    gaps = []
    for call, then, answers in replayed(run):
        letters = call.inputs[0][: len(then)] != PAD
        told = [np.abs(log_probabilities(now) - log_probabilities(then)).max(axis=2)[letters] for now in answers]
        gaps.append([told[0].max(), np.max(told)])
    first, worst = np.array(gaps).reshape(-1, 2).T
    if not len(first) or (first.min() > ROUNDING and np.median(first) < ANOTHER):  # half precision, say
        raise UndecidedError("what the model computed in training could not be compared")
    odd = float(np.mean(worst > ROUNDING))
    assert odd == 0, f"at {odd:.0%} of the sampled steps, a log-probability is different (expected: 0 %)"


def check_padding_is_not_taught(run):
    """No step teaches the model anything at a padded place, nor to predict padding or a hidden letter."""
    seen = taught(run)
    places = sum(int((some & (inputs == PAD)).sum()) for inputs, some, _ in seen)
    labels = sum(int((some & (likelier < FIRST)).sum()) for _, some, likelier in seen)
    assert places == 0, f"{places} padded places are taught in {len(seen)} sampled steps (expected: 0)"
    assert labels == 0, f"{labels} places are taught another token than a letter (expected: 0)"


def check_a_quarter_of_the_letters_is_taught(run):
    """Each step teaches a random quarter of the letters of its names, all hidden ones among them."""
    for inputs, some, _ in taught(run):
        letters = inputs != PAD
        share = some[letters].mean()
        wide = WIDE * np.sqrt(SELECTED * (1 - SELECTED) / letters.sum()) + 0.02
        assert abs(share - SELECTED) < wide, f"at one step, {share:.0%} of the letters are taught (expected: 25 %)"
        left = float((~some & (inputs == MASK)).sum() / max((inputs == MASK).sum(), 1))
        assert left < 0.02, f"at one step, {left:.0%} of the hidden letters are not taught (expected: 0 %)"


def check_what_is_taught_are_names(run):
    """The letters that a step teaches belong to the names of the data."""
    known = {tuple(row) for row in padded(data.names())}
    for inputs, some, likelier in taught(run):
        whole = np.zeros((len(inputs), LONGEST), dtype=np.int64)
        whole[:, : inputs.shape[1]] = np.where(some, likelier, inputs)
        share = np.mean([tuple(row) not in known for row in whole.tolist()])
        assert share < 0.02, (
            f"at one step, {share:.0%} of the names with the letters that it teaches are no names of the data"
            " (expected: 0 %)"
        )


def check_letters_are_hidden_replaced_and_kept(run):
    """Of the letters that a training teaches, 80 % are hidden, 10 % are replaced by random ones, and 10 % are kept."""
    seen = [(inputs[some], likelier[some]) for inputs, some, likelier in taught(run)]
    follows_the_rule(*(np.concatenate(part) for part in zip(*seen, strict=True)))


def check_masking_leaves_the_right_labels(run):
    """For any batch, `mask_tokens` gives a quarter of the letters a label, which is the right letter."""
    names = np.array(padded(heldout_names(run)))
    for count, turns in ((64, 14), (len(names), 3), (1, 200), (33, 12), (3, 100), (128, 4)):
        rows = run.rng.permutation(names)[:count]
        rows = rows[:, : (rows != PAD).sum(axis=1).max()]
        asked = {"rows": rows}
        told = run.ask(MASKED, asked, ["inputs", "labels"], needs=["mask_tokens"], turns=turns)
        inputs, labels = told["inputs"], told["labels"]
        whole = np.broadcast_to(rows, labels.shape)
        some, letters = labels != IGNORE, whole != PAD
        odd = float(np.mean(labels[some] != whole[some]))
        assert odd == 0, f"for {count} names, {odd:.1%} of the labels are another letter (expected: 0 %)"
        share = float(some[letters].mean())
        wide = WIDE * np.sqrt(SELECTED * (1 - SELECTED) / letters.sum()) + 0.02 + 0.6 * turns / letters.sum()  # rounded
        assert abs(share - SELECTED) < wide, f"for {count} names, {share:.0%} of the letters have one (expected: 25 %)"
        left = int((inputs != whole)[~some].sum())
        assert left == 0, f"for {count} names, {left} places without a label are changed (expected: 0)"
        if count > FEW:  # of fewer, exact shares are rounded
            follows_the_rule(inputs[some], labels[some])


def follows_the_rule(read, right):
    """Assert that letters are hidden, replaced and kept as often as BERT's rule says; (N,) tokens each."""
    other = (read != MASK) & (read != right)
    expected = {"hidden": HIDDEN, "replaced": REPLACED, "kept": 1 - HIDDEN - REPLACED}
    found = {"hidden": read == MASK, "replaced": other, "kept": read == right}
    for what, share in expected.items():
        wide = WIDE * np.sqrt(share * (1 - share) / len(read)) + 0.01  # a random letter may be the right one
        some = float(found[what].mean())
        assert abs(some - share) < wide, f"{some:.1%} are {what} (expected: {share:.0%})"
    kinds = len(np.unique(read[other]))
    assert kinds > LETTERS / 2 or other.sum() < 100, f"they are replaced by {kinds} different letters (expected: 26)"


def taught(run):
    """Of sampled steps: the tokens (N, T), which places were taught (N, T), and the token that became likelier there.

    UndecidedError where they were not seen.
    """
    found = []
    for call in run.audit.needed().calls:
        if call.slope is None or call.slope.ndim != 3 or not call.inputs:
            continue
        inputs = call.inputs[0][: len(call.slope)]
        if inputs.dtype.kind == "i" and inputs.shape == call.slope.shape[:2]:
            found.append((inputs, np.abs(call.slope).max(axis=2) > 0, call.slope.argmin(axis=2)))
    if not found:
        raise UndecidedError("what the training teaches could not be seen")
    return found


def heldout_names(run):
    """Names that the notebook does not have."""
    return "".join(map(chr, run.heldout[0])).split()


def padded(names):
    """Names as rows of token ids with padding (N, LONGEST)."""
    rows = [[ord(letter) - ord("a") + FIRST for letter in name] for name in names]
    return [row + [PAD] * (LONGEST - len(row)) for row in rows]
