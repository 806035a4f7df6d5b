"""The words of ``checks.py``: honest measures in numpy, and the loader that calls an author's functions."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bugkit import data, heldout
from bugkit.box import Stopped
from bugkit.errors import ManifestError
from bugkit.run import LearnerCodeError, Run, Task
from bugkit.verdict import CheckResult

Function = Callable[[Run], Any]
# What numpy raises, in an author's lines, of an answer of another form than wanted. MemoryError is not among them: it
# may be a neighbour's doing, so the grader tries once more.
ODD_ANSWERS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
SUMS_TO_ONE = 1e-3  # float32 rows of a softmax are off by about 1e-6


def cross_entropy(logits: ArrayLike, labels: ArrayLike) -> float:
    """Mean cross-entropy in nats of logits (N, C) for labels (N,), in float64. Log-probabilities are logits too."""
    z, y = np.asarray(logits, dtype=np.float64), np.asarray(labels)
    z = z - z.max(axis=1, keepdims=True)
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]))


def nll(outputs: ArrayLike, labels: ArrayLike) -> float:
    """Mean negative log-likelihood in nats, whatever a classifier gives: probabilities, log-probabilities or logits.

    Rows without negative numbers that sum to one are probabilities. The rest are logits.
    """
    p, y = np.asarray(outputs, dtype=np.float64), np.asarray(labels)
    if p.min() >= 0 and np.abs(p.sum(axis=1) - 1).max() < SUMS_TO_ONE:
        return float(-np.mean(np.log(np.maximum(p[np.arange(len(y)), y], 1e-30))))
    return cross_entropy(p, y)


def mean_squared_error(predictions: ArrayLike, targets: ArrayLike) -> float:
    """Mean squared error; predictions (N,) or (N, 1) are paired with targets (N,) one by one."""
    p, y = np.asarray(predictions, dtype=np.float64).reshape(-1), np.asarray(targets, dtype=np.float64).reshape(-1)
    if p.shape != y.shape:
        raise LearnerCodeError(f"{len(p)} predictions for {len(y)} targets")
    return float(np.mean((p - y) ** 2))


def accuracy(outputs: ArrayLike, labels: ArrayLike) -> float:
    """Share of rows whose largest output is the label."""
    return float(np.mean(np.asarray(outputs).argmax(axis=1) == np.asarray(labels)))


def redrawn(name: str, rng: np.random.Generator, *, labels: bool = False, features: bool = False) -> Task:
    """A set of ``bugkit.data`` as another task of the same difficulty, for an exercise's ``draw``.

    Other rows are held out; with ``labels`` the classes change their numbers, with ``features`` the columns change
    places. What was learned or looked up on the set as it is known is worth nothing then.
    """
    (x, y), (x_held, y_held) = data.load(name), heldout.load(name)
    x, y = np.concatenate([x, x_held]), np.concatenate([y, y_held])
    order = rng.permutation(len(y))
    x, y = x[order], y[order]
    if labels:
        y = rng.permutation(y.max() + 1)[y]
    if features:
        x = x[:, rng.permutation(x.shape[1])]
    cut = len(y) - len(y_held)
    return Task((x[:cut], y[:cut]), (x[cut:], y[cut:]))


@dataclass(frozen=True)
class Checks:
    """An author's ``checks.py``: the measure and the checks in the order in which they are written."""

    path: Path
    measure: Function
    checks: tuple[Function, ...]
    draw: Callable[[np.random.Generator], Task] | None = None
    hidden: tuple[str, ...] = ()  # those of the checks that learners do not have

    @property
    def measured(self) -> str:
        """What the measure is, in words: its docstring's first line."""
        return _sentence(self.measure)


def load(path: Path, measure: str, hidden: Path | None = None) -> Checks:
    """Import ``checks.py``, and more checks where there are ``hidden`` ones.

    ManifestError where the measure, a check or a docstring is missing, or two checks have one name.
    """
    functions = _functions(path)
    checks = _checks_among(functions)
    if measure not in functions or not checks:
        found = ", ".join(n for n, f in functions.items() if f.__code__.co_filename == str(path)) or "no function"
        raise ManifestError(f"{path}: a measure {measure!r} and a check_... are wanted", evidence=[f"found: {found}"])
    more = _checks_among(_functions(hidden)) if hidden and hidden.is_file() else ()
    for function in (functions[measure], *checks, *more):
        if not _sentence(function):
            raise ManifestError(f"{path}: {function.__name__} has no docstring", evidence=["the learner reads it"])
    twice = {check.__name__ for check in checks} & {check.__name__ for check in more}
    if twice:
        raise ManifestError(f"{hidden}: {twice.pop()} is a name of checks.py, too")
    return Checks(
        path, functions[measure], checks + more, functions.get("draw"), tuple(check.__name__ for check in more)
    )


def _functions(path: Path) -> dict[str, Callable[..., Any]]:
    """Every function that a file of an author's has, by name, those that it imported among them."""
    spec = importlib.util.spec_from_file_location(f"{path.stem}_of_{path.parent.name}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ManifestError(f"{path}: there is no such file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ManifestError(f"{path}: it cannot be imported", evidence=[f"{type(error).__name__}: {error}"]) from error
    return {name: f for name, f in vars(module).items() if inspect.isfunction(f)}


def _checks_among(functions: dict[str, Callable[..., Any]]) -> tuple[Function, ...]:
    return tuple(f for name, f in functions.items() if name.startswith("check_"))


def measure(checks: Checks, run: Run) -> float:
    """The honest loss of a run; NaN where the model's numbers are not finite. Stopped where it cannot be had."""
    try:
        run.begin()
        with np.errstate(all="ignore"):
            return float(checks.measure(run))
    except LearnerCodeError as error:
        raise Stopped("no_answer", f"the measure could not be taken: {error}") from None
    except ODD_ANSWERS as error:
        raise Stopped("no_answer", f"the model's answer has another form than wanted: {error}") from None


def perform(check: Function, run: Run) -> CheckResult:
    """One check on one run. What the learner's code raises fails the check; Stopped ends the run."""
    message = ""
    try:
        run.begin()
        with np.errstate(all="ignore"):
            check(run)
    except AssertionError as error:
        message = str(error) or "it does not hold"
    except LearnerCodeError as error:
        message = f"the notebook's code raised {error}"
    except ODD_ANSWERS as error:
        message = f"the answer has another form than wanted: {error}"
    return CheckResult(
        name=check.__name__,
        sentence=_sentence(check),
        outcome="failed" if message else "passed",
        message=message,
        seed=run.seed,
    )


def _sentence(function: Function) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0].strip()
