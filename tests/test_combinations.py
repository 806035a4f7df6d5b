"""Several bugs at once: which are drawn, and which parts of them are tried."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from bugkit.author.combinations import MANY, MOST_PARTS, drawn, parts
from bugkit.exercise.catalog import installed
from bugkit.fresh.evidence import matrix
from bugkit.kinds.source import source


class Named:
    """A bug, as far as parts look at it."""

    def __init__(self, name: str) -> None:
        self.kind = self
        self.id = name


def bugs(count: int) -> Any:
    return [Named(f"kind-{number}") for number in range(count)]


@pytest.mark.parametrize("count", range(2, MANY + 1))
def test_of_few_bugs_every_part_is_tried(count: int) -> None:
    some = bugs(count)
    wanted = {part for size in range(2, count) for part in combinations(some, size)}
    assert set(parts(some)) == wanted


@pytest.mark.parametrize("count", [6, 10])
def test_of_many_bugs_pairs_and_larger_parts_are_tried(count: int) -> None:
    some = bugs(count)
    found = parts(some)
    assert found == parts(some)
    assert len(found) <= MOST_PARTS
    sizes = {len(part) for part in found}
    assert 2 in sizes
    assert max(sizes) < count
    assert all(len(set(part)) == len(part) for part in found)


@pytest.mark.parametrize("size", [2, 4])
def test_combinations_are_of_different_kinds_that_fit_together(size: int) -> None:
    name = max({one.recipe.program for one in matrix().alone}, key=lambda p: len(of(p)))
    one = source(installed(), name)
    found = list(drawn(one, of(name), 5, size))
    assert found == list(drawn(one, of(name), 5, size))
    assert found
    for recipe in found:
        assert len({kind for kind, _ in recipe.bugs}) == size


def of(program: str) -> Any:
    return [one for one in matrix().alone if one.recipe.program == program]
