"""Names of files for people, whatever they are called."""

from __future__ import annotations

import hashlib
import re
import unicodedata


def page_name(person: str) -> str:
    """The name of a learner's page."""
    return f"{file_name(person)}.html"


def file_name(person: str) -> str:
    """A file's name that no person's name can lead out of the folder with, and no two share."""
    plain = re.sub(r"[^a-z0-9]+", "-", _unaccented(person).lower()).strip("-")[:40].rstrip("-")
    return f"{plain or 'person'}-{hashlib.sha256(person.encode()).hexdigest()[:8]}"


def _unaccented(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
