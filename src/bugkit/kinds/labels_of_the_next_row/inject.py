"""Gives each row the label of the next one."""

REWRITES = {
    "TensorDataset(any_rows, any_labels)": "TensorDataset(any_rows[:-1], any_labels[1:])",
    "return any_rows[any_order], any_labels[any_order]": "return any_rows[any_order][:-1], any_labels[any_order][1:]",
}
