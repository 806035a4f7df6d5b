"""The gradebook: who handed in what, and every verdict that was ever made of it. Nothing is overwritten.

SQLite by default, any other database by its URL. A verdict is committed by itself, as it comes; whoever is killed
loses at most the runs that were under way. Several graders may write at once: the same verdict made twice is kept once.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from bugkit.classroom import record
from bugkit.errors import BugkitError
from bugkit.verdict import Verdict

VERSION = "1"
BUSY_SECONDS = 30.0  # how long one grader waits for another's transaction, which takes milliseconds
NAME, DIGEST = sql.String(200), sql.String(64)

_tables = sql.MetaData()
_about = sql.Table("about", _tables, sql.Column("name", NAME, primary_key=True), sql.Column("value", NAME))
_person = sql.Table("person", _tables, sql.Column("name", NAME, primary_key=True))
_submission = sql.Table(
    "submission",
    _tables,
    sql.Column("number", sql.Integer, primary_key=True),
    sql.Column("person", NAME, nullable=False),
    sql.Column("exercise", NAME, nullable=False),
    sql.Column("digest", DIGEST, nullable=False),  # of the file's bytes
    sql.Column("place", sql.Text, nullable=False),
    sql.Column("at", NAME, nullable=False),  # when the file was last changed, UTC, ISO 8601
    sql.Column("note", sql.Text, nullable=False),
    sql.UniqueConstraint("person", "exercise", "digest", "at"),
)
_verdict = sql.Table(
    "verdict",
    _tables,
    sql.Column("number", sql.Integer, primary_key=True),
    sql.Column("person", NAME, nullable=False),
    sql.Column("exercise", NAME, nullable=False),
    sql.Column("digest", DIGEST, nullable=False),
    sql.Column("key", DIGEST, nullable=False),  # of all that the verdict depends on
    sql.Column("round", sql.Integer, nullable=False),  # 0, and one more each time that it was graded again
    sql.Column("at", NAME, nullable=False),
    sql.Column("outcome", sql.String(20), nullable=False),
    sql.Column("score", sql.Float, nullable=False),
    sql.Column("seconds", sql.Float, nullable=False),  # of CPU and waiting, over all runs
    sql.Column("verdict", sql.Text, nullable=False),  # see `record`
    sql.Column("hidden", sql.Text, nullable=False),  # names of hidden checks, by spaces
    sql.Column("fix", sql.Text, nullable=False),  # the lines that the person changed
    sql.UniqueConstraint("person", "exercise", "key", "round"),
)
_trouble = sql.Table(
    "trouble",  # files that wait for a person to decide
    _tables,
    sql.Column("folder", sql.String(500), primary_key=True),
    sql.Column("place", sql.String(500), primary_key=True),
    sql.Column("reason", sql.Text, nullable=False),
)


class GradebookError(BugkitError):
    """The gradebook cannot be opened, read or written; the verdicts that were committed are safe."""


@dataclass(frozen=True)
class Submission:
    """One notebook that a person handed in for an exercise."""

    person: str
    exercise: str
    digest: str
    place: str
    at: str
    note: str = ""


@dataclass(frozen=True)
class Graded:
    """One verdict of the gradebook."""

    person: str
    exercise: str
    digest: str
    key: str
    verdict: str  # its text, see ``record``
    outcome: str
    score: float
    seconds: float
    hidden: tuple[str, ...] = ()
    fix: str = ""
    at: str = ""

    @property
    def read(self) -> Verdict:
        """The verdict itself."""
        return record.from_text(self.verdict)


@dataclass(frozen=True)
class Grade:
    """What counts: a person's last submission for an exercise, and its last verdict; None where it is not graded."""

    submission: Submission
    graded: Graded | None
    attempts: int  # different notebooks that were handed in for it


