"""The loop of an interview: it greets, asks for words while the clock runs, and ends it when the time is over."""

from __future__ import annotations

import asyncio
import shlex
import threading
import time
from contextlib import suppress
from typing import Any, Self

import click

from bugkit.cli.context import CliContext, short
from bugkit.cli.interview_words import COLUMNS, Doing
from bugkit.errors import BugkitError
from bugkit.interview.room import Room, TimeIsOverError
from bugkit.report.phrases import clocked

BEAT = 5.0  # seconds


def sit(cli: CliContext, room: Room, *, is_new: bool, is_terminal: bool) -> int:
    """Greet, and where somebody types, ask for words until it ends."""
    doing = Doing(cli, room, asks=is_terminal)
    _greet(doing, is_new=is_new)
    if not is_terminal:
        return 0
    room.go_on()
    from bugkit.grader import Grader

    with Grader() as warm, _Clock(room) as clock:
        asyncio.run(_Loop(Doing(cli, room, warm, asks=True), clock).run())
    return 0


def _greet(doing: Doing, *, is_new: bool) -> None:
    room, plan = doing.room, doing.room.plan
    if not is_new:
        click.echo(f"interview {room.number} goes on")
    minutes = f"{plan.minutes} minutes" if plan.minutes else "no clock, but your time is counted"
    away = " The clock runs on when you are away." if plan.strict else ""
    click.echo(f"\nInterview {room.number}, the {plan.round} round: {minutes}.{away}\n")
    if plan.round == "screen":
        click.echo(click.wrap_text(SCREEN, COLUMNS))
        doing.help()
        doing.listing()
        return
    click.echo(click.wrap_text(NOTEBOOK.format(path=short(room.exercise.notebook)), COLUMNS, preserve_paragraphs=True))
    click.echo()
    doing.help()
    if not doing.is_asking:
        click.echo("\nnext: bugkit interview check, and so on with the others")


SCREEN = (
    "Four listings, one after the other. Nothing runs. Say which line is wrong, and why; 0 means that nothing is. "
    "Think aloud: in a real room, the way there counts as much as the line."
)
NOTEBOOK = (
    "Open {path}. It trains, and something is wrong with it. Nobody tells you how many bugs there are, and some are "
    "not seen in the loss. When the program works, there is more to do.\n\n"
    "Think aloud. Before each check, say what you think it is, what you expect to see, and the cheapest test of it; "
    "Enter skips. A cell of yours that asserts something, fails with a bug and passes without it, counts as a test."
)


class _Loop:
    """Asks for words; ends when the interview does, or when its time is over."""

    def __init__(self, doing: Doing, clock: _Clock) -> None:
        self._doing, self._clock = doing, clock
        self._is_screen = doing.room.plan.round == "screen"

    async def run(self) -> None:
        """Until it ends, or the candidate leaves: then the clock stands."""
        from prompt_toolkit import PromptSession
        from prompt_toolkit.patch_stdout import patch_stdout

        session: PromptSession[str] = PromptSession(refresh_interval=1)
        with patch_stdout(raw=True):
            while self._doing.room.record.condition != "ended":
                try:
                    words = await self._asked(session)
                except TimeoutError:
                    self._over()
                    return
                except (EOFError, KeyboardInterrupt):
                    self._leave()
                    return
                await self._do(session, words)

    async def _asked(self, session: Any) -> list[str]:
        self._clock.read()
        left = self._clock.left
        if left is not None and left <= 0:
            raise TimeoutError
        line = await asyncio.wait_for(session.prompt_async(lambda: f"\n{self._clock} > "), left)
        try:
            return shlex.split(line)
        except ValueError:  # a quote that stands alone
            return str(line).split()

    async def _do(self, session: Any, words: list[str]) -> None:
        if not words:
            return
        word, *rest = words
        if self._is_screen and word.isdigit():
            word, rest = "answer", words
        try:
            if word == "check" and not rest:
                rest = [await session.prompt_async(question) for question in QUESTIONS]
            act = self._doing.actions.get(word)
            if act is None:
                click.echo(f"{word}: not known; help says what there is")
                return
            await asyncio.to_thread(act, *rest)
        except TimeIsOverError:
            self._over()
        except BugkitError as error:
            click.echo(str(error), err=True)
        except TypeError:
            click.echo(f"{word}: too many words; help says what there is")
        except (EOFError, KeyboardInterrupt):
            click.echo("not checked")

    def _over(self) -> None:
        click.echo("\nThe time is over.")
        self._doing.finish("the time was over")

    def _leave(self) -> None:
        room = self._doing.room
        if room.plan.strict:
            click.echo("\nthe clock runs on; to come back: bugkit interview")
            return
        with suppress(BugkitError):
            room.pause()
        click.echo("\nthe clock stands; to go on: bugkit interview")


QUESTIONS = ("hypothesis (Enter: none): ", "what you expect to see: ", "the cheapest test of it: ")


class _Clock:
    """What the prompt shows: read from what is kept every few seconds, which tells the room that somebody is there."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._shown, self._is_running, self._at = 0.0, True, 0.0

    def __enter__(self) -> Self:
        self.read()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def left(self) -> float | None:
        """Seconds until it is over, as long as it runs; None where there is no end."""
        return self._now() if self._is_running and self._room.plan.minutes is not None else None

    def __str__(self) -> str:
        return clocked(self._now()) + ("" if self._is_running else " (the clock stands)")

    def read(self) -> None:
        """From what is kept."""
        self._room.beat()
        record = self._room.record
        left = self._room.left(record.spent)
        self._is_running, self._at = record.condition == "running", time.monotonic()
        self._shown = record.spent if left is None else left

    def _now(self) -> float:
        since = time.monotonic() - self._at if self._is_running else 0.0
        return self._shown + (since if self._room.plan.minutes is None else -since)

    def _run(self) -> None:
        while not self._done.wait(BEAT):
            with suppress(BugkitError):
                self.read()
