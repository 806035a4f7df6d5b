"""What a correct fix of ex33 shows, from the tokenizer to the generated text."""

from collections import Counter
from itertools import pairwise

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import log_probabilities, nll, probabilities
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import ROUNDING, replayed
from bugkit.sequences import TEXT, last_place_cost, least_taught, moved

CONTEXT = 32  # tokens that the network can read at once
DRAWS = 120  # after each of three prompts
MANY = 100  # passages
LAG = 12.0  # nats behind the most likely token, after the temperature: e^-12 of its probability
ANOTHER = 1.0  # nats; bfloat16 moves a log-probability by some 0.1
SHORT = (4, 12, 31)  # tokens before the one that is predicted
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
ENCODE = "numbers = np.array([int(number) for number in encode(text)], dtype=np.int64)"
DECODE = "codes = np.frombuffer(decode([int(number) for number in numbers]).encode('utf-32-le'), dtype=np.uint32)"
GENERATE = """
torch.manual_seed(seed)
written = [generate([int(number) for number in row], count, temperature) for row in rows]
written = np.array([[int(number) for number in row] for row in written], dtype=np.int64)
"""
# The next token after each row at a low and at a high temperature, and the most likely one after its last ``context``
# tokens. With larger weights every token matters; without them, most change nothing that could be measured.
SHARPENED = """
if isinstance(model, torch.nn.Module):
    model.eval()
nodes, reached = [torch.as_tensor(model(rows[:2, -context:])).grad_fn], set()
while nodes:
    node = nodes.pop()
    if node is not None and node not in reached:
        reached.add(node)
        nodes += [child for child, _ in node.next_functions]
with torch.no_grad():
    for weights in {node.variable for node in reached if hasattr(node, "variable")}:
        weights.mul_(3)
    answers = torch.stack([torch.as_tensor(model(row[None, -context:]))[0, -1] for row in rows])
    written = [
        [[int(number) for number in generate([int(number) for number in row], 1, temperature)] for row in rows]
        for temperature in (0.1, 10.0)
    ]
best = answers.topk(2).values
expected, clear, written = answers.argmax(dim=-1), best[:, 0] - best[:, 1], np.array(written)
"""
# The logits of each generated token, from the tokens before it and from nothing else.
BEFORE = """
if isinstance(model, torch.nn.Module):
    model.eval()
with torch.no_grad():
    answers = torch.stack(
        [
            torch.stack([torch.as_tensor(model(row[None, :end]))[0, -1] for end in range(start, len(row))])
            for row in written
        ]
    )
"""


def heldout_loss(run):
    """Held-out cross-entropy per token, each passage by itself and without the tokens after it"""
    rows = windows(tokens(run, unseen(run)), 33, 300)
    lengths = np.resize(SHORT, len(rows))
    answers = run.ask(ALONE, {"rows": rows, "lengths": lengths}, ["answers"], needs=["model"])["answers"]
    return nll(answers, rows[np.arange(len(rows)), lengths])


def check_a_text_comes_back_from_its_tokens(run):
    """A text that is encoded and decoded is the same text."""
    whole = unseen(run)
    pieces = [whole[start : start + 40] for start in range(0, 1200, 40)]
    for text in (whole[:1], whole[1:3], whole[10:23], whole[50:250], whole[:2000], whole, *pieces):
        codes = run.ask(DECODE, {"numbers": tokens(run, text)}, ["codes"], needs=["decode"])["codes"]
        back = "".join(map(chr, codes))
        same = sum(a == b for a, b in zip(text, back, strict=False)) / len(text)
        assert back == text, (
            f"of a text of {len(text)} characters, {same:.0%} come back at the same position (expected: 100 %)"
        )


