"""`bugkit class grade`: from a folder of files to a gradebook that lacks nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Protocol

from bugkit.classroom.files import File, Found, files_in, why
from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.grades import Graded, Submission
from bugkit.classroom.matching import match, one_of
from bugkit.classroom.people import Owner, around, inner, is_somebodys, namesakes, owner_of, told_apart
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
    copies: int = 0  # the same bytes as another one of the same person
    graded: Counter[str] = field(default_factory=Counter)  # by outcome
    failed: list[Failed] = field(default_factory=list)
    troubles: list[tuple[str, str]] = field(default_factory=list)
    elsewhere: Counter[str] = field(default_factory=Counter)  # notebooks of exercises that are not graded now
    without: list[str] = field(default_factory=list)  # people who handed in something, but no notebook that opens
    namesakes: list[str] = field(default_factory=list)  # names of several people, who are told apart by numbers
    gone: list[Submission] = field(default_factory=list)  # what counts of this folder, and lies there no more
    others: int = 0  # files that are no notebooks

    @property
    def wanted(self) -> int:
        """Notebooks to be graded now, as far as is known: which were graded before is found out person by person."""
        return self.notebooks - self.known - self.copies - len(self.troubles) - self.elsewhere.total()

    @property
    def done(self) -> int:
        """How many of them need no more work."""
        return sum(self.graded.values()) + len(self.failed)


OnGraded = Callable[[Tally, Graded | Failed | None], None]


class Grading:
    """One folder of submissions against one gradebook. ``catalog`` is an unpacked one.

    ``others`` are the notebooks of exercises that are not graded now: theirs are told from those that are. With
    ``person`` all of the folder is theirs.
    """

    def __init__(
        self,
        gradebook: Gradebook,
        catalog: Catalog,
        rules: Rules,
        *,
        others: Mapping[str, Notebook] = MappingProxyType({}),
        again: bool = False,
        person: str | None = None,
    ) -> None:
        self._gradebook = gradebook
        self._exercises = {exercise.id: exercise for exercise in catalog}
        self._known: dict[str, Notebook] = {**others, **{one.id: read(one.notebook) for one in catalog}}
        self._rules = rules
        self._again = again
        self._person = person
        self._folder = ""
        self._seen: set[tuple[str, str]] = set()
        self.tally = Tally()

    def run(self, submissions: Path, executor: Executor, on_graded: OnGraded) -> Tally:
        """Grade what is not graded yet; every verdict is committed before the next one is awaited."""
        tally = self.tally
        self._folder = str(submissions.resolve())
        found = files_in(submissions)
        tally.others = len(found.others) + found.copies
        for place, reason in found.unread:
            self._trouble(place, reason)
        people = self._by_person(found)
        tally.people, tally.notebooks = len(people), sum(map(len, people.values())) + len(tally.troubles)
        tally.without = [person for person, files in people.items() if not files]
        self._gradebook.enrol(people)
        on_graded(tally, None)
        for came in executor(self._piles(people)):
            if isinstance(came, Failed):
                tally.failed.append(came)
            else:
                self._gradebook.add(came, again=self._again)
                tally.graded[came.outcome] += 1
            on_graded(tally, came)
        self._gradebook.set_troubles(self._folder, tally.troubles)
        counting = self._gradebook.counting(self._folder)
        tally.gone = [
            one for one in counting if one.exercise in self._exercises and (one.person, one.exercise) not in self._seen
        ]
        return tally

    def _by_person(self, found: Found) -> dict[str, list[File]]:
        """Notebooks by person; those of nobody, and of no one person, are for somebody to look at."""
        skipped = around([file.place for file in found.notebooks] or found.others)
        owners = [self._owner(file.place, skipped) for file in found.notebooks]
        places = [*found.others, *(place for place, _ in found.unread)]
        others = [self._owner(place, skipped) for place in places if is_somebodys(inner(place, skipped))]
        same = namesakes([*owners, *others])
        self.tally.namesakes = sorted(same)
        people: dict[str, list[File]] = {told_apart(owner, same): [] for owner in others}
        for file, owner in zip(found.notebooks, owners, strict=True):
            people.setdefault(told_apart(owner, same), []).append(replace(file, at=owner.at or file.at))
        for file in people.pop("", []):
            self._trouble(file.place, "nobody's name is on it, or not in one way")
        return dict(sorted(people.items()))

    def _owner(self, place: PurePosixPath, skipped: int) -> Owner:
        return Owner(self._person) if self._person else owner_of(inner(place, skipped), self._known)

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
                    self.tally.copies += 1
                elif number != chosen:
                    self._trouble(other.place, f"{person} has several notebooks for {exercise}; graded: {file.place}")
            one = Submission(person, exercise, paper.digest, str(file.place), file.at, note, self._folder)
            self._gradebook.hand_in(one)
            self._seen.add((person, exercise))
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
            elif matched.exercise not in self._exercises:
                self.tally.elsewhere[matched.exercise] += 1
            else:
                found[matched.exercise].append((file, replace(paper, exercise=matched.exercise), matched.note))
        return dict(sorted(found.items()))

    def _trouble(self, place: PurePosixPath, reason: str) -> None:
        self.tally.troubles.append((str(place), reason))
