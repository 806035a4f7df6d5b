"""What a correct fix of ex04 shows."""

import numpy as np

from bugkit.checks import mean_squared_error, redrawn, rows_among
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)

ASTRAY = 0.4  # a cosine; gradients of absolute errors still reach 0.5
SIZES = (2, 3, 16, 31, 32, 33, 64, 398)  # numbers of patients

# The loss of each number of patients, sorted by their true values, and after these values were reversed.
LOSSES = """
order = y_train.flatten().argsort()
kept, mixed = [], []
for size in sizes.tolist():
    rows = order[torch.linspace(0, len(order) - 1, size).long()]
    try:
        pair = float(batch_loss(x_train[rows], y_train[rows])), float(batch_loss(x_train[rows], y_train[rows.flip(0)]))
    except Exception:
        pair = float("nan"), float("nan")
    kept.append(pair[0])
    mixed.append(pair[1])
"""


def draw(rng):
    """The same task with other tumors held out and permuted columns."""
    return redrawn("tumors", rng, features=True)


def heldout_loss(run):
    """Held-out squared error in units of the target's variance, from the model's own outputs."""
    x, y = run.heldout  # (171, 10) and (171,), float32
    return mean_squared_error(run.model(x), y)


def check_patients_get_different_answers(run):
    """The answers differ between patients about as much as the true values do."""
    x, y = run.heldout
    share = _answers(run, x).std() / y.std()
    assert 0.6 < share < 1.6, f"the answers spread {share:.2f} times as much as the true values (expected: 0.6 to 1.6)"


def check_the_answers_follow_the_truth(run):
    """A patient with a larger true value gets a larger answer."""
    x, y = run.heldout
    correlation = _correlation(_answers(run, x), y)
    assert correlation > 0.8, f"the correlation of answers and true values is {correlation:.2f} (expected: over 0.8)"


def check_every_patient_is_compared_with_their_own_value(run):
    """At every step, a patient's answer is pushed toward that patient's own true value."""
    seen = _directions(run, run.audit.needed())
    apart = [cosine for cosine in seen if cosine < ASTRAY]
    assert not apart, (
        f"at {len(apart)} of {len(seen)} sampled steps, the loss pushes the answers elsewhere: the cosine with "
        f"the errors is as low as {min(apart):.2f} (expected: over {ASTRAY})"
    )


def check_the_loss_knows_whose_value_is_whose(run):
    """The loss grows when the patients of a batch swap their true values, for any number of patients."""
    names = ["batch_loss", "x_train", "y_train"]
    costs = run.ask(LOSSES, {"sizes": np.array(SIZES)}, ["kept", "mixed"], needs=names)
    knows = costs["mixed"] > 1.2 * costs["kept"]  # nan where it raises
    if not knows.any() and _directions(run, run.audit.needed()):
        return  # the training may reshape the targets before it calls the loss, or not call it
    blind = np.flatnonzero(~knows)
    assert not len(blind), (
        f"the loss of {SIZES[blind[0]]} patients is {costs['kept'][blind[0]]:.3f}, "
        f"and {costs['mixed'][blind[0]]:.3f} after they swap their true values (expected: over 20 % more)"
    )


def _directions(run, audit):
    """For each sampled call with several patients: the cosine of the loss's gradient with answer minus true value."""
    x, y = run.train
    out = []
    for call in audit.calls:
        if call.slope is None or not call.inputs or call.slope.size < 2 or call.slope.size != len(call.inputs[0]):
            continue
        rows = rows_among(call.inputs[0], x)
        if (rows < 0).any() or not np.isfinite(call.output).all():
            continue
        error, slope = call.output.reshape(-1) - y[rows], call.slope.reshape(-1)
        out.append(float(error @ slope / max(np.linalg.norm(error) * np.linalg.norm(slope), 1e-30)))
    return out


def _answers(run, x):
    return run.model(x).reshape(-1).astype(float)


def _correlation(answers, truth):
    """Pearson's correlation; 0 where the answers are constant or not finite."""
    varied = np.isfinite(answers).all() and answers.std() > 0
    return float(np.corrcoef(answers, truth)[0, 1]) if varied else 0.0