def check_new_text_is_cut_as_in_training(run):
    """`encode` gives the same tokens as those that the network was trained on."""
    read = np.concatenate(passages(run))
    if len(np.unique(read, axis=0)) < MANY:
        raise UndecidedError("training reads too few passages to compare with")
    text = "".join(map(chr, run.train[0][:40_000]))
    short = [tokens(run, text[start : start + 120]).tolist() for start in range(0, 12_000, 60)]
    whole = tokens(run, text).tolist()
    for size, pieces in ((len(text), [whole]), (120, short)):
        pairs = {pair for piece in pieces for pair in pairwise(piece)}
        usual = Counter(pair for row in read.tolist() for pair in pairwise(row)).most_common(300)
        met = sum(count for pair, count in usual if pair in pairs) / sum(count for _, count in usual)
        assert met > 0.75, (
            f"{met:.0%} of the most frequent pairs of tokens in training occur in encoded texts of {size} characters"
            " (expected: over 75 %)"
        )
    known = set(pairwise(whole))
    shares = [np.mean([pair in known for pair in pairwise(piece)]) for piece in short if len(piece) > 1]
    odd = float(np.mean(np.array(shares) < 0.85))
    assert odd < 0.04, (
        f"{odd:.0%} of the texts of 120 characters get other tokens than in a text of {len(text)} (expected: below 4 %)"
    )


def check_training_reads_many_passages(run):
    """Training reads new passages of the book at each step."""
    calls = passages(run)
    read = np.concatenate(calls)
    kinds, often = np.unique(read, axis=0, return_counts=True)
    share = len(kinds) / len(read)
    assert share > 0.6, f"of {len(read)} sampled passages, {len(kinds)} are different (expected: over 60 %)"
    again = sum(np.mean((b[:, None] == a).all(axis=2).any(axis=1)) > 0.5 for a, b in pairwise(calls))
    assert again <= 1, f"{again} of {len(calls)} sampled steps read the batch of the one before (expected: 0)"
    assert often.max() <= 5, f"one of {len(read)} sampled passages was read {often.max()} times (expected: at most 5)"


def check_the_next_token_is_learned(run):
    """At each position, training makes the next token of the book more likely."""
    worst = least_taught(run, "tokens", tokens(run, "".join(map(chr, run.train[0]))))
    assert worst > 0.9, f"at one position, a step does so in {worst:.0%} of the rows (expected: over 90 %)"


def check_every_position_is_taught(run):
    """Training teaches the network at each of the 32 positions."""
    slopes = [call.slope for call in run.audit.needed().calls if call.slope is not None and call.slope.ndim == TEXT]
    slopes = [slope for slope in slopes if slope.shape[1] == CONTEXT]
    if not slopes:
        raise UndecidedError("the gradients at the 32 positions could not be seen")
    taught = np.mean([np.abs(slope).max(axis=(0, 2)) > 0 for slope in slopes], axis=0)
    assert taught.min() > 0.5, (
        f"position {taught.argmin() + 1} has a gradient in {taught.min():.0%} of the sampled steps (expected: 100 %)"
    )


def check_the_longest_context_helps_like_others(run):
    """After 32 tokens, the next one is predicted as well as after the last 31 of them."""
    extra = last_place_cost(run, windows(tokens(run, unseen(run)), CONTEXT + 1, 600))
    assert extra < 0.1, f"after 32 tokens it costs {extra:.2f} nats more than after 31 of them (expected: no more)"


def check_what_follows_changes_nothing(run):
    """The logits at a position do not depend on the tokens after it."""
    rows = windows(tokens(run, unseen(run)), CONTEXT, 32)
    for count, length, cut in ((32, 32, 16), (12, 32, 31), (12, 32, 1), (1, 9, 4), (3, 20, 19)):
        some, other = rows[:count, :length], rows[:count, :length].copy()
        other[:, cut:] = rows[::-1][:count, :length][:, cut:]
        gap = moved(run, some, other)[:, :cut].max()
        assert gap < 0.01, f"with other tokens after it, a log-probability changes by up to {gap:.2g} (expected: 0)"


