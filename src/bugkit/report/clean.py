"""Text from a learner's notebook, made fit to show: it may hold escape codes, bidi marks or a novel."""

from __future__ import annotations

import re
import unicodedata

ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor moves
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # titles, links and other strings
    r"|\x1b.?",
    re.DOTALL,
)
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")  # controls, marks without a glyph (bidi ones too), halves of pairs, unassigned
MAX_MARKS = 2  # accents on one letter; more climb over the lines around


def clean(text: object, limit: int = 2_000) -> str:
    """The text with its line ends, without anything that moves the cursor or hides, at most ``limit`` characters."""
    raw = text if isinstance(text, str) else repr(text)
    short = raw[: 4 * limit]  # what is cut is not worth cleaning
    lines = re.sub(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]", "\n", ESCAPES.sub("", short)).expandtabs(4)
    seen = "".join(c for c in lines if c == "\n" or unicodedata.category(c) not in UNSEEN)
    seen = re.sub("\n{3,}", "\n\n", _few_marks(seen)).strip("\n")
    return seen if len(seen) <= limit and len(short) == len(raw) else seen[: limit - 1].rstrip() + "…"


def one_line(text: object, limit: int = 200) -> str:
    """``clean`` with all white space, line ends too, as single spaces."""
    flat = " ".join(clean(text, 2 * limit).split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


def _few_marks(text: str) -> str:
    out: list[str] = []
    marks = 0
    for c in text:
        marks = marks + 1 if unicodedata.combining(c) else 0
        if marks <= MAX_MARKS:
            out.append(c)
    return "".join(out)
