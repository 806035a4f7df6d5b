"""The gradebook: who handed in what, and every verdict that was ever made of it. Nothing is overwritten.

SQLite by default, any other database by its URL. A verdict is committed by itself, as it comes; whoever is killed
loses at most the runs that were under way. Several graders may write at once: the same verdict made twice is kept once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime

import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError

from bugkit.classroom import tables
from bugkit.classroom.database import Database, GradebookError
from bugkit.classroom.grades import Decision, Grade, Graded, Submission
from bugkit.classroom.identity import Person, Register
from bugkit.classroom.tables import about, decision, handed_in, learner, trouble, verdict, waiting

__all__ = ["Gradebook", "GradebookError"]


class Gradebook(Database):
    """One database: a file of SQLite's, or a URL. Use it in a ``with``."""

    # settings

    def remember(self, name: str, value: object) -> None:
        """Keep something about the class, as JSON."""
        with self._writing() as db:
            tables.put(db, about.c.name, name, {"value": json.dumps(value)})

    def recall(self, name: str) -> object:
        """What was remembered; None for nothing."""
        with self._reading() as db:
            text = db.execute(sql.select(about.c.value).where(about.c.name == name)).scalar()
        return None if text is None else json.loads(text)

    # people

    def people(self) -> list[Person]:
        """Everybody who is not removed, by name."""
        return sorted((one for one in self.register() if not one.removed), key=lambda one: (one.name, one.id))

    def register(self) -> Register:
        """Everybody, those who were removed among them."""
        with self._reading() as db:
            rows = db.execute(sql.select(learner).order_by(learner.c.id))
            return Register(_person(row.id, row.name, row.told) for row in rows)

    def enrol(self, people: Iterable[Person]) -> None:
        """Remember these people as they are now, whether they hand anything in or not."""
        known = {one.id: one for one in self.register()}
        new = [one for one in people if known.get(one.id) != one]
        try:
            self._enrol(new)  # in one transaction: a class of thousands would take minutes otherwise
        except IntegrityError:  # another grader enrols the same at this moment
            for one in new:
                with suppress(IntegrityError):
                    self._enrol([one])

    def _enrol(self, people: Iterable[Person]) -> None:
        with self._writing() as db:
            for one in people:
                told = {name: value for name, value in asdict(one).items() if name not in ("id", "name")}
                tables.put(db, learner.c.id, one.id, {"name": one.name, "told": json.dumps(told)})

    def merge(self, other: Person, into: Person) -> None:
        """What was kept under one id is the other's from now on; of either nothing is lost."""
        with self._writing() as db:
            last = sql.select(sql.func.coalesce(sql.func.max(verdict.c.round), 0)).scalar_subquery()
            shift = {"person": into.id, "round": verdict.c.round + last + 1}
            db.execute(sql.update(verdict).where(verdict.c.person == other.id).values(**shift))
            for one in (row for mine in _together(_submitted(db, other.id)) for row in mine):
                tables.hand_in(db, _turn(), asdict(replace(one, person=into.id)))
            db.execute(sql.delete(handed_in).where(handed_in.c.person == other.id))
            for table in (decision, waiting):
                db.execute(sql.update(table).where(table.c.person == other.id).values(person=into.id))
            db.execute(sql.delete(learner).where(learner.c.id == other.id))
        self.enrol([replace(into, known_as=(*into.known_as, other.id, *other.known_as))])

    # what was handed in

    def await_from(self, folder: str, files: Iterable[tuple[str, str]]) -> None:
        """The files of a folder that are to be looked into, each with whose it is: until then they are not graded."""
        rows = [{"folder": folder, "person": person, "place": place} for person, place in files]
        with self._writing() as db:
            db.execute(sql.delete(waiting).where(waiting.c.folder == folder))
            if rows:
                db.execute(sql.insert(waiting), rows)

    def looked_into(self, folder: str, person: str) -> None:
        """A person's files of a folder wait no more."""
        with self._writing() as db:
            db.execute(sql.delete(waiting).where(waiting.c.folder == folder, waiting.c.person == person))

    def waiting(self) -> dict[str, list[str]]:
        """By person the places of files that nobody has looked into yet."""
        with self._reading() as db:
            rows = db.execute(sql.select(waiting.c.person, waiting.c.place).order_by(waiting.c.number))
            found: dict[str, list[str]] = {}
            for row in rows:
                found.setdefault(row.person, []).append(row.place)
            return found

    def hand_in(self, one: Submission) -> None:
        """Remember the notebook that counts of a folder; what counted of it before is kept, and counts no more."""
        with self._reading() as db:
            known = db.execute(sql.select(learner.c.id).where(learner.c.id == one.person)).first()
        if known is None:
            self.enrol([Person(one.person, one.person)])
        with suppress(IntegrityError):  # of two graders who hand in the same at once, one comes second
            return self._hand_in(one)
        return self._hand_in(one)

    def _hand_in(self, one: Submission) -> None:
        with self._writing() as db:
            if _latest(_submitted(db, one.person, one.exercise)).get(one.folder) != one:
                tables.hand_in(db, _turn(), asdict(one))

    def counting(self, folder: str) -> list[Submission]:
        """What counts of a folder, where no other does: by person and exercise, what was handed in from there last."""
        with self._reading() as db:
            mine = [_latest(theirs).get(folder) for theirs in _together(_submitted(db, None))]
        return [one for one in mine if one]

    def exercises(self) -> set[str]:
        """Those that anything was handed in for, by id."""
        with self._reading() as db:
            return {row.exercise for row in db.execute(sql.select(handed_in.c.exercise).distinct())}

    def set_troubles(self, folder: str, troubles: Iterable[tuple[str, str]]) -> None:
        """What a person has to decide of a folder; what was said of it before no longer holds."""
        with self._writing() as db:
            db.execute(sql.delete(trouble).where(trouble.c.folder == folder))
            for place, reason in troubles:
                db.execute(sql.insert(trouble).values(folder=folder, place=place, reason=reason))

    def troubles(self) -> list[tuple[str, str]]:
        """All files that wait for a decision, each with the reason."""
        aside = {one.person for one in self.decisions() if one.kind == "aside"}
        with self._reading() as db:
            rows = db.execute(sql.select(trouble.c.place, trouble.c.reason).distinct())
            return sorted((row.place, row.reason) for row in rows if row.place not in aside)

    # verdicts and decisions

    def add(self, graded: Graded, *, again: bool = False) -> None:
        """Commit a verdict. With ``again`` it is one more of the same notebook; else the same is kept once."""
        number = self._rounds(graded) if again else 0
        values = asdict(graded) | {"at": _now(), "hidden": " ".join(graded.hidden), "round": number}
        with suppress(IntegrityError), self._writing() as db:
            db.execute(sql.insert(verdict).values(**values))

    def is_graded(self, person: str, exercise: str, key: str) -> bool:
        """Whether there is a verdict that depends on all the same."""
        where = (verdict.c.person == person, verdict.c.exercise == exercise, verdict.c.key == key)
        with self._reading() as db:
            return db.execute(sql.select(verdict.c.number).where(*where).limit(1)).first() is not None

    def grades(self, person: str | None = None) -> Iterator[Grade]:
        """What counts, by person and exercise; one at a time, since a verdict is some kilobytes."""
        accepted = {(one.person, one.exercise): one.value for one in self.decisions() if one.kind == "accept"}
        with self._reading() as db:
            for mine in _together(_submitted(db, person)):
                # of several folders the last handed in; of two at one time, the one that came last
                counts = max(reversed(_latest(mine).values()), key=lambda one: one.at)
                wanted = accepted.get((counts.person, counts.exercise))
                counts = next((one for one in mine if one.digest == wanted), counts)
                yield Grade(counts, _last_verdict(db, counts), len({one.digest for one in mine}))

    def handed_in(self, person: str, exercise: str) -> list[Submission]:
        """All that a person handed in for an exercise, the first first."""
        with self._reading() as db:
            return _submitted(db, person, exercise)

    def history(self, person: str, exercise: str) -> list[Graded]:
        """Every verdict on a person's notebooks for an exercise, the oldest first."""
        where = (verdict.c.person == person, verdict.c.exercise == exercise)
        with self._reading() as db:
            return [_graded(row) for row in db.execute(sql.select(verdict).where(*where).order_by(verdict.c.number))]

    def decide(self, one: Decision) -> None:
        """Add a decision; those before it stay."""
        with self._writing() as db:
            db.execute(sql.insert(decision).values(**asdict(replace(one, at=_now()))))

    def decisions(self, *, all_of_them: bool = False) -> list[Decision]:
        """Those that hold, or all that were ever made, the first first."""
        columns = [decision.c[name] for name in Decision.__dataclass_fields__]
        with self._reading() as db:
            made = [Decision(*row) for row in db.execute(sql.select(*columns).order_by(decision.c.number))]
        last = {(one.kind, one.person, one.exercise): one for one in made}
        return made if all_of_them else [one for one in last.values() if one.value]

    def _rounds(self, graded: Graded) -> int:
        where = (verdict.c.person == graded.person, verdict.c.exercise == graded.exercise)
        with self._reading() as db:
            chosen = sql.select(sql.func.max(verdict.c.round)).where(*where, verdict.c.key == graded.key)
            return int(db.execute(chosen).scalar() or 0) + 1


