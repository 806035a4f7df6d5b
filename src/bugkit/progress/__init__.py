"""What a learner did and what to do next."""

from bugkit.progress.store import Attempt, Event, Progress, ProgressError, State, Summary

__all__ = ["Attempt", "Event", "Progress", "ProgressError", "State", "Summary"]
