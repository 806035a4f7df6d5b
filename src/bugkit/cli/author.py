"""`bugkit author`: write exercises, build their notebooks, prove them sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from bugkit.cli.author_kinds import kinds, live, new_kind
from bugkit.cli.context import CliContext, exercise_argument, pass_cli, short
from bugkit.errors import UsageError
from bugkit.exercise import Exercise
from bugkit.exercise.catalog import is_root

if TYPE_CHECKING:
    from bugkit.author.evidence import Evidence

FAILED = 1
IN_STEP = "all notebooks are in step with their solutions"
SEEDS = 20


@click.group(invoke_without_command=True)
@click.pass_context
def author(context: click.Context) -> None:
    """Write exercises and prove them sound."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


author.add_command(new_kind)
author.add_command(kinds)


@author.command()
@click.argument("name")
@click.option("--title", help="As the learner reads it; by default made from the name.")
@pass_cli
def new(cli: CliContext, name: str, title: str | None) -> None:
    """Write a complete exercise to change step by step.

    NAME is an id and a symptom, as in ex34_falls_then_rises.
    """
    from bugkit.author.scaffold import create

    for path in create(_root(cli), name, title or _title(name)):
        click.echo(short(path))


@author.command()
@click.argument("names", nargs=-1, metavar="[EX]...")
@click.option("--check", "only_look", is_flag=True, help="Write nothing; exit 1 where any file is not as it should be.")
@pass_cli
def build(cli: CliContext, names: tuple[str, ...], *, only_look: bool) -> int:
    """Build the learners' notebooks from the solutions and their bugs.

    With --check, look at all files instead: manifests, checks, patches, names, and whether the notebooks are in step.
    """
    from bugkit.author.build import build as build_one

    exercises = _solved(cli, names)
    if only_look:
        return _look(exercises)
    stale = [e for e in exercises if not build_one(e, write=True)]
    for exercise in stale:
        click.echo(f"{exercise.id}: built")
    if not stale:
        click.echo(IN_STEP)
    return 0


def _look(exercises: Sequence[Exercise]) -> int:
    from bugkit.author.validate import problems

    found = [f"{exercise.id}: {problem}" for exercise in exercises for problem in problems(exercise)]
    click.echo("\n".join(found) or IN_STEP)
    return FAILED if found else 0


@author.command()
@click.argument("names", nargs=-1, metavar="[EX]...")
@click.option("--all", "everything", is_flag=True, help="Every exercise of the catalog; so does naming none.")
@click.option("--seeds", type=click.IntRange(min=1), default=SEEDS, show_default=True, metavar="N")
@click.option("--engine", type=click.Choice(["fork", "jupyter"]), help="What runs the cells; by default the fast one.")
@click.option("--write/--no-write", default=True, help="Keep what was measured in evidence.json.", show_default=True)
@click.option("--generated/--no-generated", default=True, help="Run generated programs, too.", show_default=True)
@click.option("--only-generated", is_flag=True, help="Run generated programs alone, and write nothing.")
@pass_cli
def verify(
    cli: CliContext,
    names: tuple[str, ...],
    *,
    everything: bool,
    seeds: int,
    engine: Literal["fork", "jupyter"] | None,
    write: bool,
    generated: bool,
    only_generated: bool,
) -> int:
    """Prove exercises from all sides, over many seeds.

    The notebook as shipped and wrong fixes must fail, the solution and valid fixes must pass; so must, on three seeds,
    half fixes and styles that are generated from them. Exits 1 where not. A proof that is ended goes on there.
    """
    from rich.console import Console

    from bugkit.author import evidence

    exercises = _solved(cli, () if everything else names)
    if only_generated:
        return _generated_alone(exercises, seeds, engine)
    measured = list(_proved(cli, exercises, seeds, engine, write=write, generated=generated))
    Console(highlight=False).print(evidence.table(measured))
    return FAILED if any(one.problems for one in measured) else 0


