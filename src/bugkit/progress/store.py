"""What a learner did and noted: attempts, hints shown, give-ups, notes, in one SQLite file of the workspace.

Every operation opens the file again and writes in one immediate transaction, so a terminal and a notebook can
work side by side. The journal is SQLite's default one: a write-ahead log needs shared memory, which the network
folders of a class do not have.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bugkit.errors import BugkitError
from bugkit.progress.records import Answer, Attempt, Event, Note, State, Summary
from bugkit.progress.schema import VERSION, migrate, version_of

if TYPE_CHECKING:
    from bugkit.verdict import Verdict

EXPLAINED = 0  # the level of a hint that names the checks: an explained report

BUSY_SECONDS = 10.0  # how long one process waits for another's transaction, which takes milliseconds
SUMMARY = """
    SELECT exercise, COUNT(outcome), COALESCE(SUM(seconds), 0.0), MIN(CASE outcome WHEN 'passed' THEN at END),
           COALESCE(MAX(level), 0) + COALESCE(MAX(level = 0), 0), MAX(given_up)
    FROM (SELECT exercise, at, outcome, seconds, NULL AS level, 0 AS given_up FROM attempt
          UNION ALL SELECT exercise, at, NULL, NULL, level, 0 FROM hint
          UNION ALL SELECT exercise, at, NULL, NULL, NULL, 1 FROM given_up)
    GROUP BY exercise ORDER BY exercise
"""


EVENTS = """
    SELECT exercise, at, what FROM (
    SELECT exercise, at, outcome AS what FROM attempt
    UNION ALL SELECT exercise, at, CASE level WHEN 0 THEN 'explained' ELSE 'hint' END FROM hint
    UNION ALL SELECT exercise, at, 'gave up' FROM given_up
    UNION ALL SELECT exercise, at, 'opened' FROM opened)
    ORDER BY at, what <> 'opened'
