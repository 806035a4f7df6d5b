"""What p01 shows when it works: each character is predicted from those before it, and written with a cache alike."""

import numpy as np

from bugkit.checks import log_probabilities, nll
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import evaluation_gap
from bugkit.sequences import last_place_cost, least_taught, moved

__all__ = [
    "check_every_row_teaches",
    "check_gradients_are_whole",
    "check_the_same_question_gets_the_same_answer",
]

CONTEXT = 32  # tokens that the network can read at once
SHORT = (4, 12, 31)  # tokens before the one that is predicted
ASKED = ((16, 32, 16), (16, 32, 31), (3, 20, 1), (1, 9, 4))  # rows, tokens in each, and how many of them stay the same
CLOSE = 0.01  # nats; two tokens may be almost equally likely
DRAWS = 400  # after each of three prompts

ENCODE = "numbers = np.array([int(number) for number in encode(text)], dtype=np.int64)"

# What is written one by one, and what the network says of the whole row at once. With noise on the weights, nothing is
# right that was learned by itself.
WRITTEN = """
if isinstance(model, torch.nn.Module):
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in model.parameters() if noise else ():
            size = weights.std() if weights.numel() > 1 else weights.abs()
            weights.add_(size * torch.randn(weights.shape, generator=rng))
prompts = torch.as_tensor(prompts)
written = torch.as_tensor(write(prompts, count)) if count else torch.as_tensor(write(prompts))
if isinstance(model, torch.nn.Module):
    model.eval()
with torch.no_grad():
    outputs = torch.as_tensor(model(torch.cat([prompts, written[:, :-1]], dim=1)))
"""

# Counts multiplications and additions, for any order of the work.
WORK = """
from torch.utils.flop_counter import FlopCounterMode
if isinstance(model, torch.nn.Module):
    model.eval()
rows = torch.as_tensor(rows)
with torch.no_grad():
    with FlopCounterMode(display=False) as reading:
        model(rows[:, :-1])
    with FlopCounterMode(display=False) as writing:
        write(rows[:, :prompt], rows.shape[1] - prompt)
once, spent = float(reading.get_total_flops()), float(writing.get_total_flops())
"""

# What is sampled after prompts.
DRAWN = """
torch.manual_seed(seed)
drawn = torch.as_tensor(write(torch.as_tensor(prompts), 1, temperature))
"""


def heldout_loss(run):
    """Held-out cross-entropy of the next character, from those before it"""
    rows = windows(unseen(run), CONTEXT, 300)
    return float(np.mean([nll(run.model(rows[:, :known])[:, -1], rows[:, known]) for known in SHORT]))


def check_what_follows_changes_nothing(run):
    """The outputs at a position do not depend on the characters after it, or on other passages in the batch."""
    rows = windows(unseen(run), CONTEXT, 32)
    for count, length, cut in ASKED:
        some, other = rows[:count, :length], rows[:count, :length].copy()
        other[:, cut:] = rows[::-1][:count, :length][:, cut:]
        gap = moved(run, some, other)[:, :cut].max()
        assert gap < CLOSE, f"with other characters after it, a log-probability changes by {gap:.2g} (expected: 0)"
        other = np.concatenate([some[:1], rows[count + 1 : 2 * count, :length]])
        gap = moved(run, some, other)[:1].max() if count > 1 else 0
        assert gap < CLOSE, f"beside other passages, a log-probability changes by {gap:.2g} (expected: 0)"


def check_the_next_character_is_learned(run):
    """At each position, training makes the next character of the play more likely."""
    worst = least_taught(run, "characters", tokens(run, run.train[0]))
    assert worst > 0.9, f"at one position, a step does so in {worst:.0%} of the rows (expected: over 90 %)"


def check_the_longest_context_helps_like_others(run):
    """After 32 characters, the next one is predicted as well as after the last 31 of them."""
    extra = last_place_cost(run, windows(unseen(run), CONTEXT + 1, 600))
    assert extra < 0.15, f"after 32 characters it costs {extra:.2f} nats more than after 31 (expected: no more)"


