"""What values that count after an end break.

A program may set them to 0 anywhere: where they are computed, where they are stored, or where they are added. So no
single function tells, and what is learned decides. What can be seen is that gradients are whole.
"""

from bugkit.invariants import check_gradients_are_whole

__all__ = ["check_gradients_are_whole"]
