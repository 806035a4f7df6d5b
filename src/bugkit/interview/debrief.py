"""The debrief: what happened, minute by minute; each bug with its cause and its test; points; what to practise next.

One plain document, from which the terminal, the page, Markdown and the exported JSON are made.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bugkit.exercise.catalog import ANSWERS
from bugkit.fresh.plant import Planted
from bugkit.interview import rubric
from bugkit.interview.bugs import Bug
from bugkit.interview.extension import extension
from bugkit.interview.rubric import Played
from bugkit.notebook import Cell, Notebook, difference
from bugkit.progress.interviews import Happening
from bugkit.templates import template

if TYPE_CHECKING:
    from bugkit.interview.room import Room

FORMAT = 1
PARTS = {
    "symptom": "**The symptom.**",
    "cause": "**The cause.**",
    "test": "**The cheapest test.**",
    "on": "**To go on with.**",
}
TOLD = ("hypothesis", "expected", "test", "outcome", "score", "losses", "broke")  # of a check
TOPICS = {  # of the quiz, by family of bugs
    "attention": "attention",
    "data": "data",
    "evaluation": "metrics",
    "generation": "inference",
    "loss": "probability",
    "model": "differentiation",
    "numerics": "tensors",
    "optimizer": "optimization",
}


def debrief(room: Room, why: str, reasons: Sequence[int] = ()) -> dict[str, Any]:
    """The document of an interview that ends now."""
    record, plan = room.record, room.plan
    body = _of_screen(room, reasons) if plan.round == "screen" else _of_notebook(room)
    lines = body.pop("account")
    points = rubric.total(lines)
    document = {
        "format": FORMAT,
        "interview": room.number,
        "round": plan.round,
        "began": record.began,
        "ended": why,
        "minutes": plan.minutes,
        "strict": plan.strict,
        "spent": round(record.spent),
        "pauses": [round(one.second) for one in record.happenings if one.what == "pause"],
        "away": sum(int(one.body["seconds"]) for one in record.happenings if one.what == "away"),
        "points": points,
        "word": rubric.word(points),
        "account": [{**asdict(line), "points": round(line.points, 1)} for line in lines],
        **{name: [] for name in ("bugs", "timeline", "curves", "tests", "questions", "listings")},
        **body,
    }
    plain: dict[str, Any] = json.loads(json.dumps(document))  # as it will be read again
    return plain


# ---- with a notebook


def _of_notebook(room: Room) -> dict[str, Any]:
    bugs, checks = room.broken.bugs, room.of("check")
    tests = room.of("tests")[-1].body["tests"] if room.of("tests") else []
    went = _went(checks)
    played = _played(room, bugs, checks, tests)
    missed = [bug.planted.kind.id for place, bug in enumerate(bugs) if place not in went]
    program = room.broken.program
    return {
        "title": program.roles.title,
        "about": program.roles.about,
        "notebook": str(room.exercise.notebook.relative_to(room.workspace)),
        "target": {
            "unit": program.manifest.converge.unit,
            "below": program.manifest.converge.below,
            "above": program.manifest.converge.above,
        },
        "account": rubric.account(played),
        "played": asdict(played),
        "bugs": [_bug(bug, place, went, tests) for place, bug in enumerate(bugs)],
        "timeline": list(_timeline(room, bugs)),
        "tests": [{"source": one["source"], "bugs": one["bugs"]} for one in tests],
        "curves": [_curve(one) for one in checks],
        "questions": _questions(room, bugs),
        "missed": missed,
        "next": list(_next(bugs, went, tests)),
    }


def _played(room: Room, bugs: Sequence[Bug], checks: Sequence[Happening], tests: Sequence[Mapping[str, Any]]) -> Played:
    went, bodies = _went(checks), [one.body for one in checks]
    said = [(place, body) for place, body in enumerate(bodies) if body["hypothesis"]]
    before = [{"gone": [], "extension": None}, *bodies]
    forward = sum(_is_further(body, before[place]) for place, body in said)
    extended = [body["extension"] for body in bodies if body["extension"] is not None]
    meant = [body for body in bodies if not body["is_last"]]
    return Played(
        bugs=len(bugs),
        gone=tuple(went),
        loud=sum(bug.is_loud for bug in bugs),
        order=tuple(sorted(went, key=lambda place: (went[place], place))),
        at_once=len(went) > 1 and len(set(went.values())) == 1,
        checks=len(meant),
        hypotheses=len(said),
        forward=forward,
        tests=len({place for test in tests for place in test["bugs"]}),
        regressions=sum(bool(body["back"] or body["broke"]) for body in bodies),
        blind=sum(body["is_blind"] for body in bodies),
        bought=sum(one.body["cost"] for one in room.of("ask")),
        extension=(max(extended) if extended else 0.0) if room.plan.extension else None,
    )


def _is_further(body: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether a check saw a bug go, or more of the extension hold."""
    return bool(set(body["gone"]) - set(before["gone"])) or (body["extension"] or 0) > (before["extension"] or 0)


def _went(checks: Sequence[Happening]) -> dict[int, float]:
    """The bugs that are gone in the end, and the second at which each went for good."""
    since: dict[int, float] = {}
    for check in checks:
        gone = set(check.body["gone"])
        since = {place: second for place, second in since.items() if place in gone}
        for place in gone:
            since.setdefault(place, check.second)
    return since


