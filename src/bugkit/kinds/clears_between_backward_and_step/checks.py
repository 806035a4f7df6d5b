"""What gradients that are cleared before they are used break."""

from __future__ import annotations

import numpy as np

from bugkit.audit import Audit, Call, UndecidedError
from bugkit.run import Run

FEWEST = 8  # sampled steps; fewer are too few to decide
SMALL = 1e-3  # of the highest learning rate: a schedule may begin or end at 0, or touch it


def check_every_step_changes_a_weight(run: Run) -> None:
    """Every step changes at least one weight."""
    audit = run.audit.needed()
    calls = [call for call in audit.calls[1:] if call.moved is not None and not _is_meant_to_rest(call, audit)]
    if len(calls) < FEWEST:
        raise UndecidedError("what each step changed could not be seen")
    same = {m.call.step for m in run.moments if np.array_equal(m.before, m.after, equal_nan=False)}
    still = sum(call.step in same or call.moved is None or not call.moved.any() for call in calls)
    assert not still, f"at {still} of {len(calls)} sampled steps, no weight changes (expected: at none)"


def _is_meant_to_rest(call: Call, audit: Audit) -> bool:
    """Whether the learning rate was about 0 around the step after a call."""
    near = audit.rates[max(call.step - 1, 0) : call.step + 2]
    return bool(len(near)) and bool(near.min() <= SMALL * audit.rates.max())
