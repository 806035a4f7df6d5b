"""What a correct fix of ex33 shows, from the tokeniser to the text that is written."""

from itertools import pairwise

import numpy as np

CONTEXT = 32  # tokens that the network can read at once
SHORT = (4, 12, 31)  # tokens to read
ALONE = """
if isinstance(model, torch.nn.Module):
    model.eval()
with torch.no_grad():
    answers = torch.stack([torch.as_tensor(model(row[None, :length]))[0, -1] for row, length in zip(rows, lengths)])
"""
ALONE_EVERYWHERE = """
if isinstance(model, torch.nn.Module):
    model.eval()
with torch.no_grad():
    answers = torch.cat([torch.as_tensor(model(row[None])) for row in rows])
"""
AFTER = """
if isinstance(model, torch.nn.Module):
    model.eval()
with torch.no_grad():
    answers = torch.as_tensor(model(rows))[:, -1]
"""
ENCODE = "numbers = np.array([int(number) for number in encode(text)], dtype=np.int64)"
DECODE = "codes = np.frombuffer(decode([int(number) for number in numbers]).encode('utf-32-le'), dtype=np.uint32)"
GENERATE = """
torch.manual_seed(seed)
written = [generate([int(number) for number in row], count, temperature) for row in rows]
written = np.array([[int(number) for number in row] for row in written], dtype=np.int64)
"""


def heldout_loss(run):
    """Held-out cross-entropy per token, each passage asked by itself and without what follows"""
    rows = windows(tokens(run, unseen(run)), 33, 300)
    lengths = np.resize(SHORT, len(rows))
    answers = run.ask(ALONE, {"rows": rows, "lengths": lengths}, ["answers"], needs=["model"])["answers"]
    return float(np.mean(costs(answers)[np.arange(len(rows)), rows[np.arange(len(rows)), lengths]]))


def check_a_text_comes_back_from_its_tokens(run):
    """A text that is turned into tokens and back is the same text."""
    text = unseen(run)[:2000]
    codes = run.ask(DECODE, {"numbers": tokens(run, text)}, ["codes"], needs=["decode"])["codes"]
    back = "".join(map(chr, codes))
    same = sum(a == b for a, b in zip(text, back, strict=False)) / len(text)
    assert back == text, f"{same:.0%} of the characters come back at their place (all wanted)"


def check_new_text_is_cut_as_in_training(run):
    """A text is cut into the same tokens when it is asked about as when it was trained on."""
    read = passages(run)
    if read is None:
        return
    known = tokens(run, "".join(map(chr, run.train[0][:40_000])))
    pairs = set(pairwise(known.tolist()))
    met = np.mean([pair in pairs for row in read[:200].tolist() for pair in pairwise(row)])
    assert met > 0.75, f"{met:.0%} of the neighbours in training are neighbours in the book's tokens (over 75 % wanted)"


def check_training_reads_many_passages(run):
    """Training reads ever new passages of the book."""
    read = passages(run)
    if read is None:
        return
    different = len(np.unique(read, axis=0))
    assert different > 500, f"of {len(read)} passages that were read, {different} are different (over 500 wanted)"


def check_the_next_token_is_expected_most(run):
    """Of the tokens around a place, the one that comes next is expected most."""
    rows = windows(tokens(run, unseen(run)), CONTEXT, 200)
    expected = costs(run.model(rows))
    places = np.arange(2, CONTEXT - 3)
    cost = {
        offset: float(np.take_along_axis(expected[:, places], rows[:, places + offset, None], axis=2).mean())
        for offset in (-2, -1, 0, 1, 2, 3)
    }
    other = min(cost[offset] for offset in cost if offset != 1)
    assert cost[1] < other, f"it costs {cost[1]:.2f} nats, and another token nearby {other:.2f} (more wanted)"


def check_what_follows_changes_nothing(run):
    """What the network expects at a place is the same whatever follows that place."""
    rows = windows(tokens(run, unseen(run)), CONTEXT, 32)
    other = rows.copy()
    other[:, 16:] = rows[::-1, 16:]
    moved = np.abs(np.exp(-costs(run.model(rows)))[:, :16] - np.exp(-costs(run.model(other)))[:, :16]).max()
    assert moved < 1e-3, f"with other tokens after it, a chance moves by up to {moved:.2g} (0 wanted)"


def check_a_passage_alone_gets_the_same_answer(run):
    """A passage gets the same answer alone as among others."""
    rows = windows(tokens(run, unseen(run)), CONTEXT, 16)
    moved = np.abs(np.exp(-costs(run.model(rows))) - np.exp(-costs(alone(run, rows)))).max()
    assert moved < 1e-3, f"alone, a chance moves by up to {moved:.2g} (0 wanted)"


def check_each_step_follows_its_own_batch(run):
    """Each step follows what its own passages say, and no earlier ones."""
    left, size = run.recorded.get("left_over", np.zeros(0)), run.recorded.get("grad_norm", np.zeros(0))
    if not len(left) or not len(size):
        return
    share = float(np.median(left[:20]) / max(np.median(size[:20]), 1e-12))
    assert share < 0.01, f"before a batch is looked at, {share:.0%} of a step's size is there already (0 % wanted)"


