"""`bugkit author kind` and `kinds`: write a kind of bug, and prove kinds on programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from bugkit.cli.context import CliContext, pass_cli, short

FAILED = 1
PAIRS, TRIPLES, LARGER = 16, 4, 2  # combinations, drawn for each program


@click.command("kind")
@click.argument("name")
def new_kind(name: str) -> None:
    """Write a complete kind of bug to change step by step.

    NAME is what is wrong, in words, as in mask-off-by-one.
    """
    from bugkit.author.kind_scaffold import create

    for path in create(name):
        click.echo(short(path))
    click.echo(f"it is another kind's copy so far; to prove it: bugkit author kinds --kind {name.replace('_', '-')}")


@click.command()
@click.option("--program", "programs", multiple=True, metavar="P", help="Only this program; several may be given.")
@click.option("--kind", "kinds", multiple=True, metavar="K", help="Only this kind; several may be given.")
@click.option("--pairs", type=click.IntRange(min=0), default=PAIRS, show_default=True, metavar="N", help="Per program.")
@click.option("--triples", type=click.IntRange(min=0), default=TRIPLES, show_default=True, metavar="N")
@click.option(
    "--larger",
    type=click.IntRange(min=0),
    default=LARGER,
    show_default=True,
    metavar="N",
    help="Of four bugs, of five, and of as many as there are kinds, up to ten.",
)
@click.option("--stale", is_flag=True, help="Only proofs whose program or kind has changed since.")
@click.option("--write/--no-write", default=True, help="Keep what was proved.", show_default=True)
@pass_cli
def kinds(
    cli: CliContext,
    /,
    programs: tuple[str, ...],
    kinds: tuple[str, ...],
    *,
    stale: bool,
    write: bool,
    **counts: int,
) -> int:
    """Prove kinds of bugs on programs: what holds is offered as fresh exercises.

    Each kind is put into each program at each place where it fits. On six seeds it must fail there, and everything
    correct must pass. A proof that is ended goes on there. Exits 1 where a program does not pass by itself.
    """
    from tempfile import TemporaryDirectory

    from bugkit.author.journal import Journal
    from bugkit.author.kinds import Bench, prove, prove_again
    from bugkit.fresh import evidence
    from bugkit.fresh.make import Folders
    from bugkit.grader import Grader
    from bugkit.kinds import kind, library
    from bugkit.kinds.source import source, sources

    chosen = [source(cli.catalog, name) for name in programs] or sources(cli.catalog)
    some = [kind(name) for name in kinds] or library()
    before, failed = evidence.matrix(), False
    wholes, proofs = dict(before.programs), list(before.proofs)
    with Grader() as grader, live() as on_progress, TemporaryDirectory(prefix="bugkit-") as folder:
        for one in chosen:
            bench = Bench(Folders(Path(folder)), grader, on_progress, Journal(cli.workspace))
            names = {one.id for one in some}
            old = [p for p in proofs if p.recipe.program == one.id and {kind for kind, _ in p.recipe.bugs} & names]
            if stale:
                old = [proof for proof in old if bench.is_stale(one, proof)]
                names = {name for proof in old for name, _ in proof.recipe.bugs}
                if not old:
                    continue
            found = prove_again(bench, one, old) if stale else prove(bench, one, some, **counts)
            click.echo("\n".join(bench.told))
            failed |= found is None
            if found is None:
                continue
            kept = [proof for proof in proofs if proof not in old]
            others = {name for name in wholes[one.id].refused if name not in names} if one.id in wholes else set()
            whole = replace(found[0], refused=tuple(sorted({*found[0].refused, *others})))
            wholes[one.id], proofs = whole, [*kept, *found[1]]
            alone = sum(len(proof.recipe.bugs) == 1 for proof in found[1])
            click.echo(f"{one.id}: {alone} bugs and {len(found[1]) - alone} combinations hold")
            if write:
                evidence.write(wholes, proofs)
    return FAILED if failed else 0


@contextmanager
def live() -> Iterator[Callable[[int, int, str], None]]:
    """A line that counts the runs, where somebody looks."""
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True, highlight=False).status(Text("starts")) as status:
        yield lambda done, total, label: status.update(Text(f"{done}/{total}  {label}"))
