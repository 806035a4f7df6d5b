"""Questions that the checks of many exercises ask of ``model``, and what its answers say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bugkit.audit import Call, Moment, UndecidedError
from bugkit.checks import log_probabilities
from bugkit.run import LearnerCodeError, Run

Outputs = NDArray[np.float64]
ALIKE = 0.9  # correlation
MIN_CLASSES = 3
CUT = 1e-3  # rounding gives some 1e-7, a detached unit of 64 gives 0.1
EVERY = 3  # moments: four of twelve
SMALL = 0.01  # of the largest number of a gradient
ROUNDING = 0.02  # nats; float32 moves a log-probability by some 1e-5
# The answers to what a step was given, at the weights that it began with: as in training, and as in use. Uncertain
# where they are random, or on weights that `parameters()` leaves out; and in use alone where the company of other
# rows counts in training.
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
half, used = len(now) // 2, now
with torch.no_grad():
    few = torch.as_tensor(model(*(one[:half] for one in given))) if half else now[:0]
    if few.shape == now[:half].shape and torch.allclose(few, now[:half], rtol=1e-3, atol=1e-4):
        used = torch.as_tensor(model.eval()(*given))
"""
# What a step's loss says of the weights, from its slope at the outputs: by automatic differentiation, and along random
# directions by trying. In float64, with the same random numbers in each trial. Uncertain where trials of two lengths
# differ, as they do where a part computes in float32 or changes by itself. The notebook's hooks, which may clip, are
# set aside.
GRADIENT = """
weights = list(model.parameters())
if sum(w.numel() for w in weights) != len(before):
    raise TypeError("it has other weights than in training")
kind, hooks = weights[0].dtype, [w._backward_hooks for w in weights]
torch.nn.utils.vector_to_parameters(before.to(kind), weights)
given = [one.double() if one.is_floating_point() else one for one in given]

def cost():
    torch.manual_seed(0)
    outputs = torch.as_tensor(model(*given))
    if outputs.dtype != torch.float64:
        raise TypeError("it does not compute in float64")
    return (outputs[: len(slope)] * slope.double()).sum()

def compare():
    learned = [w for w in weights if w.requires_grad]
    found = torch.autograd.grad(cost(), learned, allow_unused=True)
    found = [torch.zeros_like(w) if g is None else g for w, g in zip(learned, found)]
    sizes = torch.stack([g.norm() for g in found])
    scale, generator = 1 / (sizes + 1e-3 * sizes.max() + 1e-30), torch.Generator().manual_seed(1)
    gap = spread = 0.0

    def walk(ways, far):
        for w, way in zip(learned, ways):
            w.add_(far * way)
        return float(cost())

    def slope_along(ways, far):
        ahead, behind = walk(ways, far), walk(ways, -2 * far)
        walk(ways, far)
        return (ahead - behind) / (2 * far)

    with torch.no_grad():
        for _ in range(4):
            ways = [s * torch.randn(w.shape, generator=generator, dtype=w.dtype) for s, w in zip(scale, learned)]
            far = 1e-8 / max(float(way.abs().max()) for way in ways)
            tried = [slope_along(ways, length) for length in (far, 3 * far)]
            told = sum(float((g * way).sum()) for g, way in zip(found, ways))
            gap = max(gap, abs(told - tried[0]) / len(learned) ** 0.5)
            spread = max(spread, abs(tried[0] - tried[1]) / len(learned) ** 0.5)
    return learned, found, gap, spread

for w in weights:
    w.grad = w._backward_hooks = None
try:
    model.double().train(training)
    learned, found, gap, spread = compare()
finally:
    model.to(kind)
    for w, hook in zip(weights, hooks):
        w._backward_hooks = hook
place = {id(w): g for w, g in zip(learned, found)}
gradient = torch.cat([place.get(id(w), torch.zeros_like(w)).flatten().float() for w in weights])
shapes = np.array([[w.numel(), len(w) if w.dim() else 1] for w in weights])
"""
# The answers before and after the weights of every network in the notebook were changed.
DISTURBED = """
def weights_in(value):
    if isinstance(value, torch.nn.Module):
        return list(value.parameters())
    return [v for v in value.values() if isinstance(v, torch.Tensor)] if isinstance(value, dict) else []

for one in list(globals().values()):
    if isinstance(one, torch.nn.Module):
        one.eval()
kept = {id(w): w for one in list(globals().values()) for w in weights_in(one) if w.is_floating_point()}
with torch.no_grad():
    before = torch.as_tensor(model(*given))
    for weight in kept.values():
        weight.data.copy_(torch.randn_like(weight))
    after = torch.as_tensor(model(*given))
there = len(kept)
"""
# What the network answers while the notebook measures, and what it answers to the same in evaluation mode.
EVALUATED = """
from torch.nn.modules.module import register_module_forward_hook

gap, seen, asked = 0.0, 0, False

def compare(module, args, output):
    global gap, seen, asked
    if module is not model or asked or not args or not isinstance(output, torch.Tensor):
        return
    modes, asked = [(part, part.training) for part in module.modules()], True
    again = module.eval()(*args)
    for part, mode in modes:
        part.training = mode
    asked = False
    if again.shape == output.shape:
        gap, seen = max(gap, float((again - output)[{real}].abs().max())), seen + 1

if isinstance(model, torch.nn.Module):
    model.train()
handle = register_module_forward_hook(compare)
try:
    with torch.no_grad():
        {function}()
finally:
    handle.remove()
"""


