"""The other side's sheet: what whoever plays the interviewer has in hand. Markdown, for paper or a screen."""

from __future__ import annotations

from collections.abc import Iterator

from bugkit.exercise.catalog import ANSWERS
from bugkit.interview.bugs import Bug
from bugkit.interview.debrief import explained
from bugkit.interview.extension import extension
from bugkit.interview.room import Room
from bugkit.interview.rubric import NUDGES, PRICES

BEGIN = """
Let the candidate read for five minutes. Ask them to think aloud: what they see, what they think it is, how they would
test that in one line. Say nothing of how many bugs there are. Silence of a minute is fine; after three, ask "what would
you look at next?". Give a nudge only when they are stuck, the vague ones first, and write it down.
"""


def sheet(room: Room) -> str:
    """All of it."""
    plan = room.plan
    clock = f"{plan.minutes} minutes" if plan.minutes else "no clock"
    head = f"# The interviewer's sheet: interview {room.number}\n\nThe {plan.round} round, {clock}.\n\n{BEGIN.strip()}"
    parts = list(_listings(room)) if plan.round == "screen" else list(_notebook(room))
    return "\n\n".join([head, *parts]) + "\n"


def _listings(room: Room) -> Iterator[str]:
    for number, one in enumerate(room.listings, start=1):
        yield "\n\n".join([f"## {number}. {one.title}", f"```text\n{one.numbered}\n```", *filter(None, one.told)])


def _notebook(room: Room) -> Iterator[str]:
    program = room.broken.program
    bugs = room.broken.bugs
    loud = sum(bug.is_loud for bug in bugs)
    count = f"{len(bugs)} bugs; the loss shows {loud} of them."
    yield f"## The program\n\n{program.roles.title}. {program.roles.about}\n\n{count}"
    for number, bug in enumerate(bugs, start=1):
        yield _bug(number, bug)
    if room.plan.extension:
        added = extension(room.plan.extension).manifest
        task = added.text.format_map(program.roles.names).strip()
        yield f"## {added.title}\n\n{task}\n\n**Ask:** {added.follow_up}\n\n{_quoted(added.told)}"
    yield f"## While it runs\n\n{_prices()}"


def _bug(number: int, bug: Bug) -> str:
    planted, parts = bug.planted, explained(bug.planted)
    shown = "the loss shows it" if bug.is_loud else "the loss does not show it"
    lines = [f"-{line}" for edit in planted.edits for line in edit.replace.splitlines()]
    lines += [f"+{line}" for edit in planted.edits for line in edit.find.splitlines()]
    nudges = "\n".join(
        f"{level}. {planted.told(hint.text)}" for level, hint in enumerate(planted.kind.manifest.hint, start=1)
    )
    answers = planted.told(planted.kind.explanation).partition(ANSWERS)[2].strip()
    return "\n\n".join(
        [
            f"## {number}. {planted.kind.manifest.title}\n\nCell `{planted.edits[0].cell}`; {shown}.",
            "```diff\n" + "\n".join(lines) + "\n```",
            f"**What gives it away.** {parts['symptom']}",
            f"**A strong candidate says:** {parts['cause']}",
            f"**And tests it:** {parts['test']}",
            f"**Nudges, one at a time:**\n\n{nudges}",
            f"**Ask:** {parts['on']}",
            _quoted(answers),
        ]
    )


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _prices() -> str:
    rows = [f"| {name} | {price} |" for name, price in PRICES.items()]
    rows.append(f"| nudge | {', then '.join(map(str, NUDGES))} |")
    return "What a candidate asks for costs points:\n\n| | points |\n| --- | --- |\n" + "\n".join(rows)
