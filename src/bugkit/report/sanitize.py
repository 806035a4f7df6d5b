"""Text from a notebook made harmless: it may hold anything, and it is shown in a terminal."""

from __future__ import annotations

import re
import unicodedata

CONTROL = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)?")
MAX_TEXT = 600
MAX_INDENT = 40


def sanitize(text: str, limit: int = MAX_TEXT) -> str:
    """One line without control sequences, bidi marks and invisible characters, at most ``limit`` long."""
    kept = (c if unicodedata.category(c)[0] != "C" else " " for c in CONTROL.sub("", text[: 20 * limit]))
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def sanitize_code(line: str) -> str:
    """A line of a program likewise, below its own indentation."""
    code = line.lstrip(" ")
    return " " * min(len(line) - len(code), MAX_INDENT) + sanitize(code)
