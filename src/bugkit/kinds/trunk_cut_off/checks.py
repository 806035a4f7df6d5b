"""What a part of the network breaks that gradients do not reach."""

from bugkit.invariants import check_gradients_are_whole

__all__ = ["check_gradients_are_whole"]
