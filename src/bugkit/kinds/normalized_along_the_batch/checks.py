"""What rows that are divided by the lengths of columns break: the answer to a row depends on its whole batch."""

from bugkit.kinds.recurrent_axes_exchanged.checks import (
    check_rows_do_not_see_each_other,
    check_training_sees_the_same_network,
)

__all__ = ["check_rows_do_not_see_each_other", "check_training_sees_the_same_network"]