def check_a_passage_alone_gets_the_same_answer(run):
    """The logits of a passage do not depend on the other passages in the batch."""
    rows = windows(tokens(run, unseen(run)), CONTEXT, 16)
    by_itself = log_probabilities(alone(run, rows))
    if not np.ptp(by_itself, axis=0).max() > 0.01:
        raise UndecidedError("the logits are the same for all passages")
    gap = np.abs(log_probabilities(run.model(rows)) - by_itself).max()
    assert gap < 0.01, f"in a batch of one, a log-probability changes by up to {gap:.2g} (expected: 0)"
    for count, length in ((12, 32), (2, 32), (16, 7)):
        some = rows[:count, :length]
        gap = moved(run, some, np.concatenate([some[:1], rows[1 - count :, :length][::-1]]))[:1].max()
        assert gap < 0.01, f"beside other passages, a log-probability changes by up to {gap:.2g} (expected: 0)"


def check_each_step_follows_its_own_batch(run):
    """Each step follows the gradient of its own batch, and of no earlier one."""
    calls = [call for call in run.audit.needed().calls if call.step > 0 and not np.isnan(call.left_over)]
    old = sum(call.left_over > 0 for call in calls)
    if not calls:
        raise UndecidedError("the gradients before a step could not be seen")
    assert old == 0, f"{old} of {len(calls)} sampled steps follow gradients of earlier batches, too (expected: 0)"


def check_every_step_trains_the_same_model(run):
    """At every step of the training, the model computes the same as afterwards, in training and in evaluation mode."""
    gaps = np.array([[farthest(then, now), farthest(then, used)] for _, then, (now, used) in replayed(run)])
    if not len(gaps) or ROUNDING < gaps[:, 0].min() < ANOTHER:  # half precision, say, was for the training only
        raise UndecidedError("what the model computed in training could not be compared")
    odd = float(np.mean(gaps.max(axis=1) > ROUNDING))
    assert odd == 0, f"at {odd:.0%} of the sampled steps, a log-probability is different (expected: 0 %)"


