"""Exercises on disk: the catalog that finds them and, in ``manifest``, the records that describe them."""

from bugkit.exercise.catalog import Catalog, Exercise, Heading

__all__ = ["Catalog", "Exercise", "Heading"]
