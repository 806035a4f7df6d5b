"""What dropout in use breaks."""

from bugkit.invariants import check_the_same_question_gets_the_same_answer

__all__ = ["check_the_same_question_gets_the_same_answer"]
