"""Questions about models of sequences: what training says of the next symbol, and what an answer depends on."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bugkit.audit import Call, UndecidedError
from bugkit.checks import log_probabilities, nll
from bugkit.run import Run

AT_ONCE = 100  # rows
TEXT = 3  # dimensions of the outputs for rows of text
FEW, MOST_AT_ONE_PLACE = 8, 0.6  # rows; a share of them
# The answers to two sets of rows; whatever is drawn at random is drawn alike.
TWICE = """
both = []
for given in (rows, others):
    if isinstance(model, torch.nn.Module):
        model.train(training)
    torch.manual_seed(0)
    both.append(torch.as_tensor(model(given)).detach())
first, second = both
"""


def taught_next(call: Call, text: NDArray[Any] | None = None) -> float | None:
    """At the position where it is least, the share of rows whose next symbol a step makes likelier; None: not known.

    For rows of symbols (N, T) and outputs (N, T, C). What a step says of the last position, whose next symbol is not
    among the rows, has to be what follows in the ``text`` (L,) that they were cut from. Of rows that are not in it, it
    may be anything but a symbol that stands at one place of all rows, or at the start of the next row.
    """
    found = _likelier(call)
    if found is None:
        return None
    rows, taught, likelier = found
    last = taught[:, -1]
    follows = _following(text, rows) if text is not None else np.full(len(rows), -1)
    known = last & (follows >= 0)
    if known.sum() >= FEW:
        if np.mean(likelier[known, -1] == follows[known]) < MOST_AT_ONE_PLACE:
            return 0.0
    elif last.sum() >= FEW:
        places = [np.mean(likelier[last, -1] == rows[last, place]) for place in range(rows.shape[1])]
        if max(*places, np.mean(likelier[:-1, -1] == rows[1:, 0])) > MOST_AT_ONE_PLACE:
            return 0.0
    return float((taught & (likelier == np.roll(rows, -1, axis=1)))[:, :-1].mean(axis=0).min())


def least_taught(run: Run, symbols: str, text: NDArray[Any] | None = None) -> float:
    """`taught_next` of the step at which it is least; UndecidedError where it is known of none."""
    shares = [share for call in run.audit.needed().calls if (share := taught_next(call, text)) is not None]
    if not shares:
        raise UndecidedError(f"which {symbols} training makes more likely could not be seen")
    return min(shares)


def _following(text: NDArray[Any], rows: NDArray[Any]) -> NDArray[Any]:
    """The symbol after each row (N, T) where it stands in a text (L,); -1 where it does not, or several may follow."""
    after = _continuations(np.asarray(text, dtype=np.int64).tobytes(), rows.shape[1])
    return np.array([after.get(row.tobytes(), -1) for row in rows.astype(np.int64)])


@lru_cache(maxsize=2)
def _continuations(text: bytes, length: int) -> dict[bytes, int]:
    """What follows each piece of a text of 64-bit integers; -1 where it is not always the same."""
    size = length * 8
    after: dict[bytes, int] = {}
    for start in range(0, len(text) - size, 8):
        follows = int.from_bytes(text[start + size : start + size + 8], sys.byteorder, signed=True)
        piece = text[start : start + size]
        after[piece] = follows if after.get(piece, follows) == follows else -1
    return after


def _likelier(call: Call) -> tuple[NDArray[Any], NDArray[np.bool_], NDArray[Any]] | None:
    """Rows of symbols (N, T), at which places a step teaches anything, and which symbol it makes likelier there."""
    if call.slope is None or call.slope.ndim != TEXT or not call.inputs:
        return None
    slope, rows = call.slope, call.inputs[0][: len(call.slope)]
    if rows.dtype.kind != "i" or slope.shape[:2] != rows.shape or slope.shape[2] <= rows.max():
        return None
    taught = np.abs(slope).max(axis=2) > 0
    return (rows, taught, slope.argmin(axis=2)) if taught[:, :-1].any() else None  # else one symbol a row, from beyond


def last_place_cost(run: Run, rows: NDArray[np.int64]) -> float:
    """How many nats more the last symbols of rows (N, T) cost after all T - 1 before them than after the last T - 2.

    A model that was never taught at its last place pays for it.
    """
    known, wanted = rows[:, :-1], rows[:, -1]
    longer, shorter = (
        np.concatenate([np.asarray(run.model(some[i : i + AT_ONCE]))[:, -1] for i in range(0, len(rows), AT_ONCE)])
        for some in (known, known[:, 1:])
    )
    return nll(longer, wanted) - nll(shorter, wanted)


def moved(run: Run, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float64]:
    """How far log-probabilities move where ``others`` are asked about instead of ``rows``, in the mode that moves more.

    Rows (N, T) and outputs (N, T, C) give (N, T): the largest difference over the classes.
    """
    gaps = []
    for training in (False, True):
        arrays = {"rows": rows, "others": others}
        both = run.ask(TWICE, arrays, ["first", "second"], needs=["model"], training=training)
        gaps.append(np.abs(log_probabilities(both["first"]) - log_probabilities(both["second"])).max(axis=-1))
    return np.asarray(np.maximum(*gaps))