def _proved(
    cli: CliContext,
    exercises: Sequence[Exercise],
    seeds: int,
    engine: Literal["fork", "jupyter"] | None,
    *,
    write: bool,
    generated: bool,
) -> Iterator[Evidence]:
    """Each exercise's evidence, which is written as soon as it is complete."""
    from bugkit.author import evidence
    from bugkit.author.journal import Journal
    from bugkit.author.validate import refuse_invalid
    from bugkit.author.verify import verify as prove
    from bugkit.grader import Grader

    for exercise in exercises:
        refuse_invalid(exercise)  # it is told before anything runs
    journal = Journal(cli.workspace, engine or "") if write else None
    with Grader(engine, hidden=True) as grader, live() as on_progress:
        for exercise in exercises:
            (one,) = prove([exercise], range(seeds), on_progress, grader=grader, generated=generated, journal=journal)
            if journal:
                evidence.write(exercise, one)
                journal.forget(exercise)
            yield one


def _generated_alone(exercises: Sequence[Exercise], seeds: int, engine: Literal["fork", "jupyter"] | None) -> int:
    from rich.console import Console

    from bugkit.author.evidence import generated_table
    from bugkit.author.verify import only_generated

    with live() as on_progress:
        found = only_generated(exercises, range(seeds), on_progress, engine=engine)
    Console(highlight=False).print(generated_table(exercises, found))
    return FAILED if any(one.problems for one in found) else 0


@author.command("try")
@exercise_argument()
@click.argument("patch", required=False)
@click.option("--seeds", type=click.IntRange(min=1), metavar="N", help="Judge on N seeds; the exercise says how many.")
@click.option("--engine", type=click.Choice(["fork", "jupyter"]), help="What runs the cells; by default the fast one.")
@click.option("--list", "only_list", is_flag=True, help="Print the ids of all programs.")
@click.option("--show", is_flag=True, help="Print how the program differs from the solution, and run nothing.")
@pass_cli
def try_one(
    cli: CliContext,
    ex: str,
    patch: str | None,
    *,
    seeds: int | None,
    engine: Literal["fork", "jupyter"] | None,
    only_list: bool,
    show: bool,
) -> int:
    """Judge one program of an exercise, with the report of `check`.

    PATCH is an id: of a bug, which is put into the solution alone, of a fix, "shipped", "solution" or of a generated
    program; or a notebook's path. Exits 1 where it fails.
    """
    from bugkit.author import trial
    from bugkit.cli.check import CheckOptions
    from bugkit.cli.check import show as report

    (exercise,) = _solved(cli, (ex,))
    if only_list or patch is None:
        click.echo("\n".join(trial.names(exercise)))
        return 0
    if show:
        for line, kind in trial.shown(exercise, patch):
            click.secho(line, fg={"+": "green", "-": "red", "cell": "cyan"}.get(kind))
        return 0
    verdict = trial.trial(exercise, patch, exercise.manifest.run.seeds_for(seeds), engine=engine)
    report(verdict, CheckOptions())
    return 0 if verdict.outcome == "passed" else FAILED


@author.command("evidence")
@click.argument("names", nargs=-1, metavar="[EX]...")
@pass_cli
def show_evidence(cli: CliContext, names: tuple[str, ...]) -> None:
    """What `verify` measured last, as it is stored."""
    from rich.console import Console

    from bugkit.author import evidence

    Console(highlight=False).print(evidence.table([evidence.read(e) for e in _solved(cli, names)]))


def _root(cli: CliContext) -> Path:
    """Where a new exercise goes: the catalog given or around this folder, else here; never the installed one."""
    if cli.given:
        return cli.given[0].resolve()
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if is_root(folder)), here)


def _title(name: str) -> str:
    """``ex34_falls_then_rises`` is "Falls then rises"."""
    return name.partition("_")[2].replace("_", " ").capitalize() or name


def _solved(cli: CliContext, names: tuple[str, ...]) -> tuple[Exercise, ...]:
    """The exercises named, all with a solution for no name; UsageError where a solution is missing."""
    chosen = cli.some(names)
    missing = [exercise for exercise in chosen if not exercise.has_solution]
    if missing and (names or len(missing) == len(chosen)):
        raise UsageError(
            f"{missing[0].id}: its solution is not here",
            evidence=[f"expected: {missing[0].solution}"],
        )
    return tuple(exercise for exercise in chosen if exercise.has_solution)
