"""Carry the exercises in the wheel; solutions and programs too, unless BUGKIT_WITHOUT_SOLUTIONS is set."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogHook(BuildHookInterface):
    """Put ``exercises/``, ``solutions/``, ``programs/`` and what was renamed below ``bugkit/catalog`` in the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before the wheel is written; an editable one finds them in the checkout."""
        if version == "editable":
            return
        parts = ["exercises"] if os.environ.get("BUGKIT_WITHOUT_SOLUTIONS") else ["exercises", "solutions", "programs"]
        for part in parts:
            if (Path(self.root) / part).is_dir():
                build_data["force_include"][str(Path(self.root) / part)] = f"bugkit/catalog/{part}"
        names = Path(self.root) / "docs" / "renames.json"
        build_data["force_include"][str(names)] = "bugkit/catalog/docs/renames.json"
