"""One run, examined: the cells in a box, then the measure and the checks on the trusted side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bugkit import checks as authors
from bugkit.box import Guard, Job, Runs, Stopped
from bugkit.box.run_report import RunReport, heard, report_of
from bugkit.exercise.manifest import Manifest
from bugkit.notebook import Notebook, stage_of
from bugkit.run import Run, Task
from bugkit.verdict import LearnerError, RunResult

OnEvent = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Examination:
    """What is run and how it is looked at; calling it with an engine does so."""

    manifest: Manifest
    checks: authors.Checks
    notebook: Notebook
    seed: int
    task: Task | None = None  # data redrawn
    tell: OnEvent = lambda _event: None

    def __call__(self, box: Runs) -> RunResult:
        """The result, however the run ended; raises for faults only."""
        limits = self.manifest.run
        result = RunResult(seed=self.seed, status="ok")
        progress = _Progress(self.tell)
        try:
            with box.run(self.job, Guard(seconds=limits.seconds, memory_mib=limits.memory_mib)) as channel:
                channel.on_event = heard(progress)
                account, curve = report_of(*channel.receive())
                progress.cell = ""
                result = _told(result, account, curve)
                if result.status == "ok":
                    _refuse_missing(self.job.names, account.names)
                    run = Run(
                        channel, seed=self.seed, curve=curve, arrays=limits.arrays, dataset=limits.data, task=self.task
                    )
                    result = self._judged(result, run)
        except Stopped as stop:
            detail = self._explained(stop, progress.cell)
            return replace(result, status=stop.status, detail=detail, converged=False, checks=())
        return result

    def _explained(self, stop: Stopped, cell: str) -> str:
        """Why it was stopped, in which cell, and what often takes so long."""
        where = f" in the cell `{cell}`" if cell else ""
        compiles = stop.status == "timed_out" and any("torch.compile" in one.source for one in self.notebook.cells)
        advice = "; torch.compile alone takes about a minute, so leave it out for the check" if compiles else ""
        return f"{stop.detail}{where}{advice}"

    @property
    def job(self) -> Job:
        """What the box is told."""
        limits = self.manifest.run
        cells = [cell for cell in self.notebook.cells if cell.runs]
        return Job(
            cells=tuple((str(cell.id), cell.source) for cell in cells),
            may_raise=tuple(str(cell.id) for cell in cells if cell.may_raise),
            needed=max((number for number, cell in enumerate(cells, start=1) if not cell.own), default=0),
            seed=self.seed,
            arrays=limits.arrays,
            names=tuple(self.manifest.names_at(stage_of(self.notebook))),
            max_steps=limits.max_steps,
            memory_mib=limits.memory_mib,
            data=limits.data,
            drawn=self.task.train if self.task else (),
        )

    def _judged(self, result: RunResult, run: Run) -> RunResult:
        loss = authors.measure(self.checks, run)
        later = self.manifest.later_checks(stage_of(self.notebook))
        in_budget = result.steps <= self.manifest.run.max_steps
        converged = self.manifest.converge.holds(loss) and in_budget
        chosen = [check for check in self.checks.checks if check.__name__ not in later]
        checks = authors.perform_all(chosen, run, converged=converged)
        rescaled = not converged and authors.rescaled(run)
        return replace(result, loss=loss, converged=converged, checks=checks, rescaled=rescaled)


class _Progress:
    """Passes events on, and remembers the cell that runs."""

    def __init__(self, tell: OnEvent) -> None:
        self._tell = tell
        self.cell = ""

    def __call__(self, event: dict[str, Any]) -> None:
        self.cell = event.get("cell", self.cell)
        self._tell(event)


def _refuse_missing(wanted: Sequence[str], there: list[str]) -> None:
    missing = [name for name in wanted if name not in there]
    if missing:
        raise Stopped("no_answer", f"the notebook has no `{missing[0]}` after its last cell")


def _told(result: RunResult, account: RunReport, curve: Any) -> RunResult:
    """The run's own account: its status and curve are for the learner to read, no verdict rests on them."""
    error = account.error
    told = None
    if error is not None:
        trace = tuple(frame.model_dump() for frame in error.trace)
        told = LearnerError(error.cell, error.line, error.type, error.message, trace)
    return replace(
        result,
        status=account.status,
        detail=f"{told.type}: {told.message}" if told and account.status != "ok" else "",
        error=told,
        steps=account.steps,
        seconds=account.seconds,
        curve=tuple(float(x) for x in curve),
    )
