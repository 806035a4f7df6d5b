"""Progress from one machine to another: everything as one JSON document, and a merge that doubles nothing."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bugkit.progress.interviews import Condition, Happening, Interviews, Record
from bugkit.progress.schema import MOST_NOTE
from bugkit.progress.store import Progress, ProgressError


def _is_time(text: str) -> str:
    datetime.fromisoformat(text)
    return text


Name = Annotated[str, Field(min_length=1, max_length=100)]
Time = Annotated[str, AfterValidator(_is_time)]


class Strict(BaseModel):
    """What has its fields and no others, each of its own type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Row(Strict):
    """One row of a table."""

    exercise: Name
    at: Time


class AttemptRow(Row):
    """As stored."""

    outcome: Name
    score: Annotated[float, Field(allow_inf_nan=False)]
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class HintRow(Row):
    """As stored."""

    level: Annotated[int, Field(ge=0, lt=1000)]


class NoteRow(Row):
    """As stored."""

    text: Annotated[str, Field(min_length=1, max_length=MOST_NOTE)]


class AnswerRow(Strict):
    """As stored."""

    item: Name
    at: Time
    rating: Annotated[int, Field(ge=1, le=4)]
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class HappeningRow(Strict):
    """As stored."""

    at: Time
    second: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    what: Name
    body: dict[str, Any]


class PlanRow(Strict):
    """What every plan has; the rest is the interview's own."""

    model_config = ConfigDict(extra="allow")

    round: Name
    seed: int


class InterviewRow(Strict):
    """As stored, with all that happened in it."""

    began: Time
    round: Name
    plan: PlanRow
    spent: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    condition: Condition
    happenings: list[HappeningRow] = []


class Document(Strict):
    """What ``bugkit progress --export`` writes, format 1."""

    format: Literal[1] = 1
    attempt: list[AttemptRow] = []
    hint: list[HintRow] = []
    given_up: list[Row] = []
    note: list[NoteRow] = []
    opened: list[Row] = []
    answer: list[AnswerRow] = []
    interview: list[InterviewRow] = []


TABLES: dict[str, type[BaseModel]] = {
    "attempt": AttemptRow,
    "hint": HintRow,
    "given_up": Row,
    "note": NoteRow,
    "opened": Row,
    "answer": AnswerRow,
}


def exported(progress: Progress) -> dict[str, Any]:
    """All that is stored."""
    tables = {table: progress.rows(table, list(row.model_fields)) for table, row in TABLES.items()}
    kept = Interviews(progress)
    interviews = [asdict(full) for one in kept.all() if (full := kept.of(one.number))]
    rows = [
        {**{name: one[name] for name in InterviewRow.model_fields}, "happenings": list(one["happenings"])}
        for one in interviews
    ]
    return Document.model_validate({**tables, "interview": rows}).model_dump()


def merge(progress: Progress, document: Any) -> int:
    """Add what another machine exported; how many rows were new. ProgressError where it is no such document."""
    try:
        read = Document.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the document"
        raise ProgressError("this is no exported progress", evidence=[f"{where}: {first['msg']}"]) from None
    new = progress.add({table: [row.model_dump() for row in getattr(read, table)] for table in TABLES})
    return new + sum(Interviews(progress).take(_record(one)) for one in read.interview)


def _record(row: InterviewRow) -> Record:
    happenings = tuple(Happening(**one.model_dump()) for one in row.happenings)
    return Record(0, row.began, row.round, row.plan.model_dump(), row.spent, row.condition, happenings)
