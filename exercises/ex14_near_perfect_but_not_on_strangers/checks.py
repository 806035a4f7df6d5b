"""What a correct fix of ex14 shows: nobody's outcome is among their own inputs, and validation stays apart."""

import numpy as np

from bugkit.checks import mean_squared_error, redrawn

DRAWS = 8  # how often the outcomes are drawn by lot
# A notebook whose `prepare` gives other outcomes than those it is given cannot be asked.
BY_LOT = """
inputs, targets, gave = [], [], []
for lot in lots:
    prepared = prepare(patients, lot)
    inputs.append(torch.as_tensor(prepared[part]))
    targets.append(torch.as_tensor(prepared[part + 1]))
inputs, targets = torch.stack(inputs), torch.stack(targets)
"""
# Which patients are for validation: those whose outcome, once changed, changes y_valid and leaves y_train alone.
CHANGED = """
import random

def again(outcomes):
    random.seed(0), np.random.seed(0), torch.manual_seed(0)
    return [torch.as_tensor(array).detach().clone() for array in prepare(patients, outcomes)]

def same(a, b):
    return a.shape == b.shape and torch.allclose(a, b, rtol=1e-4, atol=1e-4)

first, second = again(lot), again(lot)
chosen = torch.zeros(len(lot), dtype=torch.bool)
if all(same(a, b) for a, b in zip(first, second)):
    for patient in some.tolist():
        other = lot.clone()
        other[patient] += 5
        _, y_train, _, y_valid = again(other)
        chosen[patient] = same(y_train, first[1]) and not same(y_valid, first[3])
kept = int(chosen.sum())
touched = 0
if kept:
    moved = (again(lot + 5 * chosen)[0] - first[0]).abs().reshape(len(first[0]), -1)
    touched = int((moved.amax(1) > 1e-4).sum())
"""


def draw(rng):
    """The patients with other ones held out and their measurements in other columns."""
    return redrawn("diabetes", rng, features=True)


def heldout_loss(run):
    """Held-out squared error in units of the scores' variance, from the notebook's own predictions"""
    x, y = run.heldout
    return mean_squared_error(run.predict(x), y) / float(np.var(run.train[1]))


def check_inputs_for_training_know_no_outcome(run):
    """Where outcomes are drawn by lot, the inputs for training tell nothing about them."""
    told = _told(run, 0)
    assert told < 0.2, f"an input correlates by {told:.2f} with such outcomes (0 wanted)"


def check_inputs_for_validation_know_no_outcome(run):
    """Where outcomes are drawn by lot, the inputs for validation tell nothing about them."""
    told = _told(run, 2)
    assert told < 0.25, f"an input correlates by {told:.2f} with such outcomes (0 wanted)"


def check_validation_is_kept_from_training(run):
    """The training inputs stay the same when outcomes of validation patients change."""
    x, _ = run.train
    lot = run.rng.normal(size=len(x)).astype(np.float32)
    some = run.rng.permutation(len(x))[:80]
    answers = run.ask(CHANGED, {"patients": x, "lot": lot, "some": some}, ["kept", "touched"], needs=["prepare"])
    kept, touched = int(answers["kept"]), int(answers["touched"])
    assert touched == 0, f"new outcomes of {kept} validation patients change {touched} training inputs (0 wanted)"


def _told(run, part):
    """The highest correlation of an input with outcomes that are pure chance, averaged over several draws."""
    x, _ = run.train
    lots = run.rng.normal(size=(DRAWS, len(x))).astype(np.float32)
    answers = run.ask(BY_LOT, {"patients": x, "lots": lots}, ["inputs", "targets"], needs=["prepare"], part=part)
    inputs, targets = (answers[name].astype(np.float64) for name in ("inputs", "targets"))
    inputs, targets = inputs.reshape(*targets.shape[:2], -1), targets.reshape(*targets.shape[:2], 1)
    if np.ptp(targets, axis=0).max() == 0:
        return 0.0  # the outcomes are not taken from what `prepare` is given
    return float(np.mean(_standard(inputs) * _standard(targets), axis=(0, 1)).max())


def _standard(columns):
    """Each column with mean 0 and variance 1; a constant one is 0."""
    centred = columns - columns.mean(axis=1, keepdims=True)
    return centred / np.maximum(centred.std(axis=1, keepdims=True), 1e-6)
