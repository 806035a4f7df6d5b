"""What a correct fix of ex32 shows: the page is known by heart, and with a cache nothing is read twice."""

import numpy as np

from bugkit import data
from bugkit.run import Task

LINES, LENGTH, PROMPT = 12, 40, 8
SOME = 16  # lines that are asked about in one check
CUTS = (5, 13, 26, 37)  # places from which on other symbols follow
PIECES = (8, 1, 1, 6, 1, 3, 1, 1, 12, 1, 5)  # in which a line is read, some longer than one symbol

# The weights that an answer depends on, and those that an optimiser changes.
LEARNT = """
import gc

if isinstance(model, torch.nn.Module):
    model.train()
told = [o for o in gc.get_objects() if isinstance(o, torch.optim.Optimizer)]
known = {id(weights) for one in told for group in one.param_groups for weights in group["params"]}
nodes, seen, counts = [model(rows).sum().grad_fn], set(), [0, 0]
while nodes:
    node = nodes.pop()
    if node is None or node in seen:
        continue
    seen.add(node)
    nodes += [child for child, _ in node.next_functions]
    if hasattr(node, "variable"):
        counts[id(node.variable) in known] += node.variable.numel()
forgotten, learnt = counts
optimisers = len(told)
"""
EVAL = """
if isinstance(model, torch.nn.Module):
    model.eval()
"""
# Lines in pieces; other lines may be read in between, with a cache of their own.
IN_PIECES = (
    EVAL
    + """
def piece(rows, start, length, *cache):
    return read_on(rows[:, start : start + length], *cache)

with torch.no_grad():
    parts, start, cache, other = [], 0, (), ()
    for length in lengths.tolist():
        scores, *cache = piece(rows, start, length, *cache)
        parts.append(scores)
        if between:
            _, *other = piece(others, start, length, *other)
        start += length
    pieces = torch.cat(parts, dim=1)
"""
)
# Multiplications and additions, however the work is cut.
WORK = (
    EVAL
    + """
from torch.utils.flop_counter import FlopCounterMode

with torch.no_grad():
    with FlopCounterMode(display=False) as reading:
        model(rows)
    with FlopCounterMode(display=False) as going_on:
        scores, cache = read_on(rows[:, :prompt])
        for place in range(prompt, rows.shape[1]):
            scores, cache = read_on(rows[:, place : place + 1], cache)
once, spent = float(reading.get_total_flops()), float(going_on.get_total_flops())
"""
)


def draw(rng):
    """The text from another place on, so that the page is another one; its end is followed by its beginning."""
    (codes,) = data.load("alice")
    while True:
        text = np.roll(codes, -int(rng.integers(len(codes))))
        if len(np.unique(page_of(text)[:, :PROMPT], axis=0)) == LINES:
            return Task((text,), (text,))


def recital_loss(run):
    """Cross-entropy of the page's symbols, each with the rest of its line held back"""
    page = page_of(run.train[0])
    losses = [
        -log_chances(run.model(page[:, :known]))[np.arange(LINES), -1, page[:, known]]
        for known in range(PROMPT, LENGTH)
    ]
    return float(np.mean(losses))


def check_the_page_is_recited(run):
    """Each line of the page is recited without a mistake from its first eight symbols."""
    page = page_of(run.train[0])
    rows = page[:, :PROMPT]
    while rows.shape[1] < LENGTH:
        rows = np.concatenate([rows, run.model(rows)[:, -1:].argmax(axis=-1)], axis=1)
    right = int((rows == page).all(axis=1).sum())
    assert right == LINES, f"{right} of {LINES} lines are right (all wanted)"


def check_what_follows_changes_nothing(run):
    """What follows a place does not change the answer there."""
    rows, others = lines(run, SOME), lines(run, SOME)
    whole, moved = chances(run.model(rows)), 0.0
    for cut in CUTS:
        changed = np.concatenate([rows[:, :cut], others[:, cut:]], axis=1)
        moved = max(moved, np.abs(chances(run.model(changed)) - whole)[:, :cut].max())
    assert moved < 1e-3, f"with other symbols after it, a chance moves by up to {moved:.2g} (0 wanted)"


