"""What scores of any size break.

With smaller queries and keys, the same is computed without the scale, and training may find them: the loss alone tells
whether it did. What can be seen is a scale that comes and goes.
"""

from bugkit.invariants import check_gradients_are_whole
from bugkit.kinds.causal_mask_missing.checks import check_training_computes_what_answers_later

__all__ = ["check_gradients_are_whole", "check_training_computes_what_answers_later"]
