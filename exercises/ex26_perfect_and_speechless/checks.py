"""What a correct fix of ex26 shows: at each place the network expects the letter that comes next."""

import numpy as np

LENGTH = 16  # letters that the network must be able to read at once
PREFIXES = (3, 6, 10, 15)
REACH = 2  # letters to both sides of a place


def heldout_loss(run):
    """Held-out cross-entropy of the next letter, from those before it"""
    rows = windows(run.heldout[0])
    losses = []
    for known in PREFIXES:  # the letter that is asked for is not even given
        expected = log_chances(run.model(rows[:, :known]))[:, -1]
        losses.append(-expected[np.arange(len(rows)), rows[:, known]].mean())
    return float(np.mean(losses))


def check_the_letter_to_come_is_expected_most(run):
    """Of the letters around a place, the one to come is expected most."""
    rows = run.rng.permutation(windows(run.heldout[0]))[:256]
    expected = log_chances(run.model(rows))
    places = np.arange(REACH, LENGTH - REACH)
    cost = {
        offset: -np.take_along_axis(expected[:, places], rows[:, places + offset, None], axis=2).mean()
        for offset in range(-REACH, REACH + 1)
    }
    to_come, cheapest = cost[1], min(cost.values())
    assert to_come == cheapest, f"it costs {to_come:.2f} nats, and another letter nearby {cheapest:.2f} (more wanted)"


def check_what_it_writes_is_like_names(run):
    """Pairs of letters in what the network writes are as common as those in names."""
    usual = pair_costs(tokens(run.train[0]))
    text = written(run, rows=64)
    cost = usual[text[:, :-1], text[:, 1:]].mean()
    assert cost < 3.0, f"by the pairs in real names, its text costs {cost:.2f} nats a letter (below 3 wanted)"


def check_answers_do_not_change_with_what_follows(run):
    """What follows a place does not change the answer there."""
    rows = run.rng.permutation(windows(run.heldout[0]))[:32]
    other = rows.copy()
    other[:, 8:] = run.rng.integers(27, size=(len(rows), LENGTH - 8))
    moved = np.abs(np.exp(log_chances(run.model(rows))[:, :8]) - np.exp(log_chances(run.model(other))[:, :8])).max()
    assert moved < 1e-3, f"with other letters after it, a chance moves by up to {moved:.2g} (0 wanted)"


def written(run, rows):
    """Text that is drawn letter by letter, each from what the network expects after those before it."""
    text = np.zeros((rows, 1), dtype=np.int64)
    for _ in range(LENGTH - 1):
        chances = np.exp(log_chances(run.model(text))[:, -1])
        drawn = (chances.cumsum(axis=1) < run.rng.random((rows, 1))).sum(axis=1).clip(max=26)
        text = np.concatenate([text, drawn[:, None]], axis=1)
    return text


def pair_costs(text):
    """-log p of each letter after each other one, (27, 27), as counted in a text."""
    count = np.full((27, 27), 0.1)
    np.add.at(count, (text[:-1], text[1:]), 1)
    return -np.log(count / count.sum(axis=1, keepdims=True))


def tokens(codes):
    """The letters' numbers: 0 for the mark between names, 1 to 26 for a to z."""
    return np.where(codes == ord("\n"), 0, codes.astype(np.int64) - ord("a") + 1)


def windows(codes):
    """Pieces of LENGTH letters, (N, LENGTH); their starts are spread over all places in the names."""
    return np.lib.stride_tricks.sliding_window_view(tokens(codes), LENGTH)[::9].copy()


def log_chances(outputs):
    """Log-probabilities of the last axis, from logits, log-probabilities or probabilities."""
    z = np.asarray(outputs, dtype=np.float64)
    if z.min() >= 0 and np.abs(z.sum(axis=-1) - 1).max() < 1e-3:
        return np.log(np.maximum(z, 1e-30))
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
