"""Notebook files: read strictly, rebuilt from the template, patched, written."""

from bugkit.notebook.difference import difference, fix_of
from bugkit.notebook.history import not_as_run
from bugkit.notebook.model import Cell, Notebook
from bugkit.notebook.patch import apply
from bugkit.notebook.read import parse, read
from bugkit.notebook.rebuild import Rebuilt, rebuild
from bugkit.notebook.stages import at_the_last_stage, at_their_stage, sealed, stage_of, unlock, up_to

__all__ = [
    "Cell",
    "Notebook",
    "Rebuilt",
    "apply",
    "at_the_last_stage",
    "at_their_stage",
    "difference",
    "fix_of",
    "not_as_run",
    "parse",
    "read",
    "rebuild",
    "sealed",
    "stage_of",
    "unlock",
    "up_to",
]
