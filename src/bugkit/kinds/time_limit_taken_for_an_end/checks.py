"""What a time limit that counts as an end breaks.

A program may add the value of the cut-off future elsewhere, or learn nothing from such a step. So no single function
tells, and what the policy earns decides. What can be seen is that gradients are whole.
"""

from bugkit.invariants import check_gradients_are_whole

__all__ = ["check_gradients_are_whole"]
