"""`bugkit class grade`: from a folder of files to a gradebook that lacks nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Protocol

from bugkit.classroom.files import File, files_in, why
from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.grades import Graded, Submission
from bugkit.classroom.matching import match, one_of
from bugkit.classroom.people import around, person_of
from bugkit.classroom.work import Failed, Paper, Pile, Rules, read_paper
from bugkit.exercise import Catalog
from bugkit.notebook import Notebook, read

MOST_TOGETHER = 500 << 20  # bytes of one person's notebooks, read one after the other


class Executor(Protocol):
    """Grades piles somewhere."""

    def __call__(self, piles: Iterator[Pile]) -> Iterator[Graded | Failed]: ...  # noqa: D102


@dataclass
class Tally:
    """How a grading goes: what `class grade` says of it."""

    people: int = 0
    notebooks: int = 0  # that could be wanted: every notebook file
    known: int = 0  # graded before, with all the same
    graded: Counter[str] = field(default_factory=Counter)  # by outcome
    failed: list[Failed] = field(default_factory=list)
    troubles: list[tuple[str, str]] = field(default_factory=list)
    others: int = 0  # files that are no notebooks

    @property
    def wanted(self) -> int:
        """Notebooks to be graded now, as far as is known: which were graded before is found out person by person."""
        return self.notebooks - self.known - len(self.troubles)

    @property
    def done(self) -> int:
        """How many of them need no more work."""
        return sum(self.graded.values()) + len(self.failed)


OnGraded = Callable[[Tally, Graded | Failed | None], None]


class Grading:
    """One folder of submissions against one gradebook. ``catalog`` is an unpacked one.

    With ``person`` all of the folder is theirs.
    """

    def __init__(
        self, gradebook: Gradebook, catalog: Catalog, rules: Rules, *, again: bool = False, person: str | None = None
    ) -> None:
        self._gradebook = gradebook
        self._exercises = {exercise.id: exercise for exercise in catalog}
        self._known: dict[str, Notebook] = {one.id: read(one.notebook) for one in catalog}
        self._rules = rules
        self._again = again
        self._person = person
        self.tally = Tally()

    def run(self, submissions: Path, executor: Executor, on_graded: OnGraded) -> Tally:
        """Grade what is not graded yet; every verdict is committed before the next one is awaited."""
        tally = self.tally
        found = files_in(submissions)
        tally.others = found.others
        for place, reason in found.unread:
            self._trouble(place, reason)
        people = self._by_person(found.notebooks)
        tally.people, tally.notebooks = len(people), sum(map(len, people.values())) + len(tally.troubles)
        self._gradebook.enrol(people)
        on_graded(tally, None)
        for came in executor(self._piles(people)):
            if isinstance(came, Failed):
                tally.failed.append(came)
            else:
                self._gradebook.add(came, again=self._again)
                tally.graded[came.outcome] += 1
            on_graded(tally, came)
        self._gradebook.set_troubles(str(submissions.resolve()), tally.troubles)
        return tally

    def _by_person(self, files: Sequence[File]) -> dict[str, list[File]]:
        """Notebooks by person; those of nobody, and of no one person, are for somebody to look at."""
        people: dict[str, list[File]] = defaultdict(list)
        skipped = around([file.place for file in files])
        for file in files:
            place = PurePosixPath(*file.place.parts[skipped:])
            people[self._person or person_of(place, self._exercises)].append(file)
        for file in people.pop("", []):
            self._trouble(file.place, "nobody's name is on it, or not in one way")
        return dict(sorted(people.items()))

    def _piles(self, people: dict[str, list[File]]) -> Iterator[Pile]:
        """What has to be graded, person by person. The files are read here, when there is room for them."""
        for person, files in people.items():
            papers = tuple(self._papers(person, files))
            if papers:
                yield Pile(person, papers)

    def _papers(self, person: str, files: list[File]) -> Iterator[Paper]:
        for exercise, found in self._by_exercise(person, files).items():
            chosen = one_of([(file.place, file.at) for file, _, _ in found])
            file, paper, note = found[chosen]
            for number, (other, copy, _) in enumerate(found):
                if number != chosen and copy.digest == paper.digest:
                    self.tally.known += 1
                elif number != chosen:
                    self._trouble(other.place, f"{person} has several notebooks for {exercise}; graded: {file.place}")
            self._gradebook.hand_in(Submission(person, exercise, paper.digest, str(file.place), file.at, note))
            key = self._rules.key_of(self._exercises[exercise], paper.digest)
            if not self._again and self._gradebook.is_graded(person, exercise, key):
                self.tally.known += 1
            else:
                yield paper

    def _by_exercise(self, person: str, files: list[File]) -> dict[str, list[tuple[File, Paper, str]]]:
        """A person's notebooks, read, with what is to be said of them, in the order of the exercises."""
        found: dict[str, list[tuple[File, Paper, str]]] = defaultdict(list)
        size = 0
        for file in files:
            try:
                content = file.content if size <= MOST_TOGETHER else b""
            except Exception as error:  # noqa: BLE001 - a stranger's zip file may make the library raise anything
                self._trouble(file.place, f"it cannot be read ({why(error)})")
                continue
            if (size := size + len(content)) > MOST_TOGETHER:
                self._trouble(file.place, f"{person}'s notebooks are larger than {MOST_TOGETHER >> 20} MiB together")
                continue
            paper = read_paper("", content)
            matched = match(file.place, content, paper.notebook, self._known)
            if matched.exercise is None:
                self._trouble(file.place, matched.note)
            else:
                found[matched.exercise].append((file, replace(paper, exercise=matched.exercise), matched.note))
        return dict(sorted(found.items()))

    def _trouble(self, place: PurePosixPath, reason: str) -> None:
        self.tally.troubles.append((str(place), reason))
