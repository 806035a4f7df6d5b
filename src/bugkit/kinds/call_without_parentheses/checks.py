"""What gradients break that nothing clears, though the method's name is there."""

from bugkit.kinds.missing_zero_grad.checks import check_every_step_follows_its_own_batch

__all__ = ["check_every_step_follows_its_own_batch"]
