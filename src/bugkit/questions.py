"""Questions that the checks of many exercises ask of ``model``, and what its answers say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bugkit.audit import Call, UndecidedError
from bugkit.checks import log_probabilities
from bugkit.run import LearnerCodeError, Run

ROUNDING = 0.02  # nats; float32 moves a log-probability by some 1e-5
# The answers to what a step was given, at the weights that it began with. None where an answer depends on more than
# them: on chance, or on weights that `parameters()` leaves out.
REPLAY = """
weights = list(model.parameters())
if sum(w.numel() for w in weights) != len(before):
    raise TypeError("it has other weights than in training")
torch.nn.utils.vector_to_parameters(before.to(weights[0].dtype), weights)
model.train(training)
now, again = (torch.as_tensor(model(*given)) for _ in range(2))
nodes, reached = [now.grad_fn], set()
while nodes:
    node = nodes.pop()
    if node is not None and node not in reached:
        reached.add(node)
        nodes += [child for child, _ in node.next_functions]
others = {id(node.variable) for node in reached if hasattr(node, "variable")} - {id(w) for w in weights}
now, certain = now.detach(), torch.allclose(now, again, atol=1e-4) and not others
"""
# The answers to two sets of rows; whatever is drawn at random is drawn alike.
TWICE = """
both = []
for given in (rows, others):
    if isinstance(model, torch.nn.Module):
        model.train(training)
    torch.manual_seed(0)
    both.append(torch.as_tensor(model(given)).detach())
first, second = both
"""


def replayed(run: Run) -> Iterator[tuple[Call, NDArray[np.float64], NDArray[np.float64]]]:
    """Steps of the training, with the model's outputs at that step and its answers now, at the weights of then.

    Left out is what cannot be compared: a model that is no module, or draws at random; a step whose weights did not
    change, for it may have trained others.
    """
    for moment in run.moments:
        call = moment.call
        if call.training not in (0, 1) or call.slope is None or np.array_equal(moment.before, moment.after):
            continue
        given = {f"given_{number}": array for number, array in enumerate(call.inputs)}
        question = f"given = ({''.join(f'{name}, ' for name in given)})" + REPLAY
        arrays = {**given, "before": moment.before}
        try:
            told = run.ask(question, arrays, ["now", "certain"], needs=["model"], training=call.training == 1)
        except LearnerCodeError:
            continue
        now = told["now"][: len(call.output)].astype(np.float64)
        if told["certain"] and now.shape == call.output.shape:
            yield call, call.output.astype(np.float64), now


def trained_otherwise(run: Run) -> float:
    """The share of the training's steps at which the model computed something else than it does when it is asked.

    Its outputs (..., C) are class scores. UndecidedError where no step can be compared, or all of them differ.
    """
    gaps = np.array([np.abs(log_probabilities(now) - log_probabilities(then)).max() for _, then, now in replayed(run)])
    if not len(gaps) or gaps.min() > ROUNDING:
        raise UndecidedError("what the model computed in training could not be compared")
    return float(np.mean(gaps > ROUNDING))


def moved(run: Run, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float64]:
    """How far log-probabilities move where ``others`` are asked about instead of ``rows``, in the mode that moves more.

    Rows (N, T) and outputs (N, T, C) give (N, T): the largest difference over the classes.
    """
    gaps = []
    for training in (False, True):
        arrays = {"rows": rows, "others": others}
        both = run.ask(TWICE, arrays, ["first", "second"], needs=["model"], training=training)
        gaps.append(np.abs(log_probabilities(both["first"]) - log_probabilities(both["second"])).max(axis=-1))
    return np.asarray(np.maximum(*gaps))
