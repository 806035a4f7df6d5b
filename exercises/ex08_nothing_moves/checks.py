"""What a correct fix of ex08 shows: everything that should learn does learn."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import nll, redrawn
from bugkit.invariants import check_every_row_teaches, check_the_same_question_gets_the_same_answer
from bugkit.questions import CUT, gradients

FEWEST = 8  # sampled steps; fewer are too few to decide

# How many of the trainable weight matrices change when the notebook takes a few steps.
STEPS = """
matrices = [p for p in model.parameters() if p.requires_grad and p.dim() > 1]
before = [p.detach().clone() for p in matrices]
if isinstance(model, torch.nn.Module):
    model.train()
for start in range(0, len(labels) - 31, 32):
    training_step(images[start : start + 32], labels[start : start + 32])
moved = sum(not torch.equal(p.detach(), old) for p, old in zip(matrices, before))
learning = len(matrices)
"""

# The scores of a batch before and after steps on it.
SAME_BATCH = """
def scores():
    with torch.no_grad():
        return model(images)

before = scores()
if isinstance(model, torch.nn.Module):
    model.train()
for _ in range(20):
    training_step(images, labels)
if isinstance(model, torch.nn.Module):
    model.eval()
after = scores()
"""


def draw(rng):
    """The same task with permuted labels, so that the lessons have other digits, and permuted pixels."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy over the digits 5 to 9, from the model's own outputs"""
    x, y = second_lesson(run.heldout)
    return nll(run.model(x), y)


def check_what_is_to_be_learned_changes(run):
    """A few steps change every trainable weight matrix."""
    x, y = second_lesson(run.train)
    some = run.rng.permutation(len(y))[:96]
    arrays = {"images": x[some], "labels": y[some]}
    found = run.ask(STEPS, arrays, ["moved", "learning"], needs=["model", "training_step"])
    moved, learning = int(found["moved"]), int(found["learning"])
    assert learning > 0, "no weight matrix is trainable (expected: one or more)"
    assert moved == learning, f"{moved} of {learning} change (expected: all)"


def check_steps_go_downhill(run):
    """Steps on a batch reduce the loss of that batch, whatever its labels are."""
    x, y = second_lesson(run.train)
    some = run.rng.permutation(len(y))[:32]
    labels = (y[some] + 1) % 5
    asked = {"images": x[some], "labels": labels}
    found = run.ask(SAME_BATCH, asked, ["before", "after"], needs=["model", "training_step"])
    before, after = nll(found["before"], labels), nll(found["after"], labels)
    assert after < before, f"its loss goes from {before:.3f} to {after:.3f} nats in twenty steps (expected: a fall)"


def check_every_step_of_the_training_changes_something(run):
    """Every step of the second lesson, from the first to the last, changes the network."""
    audit = run.audit.needed()
    calls = [call for call in audit.calls if call.moved is not None and call.output.shape[-1] == 5]
    if len(calls) < FEWEST:
        raise UndecidedError("what each step changed could not be seen")
    ends_at_zero = bool(len(audit.rates)) and audit.rates[-1] == 0
    between = calls[1 : -1 if ends_at_zero else None]  # a growing rate may start at 0, a falling one may end there
    still = sum(not call.moved.any() for call in between)
    assert still == 0, f"{still} of {len(calls)} sampled steps change nothing (expected: 0)"


def check_all_of_the_new_layer_learns(run):
    """Every step changes the whole last layer, along its whole gradient."""
    steps = [
        (gap, [part for part in left if len(part) == 5])
        for moment, gap, left in gradients(run)
        if moment.call.output.shape[-1] == 5
    ]
    if not steps:
        raise UndecidedError("what each step changed could not be seen")
    cut = float(np.mean([gap > CUT for gap, _ in steps]))
    assert cut == 0, f"at {cut:.0%} of the sampled steps, the gradients leave out a part of it (expected: 0 %)"
    share = max(np.mean([part.mean() for part in parts]) for parts in zip(*(left for _, left in steps), strict=True))
    assert share < 0.05, f"{share:.0%} of the values of one tensor do not change in sampled steps (expected: below 5 %)"


def check_every_digit_is_recognised(run):
    """Every digit from 5 to 9 is recognized."""
    x, y = second_lesson(run.heldout)
    named = run.model(x).argmax(axis=1)
    share = [float(np.mean(named[y == digit] == digit)) for digit in range(5)]
    worst = int(np.argmin(share))
    assert share[worst] > 0.5, (
        f"{share[worst]:.0%} of the unseen {worst + 5}s are classified correctly (expected: over 50 %)"
    )


def second_lesson(task):
    """The images of the digits 5 to 9, with labels from 0 to 4."""
    x, y = task
    return x[y >= 5], y[y >= 5] - 5
