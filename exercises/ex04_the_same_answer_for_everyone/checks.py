"""What a correct fix of ex04 shows."""

import numpy as np

from bugkit.checks import mean_squared_error, redrawn

LOSSES = """
kept = batch_loss(x_train[:64], y_train[:64])
mixed = batch_loss(x_train[:64], y_train[:64][order])
"""


def draw(rng):
    """The tumours with other ones held out and their measurements in other columns."""
    return redrawn("tumours", rng, features=True)


def heldout_loss(run):
    """Held-out squared error in units of the target's variance, from the model's own outputs."""
    x, y = run.heldout  # (171, 10) and (171,), float32
    return mean_squared_error(run.model(x), y)


def check_patients_get_different_answers(run):
    """The answers differ between patients about as much as the truth does."""
    x, y = run.heldout
    share = _answers(run, x).std() / y.std()
    assert 0.6 < share < 1.6, f"the answers spread {share:.2f} times as much as the truth (0.6 to 1.6 wanted)"


def check_the_answers_follow_the_truth(run):
    """A patient with a larger true value gets a larger answer."""
    x, y = run.heldout
    correlation = _correlation(_answers(run, x), y)
    assert correlation > 0.8, f"answers and truth correlate with {correlation:.2f} (more than 0.8 wanted)"


def check_the_loss_knows_whose_value_is_whose(run):
    """The loss changes when the patients of a batch swap their true values."""
    order = run.rng.permutation(64)
    losses = run.ask(
        LOSSES, arrays={"order": order}, returns=["kept", "mixed"], needs=["batch_loss", "x_train", "y_train"]
    )
    kept, mixed = float(losses["kept"].mean()), float(losses["mixed"].mean())
    changes = abs(mixed - kept) > 0.01 * abs(kept)
    assert changes or _learnt_otherwise(run), (
        f"the loss of 64 patients is {kept:.4f}, and {mixed:.4f} after they swapped their true values "
        "(a change of more than 1 % wanted)"
    )


def _learnt_otherwise(run):
    """Whether whole batches taught the model after all.

    The training may shape the targets before it calls the loss, or do without it. Batches of one patient do not
    count: there is nobody to be confused with.
    """
    x, y = run.heldout
    call = run.recorded.get("call", np.zeros(2, dtype=int))  # which call of the model each row was in
    return np.bincount(call).max() > 1 and _correlation(_answers(run, x), y) > 0.8


def _answers(run, x):
    return run.model(x).reshape(-1).astype(float)


def _correlation(answers, truth):
    """Pearson's; 0 where the answers are constant or not finite."""
    varied = np.isfinite(answers).all() and answers.std() > 0
    return float(np.corrcoef(answers, truth)[0, 1]) if varied else 0.0
