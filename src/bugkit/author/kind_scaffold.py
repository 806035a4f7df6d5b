"""A new kind of bug, complete and provable, for its author to change step by step: a copy of one that is simple."""

from __future__ import annotations

import re
from pathlib import Path

from bugkit.errors import UsageError
from bugkit.kinds.kind import FILES, FOLDER
from bugkit.notebook.files import write_whole

MODEL = "missing_zero_grad"  # short in all its parts
NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)+")


def create(name: str, library: Path = FOLDER) -> list[Path]:
    """Write the folder of a new kind and return its files; UsageError where the name is none, or taken."""
    folder = library / name.replace("-", "_")
    if not NAME.fullmatch(name):
        evidence = ["expected: small letters, two words or more: what is wrong, as one would search for it"]
        raise UsageError(
            f"{name!r} is no name for a kind", evidence=evidence, next_command="bugkit author kind mask-off-by-one"
        )
    if folder.exists():
        raise UsageError(f"there is already a kind {name!r}", evidence=[f"found: {folder}"])
    title = name.replace("-", " ").replace("_", " ").capitalize()
    texts = {file: (FOLDER / MODEL / file).read_text(encoding="utf-8") for file in FILES}
    texts["kind.toml"] = re.sub(r'(?m)^title = ".*"$', f'title = "{title}"', texts["kind.toml"], count=1)
    for file, text in texts.items():
        write_whole(folder / file, text)
    return [folder / file for file in FILES]
