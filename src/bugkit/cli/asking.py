"""What commands that ask have in common: whose turn it is, what is kept of an answer, how long a round took."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from bugkit.cli.context import CliContext, note
from bugkit.progress import ProgressError

SEEDS = 2**31


def drawing(seed: int | None) -> random.Random:
    """What draws: by the seed, else at random."""
    return random.Random(seed if seed is not None else secrets.randbelow(SEEDS))


def in_turn(cli: CliContext, command: str, names: Iterable[str]) -> list[str]:
    """What a command may ask: what is due first, then what is new, as it comes."""
    from bugkit.progress import recall

    items = [f"{command}:{name}" for name in names]
    order = recall.in_turn(items, cli.progress.answers(), datetime.now(UTC))
    return [item.removeprefix(f"{command}:") for item in order]


def keep(cli: CliContext, command: str, name: str, rating: int, seconds: float) -> None:
    """Keep how well it was known; what cannot be kept is told, and ends nothing."""
    try:
        cli.progress.answer(f"{command}:{name}", rating, round(seconds, 1))
    except ProgressError as error:
        note(error)


def lasted(seconds: float) -> str:
    """A time in words."""
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"
