"""What wrong positions behind a cache break."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bugkit.audit import UndecidedError
from bugkit.checks import log_probabilities
from bugkit.run import LearnerCodeError, Run

__all__ = ["check_what_is_written_is_what_the_whole_row_predicts"]

FEW = (1, 3)  # rows, beside as many as in training
CLOSE = 0.01  # nats; two symbols may be almost equally likely
# What is written symbol by symbol, twice, and what the model says of the whole row without a cache. With noise on the
# weights, nothing is right that was learned by itself.
WRITTEN = """
if isinstance(model, torch.nn.Module):
    model.eval()
    draws = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in model.parameters() if noise else ():
            size = weights.std() if weights.numel() > 1 else weights.abs()
            weights.add_(size * torch.randn(weights.shape, generator=draws, dtype=weights.dtype))
written, again = (torch.as_tensor(write(prompts)) for _ in range(2))
with torch.no_grad():
    outputs = torch.as_tensor(model(torch.cat([prompts, written[:, :-1]], dim=1)))
"""


def check_what_is_written_is_what_the_whole_row_predicts(run: Run) -> None:
    """Symbols that are written one by one are those that the network predicts from the whole row, with any weights."""
    rows = next((call.inputs[0] for call in run.audit.needed().calls[::-1] if call.inputs), np.zeros(0))
    if rows.ndim != 2 or rows.dtype.kind != "i":
        raise UndecidedError("training reads no rows of symbols")
    for count in (len(rows), *FEW):
        for noise in (False, True):
            share = _agree(run, rows[:count, : rows.shape[1] // 2], noise=noise)
            assert share == 1, f"for {count} rows, they agree at {share:.1%} of the positions (expected: 100 %)"


def _agree(run: Run, prompts: NDArray[Any], *, noise: bool) -> float:
    """The share of the written symbols that are the most likely ones for the model without a cache."""
    try:
        told = run.ask(WRITTEN, {"prompts": prompts}, ["written", "again", "outputs"], noise=noise)
    except LearnerCodeError:
        raise UndecidedError("no function `write` could be asked for what follows some rows") from None
    written, outputs = told["written"], told["outputs"][:, prompts.shape[1] - 1 :]
    if written.shape != outputs.shape[:2] or not np.array_equal(written, told["again"]):
        raise UndecidedError("what is written is not the most likely symbol each time")
    log_probs = log_probabilities(outputs)
    chosen = np.take_along_axis(log_probs, written[..., None].astype(np.int64), axis=-1)[..., 0]
    return float(np.mean(log_probs.max(axis=-1) - chosen < CLOSE))
