"""Where an interview is, for programs and for pages; nothing of what was put in."""

from __future__ import annotations

from typing import Any

from bugkit.interview.room import Room
from bugkit.interview.rubric import PRICES, nudge_price
from bugkit.progress.interviews import Happening

FORMAT = 1
INSIDE = ("tests", "end")  # happenings that hold results, and are shown in the debrief


def status(room: Room) -> dict[str, Any]:
    """Where it is, for programs: what ``bugkit interview status --json`` prints."""
    record, plan = room.record, room.plan
    checks = [one.body for one in record.happenings if one.what == "check"]
    asks = [one.body for one in record.happenings if one.what == "ask"]
    left = room.left(record.spent)
    return {
        "format": FORMAT,
        "interview": room.number,
        "round": plan.round,
        "condition": record.condition,
        "minutes": plan.minutes,
        "strict": plan.strict,
        "spent": round(record.spent),
        "left": None if left is None else max(0, round(left)),
        "notebook": str(room.exercise.notebook) if plan.code else "",
        "checks": [{name: one[name] for name in ("outcome", "score", "losses")} for one in checks],
        "prices": {**PRICES, "nudge": nudge_price(sum(one["what"] == "nudge" for one in asks))},
        "paid": sum(one["cost"] for one in asks),
        "answered": sum(one.what == "answer" for one in record.happenings),
        "log": [
            {"second": round(one.second), "says": in_a_line(one)} for one in record.happenings if one.what not in INSIDE
        ],
    }


def in_a_line(happening: Happening) -> str:
    """What happened, in a line."""
    what, body = happening.what, happening.body
    if what == "check":
        return f"check: {body['outcome']}, {body['score']:.0%}  {body['hypothesis']}".rstrip()
    if what == "ask":
        return f"ask {body['what']} ({body['cost']})"
    if what == "answer":
        return f"answer: {body['line'] if body['line'] is not None else ''} {body['reason']}".rstrip()
    return f"{what}: {body['text']}" if body.get("text") else what
