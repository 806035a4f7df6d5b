"""Whether an exercise's files are what they should be, as far as that can be told without running them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator

from bugkit import checks, data
from bugkit.author.build import build
from bugkit.author.variants import variants
from bugkit.errors import BugkitError, ManifestError
from bugkit.exercise import Exercise
from bugkit.notebook import read
from bugkit.symptoms import ORDER


def problems(exercise: Exercise) -> Iterator[str]:
    """In sentences: what is wrong with manifests, the solution's cells, checks, patches and names.

    Each part is looked at by itself, but what cannot be read hides what rests on it.
    """
    manifest = list(_tried(lambda: exercise.manifest)) + list(_tried(lambda: exercise.bugs))
    yield from manifest
    yield from _tried(lambda: _refuse_missing_ids(exercise))
    if manifest:
        return
    yield from _names(exercise)
    hidden = exercise.hidden_checks if exercise.hidden_checks.is_file() else None
    yield from _tried(lambda: checks.load(exercise.checks, exercise.manifest.converge.measure, hidden))
    patches = list(_tried(lambda: variants(exercise)))
    yield from patches
    if not patches and not build(exercise, write=False):
        yield "the learner's notebook is out of step with the solution: bugkit author build " + exercise.id


def refuse_invalid(exercise: Exercise) -> None:
    """ManifestError with all that is wrong."""
    found = list(problems(exercise))
    if found:
        following = f"bugkit author build {exercise.id}" if "out of step" in found[0] else None
        raise ManifestError(f"{exercise.id}: its files are not valid", evidence=found, next_command=following)


def _tried(work: Callable[[], object]) -> Iterator[str]:
    try:
        work()
    except BugkitError as error:
        yield "; ".join((error.what, *error.evidence))


def _refuse_missing_ids(exercise: Exercise) -> None:
    cells = read(exercise.solution).cells
    without = [number for number, cell in enumerate(cells, start=1) if cell.id is None]
    if without:
        numbers = ", ".join(map(str, without[:5])) + (" ..." if len(without) > 5 else "")
        raise ManifestError(
            f"{exercise.solution}: {len(without)} of {len(cells)} cells have no id",
            evidence=[f"cells {numbers}; a notebook that is saved in format 4.5 has them, and patches need them"],
        )


def _names(exercise: Exercise) -> Iterator[str]:
    """Those of other rooms' lists: symptoms, and the set of data."""
    for bug in exercise.bugs.bug:
        if bug.symptom not in ORDER:
            yield f"the bug {bug.id!r}: there is no symptom {bug.symptom!r}{_nearest(bug.symptom, ORDER)}"
    wanted = exercise.manifest.run.data
    if wanted is not None and wanted not in data.sets():
        yield f"{exercise.path / 'exercise.toml'}: there is no data set {wanted!r}{_nearest(wanted, data.sets())}"


def _nearest(name: str, known: tuple[str, ...]) -> str:
    return f"; the nearest is {difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]!r}"
