"""What a correct fix of ex14 shows: no outcome is in the inputs of the same patient; validation stays separate."""

import numpy as np

from bugkit.checks import mean_squared_error, redrawn, rows_among
from bugkit.invariants import check_gradients_are_whole

DRAWS = 8  # how often the outcomes are drawn at random
FEWEST = 20  # patients kept for validation
# A notebook whose `prepare` returns other outcomes than those passed to it cannot be tested.
AT_RANDOM = """
inputs, targets, gave = [], [], []
for number, draw in enumerate(draws):
    with torch.set_grad_enabled(number % 2 == 0):
        prepared = prepare(patients, draw)
    inputs.append(torch.as_tensor(prepared[part]))
    targets.append(torch.as_tensor(prepared[part + 1]))
inputs, targets = torch.stack(inputs), torch.stack(targets)
"""
# The outcome of one patient is changed at a time. In how many rows of y_train and of y_valid does it change? By how
# much do the inputs of that row change? Then the outcomes of all validation patients are changed together.
CHANGED = """
import random

def again(outcomes):
    random.seed(0), np.random.seed(0), torch.manual_seed(0)
    return [torch.as_tensor(array).detach().double() for array in prepare(patients, outcomes)]

def moved(array, before):
    if array.shape != before.shape:
        return torch.full((1,), np.inf)
    return (array - before).abs().reshape(len(array), -1).amax(1)

def in_other_places(array, before):
    differs = (array - before).abs().reshape(len(array), -1) > 0.1 if array.shape == before.shape else None
    return differs is None or bool((differs.double().mean(1) > 0.5).any())

first = again(outcomes)
repeats = all(moved(a, b).max() == 0 for a, b in zip(again(outcomes), first))
told = torch.zeros(2)
found = torch.zeros(len(outcomes), 2, dtype=torch.long)
if repeats:
    for patient in some.tolist():
        other = outcomes.clone()
        other[patient] += 1
        changed = again(other)
        if any(in_other_places(changed[part], first[part]) for part in (0, 2)):
            continue  # a split by outcomes
        for part in (0, 1):
            rows = (moved(changed[2 * part + 1], first[2 * part + 1]) > 0.3).nonzero().reshape(-1)
            found[patient, part] = len(rows)
            if len(rows) == 1:
                told[part] = max(told[part], float(moved(changed[2 * part], first[2 * part])[rows[0]]))
both = int(((found[:, 0] == 1) & (found[:, 1] == 1)).sum())
chosen = (found[:, 0] == 0) & (found[:, 1] == 1)
touched = int((moved(again(outcomes + 5 * chosen)[0], first[0]) > 1e-4).sum()) if repeats and chosen.any() else 0
chosen, kept = int(chosen.sum()), len(first[3])
"""
PREPARED = """
first, second = ([torch.as_tensor(array).detach() for array in prepare(patients, outcomes)] for _ in range(2))
repeats = all(a.shape == b.shape and bool((a == b).all()) for a, b in zip(first, second))
x_train, _, x_valid, _ = first
"""
# The inputs of the outermost trainable module while `predict` runs.
FED = """
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

rows, depth = [], 0

def enter(module, args):
    global depth
    depth += 1
    learns = depth == 1 and next(module.parameters(), None) is not None
    if learns and args and isinstance(args[0], torch.Tensor):
        rows.append(args[0].detach().reshape(-1, args[0].shape[-1]))

def leave(*_):
    global depth
    depth -= 1

handles = [register_module_forward_pre_hook(enter), register_module_forward_hook(leave, always_call=True)]
predict(newcomers)
for handle in handles:
    handle.remove()
fed = torch.cat(rows) if rows else torch.zeros(0, 0)
"""


def draw(rng):
    """The same task with other patients held out and permuted columns."""
    return redrawn("diabetes", rng, features=True)


def heldout_loss(run):
    """Held-out squared error in units of the scores' variance, from the notebook's own predictions"""
    x, y = run.heldout
    return mean_squared_error(run.predict(x), y) / float(np.var(run.train[1]))


def check_inputs_for_training_know_no_outcome(run):
    """The training inputs reveal nothing about the outcome of the same patient."""
    _assert_untold(run, 0, most=0.15)


def check_inputs_for_validation_know_no_outcome(run):
    """The validation inputs reveal nothing about the outcome of the same patient."""
    _assert_untold(run, 1, most=0.2)


def check_validation_is_kept_from_training(run):
    """No patient is in both training and validation, and training inputs do not depend on validation outcomes."""
    answers = _changed(run)
    both, chosen, touched, kept = (int(answers[name]) for name in ("both", "chosen", "touched", "kept"))
    assert kept >= FEWEST, f"`prepare` keeps {kept} patients for validation (expected: {FEWEST} or more)"
    assert both == 0, f"`prepare` returns {both} patients for both training and validation (expected: 0)"
    assert touched == 0, f"new outcomes of {chosen} validation patients change {touched} training inputs (expected: 0)"


