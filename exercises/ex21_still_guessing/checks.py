"""What a correct fix of ex21 shows: before the training many notes count, after it the correct one does."""

import numpy as np

from bugkit.checks import nll
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import answers_by_training, replayed
from bugkit.run import LearnerCodeError

VISITORS, NOTES, HOOKS = 36, 18, 8
FEWEST = 5  # notes
# A copy of a network with its weights of some training step, in train mode or in eval mode.
THEN = """
import copy

bk_copy = copy.deepcopy(untrained if bk_first else model)
if isinstance(bk_copy, torch.nn.Module):
    bk_copy.train(bk_training)
    with torch.no_grad():
        bk_at = 0
        for bk_p in bk_copy.parameters() if len(bk_weights) else ():
            bk_p.copy_(bk_weights[bk_at : bk_at + bk_p.numel()].reshape(bk_p.shape))
            bk_at += bk_p.numel()

elif len(bk_weights):
    raise TypeError("no module")

def bk_asked(*case):
    torch.manual_seed(0)
    with torch.no_grad():
        return bk_copy(*case)
"""
# For each note: how much the outputs change when its hook changes.
MOVES = """
before = bk_asked(visitors, hooks, asked)
moves = []
for note in range(hooks.shape[1]):
    changed = hooks.clone()
    changed[:, note] = (changed[:, note] + 1) % 8
    moves.append((bk_asked(visitors, changed, asked) - before).norm(dim=1))
moves = torch.stack(moves, dim=1)
"""


def heldout_loss(run):
    """Cross-entropy of new cases, from the model's own outputs"""
    *case, answers = cases(run.rng, 1000)
    return nll(run.model(*case), answers)


def check_before_training_every_note_counts(run):
    """Before the training, an answer depends on many of the notes, not on one."""
    counts = [notes_that_count(run, THEN, first=True, training=training) for training in (False, True)]
    lowest = min((count for count in counts if count is not None), default=NOTES)
    assert lowest > FEWEST, (
        f"an answer of `untrained` depends on about {lowest:.1f} of the {NOTES} notes (expected: over 5)"
    )


def check_the_untrained_network_is_where_training_began(run):
    """`untrained` has the weights with which the training began."""
    first = next((moment for moment in run.moments if moment.call.step == 0), None)
    code = "weights = torch.cat([p.detach().flatten().float() for p in untrained.parameters()])"
    try:
        weights = run.ask(code, returns=["weights"], needs=["untrained"])["weights"]
    except LearnerCodeError:
        return  # it is no module
    if first is not None and weights.shape == first.before.shape:
        share = float(np.mean(np.abs(weights - first.before) > 1e-6))
        assert share < 0.01, f"{share:.0%} of its weights are different (expected: 0 %)"


def check_at_the_first_steps_every_note_counts(run):
    """At the first step of the training, an answer of `model` depends on many of the notes."""
    early = [moment for moment in run.moments if moment.call.step <= 2][:1]
    for moment in early:
        if moment.call.slope is None or np.array_equal(moment.before, moment.after):
            continue  # the weights of that step may not have been its own
        for weights, when in ((moment.before, "before"), (moment.after, "after")):
            for training in (True, False):
                try:
                    count = notes_that_count(run, THEN, first=False, training=training, weights=weights)
                except LearnerCodeError:
                    return  # the model is no module
                assert count is None or count > FEWEST, (
                    f"{when} step {moment.call.step + 1} an answer of `model` depends on about {count:.1f} "
                    f"of the {NOTES} notes (expected: over 5)"
                )


def check_the_network_answers_as_it_did_in_training(run):
    """With the weights of a training step, the network gives the same outputs as in that step."""
    for call, then, answers in replayed(run):
        off = float(max(np.abs(now - then).max() for now in answers) / max(np.abs(then).max(), 1e-3))
        assert off < 0.02, f"at step {call.step + 1} its outputs differ by {off:.2g} of their size (expected: 0)"


def check_the_trained_network_answers(run):
    """The model that answers at the end is the network that was trained."""
    assert answers_by_training(run), "the model that answers is not the network that was trained (expected: the same)"


def check_the_right_note_is_read(run):
    """The answer is the hook of the visitor asked for, no matter where the other coats hang."""
    visitors, hooks, asked, _ = cases(run.rng, 500)
    mine = visitors == asked[:, None]
    hooks = np.where(mine, run.rng.integers(HOOKS, size=(500, 1)), run.rng.integers(HOOKS, size=hooks.shape))
    right = float(np.mean(run.model(visitors, hooks, asked).argmax(axis=1) == hooks[mine]))
    assert right > 0.9, f"{right:.0%} of the answers are correct (expected: over 90 %)"


def notes_that_count(run, code, *, first, training, weights=()):
    """On how many notes an answer depends, on average. None if the outputs are constant."""
    visitors, hooks, asked, _ = cases(run.rng, 128)
    arrays = {"visitors": visitors, "hooks": hooks, "asked": asked, "bk_weights": np.asarray(weights, dtype=np.float32)}
    told = run.ask(code + MOVES, arrays, ["moves"], needs=["untrained", "model"], bk_first=first, bk_training=training)
    moves = told["moves"].astype(np.float64)
    moves = moves[moves.sum(axis=1) > 1e-9]
    if not len(moves):
        return None
    share = moves / moves.sum(axis=1, keepdims=True)
    return float(np.mean(1 / (share**2).sum(axis=1)))


def cases(rng, count):
    """Visitors and hooks (count, NOTES), who is asked for (count,) and the correct hook (count,), all int64."""
    visitors = rng.permuted(np.tile(np.arange(VISITORS), (count, 1)), axis=1)[:, :NOTES]
    hooks = rng.integers(HOOKS, size=(count, NOTES))
    rows, note = np.arange(count), rng.integers(NOTES, size=count)
    return visitors, hooks, visitors[rows, note], hooks[rows, note]
