"""What a recursion across the ends of episodes breaks.

A program may cut its steps into episodes before it adds anything up, or mask them anywhere. So no single function
tells, and what the policy earns decides. What can be seen is that gradients are whole.
"""

from bugkit.invariants import check_gradients_are_whole

__all__ = ["check_gradients_are_whole"]