def check_the_first_symbol_counts_to_the_end(run):
    """The first symbol of a line can change the answer at every place of it."""
    rows = lines(run, 4 * SOME)
    other = rows.copy()
    other[:, 0] = run.rng.permutation(rows[:, 0])
    moved = np.abs(log_chances(run.model(rows)) - log_chances(run.model(other))).max(axis=(0, 2))
    still = int((moved == 0).sum())
    assert not still, f"with another first symbol, at {still} of {LENGTH} places nothing changes at all (0 wanted)"


def check_every_weight_learns(run):
    """Training changes all the numbers that an answer is computed with."""
    names = ["forgotten", "learnt", "optimisers"]
    count = run.ask(LEARNT, {"rows": lines(run, 2)}, names, needs=["model"])
    if not count["optimisers"]:
        return  # an own rule of learning: whether it reaches everything cannot be asked
    still, all_of_them = int(count["forgotten"]), int(count["forgotten"] + count["learnt"])
    assert not still, f"{still} of {all_of_them} weights are never changed (0 wanted)"


def check_the_next_symbol_is_expected_most(run):
    """Of the symbols around a place, the one that follows is expected most."""
    page = page_of(run.train[0])
    expected, places = log_chances(run.model(page)), np.arange(2, LENGTH - 2)
    cost = {
        offset: -np.take_along_axis(expected[:, places], page[:, places + offset, None], axis=2).mean()
        for offset in range(-2, 3)
    }
    follows, cheapest = cost[1], min(cost.values())
    assert follows == cheapest, f"it costs {follows:.2f} nats, and another one nearby {cheapest:.2f} (more wanted)"


def check_a_cache_changes_no_answer(run):
    """A line that is read in pieces with `read_on` gets the answers that it gets when it is read at once."""
    rows = lines(run, 3)
    moved = moved_most(run.model(rows), in_pieces(run, rows, between=False))
    assert moved < 1e-3, f"a chance moves by up to {moved:.2g} (0 wanted)"


def check_texts_have_caches_of_their_own(run):
    """Another text that is read in between, with its own cache, changes nothing."""
    rows = lines(run, 3)
    moved = moved_most(in_pieces(run, rows, between=False), in_pieces(run, rows, between=True))
    assert moved < 1e-3, f"a chance moves by up to {moved:.2g} (0 wanted)"


def check_nothing_is_read_twice(run):
    """To read a prompt and then symbol by symbol takes no more work than to read the line once."""
    work = run.ask(WORK, {"rows": lines(run, 1)}, ["once", "spent"], needs=["model", "read_on"], prompt=PROMPT)
    ratio = float(work["spent"] / work["once"])
    assert ratio < 1.5, f"it takes {ratio:.1f} times the work (about 1 wanted)"


def in_pieces(run, rows, *, between):
    """The answers to rows that are read in pieces; where wanted with other lines ``between`` the pieces."""
    arrays = {"rows": rows, "others": lines(run, 2), "lengths": np.array(PIECES)}
    return run.ask(IN_PIECES, arrays, ["pieces"], needs=["model", "read_on"], between=between)["pieces"]


def moved_most(answers, others):
    """The largest difference of a chance."""
    return float(np.abs(chances(answers) - chances(others)).max())


def lines(run, count):
    """Lines (count, LENGTH) from random places of the text."""
    numbers = numbers_of(run.train[0])
    starts = run.rng.integers(len(numbers) - LENGTH, size=(count, 1))
    return numbers[starts + np.arange(LENGTH)]


def page_of(codes):
    """The page that the notebook learns (LINES, LENGTH)."""
    return numbers_of(codes)[: LINES * LENGTH].reshape(LINES, LENGTH)


def numbers_of(codes):
    """The symbols' numbers, in the order of the alphabet."""
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def chances(outputs):
    """Probabilities of the last axis."""
    return np.exp(log_chances(outputs))


def log_chances(outputs):
    """Log-probabilities of the last axis, from logits, log-probabilities or probabilities."""
    z = np.asarray(outputs, dtype=np.float64)
    if z.min() >= 0 and np.abs(z.sum(axis=-1) - 1).max() < 1e-3:
        return np.log(np.maximum(z, 1e-30))
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
