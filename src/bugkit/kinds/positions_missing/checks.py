"""What is lost without positions.

A network with a causal mask may learn the order by itself, and relative positions show nothing of the kind, so the loss
alone tells whether the order is missed. What can be seen are positions that come and go.
"""

from bugkit.invariants import check_gradients_are_whole
from bugkit.kinds.causal_mask_missing.checks import check_training_computes_what_answers_later

__all__ = ["check_gradients_are_whole", "check_training_computes_what_answers_later"]
