"""Drops units in use, too."""

REWRITES = {
    "F.dropout(any_x, any_p, training=self.training)": "F.dropout(any_x, any_p)",
    "F.dropout(any_x, any_p, self.training)": "F.dropout(any_x, any_p)",
    "F.dropout(any_x, p=any_p, training=self.training)": "F.dropout(any_x, p=any_p)",
}
