"""The exercises of a class as one zip file in memory: they travel to the machine that grades."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from bugkit.errors import ManifestError
from bugkit.exercise import Catalog, Exercise
from bugkit.notebook import sealed
from bugkit.templates import template


def packed(exercises: Sequence[Exercise]) -> bytes:
    """All that grading needs: manifests, checks, hidden checks, the notebooks as they were given out; no solutions.

    ManifestError where hidden checks lie where they would be handed out, and would not be made.
    """
    refuse_misplaced(exercises)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for exercise in exercises:
            for name, content in _files(exercise, notebook_of(exercise)).items():
                # the same exercises make the same bytes: a time would differ
                archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def refuse_misplaced(exercises: Sequence[Exercise]) -> None:
    """ManifestError where an exercise's hidden checks lie beside those that learners get."""
    for exercise in exercises:
        if (exercise.path / exercise.hidden_checks.name).exists():
            raise ManifestError(
                f"{exercise.path / exercise.hidden_checks.name} lies where learners would find it, and is not made",
                evidence=[f"expected: {exercise.hidden_checks}"],
            )


def digest_of_exercise(exercise: Exercise, *, from_pack: bool = False) -> str:
    """SHA-256 of all that its verdicts depend on; the same for an exercise and for what is unpacked of it."""
    told = hashlib.sha256()
    notebook = exercise.notebook.read_bytes() if from_pack else notebook_of(exercise)
    for name, content in _files(exercise, notebook).items():
        told.update(f"{name} {len(content)}\n".encode() + content)
    return told.hexdigest()


def notebook_of(exercise: Exercise) -> bytes:
    """The learner's notebook, as it is built and packed."""
    return sealed(template(exercise)).to_json().encode()


def _files(exercise: Exercise, notebook: bytes) -> dict[str, bytes]:
    """By their places in a pack."""
    files = {
        f"exercises/{exercise.folder}/{exercise.id}.ipynb": notebook,
        f"exercises/{exercise.folder}/exercise.toml": (exercise.path / "exercise.toml").read_bytes(),
        f"exercises/{exercise.folder}/checks.py": exercise.checks.read_bytes(),
    }
    if exercise.hidden_checks.is_file():
        files[f"solutions/{exercise.folder}/hidden_checks.py"] = exercise.hidden_checks.read_bytes()
    return files


def unpacked(pack: bytes, folder: Path) -> Catalog:
    """The catalog in a pack of our own making."""
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        archive.extractall(folder)
    return Catalog(folder)
