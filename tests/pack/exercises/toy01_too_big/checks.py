"""What a correct fix of toy01 shows."""

from __future__ import annotations

import numpy as np

from bugkit.checks import mean_squared_error


def heldout_loss(run):
    """Held-out squared error, from the notebook's own predictions."""
    x = np.random.default_rng(1000 + run.seed).normal(size=(500, 3))
    noise = 0.1 * np.random.default_rng(2000 + run.seed).normal(size=500)
    return mean_squared_error(run.predict(x), x @ np.array([2.0, -1.0, 0.5]) + 3 + noise)


def check_the_first_input_counts_twice(run):
    """One more of the first input is two more of the output."""
    x = run.rng.normal(size=(20, 3))
    gain = float(np.mean(run.predict(x + np.array([1.0, 0.0, 0.0])) - run.predict(x)))
    assert abs(gain - 2) < 0.1, f"the output rises by {gain:.3g} instead of 2"


def check_rows_do_not_mix(run):
    """A row's prediction does not depend on the other rows."""
    x = run.rng.normal(size=(20, 3))
    together, alone = run.predict(x), run.predict(x[:1])
    assert np.allclose(together[:1], alone), f"the first row gives {together[0]:.3g}, alone {alone[0]:.3g}"
