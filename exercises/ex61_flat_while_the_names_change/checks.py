"""What a correct fix of ex61 shows: DPO's loss against the pretrained network, over whole names."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import log_probabilities
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import given
from bugkit.run import LearnerCodeError

__all__ = [
    "check_every_row_teaches",
    "check_gradients_are_whole",
    "check_the_same_question_gets_the_same_answer",
]

# The outputs at the weights that a step began with.
REPLAY = """
weights = list(model.parameters())
if sum(w.numel() for w in weights) != len(before):
    raise TypeError("it has other weights than in training")
torch.nn.utils.vector_to_parameters(before.to(weights[0].dtype), weights)
outputs = torch.as_tensor(model(*given)).detach()
"""
# The loss, with or without the margins beside it.
LOSS = """
loss = dpo_loss(torch.as_tensor(chosen), torch.as_tensor(rejected))
loss = torch.as_tensor(loss[0] if isinstance(loss, (tuple, list)) else loss).detach()
"""
BETA = 0.3
LENGTH = 14
LEAD = 1.8  # nats; 0.4 to 1.1 after pretraining on 20 seeds, 2.8 ten steps later
PROMPT = 2  # letters that the names of a pair have in common
VOWELS = [" abcdefghijklmnopqrstuvwxyz".index(letter) for letter in "aeio"]
FEW = 8  # rows
EQUAL = 0.02  # of a weight; right programs 1e-5
RARELY = 0.02  # of the pairs: two margins may be equal at random
CERTAIN = 0.05  # a token that is more likely than 1 minus this has too small a slope to be measured


def heldout_loss(run):
    """Held-out loss of a pair, from the outputs of `model` and `reference`"""
    chosen, rejected = pairs(names(run.heldout[0]))
    now, then = (likelihoods(run, name, chosen) - likelihoods(run, name, rejected) for name in ("model", "reference"))
    return float(np.logaddexp(0, -BETA * (now - then)).mean())


def check_the_reference_is_the_pretrained_network(run):
    """To the reference, new names are as likely as pretraining made them."""
    rows = names(run.heldout[0])
    cost = -likelihoods(run, "reference", rows).sum() / counted(rows).sum()
    assert cost < 2.1, f"a token of a name costs it {cost:.2f} nats (expected: below 2.1)"
    chosen, rejected = pairs(rows)
    lead = float((likelihoods(run, "reference", chosen) - likelihoods(run, "reference", rejected)).mean())
    assert lead < LEAD, f"names that readers like have a lead of {lead:.1f} nats (expected: below {LEAD})"


def check_the_loss_is_that_of_dpo(run):
    """`dpo_loss` gives the mean loss of any batch of pairs, from the two networks as they are."""
    every = pairs(names(run.heldout[0]))
    for count in (1, 3, 64):
        some = run.rng.permutation(len(every[0]))[:count]
        chosen, rejected = (side[some] for side in every)
        ratios = (likelihoods(run, "model", side) - likelihoods(run, "reference", side) for side in (rejected, chosen))
        off = np.subtract(*ratios)
        if np.abs(off).max() < EQUAL:
            raise UndecidedError("the two networks are the same, and so are all margins")
        expected = float(np.logaddexp(0, BETA * off).mean())
        try:
            told = run.ask(LOSS, {"chosen": chosen, "rejected": rejected}, ["loss"], needs=["dpo_loss"])
        except LearnerCodeError:
            raise UndecidedError("it takes the names of the notebook alone") from None
        found = float(told["loss"].ravel()[0])
        assert abs(found - expected) < 1e-3 + 0.01 * expected, (
            f"for {count} pairs it gives {found:.4g} (expected: {expected:.4g})"
        )


def check_the_whole_name_counts(run):
    """In every step, the token that ends a name counts as much as each letter, and what fills a row does not count."""
    missing, filling, seen = 0, 0, 0
    for rows, weight in preferences(run):
        letters, at_end = typical(rows, weight), weight[np.arange(len(rows)), np.argmax(rows[:, 1:] == 0, axis=1)]
        missing += int((np.abs(at_end - letters) > EQUAL * np.abs(letters)).sum())
        filled = np.abs(np.where(counted(rows), 0, np.nan_to_num(weight))).max(axis=1)
        filling += int((filled > EQUAL * np.abs(letters)).sum())
        seen += len(rows)
    assert not missing, f"in {missing} of {seen} sampled rows, the end does not (expected: in none)"
    assert not filling, f"in {filling} of {seen} sampled rows, a token that fills counts (expected: in none)"


def check_every_pair_is_weighted_by_its_margin(run):
    """In every step, a pair weighs as much as its margin against the reference says."""
    odd, seen = 0, 0
    for moment in run.moments:
        call = moment.call
        if not is_preference(call):
            continue
        rows = call.inputs[0].astype(np.int64)
        if not 0.4 < liked(rows).mean() < 0.6:  # of one side alone, no margin can be told
            continue
        weight = typical(rows[: len(call.slope)], weights(rows[: len(call.slope)], call))
        question, arrays = given(call, REPLAY)
        try:
            outputs = run.ask(question, {**arrays, "before": moment.before}, ["outputs"], needs=["model"])["outputs"]
        except LearnerCodeError:
            continue
        gain = ((at_targets(outputs, rows) - token_log_probs(run, "reference", rows)) * counted(rows)).sum(axis=1)
        if np.abs(gain).max() < EQUAL:  # the two networks are the same: so are all margins
            continue
        scales = [weight[one] * (1 + np.exp(BETA * (gain[one] - gain[mates(rows, one)]))) for one in chosen(weight)]
        if len(scales) >= FEW:  # all are alike but for the scale of the loss: the one on which most rows agree
            agree = max(sum((np.abs(few / scale - 1) < EQUAL).any() for few in scales) for scale in np.hstack(scales))
            odd, seen = odd + len(scales) - agree, seen + len(scales)
    if not seen:
        raise UndecidedError("the pairs of a training step could not be told")
    assert odd <= RARELY * seen, f"{odd} of {seen} sampled pairs do not (expected: none)"


def preferences(run):
    """Rows of tokens (N, T) of sampled calls in steps on pairs, and what each token weighs in the loss (N, T - 1)."""
    calls = [call for call in run.audit.needed().calls if is_preference(call)]
    if not calls:
        raise UndecidedError("how the training learns from pairs could not be seen")
    for call in calls:
        rows = call.inputs[0][: len(call.slope)].astype(np.int64)
        yield rows, weights(rows, call)


def weights(rows, call):
    """What each token after the first weighs (N, T - 1); NaN where it was so certain that its slope says nothing."""
    slope = call.slope[:, :-1].astype(np.float64)
    at_target = -np.take_along_axis(slope, rows[:, 1:, None], axis=2)[..., 0]
    if np.abs(slope.sum(axis=2)).max() > 0.01 * np.abs(slope).max():  # of log-probabilities, or of probabilities
        told = np.take_along_axis(call.output[:, :-1], rows[:, 1:, None], axis=2)[..., 0]
        return at_target * (1 if call.output.min() < 0 else told)
    rest = 1 - np.exp(at_targets(call.output, rows))
    weight = np.divide(at_target, rest, where=rest > CERTAIN, out=np.full_like(rest, np.nan))
    return np.where((at_target == 0) & np.isnan(weight), 0.0, weight)


def typical(rows, weight):
    """What a letter of each row weighs after the two that both names of a pair have (N,); NaN where there is none."""
    out = np.full(len(rows), np.nan)
    for number, (row, each) in enumerate(zip(rows, weight, strict=True)):
        known = each[PROMPT:][(row[1 + PROMPT :] > 0) & ~np.isnan(each[PROMPT:])]
        if len(known):
            out[number] = np.median(known)
    return out


def chosen(weight):
    """The rows that a step makes more likely."""
    return np.flatnonzero(weight > 0)


def mates(rows, one):
    """The other rows that begin as one does."""
    alike = (rows[:, 1:3] == rows[one, 1:3]).all(axis=1) & (rows != rows[one]).any(axis=1)
    return np.flatnonzero(alike)


def is_preference(call):
    """Whether a call was given names alone: a dot, letters, and dots up to the end."""
    if call.slope is None or not call.inputs or call.inputs[0].ndim != 2 or call.slope.ndim != 3:
        return False
    rows, over = call.inputs[0], call.inputs[0][:, 1:] == 0
    is_name = (rows[:, 0] == 0) & (rows[:, 1] != 0) & (np.diff(over.astype(int), axis=1) >= 0).all(axis=1)
    return bool(is_name.all()) and call.slope.shape[1] == rows.shape[1]


def counted(rows):
    """Where a row's tokens after the first are letters, or the first dot (N, T - 1)."""
    return np.cumsum(rows[:, 1:] == 0, axis=1) - (rows[:, 1:] == 0) == 0


