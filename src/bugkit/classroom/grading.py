"""`bugkit class grade`: from a folder of files to a gradebook that lacks nothing."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Protocol

from bugkit.box.memory_limit import MemoryLimit
from bugkit.classroom.batch import GradingFailure, GradingOptions, LearnerBatch, ParsedSubmission, parse_submission
from bugkit.classroom.files import File, SubmittedFiles, files_in, why
from bugkit.classroom.fresh import Ledger
from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.grades import Graded, Submission
from bugkit.classroom.identity import AmbiguousError, Register
from bugkit.classroom.layout import around
from bugkit.classroom.matching import Match, match, one_of
from bugkit.classroom.ownership import Owner, inner, is_somebodys, namesakes, owner_of, told_apart
from bugkit.classroom.pack import digest_of_exercise
from bugkit.errors import UsageError
from bugkit.exercise import Catalog
from bugkit.notebook import Notebook, read

MOST_TOGETHER = 200 << 20  # bytes of one person's notebooks, read one after the other
NOBODYS = "nobody's name is on it, or not in one way"
SEVERAL = "several people are called {name}, and nothing here tells which of them it is"
Reading = Callable[[], LearnerBatch | None]  # reads a person's notebooks; None where there is nothing to grade


class Executor(Protocol):
    """Grades batches somewhere. They are read when there is room for them, several at a time."""

    def __call__(self, batches: Iterator[Reading]) -> Iterator[Graded | GradingFailure]: ...  # noqa: D102


@dataclass
class GradingSummary:
    """How a grading goes: what `class grade` says of it."""

    people: int = 0
    notebooks: int = 0  # that could be wanted: every notebook file
    known: int = 0  # graded before, with all the same
    copies: int = 0  # the same bytes as another one of the same person
    graded: Counter[str] = field(default_factory=Counter)  # by outcome
    failed: list[GradingFailure] = field(default_factory=list)
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


OnGraded = Callable[[GradingSummary, Graded | GradingFailure | None], None]


class Grading:
    """One folder of submissions against one gradebook. ``catalog`` is an unpacked one.

    ``ledger`` says who has which exercise, where everybody has another one.

    ``others`` are the notebooks of exercises that are not graded now: theirs are told from those that are. With
    ``person`` all of the folder is theirs; ``below`` so many folders around them all lie the people's, where it is
    said.
    """

    def __init__(
        self,
        gradebook: Gradebook,
        catalog: Catalog,
        options: GradingOptions,
        *,
        others: Mapping[str, Notebook] = MappingProxyType({}),
        again: bool = False,
        person: str | None = None,
        below: int | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self._gradebook = gradebook
        self._exercises = {exercise.id: exercise for exercise in catalog}
        self._digests = {exercise.id: digest_of_exercise(exercise, from_pack=True) for exercise in catalog}
        self._known: dict[str, Notebook] = {**others, **{one.id: read(one.notebook) for one in catalog}}
        self._options = options
        self._again = again
        self._person = person
        self._below = below
        self._ledger = ledger
        self._folder = ""
        self._seen: set[tuple[str, str]] = set()
        self._lock = threading.Lock()  # of the summary, and of what several readers write
        self.summary = GradingSummary()

    def run(self, submissions: Path, executor: Executor, on_graded: OnGraded) -> GradingSummary:
        """Grade what is not graded yet; every verdict is committed before the next one is awaited."""
        summary = self.summary
        self._folder = str(submissions.resolve())
        ceiling = None if self._options.sandbox is False else MemoryLimit(1)
        try:
            found = files_in(submissions)
        finally:
            if ceiling:
                ceiling.lift()
        summary.others = len(found.others) + found.copies
        for place, reason in found.unread:
            self._trouble(place, reason)
        people = self._by_person(found, submissions)
        summary.people, summary.notebooks = len(people), sum(map(len, people.values())) + len(summary.troubles)
        summary.without = [person for person, files in people.items() if not files]
        places = [(person, str(file.place)) for person, files in people.items() for file in files]
        self._gradebook.await_from(self._folder, places)
        on_graded(summary, None)
        for came in executor(partial(self._read, person, files) for person, files in people.items()):
            if isinstance(came, GradingFailure):
                summary.failed.append(came)
            else:
                self._gradebook.add(replace(came, exercise_digest=self._digests[came.exercise]), again=self._again)
                summary.graded[came.outcome] += 1
            on_graded(summary, came)
        self._gradebook.set_troubles(self._folder, summary.troubles)
        counting = self._gradebook.counting(self._folder)
        summary.gone = [
            one for one in counting if one.exercise in self._exercises and (one.person, one.exercise) not in self._seen
        ]
        return summary

    def _by_person(self, found: SubmittedFiles, submissions: Path) -> dict[str, list[File]]:
        """Notebooks by the id of a person; those of nobody, and of no one person, are for somebody to look at."""
        register = self._gradebook.register()
        skipped = self._folders_around(found, register, submissions)
        owners = [self._owner(file.place, skipped) for file in found.notebooks]
        places = [*found.others, *(place for place, _ in found.unread)]
        others = [self._owner(place, skipped) for place in places if is_somebodys(inner(place, skipped))]
        same = namesakes([*owners, *others])
        self.summary.namesakes = sorted(same)
        people: dict[str, list[File]] = {}
        for owner in others:
            self._put(people, register, owner, same)
        for file, owner in zip(found.notebooks, owners, strict=True):
            if refused := self._put(people, register, owner, same, replace(file, at=owner.at or file.at)):
                self._trouble(file.place, refused)
        self._gradebook.enrol(register)
        return dict(sorted(people.items()))

    def _put(
        self, people: dict[str, list[File]], register: Register, owner: Owner, same: set[str], file: File | None = None
    ) -> str:
        """Give a file to its owner, or nothing to whoever is there; why not, where that cannot be told."""
        if not owner.name:
            return NOBODYS
        try:
            person = register.owner(owner, told_apart(owner, same) if owner.name in same else "")
        except AmbiguousError:
            return SEVERAL.format(name=owner.name)
        people.setdefault(person.id, []).extend([file] if file else [])
        return ""

    def _folders_around(self, found: SubmittedFiles, register: Register, submissions: Path) -> int:
        """How many there are around the people's; UsageError where it cannot be told, and was not said."""
        if self._below is not None or self._person:
            return self._below or 0
        places = [file.place for file in found.notebooks]
        skipped = around(
            places or found.others, self._known, lambda name: any(one.is_told_by(name) for one in register)
        )
        if skipped is None and places:
            raise UsageError(
                f"everything lies in one folder, {submissions / places[0].parts[0]}",
                evidence=["it may be one person's, or hold everybody's"],
                next_command="the same with --people-below 0 if it is one person's, 1 if it holds everybody's",
            )
        return skipped or 0

    def _owner(self, place: PurePosixPath, skipped: int) -> Owner:
        return Owner(self._person) if self._person else owner_of(inner(place, skipped), self._known)

    def _read(self, person: str, files: list[File]) -> LearnerBatch | None:
        """Read a person's notebooks, hand them in, and choose what has to be graded."""
        looked_at = list(self._looked_at(person, files))
        with self._lock:
            submissions = tuple(self._papers(person, looked_at))
            self._gradebook.looked_into(self._folder, person)
        return LearnerBatch(person, submissions) if submissions else None

    def _papers(self, person: str, looked_at: list[tuple[File, ParsedSubmission, Match]]) -> Iterator[ParsedSubmission]:
        for exercise, found in self._by_exercise(person, looked_at).items():
            chosen = one_of([(file.place, file.at) for file, _, _ in found])
            file, parsed, note = found[chosen]
            for number, (other, copy, _) in enumerate(found):
                if number != chosen and copy.digest == parsed.digest:
                    self.summary.copies += 1
                elif number != chosen:
                    self._trouble(other.place, f"{person} has several notebooks for {exercise}; graded: {file.place}")
            one = Submission(person, exercise, parsed.digest, str(file.place), file.at, note, self._folder)
            self._gradebook.hand_in(one)
            self._seen.add((person, exercise))
            key = self._options.key_of(self._exercises[exercise], parsed.digest)
            if not self._again and self._gradebook.is_graded(person, exercise, key):
                self.summary.known += 1
            else:
                yield parsed

    def _not_theirs(self, person: str, code: str) -> str:
        """Whose exercise it is, where everybody has another one and this is not theirs; "" where it is."""
        if self._ledger is None or self._ledger.task_of(person, code):
            return ""
        owners, theirs = self._ledger.owners(code), sorted(self._ledger.codes.get(person, {}).values())
        if not owners:
            return ""
        return f"it is the exercise of {', '.join(owners)}; that of {person} is {', '.join(theirs) or 'none'}"

    def _by_exercise(
        self, person: str, looked_at: list[tuple[File, ParsedSubmission, Match]]
    ) -> dict[str, list[tuple[File, ParsedSubmission, str]]]:
        """With what is to be said of each, in the order of the exercises; what is none of them is counted."""
        found: dict[str, list[tuple[File, ParsedSubmission, str]]] = {}
        for file, parsed, matched in looked_at:
            if matched.exercise is None:
                self._trouble(file.place, matched.note)
            elif matched.exercise not in self._exercises:
                self.summary.elsewhere[matched.exercise] += 1
            elif refused := self._not_theirs(person, matched.exercise):
                self._trouble(file.place, refused)
            else:
                cells = parsed.notebook and Notebook(parsed.notebook.cells)  # its metadata have told what they can
                named = replace(parsed, exercise=matched.exercise, notebook=cells)
                found.setdefault(matched.exercise, []).append((file, named, matched.note))
        return dict(sorted(found.items()))

    def _looked_at(self, person: str, files: list[File]) -> Iterator[tuple[File, ParsedSubmission, Match]]:
        """Each file's notebook, and which exercise it is of. Other people's are read meanwhile."""
        size, nothing = 0, ParsedSubmission("", "", None)
        for file in files:
            try:
                content = file.content if size <= MOST_TOGETHER else b""
            except Exception as error:  # noqa: BLE001 - anybody's zip file may make the library raise anything
                yield file, nothing, Match(None, f"it cannot be read ({why(error)})")
                continue
            size += len(content)
            if size > MOST_TOGETHER:
                much = f"{person}'s notebooks are larger than {MOST_TOGETHER >> 20} MiB together"
                yield file, nothing, Match(None, much)
            else:
                parsed = parse_submission("", content)
                yield file, parsed, match(file.place, content, parsed.notebook, self._known)

    def _trouble(self, place: PurePosixPath, reason: str) -> None:
        self.summary.troubles.append((str(place), reason))
