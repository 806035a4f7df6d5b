"""What an interview is about: which round, which notebook or listings, how long. Drawn before it begins."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from bugkit.errors import UsageError
from bugkit.exercise.catalog import installed
from bugkit.fresh.desk import hardness, offered
from bugkit.fresh.evidence import Matrix, Proof, matrix
from bugkit.fresh.recipe import Recipe
from bugkit.interview.extension import fitting
from bugkit.kinds.source import source
from bugkit.spot import listing

Round = Literal["screen", "debugging", "take-home"]
MINUTES = {"screen": 15, "debugging": 45, "take-home": None}
LISTINGS = 4
SIZES = {"debugging": (3, 4, 5), "take-home": (10, 9, 8, 7, 6)}  # bugs, where so many are proved together
WEAK, UNMET, STRONG = 4.0, 2.0, 1.0  # how much likelier a kind of bug comes


@dataclass(frozen=True)
class Plan:
    """One interview, before it begins. It is kept as JSON."""

    round: Round
    seed: int
    minutes: int | None = None  # None: no clock but a total
    strict: bool = False  # the clock runs on when nobody is there
    code: str = ""  # of the fresh exercise whose bugs these are
    extension: str = ""  # what is asked for when the program works
    listings: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Plan:
        """From what was kept, here or by another version of bugkit."""
        known = {one.name: document[one.name] for one in fields(cls) if one.name in document}
        return cls(**{**known, "listings": tuple(known.get("listings", ()))})

    def to_json(self) -> dict[str, Any]:
        """What is kept."""
        return asdict(self)


@dataclass(frozen=True)
class Wish:
    """What a candidate asks for."""

    round: Round = "debugging"
    minutes: int | None = None
    bugs: int | None = None
    level: int | None = None
    strict: bool = False


@dataclass(frozen=True)
class Past:
    """What a candidate has met, and how well each kind of bug went."""

    met: Collection[str] = ()  # codes of fresh exercises
    weak: Collection[str] = ()  # kinds
    strong: Collection[str] = ()

    def weight(self, kind: str) -> float:
        """How likely this kind is to come, beside others."""
        return WEAK if kind in self.weak else STRONG if kind in self.strong else UNMET


def drawn(wish: Wish, past: Past, seed: int) -> Plan:
    """An interview that fits a wish, by the seed. UsageError where there is nothing for it."""
    draw = random.Random(seed)
    minutes = wish.minutes or MINUTES[wish.round]
    if wish.round == "screen":
        return Plan("screen", seed, minutes, wish.strict, listings=_listings(past, draw))
    proof = _proof(wish, past, draw)
    added = fitting(source(installed(), proof.recipe.program)) if wish.round == "debugging" else []
    extension = draw.choice(added).id if added else ""
    return Plan(wish.round, seed, minutes, wish.strict, proof.code, extension)


def _proof(wish: Wish, past: Past, draw: random.Random) -> Proof:
    known = matrix()
    several = [one for one in offered(known) if len(one.recipe.bugs) > 1 and (is_large(one) or is_tellable(one, known))]
    fit = _of_size(several, wish)
    if wish.level is not None:
        fit = [one for one in fit if hardness(one, known) == wish.level]
    if not fit:
        sizes = sorted({len(one.recipe.bugs) for one in several})
        levels = sorted({hardness(one, known) for one in _of_size(several, wish)})
        evidence = [f"bugs: {', '.join(map(str, sizes)) or 'none'}", f"levels: {', '.join(map(str, levels)) or 'none'}"]
        raise UsageError("no interview fits", evidence=evidence, next_command="bugkit interview --help")
    new = [one for one in fit if one.code not in past.met] or fit
    weights = [sum(past.weight(kind) for kind, _ in one.recipe.bugs) / len(one.recipe.bugs) for one in new]
    return draw.choices(new, weights)[0]


def _of_size(some: Sequence[Proof], wish: Wish) -> list[Proof]:
    """Those with as many bugs as are wished for; else with as many as the round has, or the most that there are."""
    if wish.bugs is not None:
        return [one for one in some if len(one.recipe.bugs) == wish.bugs]
    sizes = {len(one.recipe.bugs) for one in some}
    usual = [size for size in SIZES[wish.round] if size in sizes] or [max(sizes, default=0)]
    chosen = usual if wish.round == "debugging" else usual[:1]
    return [one for one in some if len(one.recipe.bugs) in chosen]


def _listings(past: Past, draw: random.Random) -> tuple[str, ...]:
    """Four of them, the loud bugs first; at most one is right."""
    known, codes = matrix(), [name for name in listing.names() if name not in past.met]
    if len(codes) < LISTINGS:
        raise UsageError("there are no listings here", evidence=["they are cut from solutions, which are withheld"])
    right = [name for name in codes if name.startswith(listing.RIGHT)]
    by_code = known.by_code()
    broken = [name for name in codes if name in by_code]
    weights = [past.weight(by_code[name].recipe.bugs[0][0]) for name in broken]
    chosen: dict[str, str] = {}  # by kind: no kind comes twice
    while len(chosen) < min(LISTINGS, len({by_code[name].recipe.bugs[0][0] for name in broken})):
        (name,) = draw.choices(broken, weights)
        chosen.setdefault(by_code[name].recipe.bugs[0][0], name)
    names = sorted(chosen.values(), key=lambda name: not by_code[name].is_loud)
    if right and draw.random() < LISTINGS / listing.ONE_IN:
        names[draw.randrange(len(names))] = draw.choice(right)
    return tuple(names)


def signs(proof: Proof, known: Matrix) -> dict[tuple[str, str], frozenset[str]]:
    """By bug, what shows that one and none of the others, each alone; empty where nothing does."""
    alone = {one.recipe: frozenset(one.caught_by) for one in known.alone}
    every = {bug: alone[Recipe(proof.recipe.program, (bug,))] for bug in proof.recipe.bugs}
    return {
        bug: own - frozenset[str]().union(*(other for name, other in every.items() if name != bug))
        for bug, own in every.items()
    }


def is_large(proof: Proof) -> bool:
    """Whether it has more bugs than a clock allows: of so many, some are told by their lines alone."""
    return len(proof.recipe.bugs) > max(SIZES["debugging"])


def is_tellable(proof: Proof, known: Matrix) -> bool:
    """Whether each of its bugs is seen by something that sees none of the others."""
    return all(signs(proof, known).values())
