"""A debrief for a terminal, as Markdown, and as a page with a timeline: from the plain document that is exported."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markdown import Markdown

from bugkit.report.html import TEMPLATES, digest, environment, style
from bugkit.report.phrases import clocked, count
from bugkit.report.sanitize import sanitize
from bugkit.report.verdict_json import thinned

Document = Mapping[str, Any]
SIGNS_OF_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~])")
BLOCKS = "▁▂▃▄▅▆▇█"
MOST = 60  # blocks in a line
LANES = 3  # of labels, so that few cover one another
DRAWN = ("check", "ask", "note", "pause", "resume", "extension")  # on the axis


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing on the time axis."""

    at: float  # percent from the left
    what: str
    outcome: str
    says: str
    down: float = 0.0  # percent from the top, of a check: one minus its score


@dataclass(frozen=True, slots=True)
class Flag:
    """A bug that is gone."""

    at: float
    lane: int
    title: str
    is_right: bool  # whether its words stand to the left of it


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is drawn: times as percents of the whole."""

    marks: tuple[Mark, ...]
    flags: tuple[Flag, ...]
    score: str  # the points of a line, x and y in percent
    ticks: tuple[tuple[float, str], ...]
    pauses: tuple[float, ...]


def spark(values: Sequence[float | None]) -> str:
    """A curve in one line of blocks; blank where it is no number."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return ""
    low, high = min(known), max(known)
    steps = (len(BLOCKS) - 1) / ((high - low) or 1)
    return "".join(" " if value is None else BLOCKS[round((value - low) * steps)] for value in values)


# ---- as text


def render(document: Document, console: Console) -> None:
    """Print it: the points, the way, the bugs, the next steps."""
    console.print(Markdown(markdown(document, brief=True)))


def markdown(document: Document, *, brief: bool = False) -> str:
    """All of it; ``brief`` leaves out what takes long to read."""
    parts = [
        f"# Interview {document['interview']}: {_plain(document['title'])}",
        f"**{document['points']} of 100 points, {document['word']}.** {in_short(document)}",
        "## Points\n\n" + _table(("", "points", "of", "why"), [_line(one) for one in document["account"]]),
    ]
    if document["timeline"]:
        parts.append("## The way\n\n" + "\n".join(_steps(document, brief=brief)))
    parts += [_listing_text(number, one, brief=brief) for number, one in enumerate(document["listings"], start=1)]
    if not brief and document["curves"]:
        rows = (
            (clocked(one["second"]), spark(thinned(one["curve"], MOST)), _losses(one)) for one in document["curves"]
        )
        drawn = (f"- {at} `{curve}` {losses}" for at, curve, losses in rows)
        parts.append("## The curve at each check\n\n" + "\n".join(drawn))
    if document["bugs"]:
        parts.append("## The bugs\n\n" + "\n\n".join(_bug_text(one, brief=brief) for one in document["bugs"]))
    if not brief and document["questions"]:
        asked = (f"**{one['about']}.** {one['question']}\n\n{one['answer']}" for one in document["questions"])
        parts.append("## Questions to go on with\n\n" + "\n\n".join(asked))
    parts.append("## Next\n\n" + "\n".join(f"- `{command}`" for command in document["next"]))
    return "\n\n".join(parts) + "\n"


def in_short(document: Document) -> str:
    """The round and its time, in a sentence or two."""
    of = f" of {document['minutes']} minutes" if document["minutes"] else ""
    sentences = [f"The {document['round']} round, {clocked(document['spent'])}{of}"]
    if document["ended"] != "ended":
        sentences.append(str(document["ended"]).capitalize())
    if document["pauses"]:
        sentences.append(f"Paused {count(len(document['pauses']), 'time')}")
    if document["away"]:
        sentences.append(f"Away for {clocked(document['away'])}, which does not count")
    return ". ".join(sentences) + "."


def cell(document: Document) -> tuple[str, str]:
    """Title and Markdown, for a notebook's cell."""
    title, _, text = markdown(document).partition("\n\n")
    return title.removeprefix("# "), text


