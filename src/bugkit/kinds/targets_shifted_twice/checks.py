"""What targets two places ahead break."""

from bugkit.kinds.targets_not_shifted.checks import check_each_step_teaches_the_next_symbol

__all__ = ["check_each_step_teaches_the_next_symbol"]