"""


class ProgressError(BugkitError):
    """The progress cannot be stored or read; what was judged still stands."""

    exit_code = 1


class Progress:
    """The progress stored in one file, keyed by exercise id. The file is made by the first write."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of_workspace(cls, folder: Path) -> Progress:
        """Where a workspace keeps it."""
        return cls(folder / ".bugkit" / "progress.db")

    def record(self, verdict: Verdict, seconds: float) -> None:
        """Store an attempt, or ProgressError where the folder does not let us. An early stage's pass is no pass yet."""
        outcome = verdict.outcome if verdict.complete or verdict.outcome != "passed" else f"stage-{verdict.stage}"
        with self.writing() as db:
            db.execute(
                "INSERT INTO attempt (exercise, at, outcome, score, seconds) VALUES (?, ?, ?, ?, ?)",
                (verdict.exercise, _now(), outcome, verdict.score, seconds),
            )

    def show_hint(self, exercise: str, levels: int) -> int:
        """Count one more hint as shown and return its level, from 1; after the last it stays at ``levels``."""
        with self.writing() as db:
            level = min(_hints(db, exercise) + 1, levels)
            db.execute("INSERT OR IGNORE INTO hint VALUES (?, ?, ?)", (exercise, level, _now()))
        return level

    def explain(self, exercise: str) -> None:
        """Remember that a report was explained; it counts like a hint, once."""
        with self.writing() as db:
            db.execute("INSERT OR IGNORE INTO hint VALUES (?, ?, ?)", (exercise, EXPLAINED, _now()))

    def is_explained(self, exercise: str) -> bool:
        """Whether reports on it are explained from now on."""
        query = "SELECT 1 FROM hint WHERE exercise = ? AND level = ?"
        with self.reading() as db:
            return bool(db and db.execute(query, (exercise, EXPLAINED)).fetchone())

    def give_up(self, exercise: str) -> None:
        """Remember that the solution was asked for before a pass."""
        with self.writing() as db:
            db.execute("INSERT OR IGNORE INTO given_up VALUES (?, ?)", (exercise, _now()))

    def open(self, exercise: str) -> None:
        """Remember that it was opened: the time at work begins with it."""
        with self.writing() as db:
            db.execute("INSERT OR IGNORE INTO opened VALUES (?, ?)", (exercise, _now()))

    def note(self, exercise: str, text: str) -> None:
        """Keep a note, unless it is the last one again."""
        if [one.text for one in self.notes(exercise)[-1:]] != [text]:
            with self.writing() as db:
                db.execute("INSERT OR IGNORE INTO note VALUES (?, ?, ?)", (exercise, _now(), text))

    def notes(self, exercise: str) -> tuple[Note, ...]:
        """The notes in the order in which they were made."""
        query = "SELECT at, text FROM note WHERE exercise = ? ORDER BY at, rowid"
        with self.reading() as db:
            return tuple(Note(*row) for row in db.execute(query, (exercise,))) if db else ()

    def answer(self, item: str, rating: int, seconds: float) -> None:
        """Keep how well something was known."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self.writing() as db:
            db.execute("INSERT OR IGNORE INTO answer VALUES (?, ?, ?, ?)", (item, at, rating, seconds))

    def answers(self) -> dict[str, list[Answer]]:
        """By item, all answers in order."""
        with self.reading() as db:
            rows = db.execute("SELECT item, at, rating, seconds FROM answer ORDER BY at").fetchall() if db else []
        out: dict[str, list[Answer]] = {}
        for row in rows:
            out.setdefault(row[0], []).append(Answer(*row))
        return out

    def attempts(self, exercise: str) -> tuple[Attempt, ...]:
        """The attempts in the order in which they were made."""
        query = "SELECT at, outcome, score, seconds FROM attempt WHERE exercise = ? ORDER BY number"
        with self.reading() as db:
            return tuple(Attempt(*row) for row in db.execute(query, (exercise,))) if db else ()

    def events(self) -> dict[str, list[Event]]:
        """By exercise id, everything that was done, in order."""
        with self.reading() as db:
            rows = db.execute(EVENTS).fetchall() if db else []
        out: dict[str, list[Event]] = {}
        for exercise, at, what in rows:
            out.setdefault(exercise, []).append(Event(at, what))
        return out

    def rows(self, table: str, columns: Sequence[str]) -> list[dict[str, Any]]:
        """A whole table."""
        with self.reading() as db:
            found = db.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall() if db else []
        return [dict(zip(columns, row, strict=True)) for row in found]

    def add(self, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> int:
        """Add the rows that are not there yet, and return their number; all of them or none."""
        with self.writing() as db:
            before = db.total_changes
            for table, rows in tables.items():
                for row in rows:
                    db.execute(_insertion(table, list(row)), dict(row))
            return db.total_changes - before

    def state(self, exercise: str) -> State:
        """``new``, ``tried`` or ``passed``."""
        return self.of(exercise).state

    def hints_shown(self, exercise: str) -> int:
        """The highest level shown, 0 for none."""
        with self.reading() as db:
            return _hints(db, exercise) if db else 0

    def gave_up(self, exercise: str) -> bool:
        """Whether the solution was asked for before a pass."""
        return self.of(exercise).gave_up

    def of(self, exercise: str) -> Summary:
        """The summary of one exercise, all zero where nothing was done."""
        return self.summary().get(exercise, Summary(exercise))

    def summary(self) -> dict[str, Summary]:
        """By exercise id, every exercise on which something was done."""
        with self.reading() as db:
            rows = db.execute(SUMMARY).fetchall() if db else []
        return {row[0]: _summary(row) for row in rows}

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """A read-only connection; None while nothing was stored. Looking leaves no file behind."""
        with self._explained("read"):
            if not self.path.is_file():
                yield None
                return
            mode, version = self._found()
            if 0 < version < VERSION:
                with self.writing():
                    pass  # which brings it up to this version
            with closing(self._connect(mode)) as db:
                yield db if version_of(db) else None

    def _found(self) -> tuple[str, int]:
        """How the file can be opened for reading, and its version.

        A process that was killed while it wrote leaves a journal, which SQLite plays back only for one that may write.
        """
        try:
            with closing(self._connect("ro")) as db:
                return "ro", version_of(db)
        except sqlite3.OperationalError:
            with closing(self._connect("rw")) as db:
                return "rw", version_of(db)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, which is undone when its body raises."""
        with self._explained("stored"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect("rwc")) as db:
                db.execute("BEGIN IMMEDIATE")
                migrate(db)
                yield db
                db.execute("COMMIT")

    def _connect(self, mode: str) -> sqlite3.Connection:
        uri = f"{self.path.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)

    @contextmanager
    def _explained(self, done: str) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise ProgressError(f"{self.path}: the progress cannot be {done}", evidence=[str(error)]) from error


def _insertion(table: str, columns: Sequence[str]) -> str:
    """A row is there already when its key is, or in a table without a key when all of it is."""
    values = ", ".join(f":{column}" for column in columns)
    same = " AND ".join(f"{column} = :{column}" for column in columns)
    rows = f"SELECT {values} WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {same})"
    return f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) {rows}"


def _summary(row: tuple[str, int, float, str | None, int, int]) -> Summary:
    exercise, attempts, seconds, passed_at, hints, gave_up = row
    return Summary(exercise, attempts, seconds, passed_at, hints, bool(gave_up))


def _hints(db: sqlite3.Connection, exercise: str) -> int:
    row = db.execute("SELECT COALESCE(MAX(level), 0) FROM hint WHERE exercise = ?", (exercise,)).fetchone()
    return int(row[0])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
