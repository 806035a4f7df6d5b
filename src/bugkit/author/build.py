"""The learner's notebook, built from the solution and its bugs."""

from __future__ import annotations

from collections.abc import Iterable

from bugkit.errors import ManifestError
from bugkit.exercise import Exercise
from bugkit.exercise.manifest import Patch
from bugkit.notebook import Notebook, apply, read, sealed
from bugkit.notebook.files import write_whole


def shipped(exercise: Exercise) -> Notebook:
    """What a learner gets: the solution with all its bugs. ManifestError where one does not fit."""
    return patched(exercise, read(exercise.solution), exercise.bugs.bug)


def build(exercise: Exercise, *, write: bool) -> bool:
    """Whether the learner's notebook was in step with its sources to the byte; with ``write`` it is now."""
    wanted = sealed(shipped(exercise)).to_json()
    found = exercise.notebook.read_bytes() if exercise.notebook.is_file() else None
    in_step = found == wanted.encode()
    if write and not in_step:
        write_whole(exercise.notebook, wanted)
    return in_step


def patched(exercise: Exercise, notebook: Notebook, patches: Iterable[Patch]) -> Notebook:
    """The notebook after the patches, in order; ManifestError names the first that does not fit."""
    for patch in patches:
        try:
            notebook = _patched(notebook, patch)
        except ManifestError as error:
            raise ManifestError(
                f"{exercise.id}: the patch {patch.id!r} does not fit: {error.what}",
                evidence=error.evidence,
                next_command=f"edit {exercise.solution_path / 'bugs.toml'}",
            ) from None
    return notebook


def _patched(notebook: Notebook, patch: Patch) -> Notebook:
    after = apply(notebook, patch.edits)
    changed = [str(b.id) for b, a in zip(notebook.cells, after.cells, strict=True) if a != b]
    locked = [name for name in changed if (cell := notebook.cell(name)) and cell.locked]
    if locked:
        raise ManifestError(
            f"it changes the locked cell {locked[0]!r}, which no learner can fix",
            evidence=["locked cells must be equal in the solution and the learner's notebook"],
        )
    if not changed:
        raise ManifestError("it changes nothing", evidence=["found: find and replace are equal"])
    return after
