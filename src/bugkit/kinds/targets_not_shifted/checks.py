"""What targets at another distance than the next symbol break."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bugkit.audit import Call, UndecidedError
from bugkit.run import Run

__all__ = ["check_each_step_teaches_the_next_symbol"]

TEXT = 3  # dimensions of the outputs for rows of symbols
NEXT, OTHERS = 1, (0, 2, 3, -1)  # how far ahead the symbol lies that a position is taught
MIN_SEEN = 8  # positions at which two distances differ
MOST = 0.5  # of these


def check_each_step_teaches_the_next_symbol(run: Run) -> None:
    """Each step makes the next symbol more likely, and neither the given one nor one further on."""
    known = [distance for call in run.audit.needed().calls if (distance := _taught(call)) is not None]
    if not known:
        raise UndecidedError("which symbols training makes more likely could not be seen")
    odd = [distance for distance in known if distance != NEXT]
    assert not odd, (
        f"at {len(odd)} of {len(known)} sampled steps, these are the symbols {odd[0]} places ahead (expected: 1 place)"
    )


def _taught(call: Call) -> int | None:
    """How far ahead the symbols lie that a step makes more likely; None: not known."""
    if call.slope is None or call.slope.ndim != TEXT or not call.inputs:
        return None
    slope, rows = call.slope, call.inputs[0][: len(call.slope)]
    if rows.dtype.kind != "i" or slope.shape[:2] != rows.shape or slope.shape[2] <= rows.max():
        return None
    taught, likelier = np.abs(slope).max(axis=2) > 0, slope.argmin(axis=2)
    shares = {distance: _share(rows, taught, likelier, distance) for distance in (*OTHERS, NEXT)}
    return next((distance for distance, share in shares.items() if share > MOST), None)


def _share(rows: NDArray[np.int64], taught: NDArray[np.bool_], likelier: NDArray[np.int64], distance: int) -> float:
    """Where the symbol at a distance is another than the next one: how often it is the one that is made likelier."""
    first, last = max(-distance, 0), rows.shape[1] - max(distance, NEXT)
    if last <= first:
        return 0.0
    there, following = rows[:, first + distance : last + distance], rows[:, first + NEXT : last + NEXT]
    seen = taught[:, first:last] & ((there != following) | (distance == NEXT))
    return float(np.mean(likelier[:, first:last][seen] == there[seen])) if seen.sum() >= MIN_SEEN else 0.0
