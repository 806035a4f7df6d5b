"""Several bugs at once: which combinations are tried, and which parts of one."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import combinations, islice

from bugkit.errors import ManifestError
from bugkit.fresh.evidence import Proof
from bugkit.fresh.plant import Planted, planted
from bugkit.fresh.recipe import Recipe
from bugkit.kinds.source import Source

FEW = 3  # bugs: of more, each part is tried on one seed
MANY = 5  # of the largest interview with a clock
MOST = 10  # of one without
MOST_PARTS = 40
ATTEMPTS = 400  # to draw a combination that fits together
Bugs = tuple[tuple[str, str], ...]  # kinds and sites


def parts(bugs: Sequence[Planted]) -> list[tuple[Planted, ...]]:
    """What may be left when some of them are fixed, two bugs or more: all of it, of many bugs the pairs and some."""
    if len(bugs) <= MANY:
        return [some for size in range(2, len(bugs)) for some in combinations(bugs, size)]
    draw = random.Random(" ".join(one.kind.id for one in bugs))
    pairs = list(combinations(bugs, 2))
    draw.shuffle(pairs)
    larger = [tuple(draw.sample(list(bugs), draw.randrange(3, len(bugs)))) for _ in range(MOST_PARTS // 2)]
    return [*pairs[: MOST_PARTS // 2], *larger]


def drawn(source: Source, singles: Sequence[Proof], count: int, size: int) -> Iterator[Recipe]:
    """Combinations of proved bugs of different kinds that fit together, drawn by the program: the same ones always."""
    own = sorted({one.recipe.bugs[0] for one in singles if one.recipe.program == source.id})
    draw = random.Random(f"{source.id} {size}")
    recipes = (Recipe(source.id, bugs) for bugs in (_few(own, size, draw) if size <= FEW else _many(own, size, draw)))
    yield from islice((recipe for recipe in recipes if _fits_together(source, recipe)), count)


def _few(own: Sequence[tuple[str, str]], size: int, draw: random.Random) -> Iterator[Bugs]:
    """Every combination of bugs of different kinds, in an order that is drawn."""
    some = [bugs for bugs in combinations(own, size) if len({kind for kind, _ in bugs}) == size]
    draw.shuffle(some)
    yield from some


def _many(own: Sequence[tuple[str, str]], size: int, draw: random.Random) -> Iterator[Bugs]:
    """Combinations of bugs of different kinds, as they come."""
    met: set[Bugs] = set()
    for _ in range(ATTEMPTS if len({kind for kind, _ in own}) >= size else 0):
        kinds = draw.sample(sorted({kind for kind, _ in own}), size)
        bugs = tuple(sorted(draw.choice([bug for bug in own if bug[0] == kind]) for kind in kinds))
        if bugs not in met:
            met.add(bugs)
            yield bugs


def _fits_together(source: Source, recipe: Recipe) -> bool:
    try:
        planted(source, recipe)
    except ManifestError:  # two of them change the same lines
        return False
    return True
