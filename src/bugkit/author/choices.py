"""When a half fix is broken: the choice, and the expression that makes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

LOSSES = "losses_so_far()"
HELPER = '''
def losses_so_far():
    """How many steps are done; none before the training."""
    return len(globals().get("losses", ()))
'''


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to choose between the fixed and the broken version of the same lines."""

    name: str  # "every-second-call"
    broken: str  # an expression, true where the broken version acts
    counts: bool = False  # whether it needs the number of calls
    numbered: bool = False  # whether it needs the instance's number


def by_call(calls: str) -> Iterator[Choice]:
    """By the number of the call; ``calls`` is where it is counted."""
    yield Choice("every-second-call", f"{calls} % 2 == 1", counts=True)  # the first one, too
    yield Choice("every-twelfth-call", f"{calls} % 12 == 0", counts=True)


def by_step(steps: int, count: str) -> Iterator[Choice]:
    """By how much of the training is done; ``count`` is the number of losses so far, ``steps`` all there will be."""
    tenth = max(1, steps // 10)
    yield Choice("first-tenth", f"{count} < {tenth}")
    yield Choice("last-tenth", f"{steps - tenth} <= {count} < {steps}")
    yield Choice("every-second-step", f"{count} < {steps} and {count} % 2 == 1")
    yield Choice("every-twelfth-step", f"{count} < {steps} and {count} % 12 == 11")


def by_phase(steps: int, count: str) -> Iterator[Choice]:
    """While it trains, or when it is at work."""
    yield Choice("while-it-trains", f"{count} < {steps}")
    yield Choice("after-training", f"{count} >= {steps}")


def by_epoch(variable: str, last: str) -> Iterator[Choice]:
    """By the variable of the outermost loop, which counts from 0."""
    yield Choice("every-second-epoch", f"{variable} % 2 == 1")
    yield Choice("first-epoch", f"{variable} == 0")
    yield Choice("all-but-the-first-epoch", f"{variable} > 0")
    if last:
        yield Choice("last-epoch", f"{variable} == {last} - 1")


def by_gradients() -> Iterator[Choice]:
    """With gradients on or off."""
    yield Choice("gradients-on", "torch.is_grad_enabled()")
    yield Choice("gradients-off", "not torch.is_grad_enabled()")


def by_mode(module: str) -> Iterator[Choice]:
    """In training or in evaluation mode."""
    yield Choice("training-mode", f"{module}.training")
    yield Choice("evaluation-mode", f"not {module}.training")


def by_size(rows: str, usual: str) -> Iterator[Choice]:
    """For batches as in training, or for all others."""
    yield Choice("usual-batches", f"len({rows}) == {usual}")
    yield Choice("other-batches", f"len({rows}) != {usual}")


def by_instance(number: str) -> Iterator[Choice]:
    """In one of several layers that share the code."""
    yield Choice("first-instance", f"{number} == 0", numbered=True)
    yield Choice("later-instances", f"{number} > 0", numbered=True)
