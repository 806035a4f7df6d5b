"""What a layer without a residual connection breaks."""

from __future__ import annotations

import numpy as np

from bugkit.audit import Call, UndecidedError
from bugkit.checks import log_probabilities
from bugkit.kinds.causal_mask_missing.checks import check_training_computes_what_answers_later
from bugkit.questions import given
from bugkit.run import LearnerCodeError, Run

__all__ = ["check_inputs_get_past_every_block", "check_training_computes_what_answers_later"]

FEW = 3  # rows, beside as many as in training
LEAST = 0.01  # of the usual difference between the answers; without a residual connection it is some 1e-6
MODES = 4
# The answers as usual, and once for each block with all of its matrices at zero, so that the block itself extracts
# nothing; in both modes, with gradients off and on. Blocks are the parts of one class in a list or a sequence.
SILENT = """
blocks = {}
for group in model.modules():
    if isinstance(group, (torch.nn.ModuleList, torch.nn.Sequential)):
        kinds = [type(one) for one in group]
        for one in group:
            repeated = kinds.count(type(one)) > 1 and not isinstance(one, torch.nn.Sequential)
            if repeated and list(one.children()) and any(p.dim() > 1 for p in one.parameters()):
                blocks[id(one)] = one
answers = []
for training in (False, True):
    for gradients in (False, True):
        model.train(training)
        for block in [torch.nn.Identity(), *blocks.values()]:
            kept = [(p, p.detach().clone()) for p in block.parameters() if p.dim() > 1]
            for p, _ in kept:
                p.data.zero_()
            torch.manual_seed(0)
            with torch.set_grad_enabled(gradients):
                answers.append(torch.as_tensor(model(*given)).detach())
            for p, value in kept:
                p.data.copy_(value)
answers, count = torch.stack(answers), len(blocks)
"""


def check_inputs_get_past_every_block(run: Run) -> None:
    """Inputs get past every block: where a block extracts nothing from them, the answers still differ."""
    call = run.audit.needed().calls[-1]
    least, number = min(_shares(run, call, rows) for rows in (call.rows, FEW))
    assert least > LEAST, (
        f"past block {number + 1}, {least:.2%} of the difference between answers is left (expected: over {LEAST:.0%})"
    )


def _shares(run: Run, call: Call, rows: int) -> tuple[float, int]:
    """The least share of the difference between rows that is left past a block, and the block's number."""
    question, arrays = given(call, SILENT)
    try:
        told = run.ask(question, {name: one[:rows] for name, one in arrays.items()}, ["answers", "count"])
    except LearnerCodeError:
        raise UndecidedError("the blocks of the model could not be asked") from None
    count = int(told["count"])
    if not count:
        raise UndecidedError("the model has no blocks")
    z = log_probabilities(told["answers"]).reshape(MODES, count + 1, len(told["answers"][0]), -1)
    differs = (z - z.mean(axis=2, keepdims=True)).std(axis=(2, 3))
    shares = (differs[:, 1:] / np.maximum(differs[:, :1], 1e-9)).min(axis=0)
    return float(shares.min()), int(shares.argmin())
