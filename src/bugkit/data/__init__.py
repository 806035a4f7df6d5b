"""Real data that travel with bugkit: the training part, which is all that a notebook sees.

The held-out part of every set lies with the grader (``bugkit.heldout``). When the grader redraws a task, these
functions return what was drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Arrays: TypeAlias = tuple[Array, ...]
Pair: TypeAlias = tuple[Array, Array]

_drawn: dict[str, Arrays] = {}


def digits() -> Pair:
    """Handwritten digits: images (1347, 64) float32 with pixels from 0 to 1, labels (1347,) int64 from 0 to 9.

    8 x 8 pixels, row by row. Source: the test part of "Optical Recognition of Handwritten Digits"
    (E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998; CC BY 4.0).
    """
    return _pair("digits")


def tumors() -> Pair:
    """Breast tumors: ten measurements of cell nuclei (398, 10) float32, and the largest nucleus (398,) float32.

    The measurements are means over an image's nuclei (radius, texture, perimeter, area, smoothness, compactness,
    concavity, concave points, symmetry, fractal dimension), each standardized. The target is the logarithm of the
    largest nucleus' area, standardized. Source: "Breast Cancer Wisconsin (Diagnostic)" (W. Wolberg, O. Mangasarian,
    N. Street and W. Street, UCI Machine Learning Repository, 1995; CC BY 4.0).
    """
    return _pair("tumors")


def diagnoses() -> Pair:
    """Breast tumors: thirty measurements (398, 30) float32 as they were taken, and 1 for malignant (398,) int64.

    The mean, the standard error and the largest of the ten measurements of ``tumors``, in their own units: areas in
    the hundreds beside fractions. 37 % are malignant. Source: as for ``tumors``.
    """
    return _pair("diagnoses")


def wines() -> Pair:
    """Wines of three growers: thirteen chemical measurements (124, 13) float32, and the grower 0 to 2 (124,) int64.

    In their own units, from tenths to over a thousand. Source: "Wine" (S. Aeberhard and M. Forina, UCI Machine
    Learning Repository, 1992; CC BY 4.0).
    """
    return _pair("wines")


def diabetes() -> Pair:
    """Diabetes: ten measurements of a patient (309, 10) float32, and the disease a year later (309,) float32.

    Age, sex, body mass index, blood pressure and six blood values, each standardized; the target is a score from 25
    to 346. A noisy task: the best models explain half of the variance. Source: B. Efron, T. Hastie, I. Johnstone and
    R. Tibshirani, "Least Angle Regression", 2004.
    """
    return _pair("diabetes")


def names() -> list[str]:
    """First names in small letters, 4,130 of them, in no order, of 2 to 11 letters a to z.

    Source: the frequent first names of the United States census of 1990 (public domain).
    """
    return _text("names").split()


def alice() -> str:
    """The first 120,000 characters of "Alice's Adventures in Wonderland", letters, marks, blanks and line ends.

    Lewis Carroll, 1865; the text of Project Gutenberg as it stands in the Canterbury corpus (public domain).
    """
    return _text("alice")


def shakespeare() -> str:
    """The first 100,000 characters of "As You Like It": speakers in capitals, a line to each verse.

    William Shakespeare, about 1599; as it stands in the Canterbury corpus (public domain).
    """
    return _text("shakespeare")


def load(name: str, folder: Path = Path(__file__).parent) -> Arrays:
    """The arrays of a set by its name, features before targets; a text is one array of its characters' codes."""
    drawn = _drawn.get(name) if folder == Path(__file__).parent else None
    return tuple(array.copy() for array in drawn or _read(folder / f"{name}.npz"))


def sets() -> tuple[str, ...]:
    """The names of all sets."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.npz")))


@cache
def _read(path: Path) -> Arrays:
    """A grader asks for the same set for every run."""
    with np.load(path, allow_pickle=False) as file:
        return tuple(file[key] for key in file.files)


def put(name: str, arrays: Sequence[Array]) -> None:
    """Have ``load`` return these arrays, for the rest of this process: the box is given a task that was drawn."""
    _drawn[name] = tuple(arrays)


def _pair(name: str) -> Pair:
    features, targets = load(name)
    return features, targets


def _text(name: str) -> str:
    (codes,) = load(name)
    return codes.tobytes().decode("ascii")
