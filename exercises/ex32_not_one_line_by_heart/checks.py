"""What a correct fix of ex32 shows: the page is memorized, and with a cache nothing is read twice."""

import numpy as np

from bugkit import data
from bugkit.audit import UndecidedError
from bugkit.checks import nll, probabilities
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import trained_otherwise
from bugkit.run import Task
from bugkit.sequences import moved

LINES, LENGTH, PROMPT = 12, 40, 8
SOME = 16  # lines in one check
SHAPES = ((16, 40), (12, 39), (1, 17), (3, 9), (2, 2))  # rows, and symbols in each
PIECES = ((8, 1, 1, 6, 1, 3, 1, 1, 12, 1, 5), (1,) * 40, (40,), (39, 1), (1, 20, 19))  # in which a line is read

# The weights that an output depends on, and those that an optimizer changes.
LEARNED = """
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
forgotten, learned = counts
optimizers = len(told)
"""
# The size of each parameter, and whether outputs depend on it.
USED = """
model.train()
weights = list(model.parameters())
for w in weights:
    w.requires_grad_()
found = torch.autograd.grad((torch.as_tensor(model(rows)) ** 2).sum(), weights, allow_unused=True)
sizes = np.array([w.numel() for w in weights])
used = np.array([g is not None and float(g.abs().max()) > 0 for g in found])
"""
EVAL = """
if isinstance(model, torch.nn.Module):
    model.eval()
"""
# Lines in pieces. Other lines may be read in between, with their own cache.
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
# Counts multiplications and additions, for any order of the work.
WORK = (
    EVAL
    + """
from torch.utils.flop_counter import FlopCounterMode

torch.backends.mha.set_fastpath_enabled(False)  # its work is not counted
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
    """The text, started at a random position, so that the page is different. Its end is followed by its beginning."""
    (codes,) = data.load("alice")
    while True:
        text = np.roll(codes, -int(rng.integers(len(codes))))
        if len(np.unique(page_of(text)[:, :PROMPT], axis=0)) == LINES:
            return Task((text,), (text,))


def recital_loss(run):
    """Cross-entropy of the symbols of the page, each with the rest of its line held back"""
    page = page_of(run.train[0])
    losses = [nll(run.model(page[:, :known])[:, -1], page[:, known]) for known in range(PROMPT, LENGTH)]
    return float(np.mean(losses))


def check_the_page_is_recited(run):
    """Each line of the page is recited without a mistake from its first eight symbols."""
    page = page_of(run.train[0])
    rows = page[:, :PROMPT]
    while rows.shape[1] < LENGTH:
        rows = np.concatenate([rows, run.model(rows)[:, -1:].argmax(axis=-1)], axis=1)
    right = int((rows == page).all(axis=1).sum())
    assert right == LINES, f"{right} of {LINES} lines are correct (expected: all)"


def check_what_follows_changes_nothing(run):
    """The output at a position does not depend on later symbols or on other lines."""
    for count, length in SHAPES:
        rows, others = lines(run, count)[:, :length], lines(run, count)[:, :length]
        for cut in {1, length // 3 + 1, 2 * length // 3, length - 1} - {length}:
            gap = moved(run, rows, np.concatenate([rows[:, :cut], others[:, cut:]], axis=1))[:, :cut].max()
            assert gap < 0.01, (
                f"with other symbols after it, a log-probability changes by up to {gap:.2g} (expected: 0)"
            )
        gap = moved(run, rows, np.concatenate([rows[:1], others[1:]]))[0].max()
        assert gap < 0.01, f"with other lines in the batch, a log-probability changes by up to {gap:.2g} (expected: 0)"


def check_the_first_symbol_counts_to_the_end(run):
    """A symbol of a line can change the output at its own position and at every later one."""
    for length in (LENGTH, 39, 17, 9):
        for place in (0, 1, length // 2):
            rows = lines(run, 4 * SOME)[:, :length]
            other = rows.copy()
            other[:, place] = run.rng.permutation(rows[:, place])
            still = int((moved(run, rows, other).max(axis=0)[place:] == 0).sum())
            assert not still, (
                f"with another symbol at position {place}, the output stays the same at {still} of {length - place} "
                "positions (expected: 0)"
            )


def check_every_weight_learns(run):
    """Training changes all the weights that an output depends on."""
    names = ["forgotten", "learned", "optimizers"]
    count = run.ask(LEARNED, {"rows": lines(run, 2)}, names, needs=["model"])
    still, all_of_them = int(count["forgotten"]), int(count["forgotten"] + count["learned"])
    if count["optimizers"]:
        assert not still, f"{still} of {all_of_them} weights are never changed (expected: 0)"
    moments = run.moments
    if len(moments) < 2:
        if not count["optimizers"]:
            raise UndecidedError("which weights training changes could not be seen")
        return
    told = run.ask(USED, {"rows": lines(run, 4)}, ["sizes", "used"], needs=["model"])
    if told["sizes"].sum() != len(moments[0].before):
        return
    for start, end in ((moments[0].before, moments[-1].after), *((m.before, m.after) for m in moments)):
        parts = np.split(np.abs(end - start), np.cumsum(told["sizes"])[:-1])
        still = sum(part.size for part, used in zip(parts, told["used"], strict=True) if used and not part.any())
        assert not still, f"{still} of {told['sizes'].sum()} weights are not changed (expected: 0)"


def check_the_next_symbol_is_learned(run):
    """At each position, training makes the next symbol more likely."""
    shares = [share for share in map(taught, run.audit.needed().calls) if share is not None]
    if not shares:
        raise UndecidedError("which symbols training makes more likely could not be seen")
    worst = min(shares)
    assert worst > 0.9, f"at one step, it becomes more likely at {worst:.0%} of the positions (expected: over 90 %)"


def check_every_step_trains_the_same_model(run):
    """At every training step, the model computes the same as afterward."""
    odd = trained_otherwise(run)
    assert odd == 0, f"at {odd:.0%} of the sampled steps, a log-probability differs (expected: 0 %)"


def check_a_cache_changes_no_answer(run):
    """A line that is read in pieces with `read_on` gets the same outputs as when it is read at once."""
    for pieces in PIECES:
        for count in (1, 3, LINES):
            rows = lines(run, count)
            gap = moved_most(run.model(rows), in_pieces(run, rows, pieces, between=False))
            assert gap < 1e-3, (
                f"{count} lines in {len(pieces)} pieces: a probability changes by {gap:.2g} (expected: 0)"
            )


def check_texts_have_caches_of_their_own(run):
    """Another text that is read in between, with its own cache, changes no output."""
    for pieces in PIECES[:2]:
        rows = lines(run, 3)
        gap = moved_most(in_pieces(run, rows, pieces, between=False), in_pieces(run, rows, pieces, between=True))
        assert gap < 1e-3, f"a probability changes by up to {gap:.2g} (expected: 0)"


def check_nothing_is_read_twice(run):
    """Reading a prompt and then symbol by symbol takes no more work than reading the line once."""
    for count, prompt in ((1, PROMPT), (1, 1), (5, 25)):
        arrays = {"rows": lines(run, count)}
        work = run.ask(WORK, arrays, ["once", "spent"], needs=["model", "read_on"], prompt=prompt)
        ratio = float(work["spent"] / work["once"])
        assert ratio < 1.4, (
            f"with a prompt of {prompt} symbols it takes {ratio:.1f} times the work (expected: below 1.4)"
        )


def taught(call):
    """The share of positions at which a step makes the next symbol most likely. None if it is not known."""
    if call.slope is None or call.slope.ndim != 3 or not call.inputs or call.inputs[0].ndim != 2:
        return None
    rows, slope = call.inputs[0][: len(call.slope)], call.slope
    if rows.dtype.kind != "i" or slope.shape[:2] != rows.shape or slope.shape[2] <= rows.max():
        return None
    asked = np.abs(slope[:, :-1]).max(axis=2) > 1e-3 * np.abs(slope).max()
    return float(np.mean((slope[:, :-1].argmin(axis=2) == rows[:, 1:])[asked])) if asked.any() else None


def in_pieces(run, rows, pieces, *, between):
    """The outputs for rows that are read in pieces, optionally with other lines ``between`` the pieces."""
    arrays = {"rows": rows, "others": lines(run, 2), "lengths": np.array(pieces)}
    return run.ask(IN_PIECES, arrays, ["pieces"], needs=["model", "read_on"], between=between)["pieces"]


def moved_most(answers, others):
    """The largest difference of a probability."""
    return float(np.abs(probabilities(answers) - probabilities(others)).max())


def lines(run, count):
    """Lines (count, LENGTH) from random positions of the text."""
    numbers = numbers_of(run.train[0])
    starts = run.rng.integers(len(numbers) - LENGTH, size=(count, 1))
    return numbers[starts + np.arange(LENGTH)]


def page_of(codes):
    """The page that the notebook learns (LINES, LENGTH)."""
    return numbers_of(codes)[: LINES * LENGTH].reshape(LINES, LENGTH)


def numbers_of(codes):
    """The indices of the symbols, in the order of the alphabet."""
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)
