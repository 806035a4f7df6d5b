"""The tables of a gradebook, and how those of an earlier bugkit become today's."""

from __future__ import annotations

import json

import sqlalchemy as sql

from bugkit.classroom.grades import digest_of

VERSION = "3"
EARLIER = "2"
NAME, DIGEST = sql.String(200), sql.String(64)

metadata = sql.MetaData()
about = sql.Table(
    "about", metadata, sql.Column("name", NAME, primary_key=True), sql.Column("value", sql.Text, nullable=False)
)
learner = sql.Table(
    "learner",
    metadata,
    sql.Column("id", NAME, primary_key=True),
    sql.Column("name", NAME, nullable=False),
    sql.Column("told", sql.Text, nullable=False),  # the rest of a Person, as JSON
)
handed_in = sql.Table(
    "handed_in",
    metadata,
    sql.Column("number", sql.Integer, primary_key=True),
    sql.Column("key", DIGEST, nullable=False, unique=True),  # of person, exercise, folder and digest
    sql.Column("turn", sql.Integer, nullable=False),  # higher for what was looked at later
    sql.Column("person", NAME, nullable=False),
    sql.Column("exercise", NAME, nullable=False),
    sql.Column("digest", DIGEST, nullable=False),  # of the file's bytes
    sql.Column("place", sql.Text, nullable=False),
    sql.Column("at", NAME, nullable=False),  # when it was handed in, UTC, ISO 8601
    sql.Column("note", sql.Text, nullable=False),
    sql.Column("folder", sql.Text, nullable=False),
    sql.Index("handed_in_by", "person", "exercise"),
)
waiting = sql.Table(
    "waiting",  # files of a grading that is under way, or was ended, and that nobody has looked into yet
    metadata,
    sql.Column("number", sql.Integer, primary_key=True),
    sql.Column("folder", sql.Text, nullable=False),
    sql.Column("person", NAME, nullable=False),
    sql.Column("place", sql.Text, nullable=False),
)
verdict = sql.Table(
    "verdict",
    metadata,
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
    sql.Column("exercise_digest", DIGEST, nullable=False, server_default=""),  # "" where it is not known
    sql.UniqueConstraint("person", "exercise", "key", "round"),
)
trouble = sql.Table(
    "trouble",  # files that wait for a person to decide
    metadata,
    sql.Column("number", sql.Integer, primary_key=True),
    sql.Column("folder", sql.Text, nullable=False),
    sql.Column("place", sql.Text, nullable=False),
    sql.Column("reason", sql.Text, nullable=False),
)
decision = sql.Table(
    "decision",  # what an instructor decided, one row after the other; the last of a kind holds
    metadata,
    sql.Column("number", sql.Integer, primary_key=True),
    sql.Column("at", NAME, nullable=False),
    sql.Column("kind", sql.String(20), nullable=False),
    sql.Column("person", NAME, nullable=False),
    sql.Column("exercise", NAME, nullable=False),
    sql.Column("value", sql.Text, nullable=False),
    sql.Column("reason", sql.Text, nullable=False),
)


def brought_up(db: sql.Connection) -> None:
    """Tables of version 2, in which a person was no more than a name, as those of version 3."""
    people = [row[0] for row in db.execute(sql.text("SELECT name FROM person"))]
    columns = "person, exercise, digest, place, at, note, folder"
    rows = list(db.execute(sql.text(f"SELECT {columns} FROM submission ORDER BY number")))
    db.execute(sql.text("ALTER TABLE verdict ADD COLUMN exercise_digest VARCHAR(64) NOT NULL DEFAULT ''"))
    if db.dialect.name == "postgresql":
        db.execute(sql.text("ALTER TABLE about ALTER COLUMN value TYPE TEXT"))
    metadata.create_all(db)
    for name in people:
        db.execute(sql.insert(learner).values(id=name, name=name, told=json.dumps({})))
    for turn, row in enumerate(rows, start=1):
        hand_in(db, turn, dict(row._mapping))
    for old in ("person", "submission"):
        db.execute(sql.text(f"DROP TABLE {old}"))
    db.execute(sql.update(about).where(about.c.name == "version").values(value=VERSION))


def hand_in(db: sql.Connection, turn: object, values: dict[str, object]) -> None:
    """A row, or the one that is there already with a later turn."""
    key = digest_of(*(str(values[name]) for name in ("person", "exercise", "folder", "digest")))
    told = {name: values[name] for name in ("place", "at", "note")}
    put(db, handed_in.c.key, key, {"turn": turn, **told}, {"turn": turn, **values})


def put(
    db: sql.Connection, key: sql.Column[str], value: str, told: dict[str, object], new: dict[str, object] | None = None
) -> None:
    """Change the row with this key; where there is none, add it, with ``new`` values where they are others."""
    if not db.execute(sql.update(key.table).where(key == value).values(**told)).rowcount:
        db.execute(sql.insert(key.table).values(**{key.name: value}, **(told if new is None else new)))
