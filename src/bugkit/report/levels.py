"""The two levels of a report: the first counts the behaviors that hold, the second names them with measurements."""

from __future__ import annotations

from dataclasses import replace

from bugkit.report.phrases import count
from bugkit.verdict import Verdict


def told(verdict: Verdict, *, explained: bool) -> Verdict:
    """What a learner is shown: all of it after a pass, or when it was asked for."""
    return verdict if explained or verdict.outcome == "passed" else briefly(verdict)


def briefly(verdict: Verdict) -> Verdict:
    """The first level: the checks are counted."""
    if not verdict.checks:
        return verdict
    return replace(verdict, checks=(), behaviors=_counted(verdict))


def _counted(verdict: Verdict) -> str:
    """How many hold, of how many."""
    held = sum(check.outcome == "passed" for check in verdict.checks)
    open_ones = len(verdict.undecided)
    unsure = f", {open_ones} cannot be judged yet" if open_ones else ""
    holds = "holds" if held == 1 else "hold"
    return f"{held} of {count(len(verdict.checks), 'behavior')} of a correct program {holds}{unsure}."
