"""The exercises of a class as one zip file in memory: they travel to the machine that grades."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from bugkit.exercise import Catalog, Exercise
from bugkit.notebook import sealed
from bugkit.pristine import template


def packed(exercises: Sequence[Exercise]) -> bytes:
    """All that grading needs: manifests, checks, hidden checks, the notebooks as they were given out; no solutions."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for exercise in exercises:
            files = {
                f"exercises/{exercise.folder}/{exercise.id}.ipynb": sealed(template(exercise)).to_json().encode(),
                f"exercises/{exercise.folder}/exercise.toml": (exercise.path / "exercise.toml").read_bytes(),
                f"exercises/{exercise.folder}/checks.py": exercise.checks.read_bytes(),
            }
            if exercise.hidden_checks.is_file():
                files[f"solutions/{exercise.folder}/hidden_checks.py"] = exercise.hidden_checks.read_bytes()
            for name, content in files.items():
                # the same exercises make the same bytes: a time would differ
                archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def unpacked(pack: bytes, folder: Path) -> Catalog:
    """The catalog in a pack of our own making."""
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        archive.extractall(folder)
    return Catalog(folder)
