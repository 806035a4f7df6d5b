"""What a correct fix of the toy shows when its weights are drawn anew for every run."""

from __future__ import annotations

import numpy as np

from bugkit.checks import mean_squared_error
from bugkit.run import Task


def draw(rng):
    """Rows of three numbers, and targets by weights that no run has had before."""
    x, weights = rng.normal(size=(700, 3)), rng.uniform(1, 3, size=3) * rng.choice([-1, 1], size=3)
    y = x @ weights + rng.uniform(-3, 3) + 0.1 * rng.normal(size=700)
    return Task((x[:200], y[:200]), (x[200:], y[200:]))


def heldout_loss(run):
    """Held-out squared error, from the notebook's own predictions."""
    x, y = run.heldout
    return mean_squared_error(run.predict(x), y)


def check_rows_do_not_mix(run):
    """A row's prediction does not depend on the other rows."""
    x = run.rng.normal(size=(20, 3))
    together, alone = run.predict(x), run.predict(x[:1])
    assert np.allclose(together[:1], alone), f"the first row gives {together[0]:.3g}, alone {alone[0]:.3g}"
