"""The words of ``checks.py``: honest measures in numpy, and the loader that calls an author's functions."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bugkit import data, heldout
from bugkit.audit import Call, UndecidedError
from bugkit.box import Stopped
from bugkit.errors import ManifestError
from bugkit.run import LearnerCodeError, Run, Task
from bugkit.verdict import CONVERGENCE, CheckOutcome, CheckResult

Function = Callable[[Run], Any]
# What numpy raises, in an author's lines, of an answer of another form than expected. MemoryError is not among them: it
# may be a neighbor's doing, so the grader tries once more.
ODD_ANSWERS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
SOME = 8  # calls of a training
MOST = 0.9  # of the rows
SUMS_TO_ONE = 1e-3  # float32 rows of a softmax are off by about 1e-6


def log_probabilities(outputs: ArrayLike) -> NDArray[np.float64]:
    """Log-probabilities over the last axis, whatever a classifier gives: probabilities, their logarithms or logits.

    Rows without negative numbers that sum to one are probabilities, no less than 1e-30. The rest are logits.
    """
    z = np.asarray(outputs, dtype=np.float64)
    if z.size and z.min() >= 0 and np.abs(z.sum(axis=-1) - 1).max() < SUMS_TO_ONE:
        return np.log(np.maximum(z, 1e-30))
    with np.errstate(over="ignore", invalid="ignore"):
        z = z - z.max(axis=-1, keepdims=True)
        return np.asarray(z - np.log(np.exp(z).sum(axis=-1, keepdims=True)))


def probabilities(outputs: ArrayLike) -> NDArray[np.float64]:
    """Probabilities over the last axis, whatever a classifier gives; see `log_probabilities`."""
    return np.exp(log_probabilities(outputs))


def cross_entropy(logits: ArrayLike, labels: ArrayLike) -> float:
    """Mean cross-entropy in nats of logits (N, C) for labels (N,), in float64. Log-probabilities are logits too."""
    z, y = np.asarray(logits, dtype=np.float64), np.asarray(labels)
    z = z - z.max(axis=1, keepdims=True)
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]))


def nll(outputs: ArrayLike, labels: ArrayLike) -> float:
    """Mean negative log-likelihood in nats of outputs (..., C) for labels (...), whatever a classifier gives."""
    p, y = log_probabilities(outputs), np.asarray(labels)
    return float(-np.mean(np.take_along_axis(p, y[..., None].astype(np.int64), axis=-1)))


def mean_squared_error(predictions: ArrayLike, targets: ArrayLike) -> float:
    """Mean squared error; predictions (N,) or (N, 1) are paired with targets (N,) one by one."""
    p, y = np.asarray(predictions, dtype=np.float64).reshape(-1), np.asarray(targets, dtype=np.float64).reshape(-1)
    if p.shape != y.shape:
        raise LearnerCodeError(f"{len(p)} predictions for {len(y)} targets")
    return float(np.mean((p - y) ** 2))


def accuracy(outputs: ArrayLike, labels: ArrayLike) -> float:
    """Share of rows whose largest output is the label."""
    return float(np.mean(np.asarray(outputs).argmax(axis=1) == np.asarray(labels)))


def rows_among(rows: ArrayLike, known: ArrayLike) -> NDArray[np.int64]:
    """For each row the number of the known row that it is, -1 where it is none: (N, ...) among (M, ...).

    A row is a known one if it is the same up to a shift and a scale, as after standardizing a picture, or column by
    column after the columns were standardized over all.
    """
    a, b = (np.asarray(x, dtype=np.float64).reshape(len(np.asarray(x)), -1) for x in (rows, known))
    if not a.size or a.shape[1] != b.shape[1]:
        return np.full(len(a), -1)
    center, scale = b.mean(axis=0), np.maximum(b.std(axis=0), 1e-9)
    best = np.full(len(a), -1)
    for left, right in ((a, b), ((a * scale + center), b), (_alike(a), _alike(b))):
        squares = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1) - 2 * left @ right.T
        size = np.maximum((right**2).sum(axis=1), 1e-9)
        nearest = squares.argmin(axis=1)
        same = squares[np.arange(len(a)), nearest] < 1e-4 * size[nearest]
        best = np.where((best < 0) & same, nearest, best)
    return best


def _alike(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row with mean 0 and variance 1."""
    centered = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(centered / np.maximum(centered.std(axis=1, keepdims=True), 1e-9))


def rescaled(run: Run) -> bool:
    """Whether the training fed the model the known rows in another scale; False where that cannot be told."""
    if not run.audit.available:
        return False
    try:
        return _rescaled(run.train[0].reshape(len(run.train[0]), -1), run.audit.calls[:SOME])
    except ODD_ANSWERS:  # no data set, or rows of another form
        return False


