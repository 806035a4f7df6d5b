"""What rows that lost their labels break."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bugkit.audit import Call, UndecidedError
from bugkit.run import Run

Array = NDArray[np.float64]
Taught = tuple[Call, Array, NDArray[np.int64]]  # a call, its gradients (N, C), and the numbers of its rows
FEW = 8  # rows
MOST = 0.5  # of the rows of a call
CLOSE = 0.01  # standard deviations of a column
STRONG = 0.3  # of a usual pull; smoothed labels push back with less than 0.1
ASTRAY = 0.25  # of the known rows of a call
OPPOSED = -0.1  # a correlation: -1 for squared errors, over -0.1 in most batches where the two are unrelated
FLAT = 1e-4  # of a spread
SPREAD = 0.3  # standard deviations of the known rows


def check_every_row_is_taught_its_own_label(run: Run) -> None:
    """At every step of the training, each row is taught its own label."""
    odd = off_the_label(run)
    if not odd:
        raise UndecidedError("which labels the training teaches could not be seen")
    assert not sum(odd), f"at {sum(odd)} of {len(odd)} sampled steps, rows are taught other labels (expected: at none)"


def off_the_label(run: Run) -> list[bool]:
    """Of each sampled step of which it can be told, whether rows are taught other labels than their own."""
    try:
        rows, labels = run.train
    except (AttributeError, TypeError, ValueError):  # no data set, or one without labels
        return []
    taught = list(_taught(run, np.asarray(rows, dtype=np.float64).reshape(len(rows), -1)))
    if labels.dtype.kind in "iub":
        return list(_classes(taught, labels.astype(np.int64)))
    return list(_numbers(taught, labels.astype(np.float64).reshape(len(rows), -1)))


def rows_as_fed(fed: Array, known: Array) -> NDArray[np.int64]:
    """For each row that a network was fed the number of the known row (M, D); -1 where it is none.

    Rows are recognized as they are, or with another shift and scale of each column, and with more columns behind.
    """
    out = np.full(len(fed), -1)
    if fed.shape[1] < known.shape[1]:
        return out
    fed = fed[:, : known.shape[1]]
    center, spread = known.mean(axis=0), np.maximum(known.std(axis=0), 1e-9)
    known = (known - center) / spread
    starts = (((fed - center) / spread, 0), ((fed - fed.mean(axis=0)) / np.maximum(fed.std(axis=0), 1e-9), 3))
    for moved, rounds in starts:
        for _ in range(rounds):  # the nearest rows tell the shift and scale, and these tell the nearest rows
            there = known[_nearest(moved, known)]
            away = moved - moved.mean(axis=0)
            slope = (away * there).sum(axis=0) / np.maximum((away**2).sum(axis=0), 1e-12)
            moved = away * slope + there.mean(axis=0)  # noqa: PLW2901
        nearest = _nearest(moved, known)
        varied = rounds == 0 or np.median(moved.std(axis=0)) > SPREAD  # not all of them moved to one row
        same = (np.abs(moved - known[nearest]).max(axis=1) < CLOSE) & varied
        out = np.where((out < 0) & same, nearest, out)
    return out


def _nearest(rows: Array, known: Array) -> NDArray[np.int64]:
    return np.asarray(((known**2).sum(axis=1) - 2 * rows @ known.T).argmin(axis=1))


def _taught(run: Run, known: Array) -> Iterator[Taught]:
    """The sampled calls whose rows are known, with one gradient for each output."""
    calls = []
    for call in run.audit.needed().calls:
        slope = call.slope
        if slope is None or slope.ndim not in (1, 2) or not call.inputs or len(call.inputs[0]) < len(slope):
            continue
        rows = call.inputs[0][: len(slope)].reshape(len(slope), -1).astype(np.float64)
        if len(slope) >= FEW and np.isfinite(rows).all() and np.isfinite(slope).all():
            calls.append((call, slope.reshape(len(slope), -1).astype(np.float64), rows))
    wide = max((rows.shape[1] for *_, rows in calls), default=0)
    calls = [one for one in calls if one[2].shape[1] == wide]
    if not calls:
        return
    numbers = rows_as_fed(np.concatenate([rows for *_, rows in calls]), known)
    ends = np.cumsum([len(rows) for *_, rows in calls])[:-1]
    for (call, slope, _), places in zip(calls, np.split(numbers, ends), strict=True):
        if np.mean(places >= 0) > MOST:
            yield call, slope, places


def _classes(taught: list[Taught], labels: NDArray[np.int64]) -> Iterator[bool]:
    """Classes: whether many rows pull up another output than most rows of their label do in the whole training."""
    seen = []
    for _, slope, places in taught:
        slopes = slope if slope.shape[1] > 1 else np.hstack([-slope, slope])  # one logit speaks for two classes
        pull = -slopes.min(axis=1) * len(slopes)
        seen.append((slopes, pull, places))
    usual = max((float(np.median(pull)) for _, pull, _ in seen), default=0)
    strong = [(pull > STRONG * usual) & (places >= 0) for _, pull, places in seen]
    counts = np.zeros((int(labels.max()) + 1, max((slopes.shape[1] for slopes, *_ in seen), default=1)))
    for (slopes, _, places), clear in zip(seen, strong, strict=True):
        np.add.at(counts, (labels[places[clear]], slopes[clear].argmin(axis=1)), 1)
    own = counts.argmax(axis=1)
    for (slopes, _, places), clear in zip(seen, strong, strict=True):
        mine = np.minimum(own[labels[places]], slopes.shape[1] - 1)
        pushed_away = slopes[np.arange(len(slopes)), mine] >= 0
        yield bool((clear & pushed_away & (slopes.argmin(axis=1) != mine)).sum() > ASTRAY * (places >= 0).sum())


def _numbers(taught: list[Taught], targets: Array) -> Iterator[bool]:
    """Numbers: whether the gradients do not fall where targets rise, among rows with the same answer."""
    for call, slope, places in taught:
        known = places >= 0
        if slope.shape[1] != 1 or targets.shape[1] != 1 or known.sum() < FEW or call.output.size != len(slope):
            continue
        gradient, target = slope[known, 0], targets[places[known], 0]
        answer = call.output.reshape(-1)[known].astype(np.float64)
        if not np.isfinite(answer).all() or gradient.std() <= FLAT * np.abs(gradient).max():
            continue  # absolute errors that have one sign for all rows
        a, b = _beyond(answer, gradient), _beyond(answer, target)
        if b.std() > FLAT * target.std():
            linked = a.std() > FLAT * gradient.std()
            yield not linked or float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b))) > OPPOSED


def _beyond(answer: Array, values: Array) -> Array:
    """What is left of values (N,) when all that goes in a straight line with the answers (N,) is taken away."""
    columns = np.stack([np.ones_like(answer), answer - answer.mean()], axis=1)
    return np.asarray(values - columns @ np.linalg.lstsq(columns, values, rcond=None)[0])
