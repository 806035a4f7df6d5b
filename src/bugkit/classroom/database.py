"""Where a gradebook lies: a file of SQLite's, or a URL; and what is said when it does not open."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn, Self

import sqlalchemy as sql
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from bugkit.classroom import tables
from bugkit.errors import BugkitError

BUSY_SECONDS = 30.0  # how long one grader waits for another's transaction, which takes milliseconds


class GradebookError(BugkitError):
    """The gradebook cannot be opened, read or written; the verdicts that were committed are safe."""


class Database:
    """An open database with the tables of a gradebook. ``salt`` is for a new one: all tasks are drawn from it.

    To be read it may be a file that cannot be written. Nothing is written into a database of somebody else's.
    """

    def __init__(self, place: str, *, salt: str | None = None) -> None:
        self._shown = shown(place)
        try:
            url = url_of(place)
            self._engine = sql.create_engine(url, **options(url))
            found = set(sql.inspect(self._engine).get_table_names())
            about = self._about() if tables.about.name in found else {}
            if foreign := self._foreign(found, about):
                self._refuse(f"{self._shown} is a database of something else", [foreign])
            if "version" not in about or about["version"] == tables.EARLIER:
                about = self._made(about, salt)
        except (SQLAlchemyError, ImportError, ValueError) as error:
            raise unopened(place, error) from None
        self.salt = about["salt"]
        if about["version"] != tables.VERSION:
            evidence = [f"it is of version {about['version']}", f"this bugkit reads version {tables.VERSION}"]
            self._refuse(f"{self._shown}: another version of bugkit made this gradebook", evidence)
        if salt is not None and salt != self.salt:
            evidence = ["its tasks are drawn from another word, and its verdicts rest on them"]
            self._refuse(f"{self._shown} is not a new gradebook", evidence)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def _foreign(self, found: set[str], about: dict[str, str]) -> str:
        """What tells that somebody else keeps other things there; "" for nothing."""
        others = sorted(found - set(tables.metadata.tables))
        return f"found: a table {others[0]!r}, and none of a gradebook" if others and "salt" not in about else ""

    def _made(self, about: dict[str, str], salt: str | None) -> dict[str, str]:
        """Today's tables, where they are not there. Who opens it at the same moment may be first with any of them."""
        if about.get("version") == tables.EARLIER:
            with self._engine.begin() as db:
                tables.brought_up(db)
            return self._about()
        for _ in tables.metadata.tables:
            with suppress(SQLAlchemyError), self._engine.begin() as db:
                tables.metadata.create_all(db)
                break
        with self._engine.begin() as db:
            tables.metadata.create_all(db)
        for name, value in (("salt", salt or secrets.token_hex(16)), ("version", tables.VERSION)):
            with suppress(IntegrityError), self._engine.begin() as db:  # of two who open it first, one is first
                db.execute(sql.insert(tables.about).values(name=name, value=value))
        return self._about()

    def _about(self) -> dict[str, str]:
        with self._engine.connect() as db:
            return {row.name: row.value for row in db.execute(sql.select(tables.about))}

    def _refuse(self, what: str, evidence: list[str]) -> NoReturn:
        self._engine.dispose()
        raise GradebookError(what, evidence=evidence, next_command="--gradebook with another name begins a new one")

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


def url_of(place: str) -> sql.URL:
    """A database's URL, PostgreSQL's with the driver that bugkit brings; a file's name as SQLite's."""
    if "://" not in place:
        return sql.URL.create("sqlite", database=str(Path(place).absolute()))
    url = sql.make_url(place)
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgres", "postgresql") else url


def shown(place: str) -> str:
    """A file's name, or a URL without its password."""
    try:
        return url_of(place).render_as_string(hide_password=True) if "://" in place else place
    except (SQLAlchemyError, ValueError):
        return "the gradebook"


def options(url: sql.URL) -> dict[str, object]:
    """What SQLAlchemy's engine is to do for this kind of database."""
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": BUSY_SECONDS}}
    return {"pool_pre_ping": True}


def unopened(place: str, error: Exception) -> GradebookError:
    """What is wrong with a place, in words that quote no password."""
    return GradebookError(
        f"{shown(place)}: the gradebook cannot be opened",
        evidence=[_reason(place, error)],
        next_command="bugkit class grade --help",
    )


def _reason(place: str, error: Exception) -> str:
    if isinstance(error, ImportError):
        return f"the driver of that database is not installed: Python's module {error.name}"
    if isinstance(error, ArgumentError | ValueError):  # SQLAlchemy's own words of a URL that is none would quote it
        return "expected: a file, or a URL as dialect://user:password@host/database"
    path = Path(place)
    if "://" not in place and (path.is_dir() or not path.absolute().parent.is_dir()):
        return "it is a folder" if path.is_dir() else f"there is no folder {path.absolute().parent}"
    return str(getattr(error, "orig", error)).strip()