def _line(one: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return one["what"], f"{one['points']:g}", f"{one['of']:g}" if one["of"] else "", one["why"]


def _steps(document: Document, *, brief: bool) -> Iterator[str]:
    for one in document["timeline"]:
        told = said(one) if one["what"] == "ask" else _plain(said(one))  # our own words have code in them
        text = f"- {clocked(one['second'])} {told}"
        if one["what"] == "check" and not brief:
            more = [("expected", one["expected"]), ("test", one["test"])]
            text += "".join(f"\n  - {name}: {_plain(value)}" for name, value in more if value)
            if one["difference"]:
                lines = "\n".join(f"    {line}" for line, _ in one["difference"])
                text += f"\n\n    ```text\n{lines}\n    ```"
        yield text


def said(one: Mapping[str, Any]) -> str:
    """What happened, in a line."""
    if one["what"] == "check":
        parts = [f"check: {one['outcome']}, score {one['score']:.0%}, loss {_losses(one)}"]
        parts += [f"“{one['hypothesis']}”"] if one["hypothesis"] else []
        parts += [f"gone: {', '.join(one['gone'])}"] if one["gone"] else []
        parts += [f"back again: {', '.join(one['back'])}"] if one["back"] else []
        parts += ["something broke that had held"] if one["broke"] else []
        return "; ".join(parts)
    if one["what"] == "ask":
        return f"asked: {one['asked']} ({one['cost']}) {one['text']}".strip()
    if one["what"] == "extension":
        return f"the program works; the extension: {one['text']}"
    return f"{one['what']}: {one['text']}" if one.get("text") else str(one["what"])


def _bug_text(one: Mapping[str, Any], *, brief: bool) -> str:
    gone = f"gone at {clocked(one['gone'])}" if one["gone"] is not None else "still there"
    tested = ", isolated by a test of yours" if one["tested"] else ""
    head = f"**{one['title']}** ({gone}{tested})"
    if brief:
        return f"{head}: {one['cause']}"
    lines = [f"-{line}" for _, wrong, _ in one["difference"] for line in wrong.splitlines()]
    lines += [f"+{line}" for _, _, right in one["difference"] for line in right.splitlines()]
    diff = "```diff\n" + "\n".join(lines) + "\n```"
    parts = [head, f"Symptom: {one['symptom']}", f"Cause: {one['cause']}", f"Cheapest test: {one['test']}", diff]
    return "\n\n".join([*parts, f"```python\n{one['code']}\n```"])


def _listing_text(number: int, one: Mapping[str, Any], *, brief: bool) -> str:
    truth = (
        f"{one['kind']}, line {', '.join(map(str, one['wrong']))}. {one['cause']}"
        if one["kind"]
        else "Nothing is wrong."
    )
    yours = "not answered" if one["line"] is None else f"line {one['line']}"
    words = f", “{_plain(one['reason'])}”" if one["reason"] else ""
    found = "found" if one["found"] else "not found"
    text = f"## {number}. {_plain(one['title'])}: {found}, {clocked(one['seconds'])}\n\nYou: {yours}{words}. {truth}"
    if brief:
        return text
    lines = "\n".join(f"{place:3}  {line}" for place, line in enumerate(one["lines"], start=1))
    return f"{text}\n\n```text\n{lines}\n```"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in (columns, ["---"] * len(columns), *rows)]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """What somebody typed, so that Markdown draws nothing of it."""
    return SIGNS_OF_MARKDOWN.sub(r"\\\1", sanitize(str(text)))


# ---- as a page


def page(document: Document) -> str:
    """One file with everything in it."""
    text = style() + (TEMPLATES / "debrief.css").read_text(encoding="utf-8")
    drawn = {bug["title"]: bug for bug in document["bugs"]}
    return (
        environment()
        .get_template("debrief.html")
        .render(
            it=document,
            short=in_short(document),
            timeline=timeline(document) if document["timeline"] else None,
            curves=[one for one in map(_small, document["curves"]) if one["line"]],
            bugs=drawn.values(),
            answers=[(one["about"], _inline(one["question"]), _drawn(one["answer"])) for one in document["questions"]],
            inline=_inline,
            clocked=clocked,
            said=said,
            style=text,
            digest=digest(text),
        )
    )


def sheet_page(text: str) -> str:
    """The interviewer's sheet, from its Markdown."""
    sheet_style = style() + (TEMPLATES / "debrief.css").read_text(encoding="utf-8")
    title = text.partition("\n")[0].removeprefix("# ")
    return (
        environment()
        .get_template("sheet.html")
        .render(title=title, body=_drawn(text), style=sheet_style, digest=digest(sheet_style))
    )


def timeline(document: Document) -> Timeline:
    """Where everything stands on the axis of time."""
    steps = document["timeline"]
    whole = max([60.0 * (document["minutes"] or 0), document["spent"], *(one["second"] for one in steps)]) or 1.0
    if document["minutes"] and document["spent"] < 0.6 * whole:
        whole = max(document["spent"] * 1.25, 60.0)

    def across(second: float) -> float:
        return round(100 * second / whole, 2)

    checks = [one for one in steps if one["what"] == "check"]
    marks = tuple(
        Mark(
            across(one["second"]),
            one["what"],
            one.get("outcome", "quiet"),
            f"{clocked(one['second'])} {said(one)}",
            round(100 * (1 - one["score"]), 2) if one["what"] == "check" else 0.0,
        )
        for one in steps
        if one["what"] in DRAWN
    )
    score = " ".join(f"{across(one['second'])},{round(100 * (1 - one['score']), 2)}" for one in checks)
    gone = sorted((one["gone"], one["title"]) for one in document["bugs"] if one["gone"] is not None)
    flags = tuple(Flag(across(at), number % LANES, title, across(at) > 60) for number, (at, title) in enumerate(gone))
    minutes = max(1, round(whole / 60 / 6)) if whole > 360 else 1
    ticks = tuple((across(60 * m), f"{m}") for m in range(0, int(whole // 60) + 1, minutes))
    return Timeline(marks, flags, score, ticks, tuple(map(across, document["pauses"])))


def _small(one: Mapping[str, Any]) -> dict[str, Any]:
    """The curve at one check, in percent of a small picture."""
    values = [(place, loss) for place, loss in enumerate(one["curve"]) if loss is not None]
    low, high = (min(v for _, v in values), max(v for _, v in values)) if values else (0.0, 1.0)
    last = max(len(one["curve"]) - 1, 1)
    across, down = 100 / last, 100 / ((high - low) or 1)
    line = " ".join(f"{across * place:.1f},{100 - down * (value - low):.1f}" for place, value in values)
    ends = f"{low:.3g} to {high:.3g}" if values else ""
    return {"line": line, "at": clocked(one["second"]), "outcome": one["outcome"], "losses": _losses(one), "ends": ends}


def _losses(one: Mapping[str, Any]) -> str:
    return ", ".join("NaN" if loss is None else f"{loss:#.3g}" for loss in one["losses"])


def _inline(text: str) -> str:
    """A sentence of ours, with its code and its stress."""
    from markdown_it import MarkdownIt

    return str(MarkdownIt("commonmark", {"html": False}).disable("image").renderInline(text))


def _drawn(text: str) -> str:
    from markdown_it import MarkdownIt

    return str(MarkdownIt("commonmark", {"html": False}).enable("table").disable("image").render(text))
