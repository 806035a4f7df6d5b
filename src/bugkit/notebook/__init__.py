"""Notebook files: read strictly, rebuilt from the template, patched, written."""

from bugkit.notebook.model import Cell, Notebook
from bugkit.notebook.patch import apply
from bugkit.notebook.read import read
from bugkit.notebook.rebuild import Rebuilt, rebuild

__all__ = ["Cell", "Notebook", "Rebuilt", "apply", "read", "rebuild"]
