"""What writing with a cache has to do: the same as without one, and each symbol is read once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bugkit.audit import UndecidedError
from bugkit.checks import log_probabilities
from bugkit.run import Run

NEARLY = 0.01  # nats; two symbols may be almost equally likely
SOME_ROWS = (1, 3)
# What is written, what the model says of the whole rows, and how many symbols its embeddings looked up meanwhile.
WRITTEN_CACHED = """
$MODEL.eval()
looked_up = {}

def watch(module, arguments):
    looked_up[id(module)] = looked_up.get(id(module), 0) + arguments[0].numel()

embeddings = [one for one in $MODEL.modules() if isinstance(one, torch.nn.Embedding)]
handles = [one.register_forward_pre_hook(watch) for one in embeddings]
with torch.no_grad():
    written = torch.as_tensor(write_cached(prompts, length))
for handle in handles:
    handle.remove()
most = np.array(max(looked_up.values(), default=0))
with torch.no_grad():
    predicted = $MODEL(torch.cat([prompts, written[:, :-1]], dim=1))[:, prompts.shape[1] - 1 :]
"""


def written_cached(run: Run, count: int) -> tuple[NDArray[Any], dict[str, NDArray[Any]]]:
    """Prompts (N, T), and what is told of what follows them."""
    rows: NDArray[Any] = next((call.inputs[0] for call in run.audit.needed().calls[::-1] if call.inputs), np.zeros(0))
    if rows.ndim != 2 or rows.dtype.kind != "i":
        raise UndecidedError("training reads no rows of symbols")
    half = rows.shape[1] // 2
    prompts = rows[:count, :half]
    names = ["written", "predicted", "most"]
    told = run.ask(WRITTEN_CACHED, {"prompts": prompts}, names, needs=["write_cached"], length=rows.shape[1] - half)
    return prompts, told


def check_a_cache_changes_nothing(run: Run) -> None:
    """`write_cached` writes the same symbols as without a cache."""
    for count in SOME_ROWS:
        prompts, told = written_cached(run, count)
        written, log_probs = told["written"], log_probabilities(told["predicted"])
        assert written.shape == log_probs.shape[:2], f"symbols of shape {written.shape} for {len(prompts)} prompts"
        chosen = np.take_along_axis(log_probs, written[..., None].astype(np.int64), axis=-1)[..., 0]
        share = float(np.mean(log_probs.max(axis=-1) - chosen < NEARLY))
        assert share == 1, f"{share:.0%} of the symbols are the most likely ones (expected: 100 %)"


def check_each_symbol_is_read_once(run: Run) -> None:
    """In `write_cached`, each symbol passes through the network once."""
    prompts, told = written_cached(run, 3)
    most, needed = int(told["most"]), prompts.size + told["written"].size
    if not most:
        raise UndecidedError("the network looks no symbols up in an embedding")
    assert most <= needed, f"{most} symbols were read (expected: at most {needed})"
