"""The room: what a candidate may do while the clock runs. Everything is kept at once; nothing lives in this process."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from bugkit.errors import BugkitError, UsageError
from bugkit.examine import OnEvent
from bugkit.exercise import Exercise
from bugkit.fresh.evidence import matrix
from bugkit.grader import Grader, check
from bugkit.interview.bugs import Broken, brought_in, failed, held, mark
from bugkit.interview.desk import ABOUT_CHECK, exercise, put
from bugkit.interview.extension import EXTENSION
from bugkit.interview.plan import Past, Plan, Wish, drawn
from bugkit.interview.rubric import PRICES
from bugkit.notebook import Notebook, at_their_stage, read, rebuild
from bugkit.notebook.insert import insert_cells
from bugkit.progress import Progress
from bugkit.progress.interviews import Happening, Interviews, Record
from bugkit.report.verdict_json import thinned
from bugkit.spot.listing import Listing, listing
from bugkit.templates import template
from bugkit.verdict import Verdict

POINTS = 120  # of a curve that is kept
LONGEST = 4000  # letters of what somebody says
ASKS = (*PRICES, "nudge")
SEEDS = 2**31


@dataclass(frozen=True, slots=True)
class Said:
    """What a candidate says before a check; any of it may be empty."""

    hypothesis: str = ""
    expected: str = ""
    test: str = ""


class Room:
    """One interview."""

    def __init__(self, progress: Progress, workspace: Path, number: int) -> None:
        self._kept = Interviews(progress)
        self.workspace = workspace
        self.number = number

    @classmethod
    def begin(cls, progress: Progress, workspace: Path, wish: Wish, past: Past, seed: int | None = None) -> Self:
        """Draw an interview, write its notebook, and let the clock run."""
        plan = drawn(wish, past, seed if seed is not None else secrets.randbelow(SEEDS))
        if plan.code:
            put(plan, workspace)
        return cls(progress, workspace, Interviews(progress).begin(plan.round, plan.to_json()))

    # ---- what there is to know

    @property
    def record(self) -> Record:
        """All of it, as it is kept now."""
        record = self._kept.of(self.number)
        if record is None:
            raise UsageError(f"there is no interview {self.number}", next_command="bugkit interview --list")
        return record

    @cached_property
    def plan(self) -> Plan:
        """What it is about."""
        return Plan.of(self.record.plan)

    @cached_property
    def exercise(self) -> Exercise:
        """Of a round with a notebook."""
        if self.plan.code not in matrix().by_code():
            raise UsageError(
                f"interview {self.number} belongs to another version of bugkit", next_command="bugkit interview --list"
            )
        return exercise(self.plan, self.workspace)

    @cached_property
    def broken(self) -> Broken:
        """The program with what was put in."""
        return Broken(matrix().by_code()[self.plan.code])

    @cached_property
    def listings(self) -> tuple[Listing, ...]:
        """Of a screen."""
        return tuple(listing(name, self.plan.seed) for name in self.plan.listings)

    def left(self, spent: float) -> float | None:
        """Seconds; None where there is no clock."""
        return None if self.plan.minutes is None else 60 * self.plan.minutes - spent

    def beat(self) -> float | None:
        """Let the clock run on; the seconds that are left."""
        return self.left(self._kept.beat(self.number))

    def of(self, what: str) -> list[Happening]:
        """What happened of one sort, in order."""
        return [one for one in self.record.happenings if one.what == what]

    # ---- what may be done

    def note(self, text: str) -> None:
        """Keep a thought."""
        self._open()
        self._kept.tell(self.number, "note", {"text": _one_line(text)})

    def pause(self) -> None:
        """Stop the clock; it is written down."""
        self._open()
        if self.plan.strict:
            raise UsageError("a strict clock does not stop", next_command="bugkit interview check")
        self._kept.tell(self.number, "pause", to="paused")

    def go_on(self) -> None:
        """Let it run again, if it stands."""
        record = self.record
        if record.condition == "ended":
            raise UsageError(
                f"interview {self.number} has ended",
                next_command=f"bugkit interview --export FILE --number {self.number}",
            )
        if record.condition == "paused":
            self._kept.tell(self.number, "resume", to="running")

    def check(self, said: Said, *, warm: Grader | None = None, on_event: OnEvent | None = None) -> Verdict:
        """Judge the notebook as it is saved, and keep what came of it."""
        self._open()
        return self._judged(said, warm, on_event)

    def _judged(self, said: Said, warm: Grader | None, on_event: OnEvent | None, *, is_last: bool = False) -> Verdict:
        made = self.exercise
        notebook = self._as_saved()
        verdict = check(made, made.notebook, template=template(made), on_event=on_event, grader=warm)
        self._kept.tell(self.number, "check", {**self._told(said, verdict, notebook), "is_last": is_last})
        if verdict.outcome == "passed" and not verdict.complete:
            added = [cell for cell in read(made.solution).cells if cell.id in EXTENSION]
            ours = {str(cell.id) for cell in template(made).cells if cell.runs}  # cells of their own come after it
            insert_cells(made.notebook, added, after=ours, before=(ABOUT_CHECK,))
            self._kept.tell(self.number, "extension", {"title": made.manifest.stage[0].title})
        return verdict

    def ask(self, what: str, *, warm: Grader | None = None) -> Mapping[str, Any]:
        """Buy an answer; UsageError where there is none. Nothing is paid for what could not be told."""
        self._open()
        if what not in ASKS:
            raise UsageError(f"{what!r} is not on the list", evidence=[f"known: {', '.join(ASKS)}"])
        from bugkit.interview.answers import answer

        told = answer(self, what, warm)
        self._kept.tell(self.number, "ask", {"what": what, **told})
        return told

    def answer(self, line: int | None, reason: str) -> None:
        """Of a screen: the line that is wrong in the listing whose turn it is, 0 for none."""
        self._open()
        place = len(self.of("answer"))
        if place >= len(self.listings):
            raise UsageError("every listing is answered", next_command="bugkit interview end")
        self._kept.tell(self.number, "answer", {"place": place, "line": line, "reason": _one_line(reason)})

    def end(
        self,
        why: str = "ended",
        *,
        reasons: Sequence[int] = (),
        warm: Grader | None = None,
        on_event: OnEvent | None = None,
    ) -> dict[str, Any]:
        """The last check, where something changed since the one before; the debrief, which is kept.

        Of a screen, ``reasons`` are the places, from 0, of listings whose cause was said.
        """
        from bugkit.interview.debrief import debrief
        from bugkit.interview.own_tests import isolated

        record = self.record
        if record.condition == "ended":
            return record.debrief
        self.go_on()
        if self.plan.code:
            if self._has_changed():
                self._judged(Said(), warm, on_event, is_last=True)
            self._kept.tell(self.number, "tests", isolated(self, warm))
        document = debrief(self, why, reasons)
        self._kept.tell(self.number, "end", document, to="ended")
        return document

    # ---- inside

    def _open(self) -> None:
        """Whether something may be done at all; the clock runs on."""
        record = self.record
        if record.condition == "ended":
            self.go_on()
        if record.condition == "paused":
            raise UsageError(f"interview {self.number} is paused", next_command="bugkit interview resume")
        left = self.beat()
        if left is not None and left <= 0:
            raise TimeIsOverError(f"the time of interview {self.number} is over", next_command="bugkit interview end")

    def _as_saved(self) -> Notebook:
        shipped, learners = at_their_stage(template(self.exercise), read(self.exercise.notebook))
        return rebuild(shipped, learners).notebook

    def _has_changed(self) -> bool:
        try:
            now = _cells(self._as_saved(), template(self.exercise))
        except BugkitError:  # the file is not there any more, or is none
            return False
        checks = self.of("check")
        return now != (checks[-1].body["cells"] if checks else {})

    def _told(self, said: Said, verdict: Verdict, notebook: Notebook) -> dict[str, Any]:
        """What is kept of a check. Names of checks are not: they would tell what was put in."""
        before = self.of("check")
        last = before[-1].body if before else None
        bugs = self.broken.bugs
        shipped = template(self.exercise)
        gone = [place for place, bug in enumerate(bugs) if bug.is_gone(verdict, notebook, shipped)]
        there = [bug for place, bug in enumerate(bugs) if place not in gone]
        cells = _cells(notebook, shipped)
        run = max(verdict.runs, key=lambda one: len(one.curve))
        return {
            **{name: _one_line(getattr(said, name)) for name in ("hypothesis", "expected", "test")},
            "outcome": verdict.outcome,
            "score": round(verdict.score, 4),
            "losses": [_finite(run.loss) for run in verdict.runs],
            "curve": [_finite(loss) for loss in thinned(run.curve, POINTS)],
            "stage": verdict.stage,
            "gone": gone,
            "back": [place for place in (last["gone"] if last else []) if place not in gone],
            "broke": len(brought_in(last["held"], verdict, there)) if last else 0,
            "held": sorted(mark(name) for name in held(verdict)),
            "extension": self._of_extension(verdict),
            "cells": cells,
            "is_blind": bool(last and last["outcome"] != "passed" and last["cells"] == cells),
        }

    def _of_extension(self, verdict: Verdict) -> float | None:
        """The share of the extension's checks that hold; None before it is open."""
        if verdict.stage < 2 or not self.of("extension"):
            return None
        names, there = set(self.exercise.manifest.stage[0].checks), held(verdict)
        return len(names & there) / len(names) if not failed(verdict) - names else 0.0


class TimeIsOverError(UsageError):
    """Nothing more can be done but to end it."""


def _cells(notebook: Notebook, shipped: Notebook) -> dict[str, str]:
    """The code cells that are not as they were, by id: those of the candidate's own begin with a plus."""
    out = {}
    for cell in notebook.cells:
        before = shipped.cell(str(cell.id))
        if cell.kind == "code" and (cell.own or before is None or before.source.strip() != cell.source.strip()):
            out[f"+{cell.id}" if cell.own else str(cell.id)] = cell.source
    return out


def _finite(value: float | None) -> float | None:
    return json.loads(f"{value:.6g}") if value is not None and abs(value) < float("inf") else None


def _one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST]