def check_late_steps_still_move_the_network(run):
    """The learning rate stays large enough to learn until the last steps."""
    rate = run.audit.rates
    if len(rate) < 20 or not rate.max() > 0:
        raise UndecidedError("the learning rates could not be seen")
    share = float(np.median(rate[len(rate) // 2 :]) / rate.max())
    assert share > 0.01, (
        f"in the second half of the steps, its median is {share:.2g} of the largest (expected: over 0.01)"
    )
    still = float(np.mean(rate < 1e-3 * rate.max()))
    assert still < 0.045, (
        f"in {still:.1%} of the steps it is less than a thousandth of the largest (expected: below 4.5 %)"
    )


def check_a_low_temperature_is_careful(run):
    """At a low temperature, the generated tokens are likely ones."""
    for temperature in (0.3, 0.6):
        spent, least, most, rare = written_costs(run, temperature)
        assert least - 0.5 < spent < most + 0.5, (
            f"at temperature {temperature}, a generated token costs {spent:.2f} nats (expected: {most:.2f})"
        )
        assert rare < 0.015, (
            f"at temperature {temperature}, {rare:.1%} of the generated tokens have next to no probability"
            " (expected: below 1.5 %)"
        )


def check_a_high_temperature_is_bold(run):
    """At a high temperature, less likely tokens are sampled, too."""
    usual = written_costs(run, 1.0)[0]
    for temperature in (1.5, 2.0):
        spent, least, most, _ = written_costs(run, temperature)
        least = max(least - 0.5, usual + 0.3) if temperature == 2 else least - 0.5
        assert least < spent < most + 0.5, (
            f"at temperature {temperature}, a generated token costs {spent:.2f} nats"
            f" (expected: {least:.2f} to {most + 0.5:.2f})"
        )


def check_temperature_one_takes_the_probabilities_as_they_are(run):
    """At temperature 1, tokens are sampled with the probabilities of the network."""
    spent, least, most, _ = written_costs(run, 1.0)
    assert least - 0.5 < spent < most + 0.6, f"a generated token costs {spent:.2f} nats (expected: {most:.2f})"


def check_a_temperature_divides_the_logits(run):
    """At any temperature, the two most likely tokens are sampled in the ratio of softmax(logits / temperature)."""
    prompts = windows(tokens(run, unseen(run)), 6, 200)
    log_probs = log_probabilities(alone(run, prompts)[:, -1])
    best = np.argsort(log_probs, axis=1)[:, :-3:-1]
    lead = -np.diff(np.take_along_axis(log_probs, best, axis=1), axis=1)[:, 0]
    for temperature in (0.1, 0.45, 1.0, 1.7):
        some = np.argsort(np.abs(lead / temperature - 0.9))[:3]  # so that both are sampled
        drawn = generated(run, prompts[some].repeat(DRAWS, axis=0), 1, temperature)[:, -1].reshape(3, DRAWS)
        first, second = ((drawn == best[some, rank, None]).sum(axis=1) for rank in (0, 1))
        prob = 1 / (1 + np.exp(-lead[some] / temperature))
        off = (first - prob * (first + second)).sum()
        wide = np.sqrt((prob * (1 - prob) * (first + second)).sum())
        share, expected = first.sum() / (first + second).sum(), float(prob.mean())
        top = np.take_along_axis(probabilities(log_probs[some] / temperature), best[some, :1], axis=1)[:, 0]
        missing = (top * DRAWS - first).sum() / np.sqrt((top * (1 - top) * DRAWS).sum())
        assert missing < 5, (  # it may be more than that: rare tokens may be left out
            f"at temperature {temperature}, the most likely token is {first.sum() / first.size / DRAWS:.0%} of all"
            f" (expected: at least {float(top.mean()):.0%})"
        )
        assert abs(off) < 5 * wide, (
            f"at temperature {temperature}, the more likely one is {share:.0%} of both (expected: {expected:.0%})"
        )


def check_the_end_of_a_long_text_counts(run):
    """After a prompt of any length, the next token follows from its last 32 tokens."""
    numbers = tokens(run, unseen(run))
    followed, after_long = [], []
    for length in (1, 5, 31, 32, 33, 40, 48, 63, 64, 70, 96, 97):
        ends = np.linspace(length, len(numbers), 30).astype(int)
        rows = numbers[ends[:, None] - np.arange(length, 0, -1)]
        names = ["written", "expected", "clear"]
        told = run.ask(SHARPENED, {"rows": rows}, names, needs=["model", "generate"], context=CONTEXT)
        clear = told["clear"] > 1
        right = [(one[:, -1] == told["expected"])[clear] for one in told["written"]]
        after_long += [right] if length > CONTEXT else []
        followed.append(max(float(np.mean(one)) for one in right) if clear.any() else 1.0)
        kept = all(np.array_equal(one[:, :-1], rows) for one in told["written"])
        assert kept, f"what `generate` returns does not begin with its prompt of {length} tokens"
        if length == 1 and followed[-1] < 0.5:
            raise UndecidedError("the generated tokens do not change with the weights of `model`")
        assert followed[-1] > 0.9, (
            f"after {length} tokens, {followed[-1]:.0%} of the most likely tokens are those after the last 32"
            " (expected: 100 %)"
        )
    share = max(float(np.mean(np.concatenate(one))) for one in zip(*after_long, strict=True))
    assert not share <= 0.97, (
        f"after long prompts, {share:.0%} of the most likely tokens are those after the last 32 (expected: 100 %)"
    )


def check_what_is_written_looks_like_the_book(run):
    """At a low temperature, the generated text has pairs of letters that are frequent in the book."""
    rows = tokens(run, "Alice thought ")[None].repeat(3, axis=0)
    usual = pair_costs(np.minimum(run.train[0], 127))
    spent = []
    for row in generated(run, rows, 80, 0.5)[:, rows.shape[1] :]:
        codes = np.minimum(run.ask(DECODE, {"numbers": row}, ["codes"], needs=["decode"])["codes"], 127).astype(int)
        spent += usual[codes[:-1], codes[1:]].tolist()
    cost = float(np.mean(spent))
    assert cost < 3.0, (
        f"by the frequency of its pairs in the book, the text costs {cost:.2f} nats per letter (expected: below 3)"
    )


def written_costs(run, temperature):
    """The cost of tokens generated after short texts, the least and the most expected, and how many are far too rare.

    In nats of the network's own probabilities. Rare tokens may be left out: the least is that of the forty most likely
    ones, unless others are sampled. UndecidedError where a temperature makes no difference.
    """
    rows = windows(tokens(run, unseen(run)), 8, 40)
    written = generated(run, rows, 5, temperature)
    log_probs = log_probabilities(
        run.ask(BEFORE, {"written": written}, ["answers"], needs=["model"], start=8)["answers"]
    )
    fortieth = np.sort(log_probs, axis=-1)[..., -40, None]
    most = spent_at(log_probs, log_probs, temperature)
    if temperature != 1 and abs(most - spent_at(log_probs, log_probs, 1 / temperature)) < 1:
        raise UndecidedError("all tokens are equally likely")
    drawn = np.take_along_axis(log_probs, written[:, 8:, None], axis=2)
    rare, usual = (
        np.mean(drawn < fortieth),
        (probabilities(log_probs / temperature) * (log_probs < fortieth)).sum(axis=-1).mean(),
    )
    short = spent_at(np.where(log_probs >= fortieth, log_probs, -np.inf), log_probs, temperature)
    lag = (log_probs.max(axis=-1, keepdims=True) - drawn) / temperature
    return -float(drawn.mean()), most if rare > usual / 2 else short, most, float(np.mean(lag > LAG))


def spent_at(drawn, log_probs, temperature):
    """The mean cost of tokens that are sampled at a temperature, in nats."""
    p = probabilities(drawn / temperature)
    return float(-(p * log_probs).sum(axis=-1).mean())


def pair_costs(codes):
    """-log p of each character after each other one, (128, 128), as counted in a text."""
    count = np.full((128, 128), 0.01)
    np.add.at(count, (codes[:-1].astype(int), codes[1:].astype(int)), 1)
    return -np.log(count / count.sum(axis=1, keepdims=True))


def generated(run, rows, count, temperature):
    """The rows, each continued by ``count`` tokens."""
    values = {"count": count, "temperature": temperature, "seed": run.seed}
    return run.ask(GENERATE, {"rows": rows}, ["written"], needs=["generate"], **values)["written"]


def farthest(some, others):
    """How far log-probabilities are from each other, at most."""
    return float(np.abs(log_probabilities(some) - log_probabilities(others)).max())


def alone(run, rows):
    """The logits of each row by itself, at every position."""
    return run.ask(ALONE_EVERYWHERE, {"rows": rows}, ["answers"], needs=["model"])["answers"]


def unseen(run):
    """A part of the book that the notebook has not read."""
    return "".join(map(chr, run.heldout[0][:10_000]))


def tokens(run, text):
    """The token ids of a text, as the notebook encodes it."""
    return run.ask(ENCODE, returns=["numbers"], needs=["encode"], text=text)["numbers"]


def windows(numbers, length, count):
    """``count`` passages, spread over the text: (count, length)."""
    starts = np.linspace(0, len(numbers) - length, count).astype(int)
    return numbers[starts[:, None] + np.arange(length)]


def passages(run):
    """The rows of tokens that the network was trained on, call by call; UndecidedError where they were not seen."""
    calls = run.audit.needed().calls
    read = [
        call.inputs[0]
        for call in calls
        if call.inputs and call.inputs[0].ndim == 2 and call.inputs[0].dtype.kind == "i"
    ]
    read = [rows for rows in read if rows.shape[1] == read[0].shape[1]]
    if not read:
        raise UndecidedError("the batches of the training could not be seen")
    return read