def check_the_training_sees_what_prepare_gives_for_it(run):
    """The network is trained only on patients that `prepare` returns for training."""
    rows = [call.inputs[0] for call in run.audit.needed().calls if call.inputs and call.inputs[0].ndim == 2]
    x, y = run.train
    arrays = {"patients": x, "outcomes": _outcomes(y)}
    answers = run.ask(PREPARED, arrays, ["x_train", "x_valid", "repeats"], needs=["prepare"])
    wide = np.concatenate([answers["x_train"], answers["x_valid"]])
    rows = np.concatenate([some for some in rows if some.shape[1] == rows[0].shape[1]] or [np.zeros((0, 0))])
    if answers["repeats"] and wide.ndim == 2:
        known = rows_among(rows, wide)
        kept = len(np.unique(known[known >= len(answers["x_train"])]))
        assert kept == 0, f"it was trained on {kept} patients that `prepare` returns for validation (expected: 0)"
    who = rows_among(rows[:, : x.shape[1]], x)
    if np.mean(who >= 0) < 0.8:
        return  # the measurements do not go in unchanged
    seen = len(np.unique(who[who >= 0]))
    most = len(y) - len(answers["x_valid"])
    assert seen <= most, f"it was trained on {seen} patients of {len(y)} (expected: at most {most})"
    told = np.abs(np.nan_to_num(np.corrcoef(rows[who >= 0].T, y[who[who >= 0]])))[-1, :-1].max()
    assert told < 0.85, (
        f"in training, an input correlates by {told:.2f} with the outcome of the same patient (expected: below 0.85)"
    )


def check_a_newcomer_looks_like_those_trained_on(run):
    """The inputs of a new patient are of the same kind as those of the training."""
    trained = [call.inputs[0].astype(float) for call in run.audit.needed().calls if call.inputs]
    fed = run.ask(FED, {"newcomers": run.heldout[0]}, ["fed"], needs=["predict"])["fed"].astype(float)
    if not len(fed) or any(rows.ndim != 2 or rows.shape[1] != fed.shape[1] for rows in trained):
        return
    rows = np.concatenate(trained)
    spread = np.maximum(rows.std(axis=0), 1e-6)
    ratio = fed.std(axis=0) / spread
    away = float((np.abs(fed.mean(axis=0) - rows.mean(axis=0)) / np.maximum(spread, fed.std(axis=0))).max())
    assert ratio.max() < 3, f"an input varies {ratio.max():.2g} times as much as in training (expected: below 3)"
    assert away < 1, f"the mean of an input is {away:.2g} standard deviations from that in training (expected: below 1)"


def check_a_newcomer_alone_gets_the_same_answer(run):
    """A new patient gets the same answer alone as together with others."""
    x = run.heldout[0]
    company = np.asarray(run.predict(x)).reshape(-1)
    for start, size in ((0, 1), (5, 1), (9, 2), (20, 7), (30, 64)):
        apart = np.asarray(run.predict(x[start : start + size])).reshape(-1)
        moved = float(np.abs(apart - company[start : start + size]).max())
        assert moved < 0.1, (
            f"with {size} patients in the call, a score is {moved:.2g} off that with {len(x)} (expected: below 0.1)"
        )


def _outcomes(scores):
    """The outcomes as the notebook computes them."""
    return ((scores - 152) / 77).astype(np.float32)


def _changed(run):
    x, y = run.train
    arrays = {"patients": x, "outcomes": _outcomes(y), "some": run.rng.permutation(len(x))[:70]}
    return run.ask(CHANGED, arrays, ["told", "both", "chosen", "touched", "kept"], needs=["prepare"])


def _assert_untold(run, part, most):
    told = _told(run, 2 * part)
    assert told < most, (
        f"an input correlates by {told:.2f} with random outcomes (expected: below 0.15, in validation below 0.2)"
    )
    run.begin()
    moved = float(_changed(run)["told"][part])
    assert moved < 0.1, (
        f"with an outcome that is 1 higher, an input of the same patient changes by {moved:.2g} (expected: below 0.1)"
    )


def _told(run, part):
    """The highest correlation of an input with random outcomes, over several draws together."""
    x, _ = run.train
    draws = run.rng.normal(size=(DRAWS, len(x))).astype(np.float32)
    answers = run.ask(AT_RANDOM, {"patients": x, "draws": draws}, ["inputs", "targets"], needs=["prepare"], part=part)
    inputs, targets = (answers[name].astype(np.float64) for name in ("inputs", "targets"))
    inputs, targets = inputs.reshape(*targets.shape[:2], -1), targets.reshape(*targets.shape[:2], 1)
    if np.ptp(targets, axis=0).max() == 0:
        return 0.0  # the outcomes are not those passed to `prepare`
    return float(np.abs(np.mean(_standard(inputs) * _standard(targets), axis=(0, 1))).max())


def _standard(columns):
    """Each column with mean 0 and variance 1. A constant column is 0."""
    centered = columns - columns.mean(axis=1, keepdims=True)
    return centered / np.maximum(centered.std(axis=1, keepdims=True), 1e-6)
