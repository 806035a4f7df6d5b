"""What gradients that are clipped too late break."""

from __future__ import annotations

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.questions import given
from bugkit.run import LearnerCodeError, Run

# The limits that the notebook's own step hands to PyTorch's function, when it is called three times: for the gradients
# of all weights that its optimizer holds, and their usual length. The targets may be anything of the right form.
LIMITS = """
import inspect
import types
from torch.nn import utils
from torch.optim.optimizer import register_optimizer_step_pre_hook

clip, limits, held = utils.clip_grad_norm_, [], set()

def noted(parameters, max_norm, norm_type=2.0, *args, **kwargs):
    some = [parameters] if isinstance(parameters, torch.Tensor) else list(parameters)
    limits.append((float(max_norm) if norm_type == 2 else float("nan"), {id(p) for p in some}))
    return clip(some, max_norm, norm_type, *args, **kwargs)

def noted_step(optimizer, args, kwargs):
    held.update(id(p) for group in optimizer.param_groups for p in group["params"] if p.grad is not None)

def is_step(one):
    if not isinstance(one, types.FunctionType) or not {"clip_grad_norm_", "step"} <= set(one.__code__.co_names):
        return False
    free = [p for p in inspect.signature(one).parameters.values() if p.default is p.empty and p.kind < p.VAR_POSITIONAL]
    return len(free) == len(given) + 1

(step,) = [one for one in list(globals().values()) if is_step(one)]
theirs = step.__globals__
has_name = theirs.get("clip_grad_norm_") is clip
given = [one[: len(output)] for one in given]
are_classes = output.dim() > 1 and output.shape[-1] > 1
targets = torch.zeros(output.shape[:-1], dtype=torch.long) if are_classes else torch.zeros_like(output)
handle = register_optimizer_step_pre_hook(noted_step)
utils.clip_grad_norm_ = noted
if has_name:
    theirs["clip_grad_norm_"] = noted
try:
    for _ in range(3):
        step(*given, targets)
finally:
    utils.clip_grad_norm_ = clip
    if has_name:
        theirs["clip_grad_norm_"] = clip
    handle.remove()
limit = torch.tensor([one if held <= some else float("nan") for one, some in limits])
"""


def check_no_step_follows_more_than_the_limit(run: Run) -> None:
    """Where the step clips gradients to one length, no step of the training follows a longer gradient."""
    audit = run.audit.needed()
    norms = audit.norms[np.isfinite(audit.norms)]
    call = audit.calls[-1]
    question, arrays = given(call, LIMITS)
    try:
        limits = run.ask(question, arrays | {"output": call.output}, ["limit"])["limit"]
    except LearnerCodeError:
        limits = np.zeros(0)
    if not (len(norms) and len(limits) and np.ptp(limits) == 0):  # none, several, or of another kind
        raise UndecidedError("to which length gradients are clipped could not be seen")
    limit = float(limits[0])
    longer = int((norms > 1.02 * limit).sum())
    assert not longer, (
        f"{longer} of {len(norms)} sampled steps did, the longest of length {norms.max():.3g} "
        f"(expected: at most {limit:.3g})"
    )
