"""The verdict: what the runs and the checks add up to. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

# ok, raised, timed_out, out_of_memory, killed, too_much_output, ended_early, no_answer
Status = str
Outcome = Literal["passed", "failed", "error"]
# undecided: it cannot be judged on this run; not counted, and no reason to fail
CheckOutcome = Literal["passed", "failed", "undecided"]
CONVERGENCE = "convergence"  # its name among the checks


@dataclass(frozen=True, slots=True)
class LearnerError:
    """The learner's exception, by cell and line."""

    cell: str
    line: int | None  # from 1, in the cell
    type: str
    message: str
    trace: tuple[dict[str, Any], ...] = ()  # {cell, line, text}; cell None: a folded package, named by text


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check on one seed."""

    name: str  # check_a_perfect_answer_costs_nothing
    sentence: str  # its docstring's first line
    outcome: CheckOutcome
    message: str  # "" when it passed
    seed: int


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run: how it ended, what the grader measured, what the notebook recorded."""

    seed: int
    status: Status
    detail: str = ""  # a sentence where the status is not ok
    loss: float | None = None  # the measure, by the grader; NaN is kept
    converged: bool = False
    steps: int = 0
    seconds: float = 0.0
    curve: tuple[float, ...] = ()  # as recorded by the notebook, one per step; never believed
    error: LearnerError | None = None  # with the status ok, of a cell of the learner's own behind the exercise's last
    checks: tuple[CheckResult, ...] = ()
    rescaled: bool = False  # the model was trained on other numbers than those that the grader feeds it

    @property
    def passed(self) -> bool:
        """Whether this seed passes: it converged, and every check held."""
        return self.status == "ok" and self.converged and not any(check.outcome == "failed" for check in self.checks)


@dataclass(frozen=True, slots=True)
class Symptom:
    """What the curve and the measure look like; the cause is not said."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Target:
    """What the runs are measured against, from the manifest."""

    measure: str  # the measure's docstring, "Held-out cross-entropy in nats"
    unit: str
    below: float
    above: float
    at_start: float | None
    max_steps: int
    curve_unit: str = ""  # of the recorded losses, where they are another quantity than what is measured

    @property
    def of_curve(self) -> Target:
        """What is known of the recorded losses: nothing but their unit, where they are another quantity."""
        if not self.curve_unit:
            return self
        return replace(self, unit=self.curve_unit, below=-math.inf, above=-math.inf, at_start=None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one notebook."""

    exercise: str
    title: str
    outcome: Outcome
    score: float  # share of the checks that could be judged, convergence being one, that passed on every seed
    engine: str
    sandbox: bool
    target: Target
    runs: tuple[RunResult, ...]
    checks: tuple[CheckResult, ...]  # one per check: where it first failed, else was undecided, else the first seed
    symptoms: tuple[Symptom, ...] = ()
    restored_cells: tuple[str, ...] = ()
    missing_cells: tuple[str, ...] = ()
    extra_cells: int = 0
    changed_lines: int = 0
    next: str = ""
    stage: int = 1  # that was judged, with those before it
    stages: int = 1
    no_sandbox: str = ""  # why the runs were in no sandbox
    notes: tuple[str, ...] = field(default=())
    behaviors: str = ""  # how many hold, where the checks are not shown

    @property
    def undecided(self) -> tuple[CheckResult, ...]:
        """The checks that could not be judged."""
        return tuple(check for check in self.checks if check.outcome == "undecided")

    @property
    def complete(self) -> bool:
        """Whether this is the exercise's last stage, after which nothing is left to do."""
        return self.stage >= self.stages


def over_seeds(runs: Sequence[RunResult]) -> tuple[CheckResult, ...]:
    """Each check once: where it first failed, else where it was first undecided, else as it was on the first seed."""
    weight = {"passed": 0, "undecided": 1, "failed": 2}
    out: dict[str, CheckResult] = {}
    for run in runs:
        for check in run.checks:
            if check.name not in out or weight[check.outcome] > weight[out[check.name].outcome]:
                out[check.name] = check
    return tuple(out.values())


def outcome_of(runs: Sequence[RunResult]) -> Outcome:
    """Passed when every seed converged and failed no check; error only when nothing could be judged."""
    judged = [run for run in runs if run.status == "ok"]
    if not judged:
        return "error"
    return "passed" if all(run.passed for run in runs) else "failed"


def score_of(runs: Sequence[RunResult], weights: Mapping[str, float] | None = None) -> float:
    """The share of the checks that passed, convergence being one of them: 1 for a pass, 0 for an error.

    What is undecided is not counted.
    ``weights`` are by name, ``convergence`` among them; what is not named weighs 1.
    """
    if outcome_of(runs) == "error":
        return 0.0
    held = {check.name: check.outcome == "passed" for check in over_seeds(runs) if check.outcome != "undecided"}
    held[CONVERGENCE] = all(run.converged for run in runs)
    weight = {name: (weights or {}).get(name, 1.0) for name in held}
    return sum(weight[name] for name in held if held[name]) / sum(weight.values())
