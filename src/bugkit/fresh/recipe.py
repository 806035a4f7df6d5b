"""A recipe: which bugs are put where. A fresh exercise is nothing more, and is found again by its code."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    """A program, and the bugs that are put in it: pairs of a kind and a site."""

    program: str
    bugs: tuple[tuple[str, str], ...]

    def code(self, sources: str) -> str:
        """The exercise's id, from what was measured of it: other sources, another code."""
        text = f"{self.program} {self.bugs} {sources}"
        number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        return f"f{number % 10**8:08}"
