"""What a copy with the network's own weights breaks: it is not delayed."""

from __future__ import annotations

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.questions import given
from bugkit.run import LearnerCodeError, Run

__all__ = ["check_the_copy_keeps_its_values_when_the_network_changes"]

ROUNDING = 1e-5  # of the largest value
# What every copy that is named a target answers, before and after the weights of the network are changed. Where the
# network has the copy as one of its parts, these weights are changed, too, and nothing can be told.
APART = """
if not isinstance(model, torch.nn.Module):
    raise TypeError("it is no module")
own = {id(w) for w in model.parameters()}
modules = [value for value in list(globals().values()) if isinstance(value, torch.nn.Module)]
copies = [value for name, value in list(globals().items()) if "target" in name and isinstance(value, torch.nn.Module)]
if any({id(w) for w in one.parameters()} < own for one in copies):
    raise TypeError("it is a part of the network")
for one in modules:
    one.eval()
draws = torch.Generator().manual_seed(0)
with torch.no_grad():
    first, before = (torch.stack([torch.as_tensor(net(*given)) for net in nets]) for nets in ([model], copies))
    for weights in model.parameters():
        weights.add_(torch.randn(weights.shape, generator=draws, dtype=weights.dtype))
    second, after = (torch.stack([torch.as_tensor(net(*given)) for net in nets]) for nets in ([model], copies))
"""


def check_the_copy_keeps_its_values_when_the_network_changes(run: Run) -> None:
    """The delayed copy of the network keeps its values when the weights of the network change."""
    question, arrays = given(run.audit.needed().calls[-1], APART)
    try:
        told = run.ask(question, arrays, ["first", "second", "before", "after"])
    except LearnerCodeError:
        raise UndecidedError("no network and copy with the name of a target could be compared") from None
    size = max(float(np.abs(told["before"]).max(initial=0)), 1.0)
    if np.abs(told["second"] - told["first"]).max(initial=0) < ROUNDING * size:
        raise UndecidedError("the values of the network do not depend on its weights")
    gap = float(np.abs(told["after"] - told["before"]).max(initial=0))
    assert gap < ROUNDING * size, f"a value of the copy changes by up to {gap:.2g} (expected: 0)"
