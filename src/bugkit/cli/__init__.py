"""The ``bugkit`` command. Only this package prints and exits."""

from bugkit.cli.app import main

__all__ = ["main"]
