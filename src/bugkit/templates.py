"""An exercise's notebook before anybody edited it: what a run is rebuilt from, what `reset` gives back."""

from __future__ import annotations

from itertools import chain

from bugkit.errors import UsageError
from bugkit.exercise import Exercise
from bugkit.exercise.catalog import installed
from bugkit.notebook import Notebook, apply, read


def template(exercise: Exercise) -> Notebook:
    """The notebook to rebuild from: the pristine one, or for want of it the learner's own."""
    return original(exercise) or read(exercise.notebook)


def original(exercise: Exercise) -> Notebook | None:
    """The pristine notebook: the solution with its bugs, else the installed copy; None where neither is."""
    if exercise.has_solution and (exercise.solution_path / "bugs.toml").is_file():
        edits = chain.from_iterable(bug.edits for bug in exercise.bugs.bug)
        return apply(read(exercise.solution), edits)
    twin = installed_twin(exercise)
    return original(twin) or read(twin.notebook) if twin else None


def installed_twin(exercise: Exercise) -> Exercise | None:
    """The same exercise in the installed catalog, when that is another folder."""
    try:
        twins = [twin for twin in installed() if twin.folder == exercise.folder]
    except UsageError:  # installed without exercises
        return None
    return next((twin for twin in twins if twin.path.resolve() != exercise.path.resolve()), None)
