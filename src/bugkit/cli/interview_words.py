"""What one does in an interview, word by word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from bugkit.cli.check import live
from bugkit.cli.context import CliContext, short, tell_cell
from bugkit.errors import UsageError
from bugkit.interview.room import Room, Said
from bugkit.interview.rubric import LINE, NUDGES, PRICES, REASON, in_words
from bugkit.interview.status import in_a_line
from bugkit.report.phrases import clocked, count

if TYPE_CHECKING:
    from bugkit.grader import Grader
    from bugkit.spot.listing import Listing
    from bugkit.verdict import Verdict

COLUMNS = 80
MOST_SHARE = 10.0  # of a weight's length, that is told in percent
FROM_NOTHING = 1e6
HELP = """\
  check            judge the saved notebook; you may say first what you think
  ask plot         the learning rate and the norm of the gradients ({plot} point)
  ask layers       how far a step moves each layer ({layers} points)
  ask sentence     one check that fails, in words ({sentence} points)
  ask nudge        a hint ({nudges} points)
  note TEXT        think aloud: it is kept with its minute
  pause, resume    stop the clock and let it run; it is written down
  points           what is worth how much
  end              the debrief"""
SCREEN_HELP = """\
  LINE WHY         the line that is wrong and why; 0 where nothing is
  skip             the next one
  end              the debrief"""


class Doing:
    """The words of an interview, and what each does."""

    def __init__(self, cli: CliContext, room: Room, warm: Grader | None = None, *, asks: bool = False) -> None:
        self._cli, self.room, self._warm = cli, room, warm
        self.is_asking = asks  # whether somebody can be asked for more, and types no more than the words
        self.actions: dict[str, Callable[..., None]] = {
            "check": self.check,
            "ask": self.ask,
            "note": self.note,
            "answer": self.answer,
            "skip": self.skip,
            "reveal": self.reveal,
            "status": self.status,
            "pause": self.pause,
            "resume": self.resume,
            "end": self.end,
            "help": self.help,
            "points": self.points,
        }

    def check(self, *said: str) -> None:
        """Judge, and show what a room would show: the loss, the curve and the score."""
        if self.room.plan.round == "screen":
            raise UsageError("nothing runs in a screen", next_command="bugkit interview answer LINE WHY")
        made = self.room.exercise
        with live(made, made.manifest.run.seeds) as on_event:
            verdict = self.room.check(Said(*said[:3]), warm=self._warm, on_event=on_event)
        self._show(verdict)
        if self.room.of("check")[-1].body["is_blind"]:
            click.echo("the notebook has not changed since the last check, which costs a point")

    def ask(self, what: str = "", *_: str) -> None:
        """Buy an answer."""
        if self.room.plan.round == "screen":
            raise UsageError("in a screen there is nothing to ask for", next_command="bugkit interview answer LINE WHY")
        told = self.room.ask(what, warm=self._warm)
        lines = list(_answer(what, told))
        click.echo("\n".join(lines))
        cost = count(told["cost"], "point")
        click.echo(f"({cost})")
        tell_cell(self._cli, f"{what}, {cost}", "```text\n" + "\n".join(lines) + "\n```")

    def note(self, *words: str) -> None:
        """Keep a thought."""
        if not words:
            raise UsageError("a note needs words", next_command='bugkit interview note "..."')
        self.room.note(" ".join(words))
        click.echo("kept")

    def answer(self, *words: str) -> None:
        """Of a screen: a line, and why."""
        if self.room.plan.round != "screen":
            raise UsageError("only a screen has listings to answer", next_command="bugkit interview check")
        place, last = len(self.room.of("answer")), len(self.room.listings)
        most = len(self.room.listings[place].lines) if place < last else 0
        if place < last and not (words and words[0].isdigit() and int(words[0]) <= most):
            evidence = [f"found: {' '.join(words)[:40] or 'nothing'}", f"expected: a line's number up to {most}, or 0"]
            raise UsageError("which line is wrong?", evidence=evidence, next_command="bugkit interview answer LINE WHY")
        self.room.answer(int(words[0]) if words else None, " ".join(words[1:]))
        self.listing()

    def skip(self, *_: str) -> None:
        """Of a screen: go on without an answer."""
        if self.room.plan.round != "screen":
            raise UsageError("only a screen has listings to skip", next_command="bugkit interview check")
        self.room.answer(None, "")
        self.listing()

    def reveal(self, *_: str) -> None:
        """Of a screen, when every listing is answered: what is wrong in each."""
        if len(self.room.of("answer")) < len(self.room.listings) or not self.room.listings:
            raise UsageError("nothing is revealed yet", evidence=["expected: an answer to each listing"])
        for number, one in enumerate(self.room.listings, start=1):
            click.echo(f"\n{number}. {one.title}\n{_revealed(one)}")
        click.echo("\nwhose cause did you say? then, for 1 and 3: bugkit interview end 1 3")

    def listing(self) -> None:
        """The listing whose turn it is."""
        place = len(self.room.of("answer"))
        if place >= len(self.room.listings):
            following = "end" if self.is_asking else "bugkit interview reveal, and then: bugkit interview end NUMBERS"
            click.echo(f"\nthat was the last one; for the debrief: {following}")
            return
        one = self.room.listings[place]
        click.echo(f"\n{place + 1} of {len(self.room.listings)}, {one.title}\n")
        click.echo(one.numbered)

    def status(self, *_: str) -> None:
        """The clock, and what was done."""
        record, plan = self.room.record, self.room.plan
        left = self.room.left(record.spent)
        clock = f"{clocked(left)} left" if left is not None else f"{clocked(record.spent)} so far"
        click.echo(f"interview {self.room.number}, {plan.round}, {record.condition}: {clock}")
        if plan.code:
            click.echo(f"the notebook: {short(self.room.exercise.notebook)}")
        for one in record.happenings:
            click.echo(f"{clocked(one.second)}  {in_a_line(one)}"[:COLUMNS])

    def pause(self, *_: str) -> None:
        """Stop the clock."""
        self.room.pause()
        click.echo("the clock stands; go on with: resume" if self.is_asking else "next: bugkit interview resume")

    def resume(self, *_: str) -> None:
        """Let it run."""
        self.room.go_on()
        click.echo("the clock runs")

    def help(self, *_: str) -> None:
        """What there is to do."""
        if self.room.plan.round == "screen":
            click.echo(SCREEN_HELP)
            return
        click.echo(HELP.format(**PRICES, nudges=", then ".join(map(str, NUDGES))))

    def points(self, *_: str) -> None:
        """What is worth how much."""
        if self.room.plan.round == "screen":
            click.echo(f"  line    {LINE} for each that you find\n  reason  {REASON} more if you said why")
            return
        click.echo("\n".join(f"  {what:13} {points:>8}  {why}" for what, points, why in in_words()))

    def end(self, *words: str) -> None:
        """The debrief. Of a screen, the words are the numbers of listings whose cause was said."""
        known = range(1, len(self.room.listings) + 1) if self.room.plan.round == "screen" else range(0)
        if unknown := [word for word in words if not word.isdigit() or int(word) not in known]:
            expected = f"numbers of listings, 1 to {len(known)}" if known else "nothing behind it"
            raise UsageError("end: not understood", evidence=[f"found: {unknown[0][:40]}", f"expected: {expected}"])
        said = [int(word) - 1 for word in words]
        if self.room.plan.round == "screen" and self.is_asking and self.room.record.condition != "ended":
            said = list(self._reasons())
        self.finish("ended", said)

    def finish(self, why: str, said: list[int] | None = None) -> None:
        """End it, and show the debrief."""
        if self.room.plan.code:
            click.echo("the last check, and your tests, each with every bug alone", err=True)
        document = self.room.end(why, reasons=said or (), warm=self._warm)
        from rich.console import Console

        from bugkit.report.debrief import cell, render

        render(document, Console(highlight=False))
        click.echo(f"\nas a page: bugkit interview --export debrief.html --number {self.room.number}")
        if self._cli.cell is not None:
            tell_cell(self._cli, *cell(document))

    def _reasons(self) -> Iterator[int]:
        """The listings whose cause the candidate said, as they see it themselves."""
        answers = {one.body["place"]: one.body for one in self.room.of("answer")}
        for place, one in enumerate(self.room.listings):
            answer = answers.get(place)
            line = answer["line"] if answer else None
            told = f"you said: line {line}, {answer['reason'] or 'and no more'}" if answer else "not answered"
            click.echo(f"\n{place + 1} of {len(self.room.listings)}, {one.title}\n{told}")
            click.echo(_revealed(one))
            if line is not None and line in one.wrong and click.confirm("did you say that?", default=False):
                yield place

    def _show(self, verdict: Verdict) -> None:
        from rich.console import Console

        from bugkit.report.html import fragment
        from bugkit.report.terminal import render

        shown = in_the_room(verdict, self.room)
        render(shown, Console(highlight=False))
        if self._cli.cell is not None:
            from bugkit.notebook.files import write_whole

            with suppress(OSError):
                write_whole(self._cli.cell, fragment(shown))


def in_the_room(verdict: Verdict, room: Room) -> Verdict:
    """As much of a verdict as a room shows: the loss, the curve, the score, and what is next."""
    if verdict.outcome != "passed":
        following = "look again, or: bugkit interview ask WHAT"
    elif verdict.complete:
        following = "bugkit interview end"
    else:
        following = f"reload the notebook; the extension is open: {room.exercise.manifest.stage[0].title}"
    score = f"score: {verdict.score:.0%}"
    return replace(verdict, checks=(), symptoms=(), behaviors="", next=following, notes=(*verdict.notes, score))


def _answer(what: str, told: Any) -> Iterator[str]:
    if what == "plot":
        from bugkit.report.debrief import spark

        for name, words in (("rate", "learning rate"), ("norm", "norm of the gradients")):
            values = told[name]
            ends = f"{values[0]:.3g} to {values[-1]:.3g}, at most {max(values):.3g}" if values else "no finite number"
            yield f"{words:22} {ends}"
            yield from ([f"  {spark(values)}"] if values else ())
    elif what == "layers":
        yield "how far one step moves each layer, beside the length of its weights"
        yield f"{'':40} {'numbers':>9} {'first step':>10} {'last step':>10}"
        rows = ((name, size, _share(first), _share(last)) for name, size, first, last in told["layers"])
        yield from (f"{name:40} {size:9,} {first:>10} {last:>10}" for name, size, first, last in rows)
        if told["more"]:
            yield f"and {told['more']} more"
    else:
        yield from click.wrap_text(told["text"], COLUMNS).splitlines()


def _revealed(one: Listing) -> str:
    return click.wrap_text("\n".join(filter(None, one.told)), COLUMNS, preserve_paragraphs=True)


def _share(value: float | None) -> str:
    """A step's length beside that of the weights; of weights that were 0, it says nothing."""
    if value is None:
        return "not finite"
    return f"{value:.2%}" if value < MOST_SHARE else "from 0" if value > FROM_NOTHING else f"{value:.0f} times"
