"""Listings of 15 to 30 lines, cut from proved programs: with one bug, or with none."""

from __future__ import annotations

import difflib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from bugkit.exercise.catalog import installed
from bugkit.fresh.evidence import Proof, matrix
from bugkit.fresh.plant import recalled
from bugkit.kinds import Kind, library
from bugkit.kinds.source import Source, source
from bugkit.notebook import Cell, Notebook, apply

SHORTEST, LONGEST = 15, 30  # lines
OPTIONS = 5  # kinds to choose from
ONE_IN = 5  # listings is right
LEAD = "**The cause.**"  # of the part of an explanation that says why
RIGHT = "right:"  # before the program and cell of a listing without a bug


@dataclass(frozen=True)
class Listing:
    """A few lines of a program. Its bug may be called by the numbers in ``wrong``, from 1; a right one has none."""

    id: str  # a fresh exercise's code; of a right one, "right:", program and cell
    title: str  # of the program
    lines: tuple[str, ...]
    wrong: frozenset[int] = frozenset()
    kind: Kind | None = None
    cause: str = ""  # why it is wrong
    options: tuple[Kind, ...] = ()  # among which its kind is, in the order in which they are shown

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong in it."""
        return self.kind is None

    @property
    def numbered(self) -> str:
        """Its lines with their numbers."""
        return "\n".join(f"{number:3}  {line}".rstrip() for number, line in enumerate(self.lines, start=1))

    def is_found(self, line: int | None) -> bool:
        """Whether a line that somebody names is the wrong one; 0 says that none is."""
        return line == 0 if self.is_right else line in self.wrong

    @property
    def told(self) -> tuple[str, str]:
        """What is wrong with it and in which line, and why; the second "" where nothing is."""
        if self.kind is None:
            return "Nothing is wrong in these lines.", ""
        lines = ", ".join(map(str, sorted(self.wrong)))
        return f"{self.kind.manifest.title}: line{'s' if len(self.wrong) > 1 else ''} {lines}", self.cause


def names() -> list[str]:
    """The ids of all listings, those of right programs among them, in an order that says nothing."""
    proofs = matrix().alone
    broken = sorted(proof.code for proof in proofs)
    places = sorted({(proof.recipe.program, _cell(proof)) for proof in proofs})
    right = [f"{RIGHT}{program}:{cell}" for program, cell in places]
    random.Random(0).shuffle(right)
    return list(_mixed(broken, right))


def listing(name: str, seed: int) -> Listing:
    """The listing of an id; the seed says where it is cut, and in which order the kinds are shown."""
    draw = random.Random(f"{name} {seed}")
    if name.startswith(RIGHT):
        program, _, cell = name.removeprefix(RIGHT).partition(":")
        one = _source(program)
        lines = _around(one.notebook, cell)
        return Listing(name, one.roles.title, tuple(_cut(lines, draw.randrange(len(lines)), 1, draw)[1]))
    return _broken(matrix().by_code()[name], draw)


def _broken(proof: Proof, draw: random.Random) -> Listing:
    one, cell = _source(proof.recipe.program), _cell(proof)
    (bug,) = recalled(one, proof, matrix())
    lines = _around(apply(one.notebook, bug.edits), cell)
    wrong = _changed(_around(one.notebook, cell), lines)
    first, shown = _cut(lines, min(wrong), max(wrong) - min(wrong) + 1, draw)
    options = [bug.kind, *_others(proof, bug.kind, draw)]
    draw.shuffle(options)
    numbers = frozenset(number - first + 1 for number in wrong)
    cause = " ".join(bug.told(bug.kind.explanation).partition(LEAD)[2].partition("\n\n")[0].split())
    return Listing(proof.code, one.roles.title, tuple(shown), numbers, bug.kind, cause, tuple(options))


def _around(notebook: Notebook, cell: str) -> list[str]:
    """The lines of a cell, with those of its neighbors where it is short."""
    cells = [one for one in notebook.cells if one.runs and "parameters" not in one.tags and one.id != "setup"]
    place = next(number for number, one in enumerate(cells) if one.id == cell)
    first = last = place
    while _length(cells[first : last + 1]) < SHORTEST and (first > 0 or last < len(cells) - 1):
        if first > 0:
            first -= 1
        else:
            last += 1
    parts = [one.source.splitlines() for one in cells[first : last + 1]]
    return [line for part in parts for line in (*part, "", "")][:-2]


def _length(cells: Sequence[Cell]) -> int:
    return sum(len(one.source.splitlines()) + 2 for one in cells)


def _changed(before: Sequence[str], after: Sequence[str]) -> set[int]:
    """The numbers, from 0, of the lines by which a change may be called; of lines that are gone, their neighbors."""
    out: set[int] = set()
    for tag, _, _, start, end in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag in ("replace", "insert"):
            out.update(range(start, end))
        elif tag == "delete":
            out.update({max(0, start - 1), min(start, len(after) - 1)})
    return {number for number in out if after[number].strip()} or out


def _cut(lines: Sequence[str], start: int, length: int, draw: random.Random) -> tuple[int, list[str]]:
    """At most LONGEST lines with a part in them, and the first one's number, which says nothing of where it is."""
    if len(lines) <= LONGEST:
        return 0, list(lines)
    earliest = max(0, min(start + length, len(lines)) - LONGEST)
    first = draw.randint(earliest, max(earliest, min(start, len(lines) - LONGEST)))
    shown = list(lines[first : first + LONGEST])
    while shown and not shown[0].strip():
        shown, first = shown[1:], first + 1
    return first, shown


def _others(proof: Proof, own: Kind, draw: random.Random) -> list[Kind]:
    """Kinds that could be in this cell too, then others of the same family, then any."""
    here = {
        one.recipe.bugs[0][0]
        for one in matrix().alone
        if one.recipe.program == proof.recipe.program and _cell(one) == _cell(proof)
    }
    groups: list[list[Kind]] = [[], [], []]
    for one in library():
        if one.id != own.id:
            groups[0 if one.id in here else 1 if one.manifest.family == own.manifest.family else 2].append(one)
    for group in groups:
        draw.shuffle(group)
    return [one for group in groups for one in group][: OPTIONS - 1]


@cache
def _source(program: str) -> Source:
    return source(installed(), program)


def _cell(proof: Proof) -> str:
    return proof.recipe.bugs[0][1].rpartition(":")[0]


def _mixed(broken: Sequence[str], right: Sequence[str]) -> Iterator[str]:
    """One in ONE_IN from the second, as long as there are any."""
    rest = iter(right)
    for number, name in enumerate(broken, start=1):
        yield name
        if number % (ONE_IN - 1) == 0 and (extra := next(rest, None)):
            yield extra
