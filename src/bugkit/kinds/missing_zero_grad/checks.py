"""What gradients that are never cleared break."""

import numpy as np

from bugkit.run import Run


def check_every_step_follows_its_own_batch(run: Run) -> None:
    """No parameter holds a gradient of an earlier batch when the next backward pass begins."""
    audit = run.audit.needed()
    known = [call.left_over for call in audit.calls if not np.isnan(call.left_over)]
    old = sum(norm > 0 for norm in known)
    assert not old, f"at {old} of {len(known)} sampled steps there was an old gradient (expected: 0)"
