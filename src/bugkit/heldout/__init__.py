"""The held-out part of every data set. It is the grader's; no notebook needs it."""

from __future__ import annotations

from pathlib import Path

from bugkit.data import Arrays
from bugkit.data import load as _load


def load(name: str) -> Arrays:
    """Held-out features and targets of the set ``name``; of a text, one array of its characters' codes."""
    return _load(name, Path(__file__).parent)
