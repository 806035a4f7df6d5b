"""What a learner did and what to do next."""

from bugkit.progress.records import Answer, Attempt, Event, Note, State, Summary
from bugkit.progress.store import Progress, ProgressError

__all__ = ["Answer", "Attempt", "Event", "Note", "Progress", "ProgressError", "State", "Summary"]
