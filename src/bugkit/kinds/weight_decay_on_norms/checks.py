"""What weight decay on everything breaks."""

from __future__ import annotations

from bugkit.audit import UndecidedError
from bugkit.run import LearnerCodeError, Run

__all__ = ["check_scales_of_norms_do_not_decay"]

# Scales are parameters of one dimension that are no biases.
DECAY = """
names = list(globals().values())
modules = [one for one in names if isinstance(one, torch.nn.Module)]
named = [pair for module in modules for pair in module.named_parameters()]
scales = {id(p) for name, p in named if p.dim() == 1 and not name.endswith("bias")}
optimizers = {id(one): one for one in names if isinstance(one, torch.optim.Optimizer)}.values()
groups = [group for one in optimizers for group in one.param_groups if scales & {id(p) for p in group["params"]}]
decays = torch.tensor([float(group.get("weight_decay", 0.0)) for group in groups])
"""


def check_scales_of_norms_do_not_decay(run: Run) -> None:
    """Weight decay leaves the scales of normalization layers alone."""
    try:
        decays = run.ask(DECAY, returns=["decays"])["decays"]
    except LearnerCodeError:
        raise UndecidedError("the groups of the optimizer could not be seen") from None
    if not decays.size:
        raise UndecidedError("no optimizer holds the scales of normalization layers")
    decay = float(decays.max())
    assert decay == 0, f"the scales of normalization layers have a weight decay of {decay:.2g} (expected: 0)"
