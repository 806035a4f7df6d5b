"""Fixes that are the same or nearly so, for a person to look at. It proves nothing: short fixes are often alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations

SHINGLE = 5  # words and signs in a row
NEARLY = 0.8  # of the shingles that two fixes have between them, so many are in both
FEW = 30  # words and signs: a shorter fix says nothing of who wrote it
WORDS = re.compile(r"\w+|[^\w\s]")


def compared(fixes: Mapping[str, str], reference: str = "") -> dict[str, str]:
    """Those that can tell who wrote them: neither short ones, nor the author's own, which many find."""
    own = set(_shingles(reference))
    found = {person: _shingles(fix) for person, fix in fixes.items()}
    return {person: fixes[person] for person, mine in found.items() if mine and not _alike(mine, frozenset(own))}


def groups(fixes: Mapping[str, str]) -> list[tuple[str, ...]]:
    """People whose fixes are alike, two or more in a group, the largest first."""
    shingles = {person: found for person, fix in fixes.items() if (found := _shingles(fix))}
    leader = {person: person for person in shingles}
    for one, other in combinations(shingles, 2):
        if _find(leader, one) != _find(leader, other) and _alike(shingles[one], shingles[other]):
            leader[_find(leader, other)] = _find(leader, one)
    together: dict[str, list[str]] = {}
    for person in leader:
        together.setdefault(_find(leader, person), []).append(person)
    return sorted((tuple(sorted(group)) for group in together.values() if len(group) > 1), key=lambda g: (-len(g), g))


def _shingles(fix: str) -> frozenset[tuple[str, ...]]:
    """Runs of words of the lines that were added; nothing for a short fix."""
    added = "\n".join(line[1:] for line in fix.splitlines() if line.startswith("+"))
    words = WORDS.findall(added)
    return frozenset(_windows(words)) if len(words) >= FEW else frozenset()


def _windows(words: list[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1))


def _alike(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> bool:
    small, large = sorted((len(one), len(other)))
    return small >= NEARLY * large and len(one & other) >= NEARLY * len(one | other)


def _find(leader: dict[str, str], person: str) -> str:
    while leader[person] != person:
        leader[person] = leader[leader[person]]
        person = leader[person]
    return person
