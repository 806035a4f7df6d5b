"""Make the data files of ``bugkit.data`` and ``bugkit.heldout`` from scikit-learn's copies; run it by hand.

Needs scikit-learn, which bugkit itself does not: ``python tools/make_data.py``.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import train_test_split

PACKAGE = Path(__file__).parents[1] / "src" / "bugkit"


def save(name: str, train: tuple, heldout: tuple) -> None:
    """Write both parts."""
    for folder, (features, targets) in (("data", train), ("heldout", heldout)):
        np.savez_compressed(PACKAGE / folder / f"{name}.npz", features=features, targets=targets)


def digits() -> None:
    """A quarter held out, with the same share of every digit."""
    x, y = load_digits(return_X_y=True)
    a, b, c, d = train_test_split((x / 16).astype("f4"), y.astype("i8"), test_size=0.25, random_state=0, stratify=y)
    save("digits", (a, c), (b, d))


def tumours() -> None:
    """Three tenths held out; standardised by the training part."""
    table, _ = load_breast_cancer(return_X_y=True)
    x, y = table[:, :10], np.log(table[:, 23])
    a, b, c, d = train_test_split(x, y, test_size=0.3, random_state=0)
    mean, std, middle, spread = a.mean(0), a.std(0), c.mean(), c.std()
    save(
        "tumours",
        (((a - mean) / std).astype("f4"), ((c - middle) / spread).astype("f4")),
        (((b - mean) / std).astype("f4"), ((d - middle) / spread).astype("f4")),
    )


if __name__ == "__main__":
    digits()
    tumours()
