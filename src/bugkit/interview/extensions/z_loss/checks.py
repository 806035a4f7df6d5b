"""What a loss of two terms has to do: be the sum of both, for any logits, with its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bugkit.run import Run

EXACT = 1e-3  # relative; float32 gives some 1e-6
WEIGHTS = (0.0, 1e-4, 0.5)
Z_QUESTION = """
logits = logits.float().requires_grad_()
loss = z_loss(logits, targets, weight)
(slope,) = torch.autograd.grad(loss, [logits])
loss = loss.detach()
"""


def asked_for_both_terms(run: Run, scale: float, weight: float) -> tuple[dict[str, NDArray[Any]], float, NDArray[Any]]:
    """The loss and its gradient as they are, and as they should be."""
    logits, targets = scale * run.rng.standard_normal((7, 5)), run.rng.integers(0, 5, 7)
    logits = logits.astype(np.float32).astype(np.float64)
    arrays: dict[str, NDArray[Any]] = {"logits": logits.astype(np.float32), "targets": targets}
    told = run.ask(Z_QUESTION, arrays, ["loss", "slope"], needs=["z_loss"], weight=weight)
    high = logits.max(axis=1)
    z = high + np.log(np.exp(logits - high[:, None]).sum(axis=1))
    probs, rows = np.exp(logits - z[:, None]), np.arange(7)
    wanted = np.mean(z - logits[rows, targets]) + weight * np.mean(z**2)
    slope = (probs * (1 + 2 * weight * z)[:, None] - np.eye(5)[targets]) / 7
    return told, wanted, slope


def check_it_is_the_sum_of_both_terms(run: Run) -> None:
    """`z_loss` is the cross-entropy plus the weighted second term, for small and for large logits."""
    for scale in (1.0, 2000.0):
        for weight in WEIGHTS:
            told, wanted, _ = asked_for_both_terms(run, scale, weight)
            found = float(told["loss"])
            assert np.isclose(found, wanted, rtol=EXACT, atol=1e-4), f"it is {found:.6g} (expected: {wanted:.6g})"


def check_gradients_flow_through_both(run: Run) -> None:
    """The gradient of `z_loss` is that of both terms."""
    for scale in (1.0, 2000.0):
        for weight in WEIGHTS:
            told, _, wanted = asked_for_both_terms(run, scale, weight)
            gap = float(np.abs(told["slope"] - wanted).max() / np.abs(wanted).max())
            assert gap < EXACT, f"with weight {weight:g}, the gradient is off by {gap:.2g} of its size (expected: 0)"