def _bug(bug: Bug, place: int, went: Mapping[int, float], tests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    kind, parts = bug.planted.kind, explained(bug.planted)
    return {
        "kind": kind.id,
        "title": kind.manifest.title,
        "family": kind.manifest.family,
        "is_loud": bug.is_loud,
        "gone": round(went[place]) if place in went else None,
        "symptom": parts["symptom"] or kind.manifest.symptom,
        "cause": parts["cause"],
        "test": parts["test"],
        "code": bug.planted.told(kind.manifest.test).strip(),
        "tested": any(place in one["bugs"] for one in tests),
        "difference": [[edit.cell, edit.replace, edit.find] for edit in bug.planted.edits],
    }


def explained(planted: Planted) -> dict[str, str]:
    """The parts of a kind's explanation, about this program; "" for one that it does not have."""
    text = planted.told(planted.kind.explanation).partition(ANSWERS)[0]
    out = {}
    for name, lead in PARTS.items():
        rest = text.partition(lead)[2]
        ends = [place for other in PARTS.values() if (place := rest.find(other)) >= 0]
        out[name] = " ".join(rest[: min(ends, default=len(rest))].split())
    return out


def _timeline(room: Room, bugs: Sequence[Bug]) -> Iterator[dict[str, Any]]:
    """What happened, in order, in words that may be shown when all is over."""
    shipped = template(room.exercise)
    before: dict[str, str] = {}
    known = set[int]()
    for one in room.record.happenings:
        body = one.body
        entry: dict[str, Any] = {"second": round(one.second), "at": one.at, "what": one.what}
        if one.what == "check":
            gone = set(body["gone"])
            entry |= {name: body[name] for name in TOLD}
            entry["gone"] = [bugs[place].planted.kind.manifest.title for place in sorted(gone - known)]
            entry["back"] = [bugs[place].planted.kind.manifest.title for place in sorted(known - gone)]
            entry["difference"] = _changed(shipped, before, body["cells"])
            before, known = dict(body["cells"]), gone
        elif one.what == "ask":
            entry |= {"asked": body["what"], "cost": body["cost"], "text": body.get("text", "")}
        elif one.what in ("note", "away", "extension"):
            entry["text"] = body.get("text") or body.get("title") or f"{body.get('seconds')} s"
        elif one.what in ("tests", "end"):
            continue
        yield entry


def _changed(shipped: Notebook, before: Mapping[str, str], now: Mapping[str, str]) -> list[list[str]]:
    """The lines that a check saw changed since the one before, each with its kind."""
    cells = {str(cell.id): cell.source for cell in shipped.cells}
    names = [name for name in dict.fromkeys([*before, *now]) if before.get(name) != now.get(name)]
    first, second = (
        Notebook(tuple(Cell(name, "code", side.get(name, cells.get(name, ""))) for name in names))
        for side in (before, now)
    )
    return [[line, kind] for line, kind in difference(first, second, 1)]


def _curve(check: Happening) -> dict[str, Any]:
    names = ("outcome", "score", "losses", "curve")
    return {"second": round(check.second), **{name: check.body[name] for name in names}}


def _questions(room: Room, bugs: Sequence[Bug]) -> list[dict[str, str]]:
    """The last questions of each kind's explanation, with model answers; and that of the extension."""
    out = []
    for bug in bugs:
        answer = bug.planted.told(bug.planted.kind.explanation).partition(ANSWERS)[2].strip()
        if answer:
            title = bug.planted.kind.manifest.title
            out.append({"about": title, "question": explained(bug.planted)["on"], "answer": answer})
    if room.plan.extension:
        added = extension(room.plan.extension).manifest
        out.append({"about": added.title, "question": added.follow_up, "answer": added.told})
    return out


def _next(bugs: Sequence[Bug], went: Mapping[int, float], tests: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What to practise, as commands."""
    tested = {place for one in tests for place in one["bugs"]}
    for place, bug in enumerate(bugs):
        if place not in went:
            yield f"bugkit fresh --kind {bug.planted.kind.id}"
    hard = [bug for place, bug in enumerate(bugs) if place not in went or place not in tested]
    families = dict.fromkeys(bug.planted.kind.manifest.family for bug in hard)
    topics = dict.fromkeys(TOPICS[family] for family in families if family in TOPICS)
    yield from (f"bugkit quiz --topic {topic}" for topic in list(topics)[:2])
    yield "bugkit spot"


# ---- with listings


def _of_screen(room: Room, reasons: Sequence[int]) -> dict[str, Any]:
    answers = {one.body["place"]: one for one in room.of("answer")}
    before = 0.0
    shown, looks = [], []
    for place, one in enumerate(room.listings):
        answer = answers.get(place)
        line = answer.body["line"] if answer else None
        found = one.is_found(line)
        said = found and (one.is_right or place in reasons)
        looks.append((found, said))
        second = answer.second if answer else before
        shown.append(
            {
                "title": one.title,
                "lines": list(one.lines),
                "wrong": sorted(one.wrong),
                "kind": one.kind.manifest.title if one.kind else "",
                "cause": one.cause,
                "line": line,
                "reason": answer.body["reason"] if answer else "",
                "found": found,
                "said": said,
                "seconds": round(second - before),
            }
        )
        before = second
    missed = [one.kind.id for one, (found, _) in zip(room.listings, looks, strict=True) if one.kind and not found]
    return {
        "title": "Four listings",
        "about": "Which line is wrong, and why? Nothing runs.",
        "account": rubric.screened(looks),
        "listings": shown,
        "missed": missed,
        "next": [*(f"bugkit fresh --kind {kind}" for kind in missed if _is_offered(kind)), "bugkit spot"],
    }


def _is_offered(kind: str) -> bool:
    from bugkit.fresh.evidence import matrix

    return any(kind == one.recipe.bugs[0][0] for one in matrix().alone)
