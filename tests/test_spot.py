"""`bugkit spot`: listings that are what they say, and a round in a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bugkit.fresh.evidence import matrix
from bugkit.progress import Progress
from bugkit.spot.listing import LONGEST, ONE_IN, OPTIONS, RIGHT, listing, names

SEEDS = range(3)


def spot(folder: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bugkit", "spot", *words]
    return subprocess.run(
        command, cwd=folder, input=typed, env=dict(os.environ), capture_output=True, text=True, timeout=120, check=False
    )


def test_one_in_five_is_right() -> None:
    known = names()
    right = [name for name in known if name.startswith(RIGHT)]
    assert 0.5 / ONE_IN < len(right) / len(known) < 1.2 / ONE_IN
    assert len(set(known)) == len(known)


@pytest.mark.parametrize("name", names()[::7])
def test_a_listing_holds_its_bug_wherever_it_is_cut(name: str) -> None:
    """The line that is wrong is among the shown ones, and is the one that the right program has otherwise."""
    for seed in SEEDS:
        one = listing(name, seed)
        assert 3 <= len(one.lines) <= LONGEST
        assert one.lines[0].strip()
        if one.is_right:
            assert not one.wrong
            continue
        assert one.wrong <= set(range(1, len(one.lines) + 1))
        assert one.kind in one.options
        assert len({option.id for option in one.options}) == OPTIONS
        assert any(one.lines[number - 1].strip() for number in one.wrong)


def test_cuts_and_orders_differ_with_the_seed() -> None:
    proofs = [proof for proof in matrix().proofs if len(proof.recipe.bugs) == 1]
    orders = {tuple(option.id for option in listing(proofs[0].code, seed).options) for seed in range(8)}
    assert len(orders) > 1


def test_a_round_tells_and_keeps_what_was_seen(tmp_path: Path) -> None:
    shown = json.loads(spot(tmp_path, "--seed", "3", "--count", "4", "--json").stdout)["listings"]
    typed = ""
    for one in shown:
        if one["kind"] is None:
            typed += "0\n"
        else:
            typed += f"{one['wrong'][0]}\n{'abcde'[one['options'].index(one['kind'])]}\n"
    told = spot(tmp_path, "--seed", "3", "--count", "4", typed=typed)
    assert told.returncode == 0, told.stderr
    assert "4 of 4 right, 4 lines found" in told.stdout
    skipped = spot(tmp_path, "--seed", "3", "--count", "4", typed="\n" * 4)
    assert "0 of 4 right, 0 lines found" in skipped.stdout
    kept = Progress.of_workspace(tmp_path).answers()
    assert sorted([answer.rating for answer in some] for some in kept.values()) == [[3, 1]] * 4
