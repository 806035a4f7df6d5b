"""What a network that answers in training mode breaks."""

from __future__ import annotations

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.run import LearnerCodeError, Run

SAME = 1e-3  # of the largest output; rounding is below 1e-5
FEW, SHARE = 3, 0.02  # calls to try the model out; of the calls that it learned from
MANY = 1.5  # times these: a call is computed twice to save memory
# What the network answers while the notebook uses it, and what it answers to the same in evaluation mode: the largest
# difference, relative to the largest output.
USED = """
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

depth, gap, seen = [0], 0.0, 0

def enter(module, args):
    depth[0] += 1

def leave(module, args, output):
    global gap, seen
    depth[0] -= 1
    if depth[0] or not isinstance(output, torch.Tensor) or not output.is_floating_point():
        return
    modes = [(part, part.training) for part in module.modules()]
    depth[0] = 10**6
    try:
        again = module.eval()(*args)
    finally:
        depth[0] = 0
        for part, mode in modes:
            part.training = mode
    if again.shape == output.shape and output.numel():
        gap = max(gap, float((again - output).abs().max() / again.abs().max().clamp(min=1e-6)))
        seen += 1

handles = [register_module_forward_pre_hook(enter), register_module_forward_hook(leave)]
try:
    with torch.no_grad():
        if "predict" in globals():
            predict(rows)
        elif "generate" in globals():
            generate([1, 2, 3], 3)
finally:
    for handle in handles:
        handle.remove()
"""
# The most batches that a batch norm has counted.
COUNTED = """
parts = getattr(globals().get("model"), "modules", list)()
kept = [int(n) for part in parts if (n := getattr(part, "num_batches_tracked", None)) is not None]
counted = max(kept, default=0)
"""


def check_answers_are_those_of_evaluation_mode(run: Run) -> None:
    """In use, the network answers as it does in evaluation mode."""
    try:
        rows = run.train[0][:64]
    except (AttributeError, TypeError, ValueError):  # no data set
        rows = np.zeros((1, 1), dtype=np.float32)
    try:
        told = run.ask(USED, {"rows": rows}, ["gap", "seen"])
    except LearnerCodeError:
        raise UndecidedError("the network is used in another way") from None
    if not int(told["seen"]):
        raise UndecidedError("how the network is used could not be seen")
    gap = float(told["gap"])
    assert gap < SAME, f"an answer differs by up to {gap:.2g} of the largest one (expected: 0)"


def check_batch_norm_counts_the_steps_alone(run: Run) -> None:
    """Batch norm takes its statistics from the batches of the training alone."""
    audit = run.audit.needed()
    counted = int(run.ask(COUNTED, {}, ["counted"])["counted"])
    if not counted or counted > MANY * audit.made:
        raise UndecidedError("no batch norm counted the batches that it saw")
    others = max(counted - audit.made, 0)
    assert others <= max(FEW, SHARE * audit.made), (
        f"it has counted {counted} batches, {others} more than the network learned from (expected: the same)"
    )
