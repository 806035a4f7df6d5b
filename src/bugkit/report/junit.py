"""Verdicts as JUnit XML, which continuous integration and course servers read: a suite for each exercise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from bugkit.report import phrases
from bugkit.report.sanitize import sanitize
from bugkit.verdict import CONVERGENCE, CheckOutcome, CheckResult, Outcome, Verdict

# JUnit's words: judged and wrong, not judged, no reason to fail
KINDS = {"failed": "failure", "error": "error", "undecided": "skipped"}


def junit(verdicts: Sequence[Verdict], unread: Mapping[str, str] | None = None) -> str:
    """One document; ``unread`` are the exercises whose notebook could not be judged at all, each with the reason."""
    root = Element("testsuites", name="bugkit")
    for verdict in verdicts:
        _suite(root, verdict)
    for exercise, reason in (unread or {}).items():
        suite = SubElement(root, "testsuite", name=sanitize(exercise))
        _case(suite, exercise, "notebook", "error", reason)
        _count(suite)
    _count(root)
    indent(root, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'


def _suite(root: Element, verdict: Verdict) -> None:
    seconds = f"{sum(run.seconds for run in verdict.runs):.3f}"
    suite = SubElement(root, "testsuite", name=sanitize(verdict.exercise), time=seconds)
    _properties(suite, verdict)
    _case(suite, verdict.exercise, CONVERGENCE, *_convergence(verdict), seconds=seconds)
    for check in verdict.checks:
        _case(suite, verdict.exercise, check.name, check.outcome, _message(check))
    if verdict.symptoms:
        SubElement(suite, "system-out").text = "\n".join(sanitize(symptom.text) for symptom in verdict.symptoms)
    _count(suite)


def _properties(suite: Element, verdict: Verdict) -> None:
    properties = SubElement(suite, "properties")
    told = {
        "title": phrases.title(verdict),
        "outcome": verdict.outcome,
        "score": f"{verdict.score:g}",
        "engine": verdict.engine,
        "sandbox": "yes" if verdict.sandbox else f"no: {verdict.no_sandbox}",
        "next": verdict.next,
    }
    for name, value in told.items():
        SubElement(properties, "property", name=name, value=sanitize(value))


def _convergence(verdict: Verdict) -> tuple[Outcome, str]:
    """How the loss came out, with what was measured on each seed."""
    runs = [
        f"seed {run.seed}: {phrases.loss(run) if run.status == 'ok' else phrases.trouble(run)}" for run in verdict.runs
    ]
    told = "; ".join([phrases.wanted(verdict.target), *runs] if runs else verdict.notes)
    if verdict.outcome == "error":
        return "error", told
    return ("passed" if all(run.converged for run in verdict.runs) else "failed"), told


def _message(check: CheckResult) -> str:
    return f"{check.sentence} {check.message} (seed {check.seed})"


def _case(
    suite: Element,
    exercise: str,
    name: str,
    outcome: Outcome | CheckOutcome,
    message: str,
    *,
    seconds: str | None = None,
) -> None:
    case = SubElement(suite, "testcase", classname=sanitize(exercise), name=sanitize(name))
    if seconds is not None:
        case.set("time", seconds)
    if outcome in KINDS:
        told = SubElement(case, KINDS[outcome], message=sanitize(message))
        if outcome != "undecided":  # of what is skipped, only a message is known
            told.set("type", outcome)
            told.text = sanitize(message)


def _count(element: Element) -> None:
    """The numbers that JUnit's readers look for first."""
    for name, kind in {"tests": "testcase", "failures": "failure", "errors": "error"}.items():
        element.set(name, str(sum(1 for _ in element.iter(kind))))
    if element.tag == "testsuite":  # the root has no such number
        element.set("skipped", str(sum(1 for _ in element.iter("skipped"))))
