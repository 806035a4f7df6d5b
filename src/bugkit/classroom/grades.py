"""What a gradebook holds, as records: what was handed in, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from bugkit.classroom import record
from bugkit.verdict import Verdict


@dataclass(frozen=True)
class Submission:
    """One notebook that a person handed in for an exercise."""

    person: str
    exercise: str
    digest: str
    place: str
    at: str
    note: str = ""
    folder: str = ""  # of all submissions, on the machine that graded them; or their zip file


@dataclass(frozen=True)
class Graded:
    """One verdict of the gradebook."""

    person: str
    exercise: str
    digest: str
    key: str
    verdict: str  # its text, see ``record``
    outcome: str
    score: float
    seconds: float
    hidden: tuple[str, ...] = ()
    fix: str = ""
    at: str = ""

    @property
    def read(self) -> Verdict:
        """The verdict itself."""
        return record.from_text(self.verdict)


@dataclass(frozen=True)
class Grade:
    """What counts: a person's last submission for an exercise, and its last verdict; None where it is not graded."""

    submission: Submission
    graded: Graded | None
    attempts: int  # different notebooks that were handed in for it
