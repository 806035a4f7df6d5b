"""`bugkit box`: does the sandbox that notebooks run in hold, here and now?"""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from bugkit.cli.context import FORMAT, json_option, say_json

if TYPE_CHECKING:
    from bugkit.box.bwrap import Tool
    from bugkit.box.preflight import Preflight

FAILED = 1


@click.command()
@json_option
def box(*, as_json: bool) -> int:
    """Try to escape from the sandbox that notebooks run in, and tell what held."""
    from bugkit.box.bwrap import Missing, find
    from bugkit.box.preflight import preflight

    found = find()
    if isinstance(found, Missing):
        if as_json:
            say_json({"format": FORMAT, "sandbox": False, **asdict(found)})
        else:
            click.echo(f"There is no sandbox here: {found.reason}.")
            click.echo("A learner's own check runs with limits only; a class is not graded.")
            click.echo(f"next: {found.remedy}")
        return FAILED
    trial = preflight(found)
    if as_json:
        say_json({"format": FORMAT, "sandbox": trial.holds, **asdict(found), **asdict(trial)})
    else:
        _show(found, trial)
    return 0 if trial.holds else FAILED


def _show(tool: Tool, trial: Preflight) -> None:
    user = "as a user that owns nothing" if os.geteuid() == 0 else "as yourself without rights"
    click.echo(f"Notebooks run in a sandbox: bubblewrap {tool.version} ({tool.path}), {user}.")
    for guarantee in trial.guarantees:
        mark = click.style("✓", fg="green") if guarantee.holds else click.style("✗", fg="red")
        click.echo(f"  {mark} {guarantee.sentence}")
        if guarantee.got is not None:
            click.echo(f"    got: {guarantee.got}")
    held = sum(guarantee.holds for guarantee in trial.guarantees)
    click.echo(f"{held} of {len(trial.guarantees)} hold, tried from inside in {trial.seconds:.1f} s.")
    if not trial.holds:
        click.echo("A class is not graded in such a sandbox. next: report what was got")
