"""The gradebook: who handed in what, and every verdict that was ever made of it. Nothing is overwritten.

SQLite by default, any other database by its URL. A verdict is committed by itself, as it comes; whoever is killed
loses at most the runs that were under way. Several graders may write at once: the same verdict made twice is kept once.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import NoReturn

import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from bugkit.classroom.database import GradebookError, options, shown, unopened, url_of
from bugkit.classroom.grades import Grade, Graded, Submission

VERSION = "2"
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
    sql.Column("at", NAME, nullable=False),  # when it was handed in, UTC, ISO 8601
    sql.Column("note", sql.Text, nullable=False),
    sql.Column("folder", sql.Text, nullable=False),
    sql.Index("submission_of", "person", "exercise"),
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
    sql.Column("number", sql.Integer, primary_key=True),
    sql.Column("folder", sql.Text, nullable=False),
    sql.Column("place", sql.Text, nullable=False),
    sql.Column("reason", sql.Text, nullable=False),
)


class Gradebook:
    """One database: a file of SQLite's, or a URL. Use it in a ``with``."""

    def __init__(self, place: str, *, salt: str | None = None) -> None:
        self._shown = shown(place)
        try:
            url = url_of(place)
            self._engine = sql.create_engine(url, **options(url))
            self._create()
            self.salt = self._about("salt", salt or secrets.token_hex(16))
            version = self._about("version", VERSION)
        except (SQLAlchemyError, ImportError, ValueError) as error:
            raise unopened(place, error) from None
        if version != VERSION:
            evidence = [f"it is of version {version}", f"this bugkit reads version {VERSION}"]
            self._refuse(f"{self._shown}: another version of bugkit made this gradebook", evidence)
        if salt is not None and salt != self.salt:
            evidence = ["its tasks are drawn from another word, and its verdicts rest on them"]
            self._refuse(f"{self._shown} is not a new gradebook", evidence)

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def enrol(self, people: Iterable[str]) -> None:
        """Remember that these people belong to the class, whether they hand anything in or not."""
        for name in people:
            self._add(_person, name=name)

    def hand_in(self, one: Submission) -> None:
        """Remember the notebook that counts of a folder; what counted of it before is kept, and counts no more."""
        self.enrol([one.person])
        with self._writing() as db:
            if _latest(_submitted(db, one.person, one.exercise)).get(one.folder) != one:
                db.execute(sql.insert(_submission).values(**asdict(one)))

    def counting(self, folder: str) -> list[Submission]:
        """What counts of a folder, where no other does: by person and exercise, what was handed in from there last."""
        with self._reading() as db:
            mine = [_latest(theirs).get(folder) for theirs in _together(_submitted(db, None))]
        return [one for one in mine if one]

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
            for place, reason in troubles:
                db.execute(sql.insert(_trouble).values(folder=folder, place=place, reason=reason))

    def troubles(self) -> list[tuple[str, str]]:
        """All files that wait for a decision, each with the reason."""
        with self._reading() as db:
            rows = db.execute(sql.select(_trouble.c.place, _trouble.c.reason).distinct())
            return sorted((row.place, row.reason) for row in rows)

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
        with self._reading() as db:
            for mine in _together(_submitted(db, person)):
                # of several folders the last handed in; of two at one time, the one that came last
                counts = max(reversed(_latest(mine).values()), key=lambda one: one.at)
                yield Grade(counts, _last_verdict(db, counts), len({one.digest for one in mine}))

    def history(self, person: str, exercise: str) -> list[Graded]:
        """Every verdict on a person's notebooks for an exercise, the oldest first."""
        where = (_verdict.c.person == person, _verdict.c.exercise == exercise)
        with self._reading() as db:
            return [_graded(row) for row in db.execute(sql.select(_verdict).where(*where).order_by(_verdict.c.number))]

    def _refuse(self, what: str, evidence: list[str]) -> NoReturn:
        self._engine.dispose()
        raise GradebookError(what, evidence=evidence, next_command="--gradebook with another name begins a new one")

    def _create(self) -> None:
        """The tables, where they are not there. Who opens it at the same moment may be first with any of them."""
        with self._engine.connect():
            pass  # who does not answer need not be asked again
        for _ in _tables.tables:
            with suppress(SQLAlchemyError), self._engine.begin() as db:
                _tables.create_all(db)
                return
        with self._engine.begin() as db:
            _tables.create_all(db)

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
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            evidence = [str(getattr(error, "orig", None) or type(error).__name__).strip()]
            raise GradebookError(
                f"{self._shown}: the gradebook does not answer",
                evidence=evidence,
                next_command="the same command goes on where it stopped",
            ) from None


def _submitted(db: sql.Connection, person: str | None, exercise: str | None = None) -> list[Submission]:
    """What was handed in, by anybody or one person, for any exercise or one, in the order in which it came."""
    columns = [_submission.c[name] for name in Submission.__dataclass_fields__]
    chosen = sql.select(*columns).order_by(_submission.c.person, _submission.c.exercise, _submission.c.number)
    if person is not None:
        chosen = chosen.where(_submission.c.person == person)
    if exercise is not None:
        chosen = chosen.where(_submission.c.exercise == exercise)
    return [Submission(*row) for row in db.execute(chosen)]


def _together(submissions: Iterable[Submission]) -> Iterable[list[Submission]]:
    """Those of one person for one exercise, in the order in which they came."""
    theirs: dict[tuple[str, str], list[Submission]] = {}
    for one in submissions:
        theirs.setdefault((one.person, one.exercise), []).append(one)
    return theirs.values()


def _latest(submissions: Iterable[Submission]) -> dict[str, Submission]:
    """By folder the one that came last, the folder last that was looked at last."""
    latest: dict[str, Submission] = {}
    for one in submissions:
        latest.pop(one.folder, None)
        latest[one.folder] = one
    return latest


def _last_verdict(db: sql.Connection, one: Submission) -> Graded | None:
    where = (_verdict.c.person == one.person, _verdict.c.exercise == one.exercise, _verdict.c.digest == one.digest)
    row = db.execute(sql.select(_verdict).where(*where).order_by(_verdict.c.number.desc()).limit(1)).first()
    return _graded(row) if row else None


def _graded(row: sql.Row[tuple[object, ...]]) -> Graded:
    values = {name: row._mapping[name] for name in Graded.__dataclass_fields__ if name != "hidden"}
    return Graded(**values, hidden=tuple(str(row._mapping["hidden"]).split()))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