def _person(name: str, shown: str, told: str) -> Person:
    values = json.loads(told)
    return Person(name, shown, **values | {"known_as": tuple(values.get("known_as", ()))})


def _turn() -> sql.ScalarSelect[int]:
    """One later than all."""
    return sql.select(sql.func.coalesce(sql.func.max(handed_in.c.turn), 0) + 1).scalar_subquery()


def _submitted(db: sql.Connection, person: str | None, exercise: str | None = None) -> list[Submission]:
    """What was handed in, by anybody or one person, for any exercise or one, in the order in which it came."""
    columns = [handed_in.c[name] for name in Submission.__dataclass_fields__]
    order = (handed_in.c.person, handed_in.c.exercise, handed_in.c.turn, handed_in.c.number)
    chosen = sql.select(*columns).order_by(*order)
    if person is not None:
        chosen = chosen.where(handed_in.c.person == person)
    if exercise is not None:
        chosen = chosen.where(handed_in.c.exercise == exercise)
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
    where = (verdict.c.person == one.person, verdict.c.exercise == one.exercise, verdict.c.digest == one.digest)
    row = db.execute(sql.select(verdict).where(*where).order_by(verdict.c.number.desc()).limit(1)).first()
    return _graded(row) if row else None


def _graded(row: sql.Row[tuple[object, ...]]) -> Graded:
    values = {name: row._mapping[name] for name in Graded.__dataclass_fields__ if name != "hidden"}
    return Graded(**values, hidden=tuple(str(row._mapping["hidden"]).split()))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
