"""Verdicts for GitHub: Markdown for the summary of a workflow's run, and the result that GitHub Classroom reads.

The result is version 1 of what the actions of github.com/classroom-resources hand to autograding-grading-reporter,
which adds up the scores of the tests.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bugkit.report import phrases
from bugkit.report.sanitize import sanitize
from bugkit.verdict import Verdict

STATUSES = {"passed": "pass", "failed": "fail", "error": "error"}
PUNCTUATION = re.compile(f"([{re.escape(string.punctuation)}])")
CODE = re.compile("(`[^`]+`)")
MOST_MESSAGE = 1000
NOWHERE: dict[str, Any] = {"test_code": "", "filename": "", "line_no": 0, "duration": 0}  # the reporter's own keys


def markdown(verdicts: Sequence[Verdict], unread: Mapping[str, str]) -> str:
    """A table of all verdicts, then what there is to say of those that did not pass; what a notebook says stays text.

    ``unread`` are the exercises whose notebook could not be judged at all, each with the reason.
    """
    passed = sum(verdict.outcome == "passed" for verdict in verdicts)
    lines = [f"## {passed} of {len(verdicts) + len(unread)} passed", ""]
    lines += ["| exercise | verdict | measured on each seed | checks |", "| --- | --- | --- | --- |"]
    lines += map(_row, verdicts)
    lines += (f"| {_text(name)} | {phrases.MARKS['error']} {phrases.OUTCOMES['error']} | | |" for name in unread)
    for verdict in verdicts:
        lines += _section(verdict)
    for name, reason in unread.items():
        lines += ["", f"### {_text(name)}", "", *(f"- {_text(line)}" for line in reason.splitlines())]
    return "\n".join(lines) + "\n"


def classroom(verdicts: Sequence[Verdict], unread: Mapping[str, str], points: float = 1.0) -> str:
    """The result as JSON: a test with ``points`` for each exercise."""
    tests = [_test(verdict, points) for verdict in verdicts]
    tests += (
        {"name": sanitize(name), "status": "error", "score": 0, **_said([reason])} for name, reason in unread.items()
    )
    statuses = {test["status"] for test in tests}
    status = statuses.pop() if len(statuses) == 1 else "fail"
    document = {"version": 1, "status": status, "max_score": points * len(tests), "tests": tests}
    return json.dumps(document, indent=1) + "\n"


def _row(verdict: Verdict) -> str:
    losses = ", ".join(
        phrases.loss(run) if run.status == "ok" else run.status.replace("_", " ") for run in verdict.runs
    )
    held = sum(check.outcome == "passed" for check in verdict.checks)
    checks = f"{held} of {len(verdict.checks)}" if verdict.checks else ""
    name = f"{_text(verdict.exercise)} {_text(phrases.title(verdict))}"
    outcome = f"{phrases.MARKS[verdict.outcome]} {phrases.OUTCOMES[verdict.outcome]}"
    return f"| {name} | {outcome} | {_text(losses)} | {checks} |"


def _section(verdict: Verdict) -> Iterator[str]:
    if verdict.outcome == "passed":
        return
    yield from ("", f"### {_text(verdict.exercise)} {_text(phrases.title(verdict))}", "")
    yield f"- {_prose(phrases.wanted(verdict.target))}"
    yield from (f"- seed {run.seed}: {_prose(phrases.trouble(run))}" for run in verdict.runs if run.status != "ok")
    for check in verdict.checks:
        message = f" {_prose(check.message)} (seed {check.seed})" if check.message else ""
        yield f"- {phrases.MARKS[check.outcome]} {_prose(check.sentence)}{message}"
    yield from (f"- it looks like: {_prose(symptom.text)}" for symptom in verdict.symptoms)
    yield from (f"- {_prose(line)}" for line in phrases.cells(verdict))
    if verdict.next:
        yield f"- next: `{sanitize(verdict.next)}`"


def _test(verdict: Verdict, points: float) -> dict[str, Any]:
    score = round(points * verdict.score, 4)
    said = _said(phrases.reasons(verdict))
    return {"name": sanitize(verdict.exercise), "status": STATUSES[verdict.outcome], "score": score, **said}


def _said(sentences: Sequence[str]) -> dict[str, Any]:
    return {"message": sanitize("; ".join(sentences), MOST_MESSAGE), **NOWHERE}


def _text(text: str) -> str:
    """Text that Markdown takes for nothing else: it may escape any punctuation, and then makes no link of it either."""
    return _escaped(sanitize(text))


def _prose(text: str) -> str:
    """The same, with what stands between backticks as code; not for tables, whose cells a bar in code would end."""
    return "".join(part if CODE.fullmatch(part) else _escaped(part) for part in CODE.split(sanitize(text)))


def _escaped(text: str) -> str:
    return PUNCTUATION.sub(r"\\\1", text)
