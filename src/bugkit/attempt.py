"""An attempt: a learner's notebook judged, kept in their progress, and the next stage opened after an early one's pass.

The terminal, `watch` and JupyterLab come through here, so that what counts at one desk counts at every other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from bugkit.box.supply import Engine
from bugkit.examine import OnEvent
from bugkit.exercise import Exercise
from bugkit.grader import Grader, check
from bugkit.judge import is_short
from bugkit.notebook import Notebook, read, unlock
from bugkit.progress import Progress, ProgressError
from bugkit.progress.schema import MOST_NOTE
from bugkit.templates import template
from bugkit.verdict import Verdict

NOTES = "notes"  # the cell in which a learner writes what it was


@dataclass(frozen=True, slots=True)
class Attempt:
    """The verdict, and what is to be said beside it."""

    verdict: Verdict
    notes: tuple[str, ...] = ()


def attempt(
    exercise: Exercise,
    path: Path,
    progress: Progress,
    *,
    seeds: int | None = None,
    engine: Engine | None = None,
    sandbox: bool | None = None,
    on_event: OnEvent | None = None,
    warm: Grader | None = None,
) -> Attempt:
    """Judge a notebook and keep the attempt; ``warm`` is a grader that is at work already."""
    start, shipped = time.monotonic(), template(exercise)
    verdict = check(
        exercise,
        path,
        template=shipped,
        seeds=exercise.manifest.run.seeds_for(seeds),
        engine=engine,
        sandbox=sandbox,
        on_event=on_event,
        grader=warm,
    )
    notes = [_kept(progress, exercise, verdict, time.monotonic() - start), _noted(progress, exercise, path, shipped)]
    if verdict.outcome == "passed" and not verdict.complete:
        verdict, trouble = _next_stage_opened(exercise, path, verdict)
        notes.append(trouble)
    return Attempt(verdict, tuple(note for note in notes if note))


def _kept(progress: Progress, exercise: Exercise, verdict: Verdict, seconds: float) -> str:
    """Why it was not kept, "" when it was. A pass on fewer seeds than the exercise wants is no pass, and is not."""
    if verdict.outcome == "passed" and is_short(exercise, len(verdict.runs)):
        wanted = len(exercise.manifest.run.seeds)
        return f"passed, but on {len(verdict.runs)} of {wanted} seeds; to count: {verdict.next}"
    try:
        progress.record(verdict, seconds)
    except ProgressError as error:
        return str(error)
    return ""


def _noted(progress: Progress, exercise: Exercise, path: Path, shipped: Notebook) -> str:
    """Keep what stands in the notes cell, where the learner wrote there; why it was not kept, "" when it was."""
    cell, before = read(path).cell(NOTES), shipped.cell(NOTES)
    text = cell.source.strip() if cell else ""
    if not text or (before and text == before.source.strip()):
        return ""
    try:
        progress.note(exercise.id, text[:MOST_NOTE])
    except ProgressError as error:
        return str(error)
    return ""


def _next_stage_opened(exercise: Exercise, path: Path, verdict: Verdict) -> tuple[Verdict, str]:
    """The verdict with its next step, and why the next stage could not be opened in the notebook, "" when it was."""
    stage, trouble = verdict.stage + 1, ""
    title = exercise.manifest.stage[verdict.stage - 1].title
    try:
        unlock(path, stage)
    except OSError as error:
        trouble = f"stage {stage} could not be opened in {path}: {error.strerror}"
    step = f"reload the notebook; stage {stage} of {verdict.stages} is open: {title}"
    return replace(verdict, next=step), trouble
