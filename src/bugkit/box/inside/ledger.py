"""The calls of one module that its training learned from, in order, and the steps between them."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bugkit.box.inside.tensors import (
    copied,
    first_rows,
    is_added_to,
    norm_of,
    norms_of,
    plain,
    tensors_in,
    unwrapped,
    weights_of,
)

Array = np.ndarray[Any, Any]
LOOKS = 48  # calls of a training that are looked at
MAX_LOOKS = 4 * LOOKS  # of one that goes on for longer than its budget
MAX_BYTES = 12 << 20  # of what they were given and gave
MAX_MOMENTS = 12
MOMENTS_EVERY = 4  # calls that are looked at
MOST_BY_HAND = 16  # after so many steps without an optimizer, steps are what they are
TWICE = 2  # the writes of a step, and those that put its weights back
MAX_WEIGHTS = 150_000  # numbers in a model whose weights are kept
GOLDEN = (math.sqrt(5) - 1) / 2


class Samples:
    """Which calls are looked at closely: spread evenly over the training, and never in step with a period of it.

    The multiples of the golden ratio, modulo one, do so; other seeds begin elsewhere.
    """

    def __init__(self, seed: int, max_steps: int) -> None:
        self._start = (seed * math.sqrt(2)) % 1
        self._share = min(1.0, LOOKS / max(max_steps, 1))

    def has(self, index: int) -> bool:
        """Whether a call is among them, by its number; the first two always are."""
        return index < 2 or (index * GOLDEN + self._start) % 1 < self._share

    def halve(self) -> None:
        """There are too many: only half of them from now on."""
        self._share /= 2


@dataclass(eq=False, slots=True)
class Call:
    """One call of a module that is looked at; ``step`` counts the changes of its weights before it."""

    index: int  # among the calls of its module
    number: int  # among the calls of all modules
    step: int
    rows: int
    training: float  # share of the module's parts that are in training mode
    fresh: bool  # whether it is the first since the weights changed
    given: list[Any]  # tensors
    gave: Any
    slope: Any = None  # of the training's loss at ``gave``
    learned: bool = False
    moved: Any = None  # (parameters,) uint8: which the step after it changed; None where another call came first
    left_over: float = math.nan  # norm of gradients that were there before its own; NaN where that cannot be told

    @property
    def bytes(self) -> int:
        """Of its tensors."""
        return sum(t.numel() * t.element_size() for t in (*self.given, self.gave, self.slope) if t is not None)

    def arrays(self) -> Iterator[tuple[str, Array]]:
        """The tensors by place."""
        for place, tensor in enumerate(self.given):
            yield f"input {place}", plain(tensor)
        for name, tensor in (("output", self.gave), ("slope", self.slope)):
            if tensor is not None:
                yield name, plain(tensor)
        if self.moved is not None:
            yield "moved", self.moved


@dataclass(eq=False, slots=True)
class Moment:
    """One step: all weights before it and after, by name."""

    call: Call
    before: dict[str, Array]
    after: dict[str, Array] = field(default_factory=dict)  # empty as long as the step is not made

    def flat(self) -> tuple[Array, Array]:
        """All weights in one row, before and after."""
        return np.concatenate(list(self.before.values())), np.concatenate([self.after[name] for name in self.before])

    def under(self, names: list[str]) -> Moment | None:
        """The same in the order of these names; None where it has others, as a parametrized weight has."""
        if not set(names) == self.before.keys() == self.after.keys():
            return None
        return Moment(self.call, {name: self.before[name] for name in names}, self.after)


class Ledger:
    """What was seen of one module. Weights that come back to where they were once take the calls since then away.

    That is what a look does that overfits one batch and puts the weights back: it is no part of the training.
    """

    def __init__(self, module: Any, samples: Samples) -> None:
        self.ref = weakref.ref(module)  # to None where it is gone
        self.kind = type(module)
        self._samples = samples
        self.first = self.last = 0  # its first and its last call, among the calls of all modules
        self.count = 0
        self.step = 0  # how often the weights changed
        self.taken = 0  # steps: a change by hand beside an optimizer's steps is a part of one, as a look uphill is
        self.calls: list[Call] = []
        self.moments: list[Moment] = []
        self.forgotten: list[tuple[int, int]] = []  # steps of optimizers that were taken back, from and up to before
        self._steps_at: dict[tuple[float, ...], int] = {}  # the step at which the weights had these norms
        self._then: dict[int, tuple[int, int]] = {}  # by step: the clock, and the steps taken
        self._mark: tuple[float, ...] = ()
        self._versions: list[int] = []
        self._writes = 0  # into weights, from one call to the next
        self._least = 0  # of these, the fewest there were: those of a step
        self._moved: frozenset[int] = frozenset()  # parameters that changed since the call before, by identity
        self._fresh = False
        self._clock = 0
        self._looked = False  # whether the call before was looked at
        self._by_hand = 0  # successive calls between which no optimizer stepped, and yet the weights changed
        self._pairs = self._silent = 0  # calls after one that was looked at; of these, changes that no version tells
        self._bytes = 0
        self._seen: set[int] = set()
        self._find()

    def called(self, clock: int, *, transformed: bool) -> bool:
        """The module was called, in a training perhaps; whether the call is to be looked at. All calls come here."""
        index = self.count
        self.count = index + 1
        looked = transformed or self._samples.has(index)
        if looked:
            self._find()
        versions = [p._version for p in self.parameters]
        if looked or self._looked or self._clock != clock or self._versions != versions:
            self._compare(versions, clock, closely=looked or self._looked)
        else:
            self._fresh = False
        self._looked = looked
        return looked

    def look(self, given: tuple[Any, ...], gave: Any, number: int) -> Call:
        """The call as it was just made; what it was given is copied, for it may be used again."""
        tensors = list(tensors_in(given))
        rows = next((len(t) for t in tensors if t.dim()), 1)
        training = sum([part.training for part in self.parts]) / len(self.parts)
        index, step, fresh = self.count - 1, self.step, self._fresh
        given_then, gave_then = [copied(t) for t in tensors], copied(first_rows(unwrapped(gave)))
        return Call(index, number, step, rows, training, fresh, given_then, gave_then)

    def learned(self, call: Call, slope: Any, *, alone: bool) -> None:
        """A gradient has come back to the call's output; ``alone`` where no other call was made meanwhile."""
        call.learned = True
        call.slope = None if slope is None else copied(first_rows(slope))
        if alone and call.fresh and slope is not None:
            moved = [p for p in self.parameters if p.is_leaf and p.requires_grad and id(p) in self._moved]
            if any(is_added_to(p) for p in moved):
                call.left_over = norm_of([p.grad for p in moved])
        self.calls.append(call)
        self._begin_moment(call)
        self._bytes += call.bytes
        while self._bytes > MAX_BYTES or len(self.calls) > MAX_LOOKS:
            self._samples.halve()
            self._keep([one for one in self.calls[1:] if self._samples.has(one.index)])

    def holds_any(self, parameters: set[int]) -> bool:
        """Whether one of these is among the module's own, by identity."""
        if self.ref() is None:
            return False
        self._find()
        return not parameters.isdisjoint(self._seen)

    def close(self, clock: int) -> None:
        """The weights as they are now come after the last step."""
        if self.ref() is None:
            self.taken += 1  # nobody knows, and a training ends with a step
        else:
            self._find()
            self._compare([p._version for p in self.parameters], clock, closely=self._looked)
            self.taken += self._fresh and self._by_hand == 1  # it stands for the last step
        if self._silent:
            self.taken = max(self.taken, round(self.count * self._silent / self._pairs))
        module = self.ref()
        now = None if module is None else [name for name, _ in module.named_parameters()]
        whole = [one.under(list(one.before) if now is None else now) for one in self.moments if one.after]
        self.moments = [one for one in whole if one]

    def _compare(self, versions: list[int], clock: int, *, closely: bool) -> None:
        """Whether the weights have changed since the call before; then one more step was made, or some taken back."""
        first, stepped = not self._versions, clock != self._clock
        by_version, before = versions != self._versions, self._mark
        self._by_hand = self._by_hand + 1 if by_version and not (stepped or first) else 0
        writes = 0 if first else sum(versions) - sum(self._versions)  # not those that made the weights
        marked = closely or first or writes != self._writes or 0 < self._by_hand < MOST_BY_HAND
        if marked:
            self._mark = norms_of(self.parameters)  # more writes than usual: weights may have been put back
        self._writes = writes
        self._least = min(self._least or writes, writes) if writes > 0 else self._least
        if closely:
            self._moved = self._which_moved(versions, before)
        silent = self._looked and not (by_version or stepped) and self._mark != before
        self._pairs += self._looked
        self._silent += silent
        self._fresh = not first and (by_version or stepped or silent)
        self._versions, self._clock = versions, clock
        if first:
            self._steps_at[self._mark] = 0
        if not self._fresh:
            return
        if self._looked and self.calls and self.calls[-1].moved is None:
            moved = [id(p) in self._moved for p in self.parameters]
            self.calls[-1].moved = np.array(moved, dtype=np.uint8)
        self.step += 1
        self.taken += 2 if self._by_hand == 2 else self._by_hand != 1  # the first by hand counts with the second
        if self._mark != before:
            at = self._steps_at.setdefault(self._mark, self.step)
            if not stepped or writes > self._least:  # an optimizer's step may lead back by itself, in bfloat16
                self._come_back(at, clock)
        elif marked and writes >= TWICE * self._least > 0:  # a step, and then its weights were put back
            self._come_back(self.step - 1, clock)
        self._then[self.step] = clock, self.taken
        if self.moments and not self.moments[-1].after:
            self.moments[-1].after = weights_of(self.ref())

    def _which_moved(self, versions: list[int], before: tuple[float, ...]) -> frozenset[int]:
        """The parameters that changed, by identity. Through ``.data`` they change without a new version."""
        count = len(self.parameters)
        old = self._versions if len(self._versions) == count else [-1] * count
        known = self._looked and len(before) == len(self._mark) == count
        marks = zip(self._mark, before, strict=True) if known else [(0, 0)] * count
        rows = zip(self.parameters, versions, old, marks, strict=True)
        return frozenset(id(p) for p, now, then, (mark, last) in rows if now != then or mark != last)

    def _come_back(self, step: int, clock: int) -> None:
        """The weights are as they were at a step: what came since then is no part of the training."""
        if step >= self.step:
            return
        then, self.taken = self._then.get(step, (0, 0))
        self.forgotten.append((then, clock))
        self._keep([call for call in self.calls if call.step < step])
        self._steps_at = {mark: at for mark, at in self._steps_at.items() if at <= step}
        self.step = step

    def _keep(self, calls: list[Call]) -> None:
        self.calls = calls
        self.moments = [one for one in self.moments if one.call in calls]
        self._bytes = sum(one.bytes for one in calls)

    def _find(self) -> None:
        """Find the module's parts and parameters as they are now, in the order of ``parameters()``.

        A head may have been exchanged; and ``modules()`` takes twice as long.
        """
        parts: dict[int, Any] = {}
        parameters: dict[int, Any] = {}
        left: list[Any] = [self.ref()]
        while left:
            part = left.pop()
            if id(part) not in parts:
                parts[id(part)] = part
                parameters.update((id(p), p) for p in part._parameters.values() if p is not None)
                left.extend(child for child in reversed(part._modules.values()) if child is not None)
        self.parts, self.parameters = list(parts.values()), [unwrapped(p) for p in parameters.values()]
        self._seen.update(parameters)

    def _begin_moment(self, call: Call) -> None:
        if sum(p.numel() for p in self.parameters) > MAX_WEIGHTS or len(self.calls) % MOMENTS_EVERY != 1:
            return
        self.moments.append(Moment(call, weights_of(self.ref())))
        if len(self.moments) > 2 * MAX_MOMENTS:
            del self.moments[1:-1:2]
