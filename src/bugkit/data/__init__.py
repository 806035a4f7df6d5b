"""Real data that travel with bugkit: the training part, which is all that a notebook sees.

The held-out part of every set lies with the grader (``bugkit.heldout``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pair = tuple[NDArray[Any], NDArray[Any]]


def digits() -> Pair:
    """Handwritten digits: images (1347, 64) float32 with pixels from 0 to 1, labels (1347,) int64 from 0 to 9.

    8 x 8 pixels, row by row. Source: the test part of "Optical Recognition of Handwritten Digits"
    (E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998; CC BY 4.0).
    """
    return load("digits")


def tumours() -> Pair:
    """Breast tumours: ten measurements of cell nuclei (398, 10) float32, and the largest nucleus (398,) float32.

    The measurements are means over an image's nuclei (radius, texture, perimeter, area, smoothness, compactness,
    concavity, concave points, symmetry, fractal dimension), each standardised. The target is the logarithm of the
    largest nucleus' area, standardised. Source: "Breast Cancer Wisconsin (Diagnostic)" (W. Wolberg, O. Mangasarian,
    N. Street and W. Street, UCI Machine Learning Repository, 1995; CC BY 4.0).
    """
    return load("tumours")


def load(name: str, folder: Path = Path(__file__).parent) -> Pair:
    """The features and targets of a set by its name."""
    with np.load(folder / f"{name}.npz", allow_pickle=False) as file:
        return file["features"], file["targets"]
