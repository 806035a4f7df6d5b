"""`bugkit interview`: a debugging round with a clock, and what else is done with one."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bugkit.cli.context import FORMAT, CliContext, force_option, json_option, pass_cli, say_json, short
from bugkit.errors import UsageError

if TYPE_CHECKING:
    from bugkit.interview.room import Room

ROUNDS = ("screen", "debugging", "take-home")
SUFFIXES = (".html", ".md", ".json")


@click.command()
@click.argument("words", nargs=-1, metavar="[WORDS]...")
@click.option("--round", "round_", type=click.Choice(ROUNDS), default="debugging", show_default=True, help="Which one.")
@click.option("--minutes", type=click.IntRange(1, 600), metavar="N", help="On the clock, if not as the round has it.")
@click.option("--bugs", type=click.IntRange(2, 10), metavar="N", help="How many; you are not told otherwise.")
@click.option("--level", type=click.IntRange(1, 5), metavar="L", help="As hard as this, from 1 to 5.")
@click.option("--strict", is_flag=True, help="The clock runs on when you are away, and does not pause.")
@click.option("--seed", type=int, metavar="S", help="The same interview for everybody who has met the same.")
@click.option("--interviewer", type=click.Path(path_type=Path), metavar="FILE", help="Write the other side's sheet.")
@click.option("--resume", is_flag=True, help="Go on with the one that has not ended.")
@click.option("--number", type=int, metavar="N", help="The interview of this number.")
@click.option("--list", "only_list", is_flag=True, help="List your interviews.")
@click.option(
    "--export", type=click.Path(path_type=Path), metavar="FILE", help="Write the debrief: .html, .md or .json."
)
@force_option
@json_option
@pass_cli
def interview(cli: CliContext, /, words: tuple[str, ...], **wishes: Any) -> int:
    """Sit a debugging interview: a clock, a notebook that you have not seen, and a debrief.

    Alone it begins one, or goes on with the one that runs. WORDS do one thing in it, from a notebook or another
    terminal: check, ask WHAT, note TEXT, answer LINE WHY, status, pause, resume, end.
    """
    as_json, number, force = wishes.pop("as_json"), wishes.pop("number"), wishes.pop("force")
    if wishes.pop("only_list"):
        return _list(cli, as_json=as_json)
    export, interviewer, resume = (wishes.pop(name) for name in ("export", "interviewer", "resume"))
    if export is not None:
        return _export(cli, export, number, force=force)
    room = _running(cli, number)
    if words:
        return _one_thing(cli, room, words, as_json=as_json)
    is_new = room is None
    if resume and room is None:
        raise UsageError("no interview is running", next_command="bugkit interview")
    if room is None:
        room = _begun(cli, wishes)
    if interviewer is not None:
        _write_sheet(room, interviewer, force=force)
    if as_json:
        from bugkit.interview.status import status

        say_json(status(room))
        return 0
    from bugkit.cli.interview_room import sit

    return sit(cli, room, is_new=is_new, is_terminal=sys.stdin.isatty() and sys.stdout.isatty())


def _begun(cli: CliContext, wishes: dict[str, Any]) -> Room:
    from bugkit.interview.past import past
    from bugkit.interview.plan import Wish
    from bugkit.interview.room import Room

    seed = wishes.pop("seed")
    wish = Wish(round=wishes.pop("round_"), **wishes)
    try:
        return Room.begin(cli.progress, cli.workspace, wish, past(cli.progress), seed)
    except OSError as error:
        raise UsageError(f"{cli.workspace}: the interview cannot be written", evidence=[str(error)]) from error


def _running(cli: CliContext, number: int | None) -> Room | None:
    """The one that is asked for, else the one that has not ended."""
    from bugkit.interview.room import Room
    from bugkit.interview.rooms import open_rooms

    if number is not None:
        room = Room(cli.progress, cli.workspace, number)
        _ = room.record
        return room
    return next(iter(open_rooms(cli.progress, cli.workspace)), None)


def _one_thing(cli: CliContext, room: Room | None, words: tuple[str, ...], *, as_json: bool) -> int:
    if room is None:
        raise UsageError("no interview is running", next_command="bugkit interview")
    from bugkit.interview.status import status

    if words[0] == "status" and as_json:
        say_json(status(room))
        return 0
    from bugkit.cli.interview_words import Doing

    doing = Doing(cli, room)
    act: Callable[..., None] | None = doing.actions.get(words[0])
    if act is None:
        evidence = [f"expected: {', '.join(doing.actions)}"]
        raise UsageError(f"{words[0]!r} is nothing that one does in an interview", evidence=evidence)
    act(*words[1:])
    if as_json:
        say_json(status(room))
    return 0


def _list(cli: CliContext, *, as_json: bool) -> int:
    from bugkit.progress.interviews import Interviews

    kept = Interviews(cli.progress)
    rows = []
    for one in kept.all():
        full = kept.of(one.number)
        body = full.debrief if full else {}
        rows.append(
            {
                "interview": one.number,
                "began": one.began,
                "round": one.round,
                "condition": one.condition,
                "spent": round(one.spent),
                "title": body.get("title", ""),
                "points": body.get("points"),
                "word": body.get("word", ""),
            }
        )
    if as_json:
        say_json({"format": FORMAT, "interviews": rows})
        return 0
    for row in rows:
        points = f"{row['points']:3} points, {row['word']}" if row["points"] is not None else row["condition"]
        minutes = f"{row['spent'] // 60:3} min"
        click.echo(
            f"{row['interview']:3}  {row['began'][:10]}  {row['round']:9}  {minutes}  {points}  {row['title']}".rstrip()
        )
    if not rows:
        click.echo("no interview yet; the first: bugkit interview")
    return 0


def _export(cli: CliContext, path: Path, number: int | None, *, force: bool) -> int:
    from bugkit.notebook.files import write_ours
    from bugkit.progress.interviews import Interviews

    if path.suffix not in SUFFIXES:
        raise UsageError(f"{path}: in which form?", evidence=[f"expected: a name that ends in {', '.join(SUFFIXES)}"])
    kept = Interviews(cli.progress)
    ended = [one.number for one in kept.all() if one.condition == "ended"]
    chosen = number if number is not None else (ended[-1] if ended else None)
    if chosen is None or chosen not in ended:
        raise UsageError(
            "this interview has no debrief" if number is not None else "no interview has ended yet",
            evidence=[f"ended: {', '.join(map(str, ended)) or 'none'}"],
            next_command="bugkit interview --list",
        )
    full = kept.of(chosen)
    assert full is not None
    write_ours(path, drawn(full.debrief, path.suffix), force=force)
    click.echo(f"the debrief of interview {chosen} is in {short(path.absolute())}")
    return 0


def drawn(document: dict[str, Any], suffix: str) -> str:
    """A debrief in the form that a file's name asks for."""
    if suffix == ".json":
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    from bugkit.report.debrief import markdown, page

    return page(document) if suffix == ".html" else markdown(document)


def _write_sheet(room: Room, path: Path, *, force: bool) -> None:
    from bugkit.interview.sheet import sheet
    from bugkit.notebook.files import write_ours
    from bugkit.report.debrief import sheet_page

    text = sheet(room)
    write_ours(path, sheet_page(text) if path.suffix == ".html" else text, force=force)
    click.echo(f"the interviewer's sheet is in {short(path.absolute())}; the candidate does not look at it")
