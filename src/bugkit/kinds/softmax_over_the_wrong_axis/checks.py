"""What weights that are normalized over the wrong axis break: an entry depends on its neighbors along that axis."""

from __future__ import annotations

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import log_probabilities
from bugkit.kinds.causal_mask_missing.checks import (
    check_no_output_depends_on_later_symbols,
    check_training_computes_what_answers_later,
)
from bugkit.questions import given
from bugkit.run import LearnerCodeError, Run

__all__ = [
    "check_no_output_depends_on_later_symbols",
    "check_no_row_depends_on_the_others",
    "check_training_computes_what_answers_later",
]

NATS = 0.01
MODES = 4
# The answers to the first rows of a batch: among all rows, the same again, and by themselves. In evaluation and in
# training mode, but for the layers that look at the whole batch, or draw at random, by design.
COMPANY = """
answers = []
for training in (False, True):
    for gradients in (False, True):
        for module in [model, *model.modules()] if isinstance(model, torch.nn.Module) else []:
            by_design = (torch.nn.modules.batchnorm._BatchNorm, torch.nn.modules.dropout._DropoutNd)
            module.training = training and not isinstance(module, by_design)
        with torch.set_grad_enabled(gradients):
            for seed, some in enumerate((given, given, tuple(one[:few] for one in given))):
                torch.manual_seed(seed)
                answers.append(torch.as_tensor(model(*some)).detach()[:few])
answers = torch.stack(answers)
"""


def check_no_row_depends_on_the_others(run: Run) -> None:
    """A row of a batch gets the same answer among others, alone, and with few."""
    call = run.audit.needed().calls[-1]
    for few in (1, 3):
        question, arrays = given(call, COMPANY)
        try:
            told = run.ask(question, arrays, ["answers"], needs=["model"], few=few)["answers"]
        except LearnerCodeError:
            raise UndecidedError("the model is asked otherwise than it was trained") from None
        answers = log_probabilities(told).reshape(MODES, 3, -1)
        gaps = [np.abs(answers[:, one] - answers[:, 0]).max(axis=1) for one in (1, 2)]
        random = (gaps[0] > NATS) & (np.arange(MODES) >= MODES // 2)  # what is random in training cannot be compared
        gap = float(gaps[1][~random].max())
        assert gap < NATS, (
            f"among {call.rows} rows, a log-probability of {few} changes by up to {gap:.2g} (expected: 0)"
        )
