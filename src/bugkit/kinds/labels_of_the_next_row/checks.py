"""What rows with the labels of their neighbors break."""

from bugkit.kinds.rows_and_labels_shuffled_apart.checks import check_every_row_is_taught_its_own_label

__all__ = ["check_every_row_is_taught_its_own_label"]
