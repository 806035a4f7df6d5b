"""What a scaling that knows the test data breaks."""

from __future__ import annotations

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.kinds.rows_and_labels_shuffled_apart.checks import rows_as_fed
from bugkit.run import Run

MOST = 0.9  # of the rows
TIMES = 3  # the sampled steps have used each row so often; then one in twenty is missing at random
APART = 0.1  # of all rows: fewer may be missing at random
SAME = 1e-3  # standard deviations; a mean over three quarters of 400 rows is some 0.03 off


def check_rows_kept_apart_do_not_scale_the_inputs(run: Run) -> None:
    """The means that are subtracted from the inputs are not those of all rows, the ones kept for testing among them."""
    known, fed = _rows(run)
    if not len(fed):
        raise UndecidedError("what the network was trained on could not be seen")
    places = rows_as_fed(fed, known)
    seen = np.unique(places[places >= 0])
    if np.mean(places >= 0) < MOST or len(fed) < TIMES * len(seen):
        raise UndecidedError("which rows the network was trained on could not be seen")
    raw, fed = known[places[places >= 0]], fed[places >= 0, : known.shape[1]]
    away = fed - fed.mean(axis=0)
    unit = (away * raw).sum(axis=0) / np.maximum((away**2).sum(axis=0), 1e-12)
    center, spread = raw.mean(axis=0) - unit * fed.mean(axis=0), np.maximum(known.std(axis=0), 1e-9)
    scaled = np.abs(center / spread).max() > SAME
    off = float(np.abs((center - known.mean(axis=0)) / spread).max())
    own = float(np.abs((known.mean(axis=0) - known[seen].mean(axis=0)) / spread).max())
    assert not scaled or len(seen) > (1 - APART) * len(known) or off > SAME, (
        f"they are those of all {len(known)} rows, of which the training uses {len(seen)} "
        f"(expected: those of the training, which are up to {own:.2g} standard deviations away)"
    )


def _rows(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """The rows that the notebook has (M, D), and those that the network was trained on (N, D or more)."""
    nothing = np.zeros((0, 0))
    calls = [call.inputs[0] for call in run.audit.needed().calls if call.inputs and call.inputs[0].ndim > 1]
    try:
        known = np.asarray(run.train[0], dtype=np.float64)
    except (AttributeError, TypeError, ValueError):  # no data set
        return nothing, nothing
    known = known.reshape(len(known), -1)
    fed = [one.reshape(len(one), -1).astype(np.float64) for one in calls]
    wide = max((one.shape[1] for one in fed), default=0)
    fed = [one for one in fed if one.shape[1] == wide and np.isfinite(one).all()]
    return (known, np.concatenate(fed)) if fed and wide >= known.shape[1] else (nothing, nothing)