def likelihoods(run, name, rows):
    """The log-probability of each name (N,)."""
    return (token_log_probs(run, name, rows) * counted(rows)).sum(axis=1)


def token_log_probs(run, name, rows):
    """The log-probability of each token after the first (N, T - 1)."""
    return at_targets(run.call(name, rows), rows)


def at_targets(outputs, rows):
    """The log-probability of each token after the first (N, T - 1)."""
    return np.take_along_axis(log_probabilities(outputs)[:, :-1], rows[:, 1:, None], axis=2)[..., 0]


def names(codes):
    """Names as rows of tokens (N, LENGTH)."""
    rows = np.zeros((codes.tobytes().count(b"\n") + 1, LENGTH), dtype=np.int64)
    for row, name in zip(rows, codes.tobytes().split(b"\n"), strict=True):
        row[1 : len(name) + 1] = np.frombuffer(name, dtype=np.uint8) - ord("a") + 1
    return rows[rows[:, 1] > 0]


def pairs(rows):
    """Names that readers like, and others that begin with the same two letters."""
    chosen, rejected = [], []
    for row in rows[liked(rows)]:
        others = rows[~liked(rows) & (rows[:, 1:3] == row[1:3]).all(axis=1)]
        if len(others):
            chosen.append(row)
            rejected.append(others[len(chosen) % len(others)])
    return np.array(chosen), np.array(rejected)


def liked(rows):
    """Whether each name ends in a vowel (N,)."""
    return np.isin(np.take_along_axis(rows, (rows > 0).sum(axis=1)[:, None], axis=1)[:, 0], VOWELS)
