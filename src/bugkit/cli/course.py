"""What the commands of `bugkit class` work with: the course, its exercises and its gradebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bugkit.cli.context import CliContext, note
from bugkit.errors import UsageError
from bugkit.exercise import Catalog, Exercise
from bugkit.exercise.catalog import installed, locate

if TYPE_CHECKING:
    from bugkit.classroom.course import Course
    from bugkit.classroom.fresh import OwnExercise
    from bugkit.classroom.gradebook import Gradebook

COURSE = "course.toml"
GRADEBOOK = "gradebook.db"
MISSING = "pip install -c constraints.txt '.[class]'"

exercises_option = click.option("--exercises", metavar="EX,EX", help="Which exercises, by id; without it all.")
gradebook_option = click.option(
    "--gradebook", metavar="FILE|URL", help=f"SQLite's file, or a URL; {GRADEBOOK} where nothing is said."
)


@dataclass(frozen=True)
class ClassContext:
    """A course as it is said on the command line, in ``course.toml``, and by the gradebook, in this order."""

    cli: CliContext
    path: Path | None  # of course.toml

    @cached_property
    def course(self) -> Course:
        """As the file has it; an empty one without a file."""
        from bugkit.classroom.course import read_course, refuse_unknown

        course = read_course(self.path)
        if self.path and not self.cli.given:
            refuse_unknown(course, (one.id for one in self._listed(course.catalogs)), self.path)
        return course

    def catalog(self, book: Gradebook | None = None) -> Catalog:
        """The catalogs given, else the course's, else those that the gradebook remembers, else the one found here."""
        if self.cli.given:
            return self.cli.catalog
        remembered = book.recall("catalogs") if book and not self.course.catalogs else None
        places = [str(place) for place in remembered] if isinstance(remembered, list) else self.course.catalogs
        return self._listed(places)

    def _listed(self, places: Sequence[str]) -> Catalog:
        return locate(Path.cwd(), [Path(place) for place in places]) if places else self.cli.catalog

    def chosen(self, exercises: str | None, catalog: Catalog) -> list[Exercise]:
        """Those named, else the course's, else all."""
        if exercises is None:
            return [catalog.find(name) for name in self.course.exercises] or list(catalog)
        found = {name: catalog.find(name) for name in exercises.replace(" ", "").split(",") if name}
        if not found:
            raise UsageError("--exercises names none", next_command="bugkit list")
        return list({one.id: one for one in found.values()}.values())

    def used(self, exercises: str | None, book: Gradebook) -> list[Exercise]:
        """Those named, else those that anything was handed in for; what of these is in no catalog is said."""
        catalog, own = self.catalog(book), self.own(book)
        if exercises is not None:
            named = {one.id: one for one in own}
            words = exercises.replace(" ", "").split(",")
            rest = ",".join(word for word in words if word not in named)
            return [*(self.chosen(rest, catalog) if rest else ()), *(named[word] for word in words if word in named)]
        used = book.exercises()
        if lost := self.lost(book):
            note(f"the gradebook holds verdicts of {', '.join(lost)}, which no catalog here has: --catalog DIR")
        return [*(one for one in catalog if one.id in used), *own]

    def own(self, book: Gradebook) -> list[OwnExercise]:
        """The tasks of which everybody has another exercise."""
        from bugkit.classroom.fresh import Ledger, columns

        told = book.recall("assigned")
        return columns(Ledger.of(told), self.cli.workspace) if told else []

    def lost(self, book: Gradebook) -> list[str]:
        """Exercises that the gradebook holds verdicts of, and no catalog has."""
        theirs = {code for one in self.own(book) for code in one.ledger.every_code}
        return sorted(book.exercises() - {one.id for one in self.catalog(book)} - theirs)

    def gradebook(self, given: str | None) -> str:
        """Its file or URL."""
        return given or self.course.gradebook or GRADEBOOK

    @contextmanager
    def opened(self, given: str | None, *, task_seed: str | None = None, new: bool = False) -> Iterator[Gradebook]:
        """The gradebook; one that has to be there, and is not, is a slip of the pen."""
        place = self.gradebook(given)
        if not new and "://" not in place and not Path(place).is_file():
            option = "" if given is None else f" --gradebook {place}"
            raise UsageError(f"there is no gradebook {place}", next_command=f"bugkit class grade SUBMISSIONS{option}")
        with needing_sqlalchemy():
            from bugkit.classroom.gradebook import Gradebook
        with Gradebook(place, salt=task_seed) as book:
            yield book

    def rules(self, book: Gradebook) -> Course:
        """When what is due: as the course says, else as the gradebook remembers."""
        from bugkit.classroom.course import from_kept

        return self.course if self.path else from_kept(book.recall("course"))

    def remember(self, book: Gradebook, catalog: Catalog) -> None:
        """What later commands need not be told again."""
        from bugkit.classroom.course import as_kept

        own = _installed_root()
        book.remember("catalogs", ["installed" if root == own else str(root) for root in catalog.roots])
        if self.path:
            book.remember("course", as_kept(self.course))

    def again(self, words: str) -> str:
        """A command for this course, as it is to be typed."""
        catalogs = "".join(f" --catalog {root}" for root in self.cli.given)
        course = f" --course {self.path}" if self.path and self.path != Path(COURSE) else ""
        return f"bugkit{catalogs} class{course} {words}"


def _installed_root() -> Path | None:
    try:
        return installed().root
    except UsageError:
        return None


pass_course = click.make_pass_decorator(ClassContext)


@contextmanager
def needing_sqlalchemy() -> Iterator[None]:
    """Around an import that needs it: what is missing is told."""
    try:
        yield
    except ImportError:
        raise UsageError("SQLAlchemy is not installed, which keeps the gradebook", next_command=MISSING) from None


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """What the file system refuses is told as what it is, a place that does not do."""
    try:
        yield
    except OSError as error:
        what, evidence = f"{place} cannot be written", [f"{error.strerror or error}: {error.filename or place}"]
        raise UsageError(what, evidence=evidence, next_command="the same with another place") from None
