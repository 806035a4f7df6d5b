"""Where a gradebook lies: a file of SQLite's, or a URL; and what is said when it does not open."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sql
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from bugkit.errors import BugkitError

BUSY_SECONDS = 30.0  # how long one grader waits for another's transaction, which takes milliseconds


class GradebookError(BugkitError):
    """The gradebook cannot be opened, read or written; the verdicts that were committed are safe."""


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
        return "wanted: a file, or a URL as dialect://user:password@host/database"
    path = Path(place)
    if "://" not in place and (path.is_dir() or not path.absolute().parent.is_dir()):
        return "it is a folder" if path.is_dir() else f"there is no folder {path.absolute().parent}"
    return str(getattr(error, "orig", error)).strip()
