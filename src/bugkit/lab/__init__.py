"""JupyterLab's desk: the server's side of the Check button. Nothing heavy is imported before the page asks."""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """What Jupyter's server asks an extension for."""
    from bugkit.lab.server import Lab

    return [{"module": "bugkit.lab", "app": Lab}]
