"""What padding in the loss breaks: a step teaches what stands behind the ends of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bugkit.audit import Call, UndecidedError
from bugkit.run import Run

__all__ = ["check_no_step_teaches_padding"]

TEXT = 3  # dimensions of the outputs for rows of symbols
OFTEN = 60  # times that a symbol stands behind itself
CLOSE = 1e-3  # of the strongest slope


def check_no_step_teaches_padding(run: Run) -> None:
    """No step teaches anything at places of padding."""
    seen = [call for call in run.audit.needed().calls if _is_of_symbols(call)]
    padding = padding_among([call.inputs[0] for call in seen])
    if padding is None:
        raise UndecidedError("no padding could be seen")
    symbol, at_the_end = padding
    taught = [_strength(call, symbol, at_the_end=at_the_end) for call in seen]
    odd = sum(strength > CLOSE for strength in taught)
    assert not odd, f"{odd} of {len(taught)} sampled steps do (expected: none)"


def padding_among(batches: Sequence[NDArray[Any]]) -> tuple[int, bool] | None:
    """The symbol that fills rows (N, T) up, and whether it stands at their ends or before their beginnings.

    It is the only one that never has another symbol on that side, and often has itself there. None for none.
    """
    symbols = np.unique(np.concatenate([rows.ravel() for rows in batches])) if batches else np.zeros(0)
    found = []
    for symbol in symbols.tolist():
        for at_the_end in (True, False):
            pairs = [_is_between(rows == symbol, at_the_end=at_the_end) for rows in batches]
            if sum(int(inner.sum()) for inner, _ in pairs) >= OFTEN and not any(broken for _, broken in pairs):
                found.append((int(symbol), at_the_end))
    return found[0] if len(found) == 1 else None


def _is_between(is_symbol: NDArray[np.bool_], *, at_the_end: bool) -> tuple[NDArray[np.bool_], bool]:
    """Where a symbol follows itself, away from the row's text; and whether another one follows it anywhere."""
    outer, inner = (is_symbol[:, 1:], is_symbol[:, :-1]) if at_the_end else (is_symbol[:, :-1], is_symbol[:, 1:])
    return outer & inner, bool((inner & ~outer).any())


def _is_of_symbols(call: Call) -> bool:
    if call.slope is None or call.slope.ndim != TEXT or not call.inputs:
        return False
    rows = call.inputs[0]
    return rows.dtype.kind == "i" and rows.shape == call.slope.shape[:2] and rows.shape[1] > 1


def _strength(call: Call, symbol: int, *, at_the_end: bool) -> float:
    """The strongest slope at padding, but for the place next to the text, as a share of the strongest elsewhere."""
    assert call.slope is not None
    strength, is_symbol = np.abs(call.slope).max(axis=2), call.inputs[0] == symbol
    inner, _ = _is_between(is_symbol, at_the_end=at_the_end)
    outside = strength[:, 1:] if at_the_end else strength[:, :-1]
    return float(outside[inner].max(initial=0) / max(float(strength[~is_symbol].max(initial=0)), 1e-30))
