"""Interviews, as they go: whatever happens is kept at once, and the clock is read from what was kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from sqlite3 import Connection
from typing import Any, Literal

from bugkit.progress.store import Progress

BETWEEN_BEATS = (
    90.0  # seconds: whoever beats and was not heard for longer was not there; a hidden page beats once a minute
)
BETWEEN_COMMANDS = 15 * 60.0  # the same for one who only types commands now and then
Condition = Literal["running", "paused", "ended"]
RECORD = "SELECT number, at, round, plan, spent, condition FROM interview"
COLUMNS = "number, at, round, plan, spent, heard, beating, condition"


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened in an interview."""

    at: str  # UTC, ISO 8601
    second: float  # on the interview's clock
    what: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """An interview as it is kept."""

    number: int
    began: str  # UTC, ISO 8601
    round: str
    plan: Mapping[str, Any]
    spent: float  # seconds on its clock when somebody was last heard
    condition: Condition
    happenings: tuple[Happening, ...] = ()

    @property
    def debrief(self) -> dict[str, Any]:
        """What was kept when it ended; {} before."""
        return dict(self.happenings[-1].body) if self.condition == "ended" and self.happenings else {}


def counted(gap: float, *, beating: bool, strict: bool) -> float:
    """How much of a silence counts: all of it where the clock is strict, none of one in which nobody was there."""
    return gap if strict or gap <= (BETWEEN_BEATS if beating else BETWEEN_COMMANDS) else 0.0


class Interviews:
    """Those of one progress file."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def begin(self, round_: str, plan: Mapping[str, Any]) -> int:
        """Keep a new one, whose clock runs from now, and return its number."""
        now = _now()
        with self._progress.writing() as db:
            db.execute(
                f"INSERT INTO interview ({COLUMNS}) VALUES (NULL, ?, ?, ?, 0, ?, 0, 'running')",
                (now, round_, json.dumps(plan), now),
            )
            return int(db.execute("SELECT last_insert_rowid()").fetchone()[0])

    def tell(
        self, number: int, what: str, body: Mapping[str, Any] | None = None, *, to: Condition | None = None
    ) -> None:
        """Keep what happens now; ``to`` is the condition from now on."""
        with self._progress.writing() as db:
            second = _advanced(db, number, beating=False)
            _insert(db, number, second, what, body or {})
            if to:
                db.execute("UPDATE interview SET condition = ? WHERE number = ?", (to, number))

    def beat(self, number: int) -> float:
        """Let the clock run on: somebody is there. The seconds on it."""
        with self._progress.writing() as db:
            return _advanced(db, number, beating=True)

    def all(self) -> list[Record]:
        """Every interview, in order, without what happened in it."""
        with self._progress.reading() as db:
            return [_record(row) for row in db.execute(f"{RECORD} ORDER BY number")] if db else []

    def of(self, number: int) -> Record | None:
        """One of them, with all that happened."""
        query = "SELECT at, second, what, body FROM happening WHERE interview = ? ORDER BY number"
        with self._progress.reading() as db:
            row = db.execute(f"{RECORD} WHERE number = ?", (number,)).fetchone() if db else None
            if db is None or row is None:
                return None
            found = [
                Happening(at, second, what, json.loads(body)) for at, second, what, body in db.execute(query, (number,))
            ]
        return _record(row, found)

    def take(self, record: Record) -> int:
        """Keep one from elsewhere, or what has happened there since; how many happenings were new. Its clock stands."""
        with self._progress.writing() as db:
            found = db.execute("SELECT number, condition FROM interview WHERE at = ?", (record.began,)).fetchone()
            number, condition = found or (None, "paused")
            known = db.execute("SELECT count(*) FROM happening WHERE interview = ?", (number,)).fetchone()[0]
            if condition == "ended" or (found and len(record.happenings) <= known):
                return 0
            db.execute("DELETE FROM interview WHERE number = ?", (number,))
            db.execute("DELETE FROM happening WHERE interview = ?", (number,))
            ended = "ended" if record.condition == "ended" else "paused"
            values = (number, record.began, record.round, json.dumps(record.plan), record.spent, _now(), ended)
            db.execute(f"INSERT INTO interview ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, 0, ?)", values)
            number = db.execute("SELECT last_insert_rowid()").fetchone()[0]
            for one in record.happenings:
                _insert(db, number, one.second, one.what, one.body, at=one.at)
            return len(record.happenings) - known or 1


def _advanced(db: Connection, number: int, *, beating: bool) -> float:
    """Move the clock to now, and return what it says. A silence that does not count is kept as a happening."""
    query = "SELECT spent, heard, beating, condition, plan FROM interview WHERE number = ?"
    spent, heard, was_beating, condition, plan = db.execute(query, (number,)).fetchone()
    now = _now()
    gap = max(0.0, (datetime.fromisoformat(now) - datetime.fromisoformat(heard)).total_seconds())
    if condition == "running":
        more = counted(gap, beating=bool(was_beating), strict=bool(json.loads(plan).get("strict")))
        if more < gap:
            _insert(db, number, spent, "away", {"seconds": round(gap)})
        spent += more
    update = "UPDATE interview SET spent = ?, heard = ?, beating = ? WHERE number = ?"
    db.execute(update, (spent, now, int(beating), number))
    return float(spent)


def _insert(
    db: Connection, number: int, second: float, what: str, body: Mapping[str, Any], *, at: str | None = None
) -> None:
    db.execute(
        "INSERT INTO happening (interview, at, second, what, body) VALUES (?, ?, ?, ?, ?)",
        (number, at or _now(), round(second, 1), what, json.dumps(body)),
    )


def _record(row: tuple[Any, ...], happenings: list[Happening] | None = None) -> Record:
    number, at, round_, plan, spent, condition = row
    return Record(number, at, round_, json.loads(plan), spent, condition, tuple(happenings or ()))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