def check_it_writes_what_it_predicts(run):
    """The characters that are written one by one are those that the network predicts from the whole row."""
    rows = run.rng.permutation(windows(unseen(run), CONTEXT, 200))
    for count, length, more in ((1, 16, 0), (30, 16, 0), (3, 1, 32), (64, 9, 12), (2, 31, 2), (1, 32, 1)):
        for noise in (False, True):
            arrays = {"prompts": rows[:count, :length]}
            told = run.ask(WRITTEN, arrays, ["written", "outputs"], needs=["model", "write"], count=more, noise=noise)
            written, scores = told["written"], log_probabilities(told["outputs"][:, length - 1 :])
            fits = written.shape == (count, more or CONTEXT + 1 - length)
            assert fits, f"after {count} prompts of {length} tokens, what is written has the shape {written.shape}"
            chosen = np.take_along_axis(scores, written[..., None].astype(np.int64), axis=-1)[..., 0]
            agree = np.mean(scores.max(axis=-1) - chosen < CLOSE)
            assert agree == 1, (
                f"after {count} prompts of {length} tokens, they agree at {agree:.1%} of the positions"
                " (expected: 100 %)"
            )


def check_no_character_is_read_twice(run):
    """Writing a row takes about as much work as reading it once."""
    rows = windows(unseen(run), CONTEXT + 1, 8)
    for count, prompt in ((1, 16), (5, 1)):
        work = run.ask(WORK, {"rows": rows[:count]}, ["once", "spent"], needs=["model", "write"], prompt=prompt)
        ratio = float(work["spent"] / work["once"])
        assert ratio < 1.5, f"with a prompt of {prompt} characters it takes {ratio:.1f} times the work (expected: 1)"


def check_a_temperature_divides_the_logits(run):
    """The two most likely characters are sampled in the ratio of softmax(logits / temperature)."""
    prompts = windows(unseen(run), 6, 200)
    log_probs = log_probabilities(run.model(prompts)[:, -1])
    best = np.argsort(log_probs, axis=1)[:, :-3:-1]
    lead = -np.diff(np.take_along_axis(log_probs, best, axis=1), axis=1)[:, 0]
    for temperature in (0.3, 1.0, 1.6):
        some = np.argsort(np.abs(lead / temperature - 0.9))[:3]  # so that both are sampled
        arrays, values = {"prompts": prompts[some].repeat(DRAWS, axis=0)}, {"temperature": temperature}
        drawn = run.ask(DRAWN, arrays, ["drawn"], needs=["write"], seed=run.seed, **values)["drawn"]
        drawn = drawn.reshape(3, DRAWS)
        first, second = ((drawn == best[some, rank, None]).sum(axis=1) for rank in (0, 1))
        prob = 1 / (1 + np.exp(-lead[some] / temperature))
        wide = np.sqrt((prob * (1 - prob) * (first + second)).sum())
        both, expected = int((first + second).sum()), float((prob * (first + second)).sum())
        share = first.sum() / max(both, 1)
        assert abs(first.sum() - expected) < 5 * wide, (
            f"at temperature {temperature}, the more likely one is {share:.0%} of both"
            f" (expected: {expected / max(both, 1):.0%})"
        )
        top = np.exp(log_probabilities(log_probs[some] / temperature)).max(axis=1)
        off = (first - top * DRAWS).sum() / np.sqrt((top * (1 - top) * DRAWS).sum())
        assert abs(off) < 5, (
            f"at temperature {temperature}, the most likely one is {first.sum() / drawn.size:.0%} of all"
            f" (expected: {top.mean():.0%})"
        )


def check_the_evaluation_is_made_in_evaluation_mode(run):
    """While `estimate_loss` measures, the network answers as in evaluation mode."""
    gap = evaluation_gap(run, "estimate_loss")
    assert gap < CLOSE, f"an answer differs by up to {gap:.2g} from that in evaluation mode (expected: 0)"


def unseen(run):
    """The part of the play that the notebook has not read, in token ids."""
    return tokens(run, run.heldout[0])


def tokens(run, codes):
    """The token ids of a text, as the notebook encodes it."""
    text = codes.tobytes().decode("ascii")
    return run.ask(ENCODE, returns=["numbers"], needs=["encode"], text=text)["numbers"]


def windows(numbers, length, count):
    """``count`` passages, spread over the text: (count, length)."""
    starts = np.linspace(0, len(numbers) - length, count).astype(int)
    return numbers[starts[:, None] + np.arange(length)]
