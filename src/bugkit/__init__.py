"""bugkit: notebooks whose model runs but does not learn, judged by what the model does."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
MAGIC = "bugkit"  # %bugkit


def load_ipython_extension(shell: Any) -> None:
    """Give a notebook the ``%bugkit`` magic; IPython calls this on ``%load_ext bugkit``.

    Where there is one already it stays: in a run that is judged it does nothing.
    """
    if MAGIC in shell.magics_manager.magics["line"]:
        return
    from bugkit.magic import register

    register(shell)
