"""A learner's fresh exercises: drawn from what is proved, put on the shelf, found again by their codes.

What was put in is derived again from the code, into a folder that goes when the process ends.
"""

from __future__ import annotations

import atexit
import random
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import tomli_w

from bugkit.checks import load as load_checks
from bugkit.errors import UsageError
from bugkit.exercise import Exercise
from bugkit.exercise.catalog import FRESH, installed
from bugkit.fresh.evidence import Matrix, Proof, matrix
from bugkit.fresh.make import Folders, make
from bugkit.fresh.plant import planted
from bugkit.fresh.story import Measured, difficulty, middle
from bugkit.kinds import kind
from bugkit.kinds.source import Source, sources
from bugkit.notebook import apply, read, sealed
from bugkit.notebook.files import write_whole


@dataclass(frozen=True)
class Wish:
    """What a learner asks for."""

    kind: str | None = None
    family: str | None = None
    track: str | None = None
    program: str | None = None
    bugs: int = 1
    difficulty: int | None = None


def draw(wish: Wish, seed: int | None, met: Collection[str] = ()) -> Proof:
    """A recipe that fits a wish: by the seed, or at random among those that are not ``met``.

    UsageError where nothing fits.
    """
    fitting = _fitting(wish, matrix())
    if seed is not None:
        return random.Random(seed).choice(fitting)
    return random.SystemRandom().choice([proof for proof in fitting if proof.code not in met] or fitting)


def put(code: str, workspace: Path) -> tuple[Exercise, bool]:
    """The exercise with its notebook on the shelf, and whether it is new there; a learner's file stays as it is."""
    exercise = restored(code, workspace)
    if exercise.notebook.exists():
        return exercise, False
    edits = [edit for bug in exercise.bugs.bug for edit in bug.edits]
    write_whole(exercise.notebook, sealed(apply(read(exercise.solution), edits)).to_json())
    heading = {**asdict(exercise.heading), "concepts": []}  # they would give the cause away
    write_whole(exercise.notebook.with_name("exercise.toml"), tomli_w.dumps(heading))
    return exercise, True


def restored(code: str, workspace: Path) -> Exercise:
    """The exercise of a code; UsageError where this version does not know it."""
    known = matrix()
    proof = known.by_code().get(code)
    if proof is None:
        raise UsageError(
            f"there is no fresh exercise {code} in this version of bugkit",
            evidence=["a code belongs to the version that drew it"],
            next_command="bugkit fresh",
        )
    source = next((one for one in sources(installed()) if one.id == proof.recipe.program), None)
    if source is None:
        raise UsageError(
            f"{code}: the program that it is made from is not here", evidence=["the solutions are withheld here"]
        )
    folders = Folders(_scratch(), workspace / FRESH / code)
    return make(folders, code, source, planted(source, proof.recipe), measured=measured(source, proof, known))


def measured(source: Source, proof: Proof, known: Matrix) -> Measured:
    """What the story tells of a proof."""
    words = load_checks(source.checks, source.manifest.converge.measure).measured
    whole = middle(known.programs[source.id].losses)
    assert whole is not None
    return Measured(_first_words(words), source.manifest.converge.unit, middle(proof.losses), whole, proof.is_loud)


def hardness(source: Source, proof: Proof, known: Matrix) -> int:
    """The difficulty that the exercise of a proof has."""
    return difficulty(source, len(proof.recipe.bugs), measured(source, proof, known))


@cache
def _scratch() -> Path:
    """A folder that goes with the process."""
    folder = TemporaryDirectory(prefix="bugkit-fresh-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


def _fitting(wish: Wish, known: Matrix) -> list[Proof]:
    by_id = {source.id: source for source in sources(installed())}
    found = [
        proof
        for proof in sorted(known.proofs, key=lambda one: one.code)
        if proof.recipe.program in by_id and _fits(wish, by_id[proof.recipe.program], proof, known)
    ]
    if not found:
        raise UsageError(
            "no fresh exercise fits", evidence=_nearest(known, by_id.keys()), next_command="bugkit fresh --help"
        )
    return found


def _fits(wish: Wish, source: Source, proof: Proof, known: Matrix) -> bool:
    names = [name for name, _ in proof.recipe.bugs]
    return (
        len(names) == wish.bugs
        and wish.kind in (None, *names)
        and wish.program in (None, source.id)
        and wish.track in (None, source.manifest.track)
        and (wish.family is None or wish.family in [kind(name).manifest.family for name in names])
        and wish.difficulty in (None, hardness(source, proof, known))
    )


def _nearest(known: Matrix, programs: Collection[str]) -> Sequence[str]:
    offered = [proof for proof in known.proofs if proof.recipe.program in programs]
    if not offered:
        return ["none is offered here: they are made from the solutions, which are withheld, or nothing is proved"]
    kinds = sorted({name for proof in offered for name, _ in proof.recipe.bugs})
    return [f"kinds: {', '.join(kinds)}", f"programs: {', '.join(sorted({one.recipe.program for one in offered}))}"]


def _first_words(measured_words: str) -> str:
    """A measure's name, without what follows its comma."""
    return measured_words.partition(",")[0].rstrip(".")
