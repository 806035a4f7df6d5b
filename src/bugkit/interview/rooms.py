"""The interviews of a workspace, found again."""

from __future__ import annotations

from pathlib import Path

from bugkit.exercise.catalog import INTERVIEW, INTERVIEW_CODE
from bugkit.interview.plan import Plan
from bugkit.interview.room import Room
from bugkit.progress import Progress
from bugkit.progress.interviews import Interviews


def room_of(notebook: Path) -> Room | None:
    """The latest interview whose notebook this is; None where it is no interview's."""
    code, workspace = notebook.parent.name, notebook.parents[2]
    if notebook.parents[1].name != INTERVIEW or not INTERVIEW_CODE.fullmatch(code):
        return None
    progress = Progress.of_workspace(workspace)
    for record in reversed(Interviews(progress).all()):
        if Plan.of(record.plan).code[1:] == code[1:]:
            return Room(progress, workspace, record.number)
    return None


def open_rooms(progress: Progress, workspace: Path) -> list[Room]:
    """The interviews that have not ended, the latest first."""
    every = Interviews(progress).all()
    return [Room(progress, workspace, one.number) for one in reversed(every) if one.condition != "ended"]
