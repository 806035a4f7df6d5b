"""The tables of a learner's progress, and how those of an earlier bugkit become today's."""

from __future__ import annotations

import sqlite3

MOST_NOTE = 100_000  # characters
VERSION = 4
SCHEMA = (
    """CREATE TABLE attempt (
        number INTEGER PRIMARY KEY, exercise TEXT NOT NULL, at TEXT NOT NULL,
        outcome TEXT NOT NULL, score REAL NOT NULL, seconds REAL NOT NULL)""",
    "CREATE INDEX attempt_by_exercise ON attempt (exercise)",
    "CREATE TABLE hint (exercise TEXT, level INTEGER, at TEXT NOT NULL, PRIMARY KEY (exercise, level))",
    "CREATE TABLE given_up (exercise TEXT PRIMARY KEY, at TEXT NOT NULL)",
)
ADDED = {  # by version
    2: (
        "CREATE TABLE note (exercise TEXT, at TEXT, text TEXT, PRIMARY KEY (exercise, at, text))",
        "CREATE TABLE opened (exercise TEXT, at TEXT, PRIMARY KEY (exercise, at))",
    ),
    3: (
        """CREATE TABLE answer (
        item TEXT, at TEXT, rating INTEGER NOT NULL, seconds REAL NOT NULL, PRIMARY KEY (item, at))""",
    ),
    4: (
        """CREATE TABLE interview (
        number INTEGER PRIMARY KEY, at TEXT NOT NULL, round TEXT NOT NULL, plan TEXT NOT NULL, spent REAL NOT NULL,
        heard TEXT NOT NULL, beating INTEGER NOT NULL, condition TEXT NOT NULL)""",
        """CREATE TABLE happening (
        number INTEGER PRIMARY KEY, interview INTEGER NOT NULL, at TEXT NOT NULL, second REAL NOT NULL,
        what TEXT NOT NULL, body TEXT NOT NULL)""",
        "CREATE INDEX happening_by_interview ON happening (interview)",
    ),
}


def migrate(db: sqlite3.Connection) -> None:
    """Bring a file of an older version, or an empty one, up to this version."""
    before = version_of(db)
    if before == VERSION:
        return
    later = (statement for version in range(before + 1, VERSION + 1) for statement in ADDED.get(version, ()))
    for statement in (*(SCHEMA if before == 0 else ()), *later):
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")


def version_of(db: sqlite3.Connection) -> int:
    """0 for a file without tables; sqlite3.DatabaseError where a newer bugkit wrote it."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise sqlite3.DatabaseError(f"it was written by a newer bugkit (version {version}, {VERSION} is known here)")
    return version