def _rescaled(known: NDArray[Any], calls: Sequence[Call]) -> bool:
    batches = [call.inputs[0].reshape(call.rows, -1) for call in calls if call.inputs]
    fed = [batch for batch in batches if batch.shape[1] == known.shape[1] and batch.dtype.kind == "f"]
    if not fed:
        return False
    rows = np.concatenate(fed)
    same = rows_among(rows, known)
    as_they_are = np.isclose(rows, known[same], rtol=1e-3, atol=1e-6).all(axis=1)
    return bool(np.mean(same >= 0) > MOST and np.mean(as_they_are[same >= 0]) < 1 - MOST)


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
    checks = _checks_among(path, functions)
    if measure not in functions or not checks:
        found = ", ".join(n for n, f in functions.items() if f.__code__.co_filename == str(path)) or "no function"
        raise ManifestError(f"{path}: a measure {measure!r} and a check_... are expected", evidence=[f"found: {found}"])
    more = _checks_among(hidden, _functions(hidden)) if hidden and hidden.is_file() else ()
    _refuse_unknown_needs(path, [*checks, *more])
    for function in (functions[measure], *checks, *more):
        if not _sentence(function):
            raise ManifestError(f"{path}: {function.__name__} has no docstring", evidence=["the learner reads it"])
    twice = {check.__name__ for check in checks} & {check.__name__ for check in more}
    if twice:
        raise ManifestError(f"{hidden}: {twice.pop()} is a name of checks.py, too")
    return Checks(
        path, functions[measure], checks + more, functions.get("draw"), tuple(check.__name__ for check in more)
    )


def _refuse_unknown_needs(path: Path, checks: Sequence[Function]) -> None:
    known = {CONVERGENCE, *(check.__name__ for check in checks)}
    for check in checks:
        unknown = [name for name in getattr(check, "needs", ()) if name not in known]
        if unknown:
            raise ManifestError(f"{path}: {check.__name__} needs {unknown[0]!r}, which is no check")


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


def _checks_among(path: Path, functions: dict[str, Callable[..., Any]]) -> tuple[Function, ...]:
    """Its own in the order in which they are written, then those that it imported."""
    found = [f for name, f in functions.items() if name.startswith("check_")]
    return tuple(sorted(found, key=lambda f: f.__code__.co_filename != str(path)))


def measure(checks: Checks, run: Run) -> float:
    """The honest loss of a run; NaN where the model's numbers are not finite. Stopped where it cannot be had."""
    try:
        run.begin()
        with np.errstate(all="ignore"):
            return float(checks.measure(run))
    except LearnerCodeError as error:
        raise Stopped("no_answer", f"the measure could not be taken: {error}") from None
    except ODD_ANSWERS as error:
        raise Stopped("no_answer", f"the model's answer has another form than expected: {error}") from None


def needs(*names: str) -> Callable[[Function], Function]:
    """What must hold before a check can be judged: names of other checks, or ``convergence``.

    Until they do, the check is undecided where it would pass: another bug may hide what it asks about.
    """

    def mark(check: Function) -> Function:
        check.needs = names  # type: ignore[attr-defined]
        return check

    return mark


def perform_all(checks: Sequence[Function], run: Run, *, converged: bool) -> tuple[CheckResult, ...]:
    """All checks on one run, in order; what only seems to hold, for another bug hides it, is undecided."""
    results = [perform(check, run) for check in checks]
    held = {result.name for result in results if result.outcome == "passed"} | ({CONVERGENCE} if converged else set())
    made = {result.name for result in results} | {CONVERGENCE}
    out = []
    for check, result in zip(checks, results, strict=True):
        missing = [name for name in getattr(check, "needs", ()) if name in made and name not in held]
        if result.outcome == "passed" and missing:
            result = replace(result, outcome="undecided", message="another behavior has to hold first")  # noqa: PLW2901
        out.append(result)
    return tuple(out)


def perform(check: Function, run: Run) -> CheckResult:
    """One check on one run. What the learner's code raises fails the check; Stopped ends the run."""
    outcome: CheckOutcome = "failed"
    try:
        run.begin()
        with np.errstate(all="ignore"):
            check(run)
        outcome, message = "passed", ""
    except AssertionError as error:
        message = str(error) or "it does not hold"
    except UndecidedError as error:
        outcome, message = "undecided", str(error)
    except LearnerCodeError as error:
        message = str(error)
    except ODD_ANSWERS as error:
        message = f"the answer has another form than expected: {error}"
    return CheckResult(name=check.__name__, sentence=_sentence(check), outcome=outcome, message=message, seed=run.seed)


def _sentence(function: Function) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0].strip()
