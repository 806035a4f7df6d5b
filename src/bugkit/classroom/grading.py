"""`bugkit class grade`: from a folder of files to a gradebook that lacks nothing."""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol

from bugkit.classroom.files import File, files_in
from bugkit.classroom.gradebook import Gradebook, Graded, Submission
from bugkit.classroom.matching import match, one_of
from bugkit.classroom.people import person_of
from bugkit.classroom.work import Failed, Paper, Pile, Rules
from bugkit.errors import NotebookError
from bugkit.exercise import Catalog
from bugkit.notebook import Notebook, parse, read

NOTEBOOK = ".ipynb"


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
    def done(self) -> int:
        """Notebooks that need no more work."""
        return self.known + sum(self.graded.values()) + len(self.failed) + len(self.troubles)


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
        files, unread = files_in(submissions)
        tally.troubles = [(str(place), reason) for place, reason in unread]
        people, loose = self._by_person(files)
        tally.troubles += [(str(file.place), "nobody's name is on it") for file in loose]
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

    def _by_person(self, files: Sequence[File]) -> tuple[dict[str, list[File]], list[File]]:
        """Notebooks by person, and those of nobody."""
        people: dict[str, list[File]] = defaultdict(list)
        for file in files:
            if file.place.suffix.lower() == NOTEBOOK:
                people[self._person or person_of(file.place, list(self._exercises))].append(file)
            else:
                self.tally.others += 1
        loose = people.pop("", [])
        return dict(sorted(people.items())), loose

    def _piles(self, people: dict[str, list[File]]) -> Iterator[Pile]:
        """What has to be graded, person by person. The files are read here, when there is room for them."""
        for person, files in people.items():
            papers = tuple(self._papers(person, files))
            if papers:
                yield Pile(person, papers)

    def _papers(self, person: str, files: list[File]) -> Iterator[Paper]:
        for exercise, found in self._by_exercise(files).items():
            chosen = one_of([(file.place, file.at) for file, _, _ in found])
            file, content, note = found[chosen]
            digest = hashlib.sha256(content).hexdigest()
            for number, (other, text, _) in enumerate(found):
                if number != chosen and text == content:
                    self.tally.known += 1
                elif number != chosen:
                    self._trouble(other.place, f"{person} has several notebooks for {exercise}; graded: {file.place}")
            self._gradebook.hand_in(Submission(person, exercise, digest, str(file.place), file.at, note))
            key = self._rules.key_of(self._exercises[exercise], digest)
            if not self._again and self._gradebook.is_graded(person, exercise, key):
                self.tally.known += 1
            else:
                yield Paper(exercise, digest, content)

    def _by_exercise(self, files: list[File]) -> dict[str, list[tuple[File, bytes, str]]]:
        """A person's notebooks with their content and what is to be said of them, in the order of the exercises."""
        found: dict[str, list[tuple[File, bytes, str]]] = defaultdict(list)
        for file in files:
            try:
                content = file.content
            except (OSError, zipfile.BadZipFile, RuntimeError) as error:  # a zip file with a password, for one
                self._trouble(file.place, f"it cannot be read ({error})")
                continue
            matched = match(file.place, content, _parsed(content), self._known)
            if matched.exercise is None:
                self._trouble(file.place, matched.note)
            else:
                found[matched.exercise].append((file, content, matched.note))
        return dict(sorted(found.items()))

    def _trouble(self, place: PurePosixPath, reason: str) -> None:
        self.tally.troubles.append((str(place), reason))


def _parsed(content: bytes) -> Notebook | None:
    try:
        return parse(content)
    except NotebookError:
        return None
