"""The held-out part of every data set. It is the grader's; no notebook needs it."""

from __future__ import annotations

from pathlib import Path

from bugkit.data import Pair
from bugkit.data import load as _load


def load(name: str) -> Pair:
    """Held-out features and targets of the set ``name``."""
    return _load(name, Path(__file__).parent)
