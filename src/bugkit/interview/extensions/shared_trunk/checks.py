"""What a classifier on a trunk has to do: share its weights, teach them, and answer for each row alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bugkit.audit import UndecidedError
from bugkit.run import Run

MOST_SHARED = 0.5  # of the network's weights
ALONE = 1e-4
HEAD_QUESTION = """
classifier.eval()
shared = {id(weight) for weight in $MODEL.parameters()}
total = sum(weight.numel() for weight in $MODEL.parameters())
own = [weight for weight in classifier.parameters() if id(weight) not in shared]
trunk = [weight for weight in classifier.parameters() if id(weight) in shared]
logits = classifier(rows)
alone = torch.cat([classifier(row[None]) for row in rows])
found = torch.autograd.grad((logits[:, 0] - logits[:, 1]).sum(), trunk + own, allow_unused=True)
reached = sum(w.numel() for w, g in zip(trunk, found) if g is not None and g.abs().max() > 0)
taught = all(g is not None and g.abs().max() > 0 for g in found[len(trunk):])
news = np.array(sum(weight.numel() for weight in own))
share = np.array(sum(weight.numel() for weight in trunk) / total)
reaches, taught = np.array(reached / total), np.array(bool(taught))
moved = []
for place in (0, rows.shape[1] // 2, rows.shape[1] - 1):
    other = rows.clone()
    other[:, place] = (other[:, place] + 1) % (int(rows.max()) + 1)
    moved.append(float((classifier(other) - logits).abs().max()))
moved = np.array(moved)
logits, alone = logits.detach(), alone.detach()
"""


def asked_for_two(run: Run) -> tuple[NDArray[Any], dict[str, NDArray[Any]]]:
    """What is told of the classifier, about rows of the training."""
    rows: NDArray[Any] = next((call.inputs[0] for call in run.audit.needed().calls[::-1] if call.inputs), np.zeros(0))
    if rows.ndim != 2 or rows.dtype.kind != "i":
        raise UndecidedError("training reads no rows of symbols")
    names = ["logits", "alone", "news", "share", "reaches", "taught", "moved"]
    return rows[:5], run.ask(HEAD_QUESTION, {"rows": rows[:5]}, names, needs=["classifier"])


def check_two_logits_for_each_row(run: Run) -> None:
    """`classifier` gives two logits for each row, the same ones whatever rows stand beside it."""
    rows, told = asked_for_two(run)
    shape = told["logits"].shape
    assert shape == (len(rows), 2), f"logits of shape {shape} (expected: {(len(rows), 2)})"
    gap = float(np.abs(told["logits"] - told["alone"]).max())
    assert gap < ALONE, f"alone, a row's logits differ by {gap:.2g} (expected: 0)"


def check_the_trunk_is_shared_and_taught(run: Run) -> None:
    """`classifier` shares the network's weights, and its gradients reach them."""
    _, told = asked_for_two(run)
    share, reaches = float(told["share"]), float(told["reaches"])
    assert share > MOST_SHARED, f"{share:.0%} of the network's weights are in it (expected: most of them)"
    assert reaches > MOST_SHARED, f"gradients reach {reaches:.0%} of the network's weights (expected: most of them)"
    assert int(told["news"]) > 1, "it has no weights of its own"
    assert bool(told["taught"]), "no gradient reaches some of its own weights"


def check_every_position_counts(run: Run) -> None:
    """In `classifier`, every position of a row counts."""
    _, told = asked_for_two(run)
    least = float(told["moved"].min())
    assert least > 0, "another symbol at the beginning, in the middle or at the end changes no logit"
