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

from bugkit.errors import UsageError
from bugkit.exercise import Exercise
from bugkit.exercise.catalog import FRESH, installed
from bugkit.fresh.evidence import Matrix, Proof, matrix
from bugkit.fresh.make import Folders, make
from bugkit.fresh.plant import recalled
from bugkit.fresh.story import Measured, difficulty, middle
from bugkit.kinds import kind
from bugkit.kinds.source import PROGRAMS, Source, source
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
    one = source(installed(), proof.recipe.program)
    folders = Folders(scratch(), workspace / FRESH / code)
    return make(folders, code, one, recalled(one, proof, known), measured=measured(one, proof, known))


def measured(program: Source, proof: Proof, known: Matrix) -> Measured:
    """What the story tells of a proof."""
    words = program.measured.partition(",")[0].rstrip(".")
    whole = middle(known.programs[program.id].losses)
    assert whole is not None
    return Measured(words, program.manifest.converge.unit, middle(proof.losses), whole, proof.is_loud)


@cache
def scratch() -> Path:
    """A folder that goes with the process."""
    folder = TemporaryDirectory(prefix="bugkit-fresh-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


def _fitting(wish: Wish, known: Matrix) -> list[Proof]:
    some = offered(known)
    found = [proof for proof in some if _fits(wish, proof, known)]
    if not found:
        raise UsageError("no fresh exercise fits", evidence=_offer(some), next_command="bugkit fresh --help")
    return found


def offered(known: Matrix) -> list[Proof]:
    """The proofs of programs that are here, by their codes."""
    return sorted((one for one in known.proofs if one.recipe.program in here()), key=lambda one: one.code)


def hardness(proof: Proof, known: Matrix) -> int:
    """How hard its exercise is, from 1 to 5."""
    one = source(installed(), proof.recipe.program)
    return difficulty(one, len(proof.recipe.bugs), measured(one, proof, known))


@cache
def here() -> frozenset[str]:
    """The programs whose working notebooks are here."""
    catalog = installed()
    alone = (path.parent.name.split("_")[0] for path in (catalog.root / PROGRAMS).glob("*/program.toml"))
    return frozenset([*(exercise.id for exercise in catalog if exercise.has_solution), *alone])


def _fits(wish: Wish, proof: Proof, known: Matrix) -> bool:
    """Whether it does; what takes a look at files comes last."""
    names = [name for name, _ in proof.recipe.bugs]
    if len(names) != wish.bugs or wish.kind not in (None, *names) or wish.program not in (None, proof.recipe.program):
        return False
    if wish.family is not None and wish.family not in [kind(name).manifest.family for name in names]:
        return False
    if wish.track is None and wish.difficulty is None:
        return True
    track = source(installed(), proof.recipe.program).manifest.track
    return wish.track in (None, track) and wish.difficulty in (None, hardness(proof, known))


def _offer(offered: Sequence[Proof]) -> Sequence[str]:
    if not offered:
        return ["none is offered here: they are made from the solutions, which are withheld, or nothing is proved"]
    kinds = sorted({name for proof in offered for name, _ in proof.recipe.bugs})
    return [f"kinds: {', '.join(kinds)}", f"programs: {', '.join(sorted({one.recipe.program for one in offered}))}"]