def _steps(moments: Sequence[Moment]) -> Iterator[Moment]:
    """Those in one mode throughout, with a slope, that changed the model's own weights."""
    for moment in moments:
        call = moment.call
        if call.training in (0, 1) and call.slope is not None and not np.array_equal(moment.before, moment.after):
            yield moment


def replayed(run: Run) -> Iterator[tuple[Call, Outputs, tuple[Outputs, Outputs]]]:
    """Steps of the training, with the model's outputs at that step and its answers now, at the weights of then.

    The answers are those as in training, and those as in use. Left out is what cannot be compared: a model
    that is no module, or draws at random; a step whose weights did not change, for it may have trained others.
    """
    for moment in _steps(run.moments):
        call = moment.call
        question, arrays = given(call, REPLAY)
        arrays["before"] = moment.before
        try:
            told = run.ask(question, arrays, ["now", "used", "certain"], needs=["model"], training=call.training == 1)
        except LearnerCodeError:
            continue
        now, used = (told[name][: len(call.output)].astype(np.float64) for name in ("now", "used"))
        if told["certain"] and now.shape == used.shape == call.output.shape:
            yield call, call.output.astype(np.float64), (now, used)


def trained_otherwise(run: Run) -> float:
    """The share of the training's steps at which the model computed something else than it does when it is asked.

    Its outputs (..., C) are class scores. UndecidedError where no step can be compared, or all of them differ.
    """
    gaps = [[_gap(then, now) for now in answers] for _, then, answers in replayed(run)]
    if not gaps or min(now for now, _ in gaps) > ROUNDING:
        raise UndecidedError("what the model computed in training could not be compared")
    return float(np.mean(np.max(gaps, axis=1) > ROUNDING))


def _gap(then: Outputs, now: Outputs) -> float:
    return float(np.abs(log_probabilities(now) - log_probabilities(then)).max())


def gradients(run: Run) -> Iterator[tuple[Moment, float, list[NDArray[np.bool_]]]]:
    """Steps of the training: how far the gradients are off at their weights, and which numbers they left alone.

    The first is the error along random directions, by the length that it has where all is well; some 1e-6 then, and
    of the order of one where a part of the model is cut off from the gradients. The second tells, for each parameter
    (rows, numbers), which numbers the step left as they were, though the loss depends on them. Left out are models
    that are no module, and what cannot be computed to the end in float64.
    """
    for moment in _steps(run.moments[::-1][::EVERY]):
        call = moment.call
        assert call.slope is not None
        question, arrays = given(call, GRADIENT)
        arrays |= {"before": moment.before, "slope": call.slope}
        names = ["gap", "spread", "gradient", "shapes"]
        try:
            told = run.ask(question, arrays, names, training=call.training == 1)  # not every exercise has a `model`
        except LearnerCodeError:
            continue
        if not told["spread"] < CUT:
            continue
        lengths, rows = told["shapes"].T
        ends = np.cumsum(lengths)[:-1]
        found, moves = np.split(np.abs(told["gradient"]), ends), np.split(moment.after != moment.before, ends)
        parts = zip(found, moves, rows, strict=True)
        left = [((g > SMALL * g.max(initial=0)) & ~m).reshape(n, -1) for g, m, n in parts]
        yield moment, float(told["gap"]), left


def answers_by_training(run: Run) -> bool:
    """Whether ``model`` answers with the network that was trained, or with what it was turned into afterwards.

    Its outputs (..., C) are class scores. UndecidedError where the training's calls were not seen.
    """
    audit = run.audit.needed()
    call = audit.calls[-1]
    question, arrays = given(call, DISTURBED)
    told = run.ask(question, arrays, ["before", "after", "there"], needs=["model"])
    if _alike(told["before"][: len(call.output)], call.output):
        return True
    return not np.array_equal(told["before"], told["after"]) if told["there"] else audit.asked


def given(call: Call, question: str) -> tuple[str, dict[str, NDArray[Any]]]:
    """A question that speaks of what a call was ``given``, and its arrays."""
    arrays = {f"given_{number}": array for number, array in enumerate(call.inputs)}
    return f"given = ({''.join(f'{name}, ' for name in arrays)})" + question, arrays


def evaluation_gap(run: Run, function: str, padding: int | None = None) -> float:
    """How far the outputs of ``model`` while ``function`` measures are from those in evaluation mode, at most.

    Inputs that are ``padding`` do not count. UndecidedError where no call was seen.
    """
    question = EVALUATED.format(function=function, real="..." if padding is None else f"args[0] != {padding}")
    told = run.ask(question, {}, ["gap", "seen"], needs=["model", function])
    if not int(told["seen"]):
        raise UndecidedError(f"the calls of `{function}` could not be seen")
    return float(told["gap"])


def _alike(answers: NDArray[Any], outputs: NDArray[Any]) -> bool:
    """Whether two networks' class scores agree in which of the unlikely classes are the less unlikely.

    They do where the training had a few steps to go. What somebody computed, or looked up, agrees in the likely ones.
    """
    if answers.shape != outputs.shape or answers.ndim < 2 or answers.shape[-1] < MIN_CLASSES:
        return False
    classes = answers.shape[-1]
    rest = np.sort(np.argsort(outputs.reshape(-1, classes), axis=1)[:, :-1], axis=1)
    sides = [np.take_along_axis(log_probabilities(x).reshape(-1, classes), rest, axis=1) for x in (answers, outputs)]
    a, b = (side - side.mean(axis=1, keepdims=True) for side in sides)
    return bool((a * b).sum() > ALIKE * np.sqrt((a**2).sum() * (b**2).sum()))
