"""The bugs of an interview: which of them are gone from a candidate's notebook, and what was brought in."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from bugkit.exercise.catalog import installed
from bugkit.fresh.evidence import Proof, matrix
from bugkit.fresh.plant import Planted, recalled
from bugkit.fresh.recipe import Recipe
from bugkit.interview.plan import signs
from bugkit.kinds.source import Source, source
from bugkit.notebook import Cell, Notebook, apply
from bugkit.verdict import CONVERGENCE, Verdict


@dataclass(frozen=True)
class Bug:
    """One of them, and how it shows."""

    planted: Planted
    signs: frozenset[str]  # checks that fail with it alone, and with none of the others alone
    every_sign: frozenset[str]  # checks that fail with it alone
    is_loud: bool  # whether the loss shows it

    def is_gone(self, verdict: Verdict, notebook: Notebook, shipped: Notebook) -> bool:
        """Whether the notebook behaves as without it, or has the lines of the working program in its place.

        Where nobody has changed its lines, another bug may only hide it: then it is gone when everything passes.
        """
        if verdict.outcome == "passed":
            return True
        edits = self.planted.edits
        if not any(_is_touched(edit.replace, shipped.cell(edit.cell), notebook.cell(edit.cell)) for edit in edits):
            return False
        behaves = bool(self.signs) and self.signs <= held(verdict)
        return behaves or all(_is_restored(edit.find, edit.replace, notebook, edit.cell) for edit in edits)


@dataclass(frozen=True)
class Broken:
    """A program with several bugs."""

    proof: Proof

    @cached_property
    def program(self) -> Source:
        """The program as it works."""
        return source(installed(), self.proof.recipe.program)

    @cached_property
    def planted(self) -> list[Planted]:
        """What was put in."""
        return recalled(self.program, self.proof, matrix())

    @cached_property
    def bugs(self) -> list[Bug]:
        """The same with how each shows, those that the loss shows first."""
        known = matrix()
        alone = {one.recipe: one for one in known.alone}
        own = signs(self.proof, known)
        found = []
        for bug, one in zip(self.proof.recipe.bugs, self.planted, strict=True):
            single = alone[Recipe(self.program.id, (bug,))]
            found.append(Bug(one, own[bug], frozenset(single.caught_by), single.is_loud))
        return sorted(found, key=lambda bug: not bug.is_loud)

    def with_bugs(self, working: Notebook, some: Collection[Bug]) -> Notebook:
        """A working notebook with some of them."""
        return apply(working, chain.from_iterable(bug.planted.edits for bug in some))


def held(verdict: Verdict) -> set[str]:
    """The checks that passed on every seed, convergence being one."""
    names = {check.name for check in verdict.checks if check.outcome == "passed"}
    return names | ({CONVERGENCE} if verdict.runs and all(run.converged for run in verdict.runs) else set())


def failed(verdict: Verdict) -> set[str]:
    """The checks that failed."""
    names = {check.name for check in verdict.checks if check.outcome == "failed"}
    judged = [run for run in verdict.runs if run.status == "ok"]
    return names | ({CONVERGENCE} if judged and not all(run.converged for run in judged) else set())


def brought_in(before: Collection[str], verdict: Verdict, there: Sequence[Bug]) -> set[str]:
    """Checks that held before and fail now, and that no bug which is still there explains."""
    explained = frozenset[str]().union(*(bug.every_sign for bug in there))
    return {name for name in failed(verdict) if mark(name) in before} - explained


def mark(name: str) -> str:
    """A check, as it is kept while an interview goes on: its name would tell what it is about."""
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def _is_restored(right: str, wrong: str, notebook: Notebook, name: str) -> bool:
    """Whether a cell has the right lines, however they are spaced, and not the wrong ones."""
    cell = notebook.cell(name)
    if cell is None or not right:
        return cell is not None and _squeezed(right or cell.source) == _squeezed(cell.source)
    text = _squeezed(cell.source)
    return _squeezed(right) in text and not (_squeezed(wrong) in text and _squeezed(wrong) not in _squeezed(right))


def _is_touched(wrong: str, before: Cell | None, after: Cell | None) -> bool:
    """Whether the lines of a bug, or those directly above and below them, were changed."""
    if before is None or after is None:
        return before is not after
    lines, mine = _lines(before.source), _lines(after.source)
    theirs = _lines(wrong)
    places = [n for n in range(len(lines)) if theirs and lines[n : n + len(theirs)] == theirs]
    first, last = (places[0], places[0] + len(theirs)) if places else (0, len(lines))
    blocks = difflib.SequenceMatcher(None, lines, mine, autojunk=False).get_opcodes()
    return any(tag != "equal" and start <= last and end >= first for tag, start, end, _, _ in blocks)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _squeezed(text: str) -> str:
    return "\n".join(_lines(text))
