"""`bugkit check`: have a notebook judged, store the attempt, show the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from bugkit.cli import files
from bugkit.cli.context import FORMAT, CliContext, as_document, exercise_argument, json_option, note, pass_cli, say_json
from bugkit.errors import BugkitError, UsageError
from bugkit.exercise import Exercise
from bugkit.progress import ProgressError

if TYPE_CHECKING:
    from bugkit.attempt import Attempt
    from bugkit.grader import Grader
    from bugkit.verdict import Verdict

FAILED = 1

OnEvent = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class CheckOptions:
    """How the learner wants it judged."""

    seeds: int | None = None
    engine: Literal["fork", "jupyter"] | None = None
    as_json: bool = False
    sandbox: bool | None = None
    reports: Mapping[str, Path] = field(default_factory=dict)  # files that are written, by the report's name
    force: bool = False  # over whatever lies there
    explain: bool = False  # name the checks
    cold: bool = False  # judge here, whatever waits warm

    @property
    def may_be_warm(self) -> bool:
        """Whether a resident may judge it: it has walls and an engine of its own choice."""
        return not self.cold and self.engine is None and self.sandbox is None


@click.command()
@exercise_argument(required=False)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--seeds", type=click.IntRange(min=1), metavar="N", help="Judge on N seeds; the exercise says how many.")
@click.option("--engine", type=click.Choice(["fork", "jupyter"]), help="What runs the cells; by default the fast one.")
@click.option("--all", "everything", is_flag=True, help="Judge every exercise.")
@click.option("--sandbox/--no-sandbox", default=None, help="Insist on a sandbox, or do without one.")
@click.option(
    "--explain", is_flag=True, help="Name what holds and what does not, now and ever after; counts like a hint."
)
@click.option("--cold", is_flag=True, help="Judge in new processes, and leave none behind.")
@files.options
@json_option
@pass_cli
def check(cli: CliContext, /, ex: str | None, path: Path | None, *, everything: bool, **wishes: Any) -> int:
    """Judge a notebook: by default the next exercise's, as it is saved.

    EX is an exercise's id, a unique beginning of it, or its notebook.
    """
    reports = {name: file for name in files.REPORTS if (file := wishes.pop(name))}
    options = CheckOptions(**wishes, reports=reports)
    if everything:
        if ex is not None:
            raise UsageError(
                f"--all judges every exercise, so {ex!r} is one too many", next_command="bugkit check --all"
            )
        return _check_all(cli, options)
    exercise = cli.require_exercise(ex)
    if path is None:
        path = Path(ex) if ex and ex.endswith(".ipynb") else exercise.notebook
    verdict = judged(cli, exercise, path, options)
    show(shown(cli, verdict, options), options)
    code = max(0 if verdict.outcome == "passed" else FAILED, _write(cli, options, [verdict], {}))
    if options.may_be_warm:
        from bugkit.resident.client import leave

        leave(cli.workspace, exercise)
    return code


def _check_all(cli: CliContext, options: CheckOptions) -> int:
    """Every exercise; a notebook that cannot be read does not keep the rest from being judged."""
    verdicts: list[Verdict] = []
    errors: dict[str, BugkitError] = {}
    for exercise in cli.catalog:
        try:
            verdicts.append(judged(cli, exercise, exercise.notebook, options))
            if not options.as_json:
                show(shown(cli, verdicts[-1], options), options)
        except BugkitError as error:
            errors[exercise.id] = error
            if not options.as_json:
                click.echo(str(error), err=True)
    if options.as_json:
        from bugkit.report.verdict_json import as_json

        say_json(
            {
                "format": FORMAT,
                "verdicts": [as_json(verdict) for verdict in verdicts],
                "errors": [as_document(error) for error in errors.values()],
            }
        )
    passed = all(verdict.outcome == "passed" for verdict in verdicts)
    written = _write(cli, options, verdicts, {name: str(error) for name, error in errors.items()})
    return max([0 if passed else FAILED, written, *(error.exit_code for error in errors.values())])


def judged(
    cli: CliContext, exercise: Exercise, path: Path, options: CheckOptions, *, warm: Grader | None = None
) -> Verdict:
    """Judge a notebook and keep the attempt; ``warm`` is a grader that is at work already."""
    with live(exercise, exercise.manifest.run.seeds_for(options.seeds)) as on_event:
        made = _attempted(cli, exercise, path, options, warm, on_event)
    for sentence in made.notes:
        note(sentence)
    return made.verdict


def _attempted(
    cli: CliContext, exercise: Exercise, path: Path, options: CheckOptions, warm: Grader | None, on_event: Any
) -> Attempt:
    if warm is None and options.may_be_warm:
        from bugkit.resident.client import attempted

        made = attempted(cli.workspace, exercise, path, cli.progress, seeds=options.seeds, on_event=on_event)
        if made is not None:
            return made
    from bugkit.attempt import attempt

    return attempt(
        exercise,
        path,
        cli.progress,
        seeds=options.seeds,
        engine=options.engine,
        sandbox=options.sandbox,
        on_event=on_event,
        warm=warm,
    )


def shown(cli: CliContext, verdict: Verdict, options: CheckOptions) -> Verdict:
    """As much of it as a learner is shown; whoever has it explained once has it explained ever after."""
    from bugkit.report.levels import told

    if options.as_json:
        return verdict
    try:
        if options.explain and verdict.outcome != "passed":
            cli.progress.explain(verdict.exercise)
        explained = options.explain or cli.progress.is_explained(verdict.exercise)
    except ProgressError as error:  # it keeps nobody from a verdict
        note(error)
        explained = options.explain
    return told(verdict, explained=explained)


def show(verdict: Verdict, options: CheckOptions) -> None:
    """The verdict in the form that was asked for."""
    if options.as_json:
        from bugkit.report.verdict_json import as_json

        say_json(as_json(verdict))
        return
    from rich.console import Console

    from bugkit.report.terminal import render

    render(verdict, Console(highlight=False))


def _write(cli: CliContext, options: CheckOptions, verdicts: Sequence[Verdict], unread: Mapping[str, str]) -> int:
    cell = None if options.as_json else cli.cell
    brief = [shown(cli, verdict, options) for verdict in verdicts]
    return files.write(verdicts, unread, options.reports, force=options.force, cell=cell, brief=brief)


@contextmanager
def live(exercise: Exercise, seeds: Sequence[int]) -> Iterator[OnEvent | None]:
    """A line that says where each run is; none where nobody looks."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield None
        return
    where = dict.fromkeys(seeds, "waits")
    with console.status(Text(f"{exercise.id}: starts")) as status:

        def on_event(event: dict[str, Any]) -> None:
            where[event["seed"]] = _place(event) or where[event["seed"]]
            runs = " | ".join(f"seed {seed}: {place}" for seed, place in where.items())
            status.update(Text(f"{exercise.id}  {runs}", overflow="ellipsis", no_wrap=True))

        yield on_event


def _place(event: dict[str, Any]) -> str | None:
    from bugkit.report.sanitize import sanitize

    match event.get("event"):
        case "cell":
            return sanitize(str(event["cell"]))
        case "steps":
            return f"{event['steps']} steps"
        case "done":
            return "done"
    return None
