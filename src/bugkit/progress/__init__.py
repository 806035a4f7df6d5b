"""What a learner did and what to do next."""

from bugkit.progress.store import Attempt, Event, Note, Progress, ProgressError, State, Summary

__all__ = ["Attempt", "Event", "Note", "Progress", "ProgressError", "State", "Summary"]
