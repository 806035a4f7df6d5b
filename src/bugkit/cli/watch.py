"""`bugkit watch`: the notebook is judged again at every save, in a box that stays warm."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from bugkit.cli.check import CheckOptions, judged, show, shown
from bugkit.cli.context import CliContext, exercise_argument, pass_cli, remember_opened, short
from bugkit.cli.help import say_hint, say_solution
from bugkit.cli.overview import say_short_list
from bugkit.errors import BugkitError, UsageError
from bugkit.exercise import Exercise

if TYPE_CHECKING:
    from bugkit.grader import Grader
    from bugkit.verdict import Verdict
    from bugkit.watch import UserEvent

WIDTH = 30  # of the progress bar, in characters
QUIT = ("q", "Q", "c-c", "c-d")


@click.command()
@exercise_argument(required=False)
@click.option("--sandbox/--no-sandbox", default=None, help="Insist on a sandbox, or do without one.")
@pass_cli
def watch(cli: CliContext, ex: str | None, *, sandbox: bool | None) -> int:
    """Judge a notebook again at every save; by default the next exercise's. Keys tell what else there is."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("`bugkit watch` needs a terminal", next_command="bugkit check")
    exercise = cli.require_exercise(ex)
    return asyncio.run(_Watch(cli, exercise, CheckOptions(sandbox=sandbox)).run())


class _Watch:
    """The loop: one exercise at a time, judged when it is saved; it moves on only when told."""

    def __init__(self, cli: CliContext, exercise: Exercise, options: CheckOptions) -> None:
        self._cli = cli
        self._exercise = exercise
        self._options = options
        self._outcome = ""
        self._verdict_shown: Verdict | None = None
        self._left = False
        self._waiting: list[UserEvent] = []  # keys that were pressed while it judged
        self._keys: dict[str, tuple[str, Callable[[], Any]]] = {
            "n": ("next", self._move_on),
            "e": ("explain", self._explain),
            "h": ("hint", lambda: say_hint(self._cli, self._exercise)),
            "s": ("solution", self._solve),
            "l": ("list", lambda: say_short_list(self._cli)),
            "r": ("run", lambda: True),
        }

    async def run(self) -> int:
        """Until the learner leaves."""
        from bugkit import grader
        from bugkit.watch import UserEvents

        events = UserEvents()
        loop = asyncio.get_running_loop()
        with events.keys(), grader.Grader(sandbox=self._options.sandbox) as warm:
            ending = asyncio.ensure_future(asyncio.Event().wait())
            for name in (signal.SIGTERM, signal.SIGHUP):
                with suppress(NotImplementedError):
                    loop.add_signal_handler(name, ending.cancel)
            events.watch(self._exercise.notebook)
            self._greet()
            again = True
            while True:
                if again and await self._judge(warm, events, ending):
                    break
                self._say_keys()
                happened = self._waiting.pop(0) if self._waiting else await _first(events.next(), ending)
                if happened is None or happened.key in QUIT:
                    break
                again = self._answer(happened, events)
            events.close()
        click.echo()
        return 0

    async def _judge(self, warm: Grader, events: Any, ending: asyncio.Future[Any]) -> bool:
        """Judge until nothing was saved meanwhile; whether the learner left instead."""
        again = True
        while again:
            again = False
            click.echo(f"\r\n{self._exercise.id}: judging {short(self._exercise.notebook)}")
            work = asyncio.ensure_future(asyncio.to_thread(self._verdict, warm))
            while not work.done():
                following = asyncio.ensure_future(events.next())
                await asyncio.wait({work, following, ending}, return_when=asyncio.FIRST_COMPLETED)
                if ending.done() or (following.done() and following.result().key in QUIT):
                    self._left = True
                    warm.stop()
                    await asyncio.wait({work})
                    return True
                if following.done():
                    came = following.result()
                    again |= came.saved or came.key == "r"
                    self._waiting += [came] if came.key in self._keys and came.key != "r" else []
                following.cancel()
            work.result()
        return False

    def _verdict(self, warm: Grader) -> None:
        try:
            verdict = judged(self._cli, self._exercise, self._exercise.notebook, self._options, warm=warm)
        except BugkitError as error:
            if self._left:
                return
            self._outcome = "error"
            click.echo(str(error), err=True)
            return
        self._outcome, self._verdict_shown = verdict.outcome, verdict
        show(shown(self._cli, verdict, self._options), self._options)

    def _answer(self, happened: UserEvent, events: Any) -> bool:
        """Do what was asked for; whether to judge."""
        if happened.why:
            click.echo(f"\nsaves cannot be seen here ({happened.why}): press r to judge")
        if happened.saved:
            return True
        if happened.key not in self._keys:
            return False
        click.echo()
        before = self._exercise
        judge = self._keys[happened.key][1]() is True
        if self._exercise is not before:
            events.watch(self._exercise.notebook)
            self._greet()
        return judge

    def _explain(self) -> None:
        """The last verdict with its checks by name; they are named from now on."""
        if self._verdict_shown is None:
            click.echo("nothing is judged yet")
            return
        show(shown(self._cli, self._verdict_shown, replace(self._options, explain=True)), self._options)

    def _solve(self) -> None:
        """What it was; after a pass only."""
        try:
            say_solution(self._cli, self._exercise)
        except BugkitError as error:
            click.echo(str(error))

    def _move_on(self) -> bool:
        """To the first exercise after this one, round the catalog, that is not passed."""
        everything = list(self._cli.catalog)
        at = everything.index(self._exercise)
        done = self._cli.progress.summary()
        for exercise in (*everything[at + 1 :], *everything[:at]):
            if exercise.id not in done or done[exercise.id].state != "passed":
                self._exercise, self._outcome, self._verdict_shown = exercise, "", None
                return True
        click.echo("every other exercise is passed")
        return False

    def _greet(self) -> None:
        remember_opened(self._cli, self._exercise)
        manifest = self._exercise.manifest
        click.secho(f"\n{self._exercise.id}  {manifest.title}", bold=True)
        click.echo(f"watching {short(self._exercise.notebook)}\nIt is judged whenever you save it.")
        self._say_legend()

    def _say_keys(self) -> None:
        """How far along, and the keys that do something now."""
        done = self._cli.progress.summary()
        total = len(self._cli.catalog.exercises)
        passed = sum(e.id in done and done[e.id].state == "passed" for e in self._cli.catalog)
        full = round(WIDTH * passed / total)
        click.echo(f"\n[{'#' * full}{'-' * (WIDTH - full)}] {passed}/{total}  {self._exercise.id} {self._outcome}")
        self._say_legend()

    def _say_legend(self) -> None:
        is_passed = self._cli.progress.state(self._exercise.id) == "passed"
        keys = [f"{key} {word}" for key, (word, _) in self._keys.items() if key != "s" or is_passed]
        click.echo("  ".join([*keys, "q quit"]))


async def _first(coming: Any, ending: asyncio.Future[Any]) -> UserEvent | None:
    """What happens next, or None when the program is told to end."""
    task = asyncio.ensure_future(coming)
    await asyncio.wait({task, ending}, return_when=asyncio.FIRST_COMPLETED)
    if ending.done():
        task.cancel()
        return None
    happened: UserEvent = task.result()
    return happened
