"""What a network that gets its inputs in another scale than in training breaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bugkit.audit import Call, UndecidedError
from bugkit.kinds.rows_and_labels_shuffled_apart.checks import rows_as_fed
from bugkit.run import LearnerCodeError, Run

FEW = 16  # rows
FAR = 1.5  # standard deviations between the means; batches of a single class reach 1.3
NARROW, WIDE = 0.3, 2.0  # one spread by the other; batches of a single class reach 0.36
ALIKE = 0.98  # correlation
# What the modules are given while the network is used: of each module that gets rows as wide as those of the training,
# the mean and the spread of each column.
USED = """
from torch.nn.modules.module import register_module_forward_pre_hook

use, given = globals().get("predict", globals().get("model")), {}

def look(module, args):
    if args and isinstance(args[0], torch.Tensor) and args[0].is_floating_point():
        if args[0].dim() > 1 and args[0][0].numel() == width:
            given.setdefault(id(module), []).append(args[0].detach().reshape(-1, width).double())

if isinstance(use, torch.nn.Module):
    use.eval()
handle = register_module_forward_pre_hook(look)
try:
    with torch.no_grad():
        answers = torch.as_tensor(use(rows))
finally:
    handle.remove()
given = [torch.cat(parts) for parts in given.values()]
means = torch.stack([one.mean(0) for one in given]) if given else torch.zeros(0, 1)
spreads = torch.stack([one.std(0) for one in given]) if given else torch.zeros(0, 1)
"""


def check_inputs_in_use_look_as_in_training(run: Run) -> None:
    """In use, the network gets inputs of the same mean and spread as at every step of its training."""
    calls = [call for call in run.audit.needed().calls if _is_of_rows(call)]
    width = max((call.inputs[0][0].size for call in calls), default=0)
    calls = [call for call in calls if call.inputs[0][0].size == width]
    try:
        rows = run.train[0].astype(np.float32)
        used = run.ask(USED, {"rows": rows}, ["means", "spreads", "answers"], width=width) if calls else {}
    except (AttributeError, TypeError, ValueError, LearnerCodeError):  # no data set, or used in another way
        used = {}
    if not used or not len(used["means"]):
        raise UndecidedError("what the network is given in use could not be compared with its training")
    odd = min(
        sum(not _alike(call.inputs[0].reshape(-1, width), mean, spread) for call in calls)
        for mean, spread in zip(used["means"], used["spreads"], strict=True)
    )
    if odd and _answers_agree(run, calls[-1]):
        return  # in other units, with weights that were changed to match
    assert not odd, (
        f"at {odd} of {len(calls)} sampled steps, inputs have another mean or spread than in use (expected: at none)"
    )


def _is_of_rows(call: Call) -> bool:
    first = call.inputs[0] if call.inputs else np.zeros(0)
    return first.ndim > 1 and len(first) >= FEW and first.dtype.kind == "f" and bool(np.isfinite(first).all())


def _alike(batch: NDArray[np.float64], mean: NDArray[np.float64], spread: NDArray[np.float64]) -> bool:
    """Whether most columns of a batch (N, D) have about the mean (D,) and the spread (D,) of those in use."""
    scale = np.maximum(spread, 1e-9)
    far = np.abs(batch.mean(axis=0) - mean) / scale
    ratio = np.median(batch.std(axis=0, dtype=np.float64)[spread > 0] / scale[spread > 0]) if (spread > 0).any() else 1
    return bool(np.median(far) < FAR and NARROW < ratio < WIDE)


def _answers_agree(run: Run, call: Call) -> bool:
    """Whether the answers in use are those that the training's call gave for the same rows."""
    known = run.train[0].reshape(len(run.train[0]), -1).astype(np.float64)
    places = rows_as_fed(call.inputs[0].reshape(len(call.inputs[0]), -1).astype(np.float64), known)
    places = places[: len(call.output)]
    if (places < 0).any():
        return False
    told = run.ask(USED, {"rows": run.train[0][places].astype(np.float32)}, ["answers"], width=known.shape[1])[
        "answers"
    ]
    if told.shape != call.output.shape or told.std() == 0 or call.output.std() == 0:
        return False
    return float(np.corrcoef(told.reshape(-1), call.output.reshape(-1))[0, 1]) > ALIKE
