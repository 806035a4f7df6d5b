"""An own exercise for each student: drawn from what is proved, of equal difficulty, and known again when handed in.

A task is what all of them have in common: the kind of bug, how hard it is, whether the loss shows it. Program or site
differ. Who has which is written down in one file, which the grader reads.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bugkit.classroom.identity import Person, Register
from bugkit.errors import UsageError
from bugkit.exercise import Exercise
from bugkit.exercise.catalog import FRESH, Heading
from bugkit.fresh.desk import hardness, offered, restored
from bugkit.fresh.evidence import Matrix, Proof, matrix
from bugkit.kinds import kind

if TYPE_CHECKING:
    from bugkit.classroom.gradebook import Gradebook

FORMAT = 1
LEDGER = "assigned.json"
SEVERAL = 3  # codes: a task with fewer would be the same for too many


@dataclass(frozen=True)
class Task:
    """What everybody has in common, in one column of the reports."""

    id: str  # "fresh1"
    kind: str
    family: str
    difficulty: int
    is_loud: bool  # whether the loss shows it

    @property
    def title(self) -> str:
        """As reports say it: students may see it, so it does not name the kind."""
        return f"Fresh {self.id.removeprefix(FRESH)} (difficulty {self.difficulty})"


@dataclass(frozen=True)
class Ledger:
    """Who has which exercise: by person's id, a code for each task."""

    tasks: tuple[Task, ...]
    people: tuple[Person, ...]
    codes: Mapping[str, Mapping[str, str]] = field(hash=False)

    @property
    def every_code(self) -> list[str]:
        """All that were given out."""
        return sorted({code for mine in self.codes.values() for code in mine.values()})

    def task_of(self, person: str, code: str) -> str | None:
        """The task for which somebody has this code; None where it is not theirs."""
        return next((task for task, mine in self.codes.get(person, {}).items() if mine == code), None)

    def owners(self, code: str) -> list[str]:
        """Who has it."""
        return sorted(person for person, mine in self.codes.items() if code in mine.values())

    def keep(self, book: Gradebook) -> None:
        """Remember it in a gradebook, with the people."""
        book.enrol(self.people)
        book.remember("assigned", self.to_json())

    def to_json(self) -> dict[str, Any]:
        """What is written down."""
        people = [asdict(one) for one in self.people]
        return {"format": FORMAT, "tasks": [asdict(one) for one in self.tasks], "people": people, "codes": self.codes}

    @classmethod
    def of(cls, document: Any) -> Ledger:
        """From what was written; UsageError where it is something else."""
        try:
            if document["format"] != FORMAT:
                raise ValueError(f"format {document['format']}")
            tasks = tuple(Task(**one) for one in document["tasks"])
            people = tuple(Person(**{**one, "known_as": tuple(one["known_as"])}) for one in document["people"])
            return cls(tasks, people, {str(one): dict(mine) for one, mine in document["codes"].items()})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            evidence = [f"found: {error!r}", f"expected: {LEDGER}, as `class release --fresh` wrote it"]
            raise UsageError("this does not say who has which exercise", evidence=evidence) from None


def read_ledger(path: Path) -> Ledger:
    """From the file; UsageError where it cannot be read."""
    try:
        return Ledger.of(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read", evidence=[str(error)]) from None


@dataclass(frozen=True)
class OwnExercise(Exercise):
    """A task as a column among the exercises of a class: each person has another exercise in it."""

    task: Task = field(kw_only=True)
    ledger: Ledger = field(kw_only=True, compare=False, repr=False)
    workspace: Path = field(kw_only=True, compare=False)

    @property
    def id(self) -> str:
        """The task's."""
        return self.task.id

    @cached_property
    def heading(self) -> Heading:
        """The task's, not that of one of its exercises."""
        return replace(super().heading, title=self.task.title, difficulty=self.task.difficulty)

    def of(self, person: str) -> Exercise | None:
        """Somebody's own; None for who has none."""
        code = self.ledger.codes.get(person, {}).get(self.task.id)
        return _own(code, self.workspace) if code else None


@cache
def _own(code: str, workspace: Path) -> Exercise:
    """Made once, though several people have it, and a report asks for each of them."""
    return restored(code, workspace)


def columns(ledger: Ledger, workspace: Path) -> list[OwnExercise]:
    """The tasks, each with one of its exercises as an example."""
    out = []
    for task in ledger.tasks:
        code = next(code for mine in ledger.codes.values() for name, code in mine.items() if name == task.id)
        one = _own(code, workspace)
        out.append(OwnExercise(one.path, one.solution_path, one.desk, task=task, ledger=ledger, workspace=workspace))
    return out


def assigned(people: Iterable[Person], kinds: Sequence[str], count: int, seed: int) -> Ledger:
    """Draw tasks, and for each student an exercise of each; neighbors on the roster have different ones.

    UsageError where the evidence does not have enough.
    """
    register = Register()
    enrolled = [register.enrol(one) for one in people]
    if not enrolled:
        raise UsageError("nobody is on the roster")
    draw, known = random.Random(seed), matrix()
    tasks: list[Task] = []
    codes: dict[str, dict[str, str]] = {one.id: {} for one in enrolled}
    for number in range(1, count + 1):
        wanted = kinds[(number - 1) % len(kinds)] if kinds else None
        task, equal = _drawn(f"{FRESH}{number}", wanted, {one.kind for one in tasks}, known, draw)
        tasks.append(task)
        draw.shuffle(equal)
        for place, person in enumerate(enrolled):
            codes[person.id][task.id] = equal[place % len(equal)].code
    return Ledger(tuple(tasks), tuple(enrolled), codes)


def _drawn(
    name: str, wanted: str | None, met: set[str], known: Matrix, draw: random.Random
) -> tuple[Task, list[Proof]]:
    """A task, and the proofs that make equal exercises for it: of one kind, as hard and as loud."""
    groups: dict[tuple[str, int, bool], list[Proof]] = {}
    for proof in (one for one in offered(known) if len(one.recipe.bugs) == 1):
        name_of = proof.recipe.bugs[0][0]
        if wanted in (None, name_of) and name_of not in met - {wanted}:
            groups.setdefault((name_of, hardness(proof, known), proof.is_loud), []).append(proof)
    large = {key: some for key, some in groups.items() if len(some) >= SEVERAL}
    if not large:
        counts = {key[0]: len(some) for key, some in sorted(groups.items())}
        evidence = [f"found: {counts or 'no proof of it'}", f"expected: {SEVERAL} equal ones of one kind"]
        raise UsageError(f"there are not enough equal exercises of {wanted or 'any other kind'}", evidence=evidence)
    key = max(sorted(large), key=lambda one: len(large[one])) if wanted else draw.choice(sorted(large))
    task = Task(name, key[0], kind(key[0]).manifest.family, key[1], key[2])
    return task, sorted(large[key], key=lambda one: one.code)
