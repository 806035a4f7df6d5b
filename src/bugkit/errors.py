"""The errors that end a command, each with what and where, the evidence, and the next command."""

from __future__ import annotations

from collections.abc import Sequence


class BugkitError(Exception):
    """What went wrong and where, in one sentence; then the evidence, measured against wanted; then what to type."""

    exit_code = 2

    def __init__(self, what: str, *, evidence: Sequence[str] = (), next_command: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.evidence = tuple(evidence)
        self.next_command = next_command

    def __str__(self) -> str:
        lines = [self.what, *(f"  {line}" for line in self.evidence)]
        if self.next_command:
            lines.append(f"  next: {self.next_command}")
        return "\n".join(lines)


class UsageError(BugkitError):
    """The command cannot be carried out as it was typed."""


class ManifestError(BugkitError):
    """An exercise's own files are wrong; the instructor fixes them."""


class NotebookError(BugkitError):
    """A notebook file cannot be read as a notebook."""


class FrameError(BugkitError):
    """Bytes that should be named arrays are not."""


class Fault(BugkitError):
    """bugkit's own error: never counted against a learner."""

    exit_code = 3
