"""Exercises on disk: the catalog that finds them and the manifests that describe them."""

from bugkit.exercise.catalog import Catalog, Exercise
from bugkit.exercise.manifest import Band, Bugs, Edit, Limits, Manifest, Patch

__all__ = ["Band", "Bugs", "Catalog", "Edit", "Exercise", "Limits", "Manifest", "Patch"]
