"""What a correct fix of ex21 shows: before the training every note counts, after it the right one does."""

import numpy as np

from bugkit.checks import nll

VISITORS, NOTES, HOOKS = 36, 18, 8
# How far the answers move when the hook of one note is changed, for each note.
MOVES = """
if isinstance(untrained, torch.nn.Module):
    untrained.eval()
with torch.no_grad():
    before = untrained(visitors, hooks, asked)
    moves = []
    for note in range(hooks.shape[1]):
        changed = hooks.clone()
        changed[:, note] = (changed[:, note] + 1) % 8
        moves.append((untrained(visitors, changed, asked) - before).norm(dim=1))
    moves = torch.stack(moves, dim=1)
"""


def heldout_loss(run):
    """Cross-entropy of new cases, from the model's own outputs"""
    *case, answers = cases(run.rng, 1000)
    return nll(run.model(*case), answers)


def check_before_training_every_note_counts(run):
    """Before the training, an answer leans on many of the notes, not on one."""
    visitors, hooks, asked, _ = cases(run.rng, 128)
    arrays = {"visitors": visitors, "hooks": hooks, "asked": asked}
    moves = run.ask(MOVES, arrays, ["moves"], needs=["untrained"])["moves"].astype(np.float64)
    moves = moves[moves.sum(axis=1) > 1e-9]
    if not len(moves):
        return  # its outputs are constant at first, so there is nothing to see
    share = moves / moves.sum(axis=1, keepdims=True)
    notes = float(np.mean(1 / (share**2).sum(axis=1)))
    assert notes > 5, f"an answer of `untrained` leans on about {notes:.1f} of the {NOTES} notes (over 5 wanted)"


def check_the_right_note_is_read(run):
    """The answer is the hook of the visitor asked for, wherever the other coats hang."""
    visitors, hooks, asked, _ = cases(run.rng, 500)
    mine = visitors == asked[:, None]
    hooks = np.where(mine, run.rng.integers(HOOKS, size=(500, 1)), run.rng.integers(HOOKS, size=hooks.shape))
    right = float(np.mean(run.model(visitors, hooks, asked).argmax(axis=1) == hooks[mine]))
    assert right > 0.9, f"{right:.0%} of the answers are right (over 90 % wanted)"


def cases(rng, count):
    """Visitors and hooks (count, NOTES), who is asked for (count,) and the right answer (count,), all int64."""
    visitors = rng.permuted(np.tile(np.arange(VISITORS), (count, 1)), axis=1)[:, :NOTES]
    hooks = rng.integers(HOOKS, size=(count, NOTES))
    rows, note = np.arange(count), rng.integers(NOTES, size=count)
    return visitors, hooks, visitors[rows, note], hooks[rows, note]