def check_late_steps_still_move_the_network(run):
    """In the second half of the training, the steps are still long enough to learn by."""
    rate = run.recorded.get("lr", np.zeros(0))
    if len(rate) < 20 or not rate.max() > 0:
        return
    share = float(np.median(rate[len(rate) // 2 :]) / rate.max())
    assert share > 0.01, f"their learning rate is {share:.2g} of the largest (over 0.01 wanted)"


def check_a_low_temperature_is_careful(run):
    """At a low temperature, what is written is what the network finds likely."""
    spent, expected = written_costs(run, temperature=0.4)
    assert spent < expected + 0.6, f"what is written costs {spent:.2f} nats a token (about {expected:.2f} wanted)"


def check_temperature_one_takes_the_chances_as_they_are(run):
    """At temperature 1, tokens are drawn by the chances that the network gives them."""
    spent, expected = written_costs(run, temperature=1.0)
    assert abs(spent - expected) < 1.0, f"what is written costs {spent:.2f} nats a token ({expected:.2f} wanted)"


def check_the_end_of_a_long_text_counts(run):
    """After a long text, what comes next goes on from its end, from more of it than the last token."""
    rows = windows(tokens(run, unseen(run)), 3 * CONTEXT, 1000)
    whole, last = next_costs(run, rows[:, -CONTEXT:]), next_costs(run, rows[:, -1:])
    apart = (np.exp(-whole) * (last - whole)).sum(axis=1)
    far = np.argsort(apart)[-150:]  # where it matters most how much is read
    drawn = generated(run, rows[far], 1, 1.0)[:, -1]
    spent, other = (float(cost[far, drawn].mean()) for cost in (whole, last))
    expected = float((np.exp(-whole[far]) * whole[far]).sum(axis=1).mean())
    assert spent < expected + 0.6, f"what is written costs {spent:.2f} nats (about {expected:.2f} wanted)"
    assert spent < other + 0.1, f"what is written costs {spent:.2f} nats, and {other:.2f} after one token (more wanted)"


def check_what_is_written_looks_like_the_book(run):
    """At a low temperature, the notebook writes pairs of letters that are as common in the book."""
    rows = tokens(run, "Alice thought ")[None].repeat(3, axis=0)
    usual = pair_costs(np.minimum(run.train[0], 127))
    spent = []
    for row in generated(run, rows, 80, 0.5)[:, rows.shape[1] :]:
        codes = np.minimum(run.ask(DECODE, {"numbers": row}, ["codes"], needs=["decode"])["codes"], 127).astype(int)
        spent += usual[codes[:-1], codes[1:]].tolist()
    cost = float(np.mean(spent))
    assert cost < 3.0, f"by the pairs in the book, its text costs {cost:.2f} nats a letter (below 3 wanted)"


def written_costs(run, temperature):
    """What tokens that are drawn after short texts cost, and what they should, in nats of the network's own chances."""
    rows = windows(tokens(run, unseen(run)), 8, 12)
    written = generated(run, rows, 12, temperature)
    scores = -costs(alone(run, written[:, :-1]))[:, 7:]
    sharper = np.exp(-costs(scores / temperature))
    expected = -(sharper * scores).sum(axis=-1).mean()
    return -float(np.take_along_axis(scores, written[:, 8:, None], axis=2).mean()), float(expected)


def pair_costs(codes):
    """-log p of each character after each other one, (128, 128), as counted in a text."""
    count = np.full((128, 128), 0.01)
    np.add.at(count, (codes[:-1].astype(int), codes[1:].astype(int)), 1)
    return -np.log(count / count.sum(axis=1, keepdims=True))


def generated(run, rows, count, temperature):
    """The rows, each with ``count`` tokens more."""
    values = {"count": count, "temperature": temperature, "seed": run.seed}
    return run.ask(GENERATE, {"rows": rows}, ["written"], needs=["generate"], **values)["written"]


def next_costs(run, rows):
    """What each token would cost after the rows (N, T), in nats: (N, VOCABULARY)."""
    return costs(run.ask(AFTER, {"rows": rows}, ["answers"], needs=["model"])["answers"])


def alone(run, rows):
    """What the network gives for each row by itself, at every place."""
    return run.ask(ALONE_EVERYWHERE, {"rows": rows}, ["answers"], needs=["model"])["answers"]


def unseen(run):
    """A part of the book that the notebook has not read."""
    return "".join(map(chr, run.heldout[0][:10_000]))


def tokens(run, text):
    """The numbers of a text's tokens, as the notebook cuts it."""
    return run.ask(ENCODE, returns=["numbers"], needs=["encode"], text=text)["numbers"]


def windows(numbers, length, count):
    """``count`` passages, spread over the text: (count, length)."""
    starts = np.linspace(0, len(numbers) - length, count).astype(int)
    return numbers[starts[:, None] + np.arange(length)]


def passages(run):
    """The rows of tokens that the network read in training, or None where they were not seen."""
    read = run.recorded.get("inputs")
    return read if read is not None and read.ndim == 2 and read.dtype.kind == "i" else None


def costs(scores):
    """-log of the chances along the last axis, from logits, log-probabilities or probabilities."""
    z = np.asarray(scores, dtype=np.float64)
    if z.min() >= 0 and np.abs(z.sum(axis=-1) - 1).max() < 1e-3:
        return -np.log(np.maximum(z, 1e-30))
    z = z - z.max(axis=-1, keepdims=True)
    return np.log(np.exp(z).sum(axis=-1, keepdims=True)) - z