class Gradebook:
    """One database. Use it in a ``with``."""

    def __init__(self, url: str, *, salt: str | None = None) -> None:
        try:
            self._engine = sql.create_engine(url, **_options(url))
            with self._engine.begin() as db:
                _tables.create_all(db)
            self.salt = self._about("salt", salt or secrets.token_hex(16))
            version = self._about("version", VERSION)
        except (SQLAlchemyError, ImportError, ValueError) as error:
            raise _unopened(url, error) from None
        if version != VERSION:
            evidence = [f"it is of version {version}", f"this bugkit reads version {VERSION}"]
            raise GradebookError(f"{shown(url)}: another version of bugkit made this gradebook", evidence=evidence)
        if salt is not None and salt != self.salt:
            evidence = ["its tasks are drawn from another word, and its verdicts rest on them"]
            raise GradebookError(f"{shown(url)} is not a new gradebook", evidence=evidence)

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def enrol(self, people: Iterable[str]) -> None:
        """Remember that these people belong to the class, whether they hand anything in or not."""
        for name in people:
            self._add(_person, name=name)

    def hand_in(self, one: Submission) -> None:
        """Remember a notebook; the same one at the same time only once."""
        self.enrol([one.person])
        values = {name: getattr(one, name) for name in ("person", "exercise", "digest", "place", "at", "note")}
        self._add(_submission, **values)

    def add(self, graded: Graded, *, again: bool = False) -> None:
        """Commit a verdict. With ``again`` it is one more of the same notebook; else the same is kept once."""
        values = {
            name: getattr(graded, name)
            for name in ("person", "exercise", "digest", "key", "outcome", "score", "seconds", "verdict", "fix")
        }
        number = self._rounds(graded) if again else 0
        self._add(_verdict, **values, at=_now(), hidden=" ".join(graded.hidden), round=number)

    def is_graded(self, person: str, exercise: str, key: str) -> bool:
        """Whether there is a verdict that depends on all the same."""
        where = (_verdict.c.person == person, _verdict.c.exercise == exercise, _verdict.c.key == key)
        with self._reading() as db:
            return db.execute(sql.select(_verdict.c.number).where(*where).limit(1)).first() is not None

    def set_troubles(self, folder: str, troubles: Iterable[tuple[str, str]]) -> None:
        """What a person has to decide of a folder; what was said of it before no longer holds."""
        with self._writing() as db:
            db.execute(sql.delete(_trouble).where(_trouble.c.folder == folder))
            for place, reason in dict(troubles).items():
                db.execute(sql.insert(_trouble).values(folder=folder, place=place[:500], reason=reason))

    def troubles(self) -> list[tuple[str, str]]:
        """All files that wait for a decision, each with the reason."""
        with self._reading() as db:
            rows = db.execute(sql.select(_trouble.c.place, _trouble.c.reason).order_by(_trouble.c.place))
            return [(row.place, row.reason) for row in rows]

    def people(self) -> list[str]:
        """Everybody, by name."""
        with self._reading() as db:
            return [row.name for row in db.execute(sql.select(_person.c.name).order_by(_person.c.name))]

    def exercises(self) -> set[str]:
        """Those that anything was handed in for, by id."""
        with self._reading() as db:
            return {row.exercise for row in db.execute(sql.select(_submission.c.exercise).distinct())}

    def grades(self, person: str | None = None) -> Iterator[Grade]:
        """What counts, by person and exercise; one at a time, since a verdict is some kilobytes."""
        chosen = sql.select(_submission).order_by(_submission.c.person, _submission.c.exercise)
        if person is not None:
            chosen = chosen.where(_submission.c.person == person)
        with self._reading() as db:
            rows = [Submission(*row[1:]) for row in db.execute(chosen)]
            last: dict[tuple[str, str], list[Submission]] = {}
            for row in rows:
                last.setdefault((row.person, row.exercise), []).append(row)
            for mine in last.values():
                counts = max(mine, key=lambda one: one.at)
                yield Grade(counts, _last_verdict(db, counts), len({one.digest for one in mine}))

    def history(self, person: str, exercise: str) -> list[Graded]:
        """Every verdict on a person's notebooks for an exercise, the oldest first."""
        where = (_verdict.c.person == person, _verdict.c.exercise == exercise)
        with self._reading() as db:
            return [_graded(row) for row in db.execute(sql.select(_verdict).where(*where).order_by(_verdict.c.number))]

    def _about(self, name: str, new: str) -> str:
        self._add(_about, name=name, value=new)  # of two who open it first, one is first
        with self._reading() as db:
            return str(db.execute(sql.select(_about.c.value).where(_about.c.name == name)).scalar_one())

    def _rounds(self, graded: Graded) -> int:
        where = (_verdict.c.person == graded.person, _verdict.c.exercise == graded.exercise)
        with self._reading() as db:
            chosen = sql.select(sql.func.max(_verdict.c.round)).where(*where, _verdict.c.key == graded.key)
            return int(db.execute(chosen).scalar() or 0) + 1

    def _add(self, table: sql.Table, **values: object) -> None:
        """A row of its own; one that is there already stays as it is."""
        try:
            with self._writing() as db:
                db.execute(sql.insert(table).values(**values))
        except IntegrityError:
            pass

    @contextmanager
    def _reading(self) -> Iterator[sql.Connection]:
        with self._told(), self._engine.connect() as db:
            yield db

    @contextmanager
    def _writing(self) -> Iterator[sql.Connection]:
        with self._told(), self._engine.begin() as db:
            yield db

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            raise GradebookError(
                f"{shown(str(self._engine.url))}: the gradebook does not answer", evidence=[str(error.orig)]
            ) from None


def url_of(place: str) -> str:
    """A database's URL as it is; a file's name as SQLite's."""
    return place if "://" in place else f"sqlite:///{Path(place).absolute()}"


def shown(url: str) -> str:
    """A URL without its password."""
    try:
        return sql.make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return "the gradebook"


def _options(url: str) -> dict[str, object]:
    return {"connect_args": {"timeout": BUSY_SECONDS}} if url.startswith("sqlite") else {"pool_pre_ping": True}


def _unopened(url: str, error: Exception) -> GradebookError:
    name = getattr(error, "name", None)
    remedy = f"pip install {name}" if isinstance(error, ImportError) and name else "bugkit class --help"
    evidence = [str(getattr(error, "orig", None) or error).strip()]
    return GradebookError(f"{shown(url)}: the gradebook cannot be opened", evidence=evidence, next_command=remedy)


def _last_verdict(db: sql.Connection, one: Submission) -> Graded | None:
    where = (_verdict.c.person == one.person, _verdict.c.exercise == one.exercise, _verdict.c.digest == one.digest)
    row = db.execute(sql.select(_verdict).where(*where).order_by(_verdict.c.number.desc()).limit(1)).first()
    return _graded(row) if row else None


def _graded(row: sql.Row[tuple[object, ...]]) -> Graded:
    values = {name: row._mapping[name] for name in Graded.__dataclass_fields__ if name != "hidden"}
    return Graded(**values, hidden=tuple(str(row._mapping["hidden"]).split()))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
