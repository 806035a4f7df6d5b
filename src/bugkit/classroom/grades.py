"""What a gradebook holds, as records: what was handed in, what became of it, and what an instructor decided."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from bugkit.classroom import record
from bugkit.verdict import Verdict

Kind = Literal["accept", "excuse", "score", "extend", "aside"]


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
    exercise_digest: str = ""  # of the exercise as it was then; "" where that is not known

    @property
    def read(self) -> Verdict:
        """The verdict itself; ValueError where its text is none."""
        return record.from_text(self.verdict)


@dataclass(frozen=True)
class Grade:
    """What counts: a person's last submission for an exercise, and its last verdict; None where it is not graded."""

    submission: Submission
    graded: Graded | None
    attempts: int  # different notebooks that were handed in for it


@dataclass(frozen=True)
class Decision:
    """What an instructor decided, and why. The last of a kind on one matter holds; without a value it is undone."""

    kind: Kind
    person: str  # the id; of ``aside`` the file's place
    exercise: str
    value: str  # the digest that counts, "yes", the score, or the time
    reason: str = ""
    at: str = ""


def digest_of(*texts: str) -> str:
    """SHA-256 of several texts, told apart."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
