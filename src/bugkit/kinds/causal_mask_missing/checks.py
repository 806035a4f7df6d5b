"""What a position that sees later symbols breaks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bugkit.audit import UndecidedError
from bugkit.checks import log_probabilities
from bugkit.questions import trained_otherwise
from bugkit.run import LearnerCodeError, Run

__all__ = ["check_no_output_depends_on_later_symbols", "check_training_computes_what_answers_later"]

TEXT = 3  # dimensions of the outputs for rows of symbols
FEW = (1, 3)  # rows, beside as many as in training
NATS = 0.01  # float32 moves a log-probability by some 1e-5; the weakest of these bugs moves one by tenths
MOST_NUMBERS = 3_000_000  # of one answer
MODES, ANSWERS = 4, 3
# The answers to some rows, to the same rows again, and to others; in evaluation and in training mode, with gradients
# off and on. What is drawn at random is drawn alike.
ASKED = """
told = []
for training in (False, True):
    for gradients in (False, True):
        if isinstance(model, torch.nn.Module):
            model.train(training)
        for asked in (rows, rows, others):
            torch.manual_seed(0)
            with torch.set_grad_enabled(gradients):
                told.append(torch.as_tensor(model(asked)).detach())
told = torch.stack(told)
"""


def check_no_output_depends_on_later_symbols(run: Run) -> None:
    """The output at a position does not depend on the symbols after it, in either mode, in batches of any size."""
    for rows, others, kept in _pairs(run, *_rows(run)):
        try:
            told = run.ask(ASKED, {"rows": rows, "others": others}, ["told"], needs=["model"])["told"]
        except LearnerCodeError:
            raise UndecidedError("the model is asked otherwise than it was trained") from None
        answers = log_probabilities(told)[:, :, :kept].reshape(MODES, ANSWERS, -1)
        gaps = [np.abs(answers[:, one] - answers[:, 0]).max(axis=1) for one in (1, 2)]
        random = (gaps[0] > NATS) & (np.arange(MODES) >= MODES // 2)  # what is random in training cannot be compared
        gap = float(gaps[1][~random].max())
        assert gap < NATS, (
            f"with other symbols from position {kept} on, an earlier log-probability changes by up to {gap:.2g} "
            "(expected: 0)"
        )


def check_training_computes_what_answers_later(run: Run) -> None:
    """At every step of the training, the model computes what it computes later with the same weights."""
    share = trained_otherwise(run)
    assert share == 0, f"at {share:.0%} of the sampled steps, a log-probability differs (expected: 0 %)"


def _rows(run: Run) -> tuple[NDArray[np.int64], int]:
    """The rows (N, T) of a step of the training, and how many numbers the model gives for each."""
    for call in reversed(run.audit.needed().calls):
        rows = call.inputs[0] if call.inputs else call.output
        is_text = rows.dtype.kind == "i" and call.output.ndim == TEXT and call.output.shape[1:2] == rows.shape[1:]
        if is_text and rows.shape[1] > 1 and len(np.unique(rows)) > 1:
            return rows.astype(np.int64), call.output[0].size
    raise UndecidedError("training reads no rows of symbols")


def _pairs(run: Run, rows: NDArray[np.int64], size: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], int]]:
    """Rows, the same with other symbols from one position on, and this position."""
    symbols, length = np.unique(rows), rows.shape[1]
    usual = min(len(rows), max(MOST_NUMBERS // (MODES * ANSWERS * size), 1))
    asked = [(usual, kept) for kept in sorted({1, length // 2, length - 1})]
    for count, kept in [*asked, *((few, max(length // 2, 1)) for few in FEW if few < usual)]:
        some = rows[:count]
        place = np.searchsorted(symbols, some[:, kept:])
        further = run.rng.integers(1, len(symbols), size=place.shape)
        others = np.concatenate([some[:, :kept], symbols[(place + further) % len(symbols)]], axis=1)
        yield some, others, kept
