"""What a learner did and what to do next."""

from bugkit.progress.store import Answer, Attempt, Event, Note, Progress, ProgressError, State, Summary

__all__ = ["Answer", "Attempt", "Event", "Note", "Progress", "ProgressError", "State", "Summary"]
