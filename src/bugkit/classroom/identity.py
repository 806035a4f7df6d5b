"""Who is who: a person is a stable id; files and rosters speak of them by names, numbers and addresses."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace

from bugkit.classroom.ownership import Owner, name_of
from bugkit.errors import UsageError

KEYS = ("server", "number", "login", "email")  # which tell a person, the surest first


@dataclass(frozen=True)
class Person:
    """One member of the class. Submissions and verdicts are kept under the ``id``, which never changes."""

    id: str
    name: str
    email: str = ""
    number: str = ""  # a student's number, as the school has it
    login: str = ""  # the name that they log in with
    server: str = ""  # the course server's own number for them
    section: str = ""
    known_as: tuple[str, ...] = ()  # ids of people who were found to be this one
    columns: Mapping[str, str] = field(default_factory=dict)  # a roster's own, by its headers, to be given back to it
    removed: bool = False

    def is_told_by(self, word: str) -> bool:
        """Whether a word that stands for one person stands for this one."""
        mine = (self.id, *self.known_as, self.number, self.login, self.email)
        return word.casefold() in {one.casefold() for one in mine if one}


class AmbiguousError(Exception):
    """A name that several people have, and nothing else to tell which of them is meant."""


class Register:
    """Everybody of a class, and whom a file's owner or a roster's row stands for."""

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self._people: dict[str, Person] = {}
        self._by_word: dict[str, dict[str, None]] = {}  # ids, by all that stands for one person, without case
        self._by_name: dict[str, dict[str, None]] = {}
        for one in people:
            self._put(one)

    def __iter__(self) -> Iterator[Person]:
        return iter(self._people.values())

    def __getitem__(self, person: str) -> Person:
        return self._people[person]

    def knows(self, word: str) -> bool:
        """Whether a word stands for somebody."""
        return bool(self._told_by(word))

    def named(self, word: str) -> Person:
        """The one person whom a word of an instructor's stands for: an id, a number, an address or a name."""
        found = self._told_by(word) or self._with("server", word) or self._called(word)
        if len(found) == 1:
            return found[0]
        what = f"{len(found)} people are called {word}" if found else f"nobody here is called {word}"
        evidence = [f"found: {one.id}{f' <{one.email}>' if one.email else ''}" for one in found]
        raise UsageError(what, evidence=evidence, next_command="bugkit class people")

    def owner(self, owner: Owner, apart: str = "") -> Person:
        """The person who owns a file; one who is new gets the name as their id, ``apart`` where several have it.

        AmbiguousError where several people are called so, and the file says no more.
        """
        server = owner.id if owner.lasting else ""
        same = [one for one in self._with("server", owner.id) if server or folded(one.name) == folded(owner.name)]
        told = [one for one in self._told_by(apart or owner.name) if not _differ(one.server, server)]
        called = [one for one in ([] if apart else self._called(owner.name)) if not _differ(one.server, server)]
        found = same or told or called
        if len(found) > 1:
            raise AmbiguousError(owner.name)
        if found:
            return self._put(replace(found[0], server=found[0].server or server))
        name = apart or owner.name
        free = name if name not in self._people else name_of(f"{owner.name} ({owner.id})")
        return self._put(Person(free, owner.name, server=server))

    def enrol(self, row: Person) -> Person:
        """A row of a roster: who it is told of, with what it tells; one who is new is added.

        It is matched by numbers and addresses, then by name without case, accents' form and double blanks. UsageError
        where it fits several people.
        """
        found = next((some for key in KEYS if (some := self._with(key, getattr(row, key)))), None)
        found = found or self._told_by(row.id) or self._namesakes(row)
        if len(found) > 1:
            evidence = [f"found: {one.id}" for one in found]
            raise UsageError(
                f"the roster's {row.name} may be any of {len(found)} people",
                evidence=evidence,
                next_command="bugkit class people merge ID ID",
            )
        if not found:
            free = row.id if row.id not in self._people else f"{row.id} ({row.number or row.email or row.server})"
            return self._put(replace(row, id=free))
        old = found[0]
        told = {one.name: getattr(row, one.name) for one in fields(Person) if one.name not in ("id", "known_as")}
        return self._put(replace(old, **{name: value for name, value in told.items() if value}))

    def _told_by(self, word: str) -> list[Person]:
        """Those for whom a word stands alone: an id, a number, a login, an address."""
        return self._some(self._by_word.get(word.casefold(), ()), lambda one: one.is_told_by(word))

    def _called(self, name: str) -> list[Person]:
        return self._some(self._by_name.get(folded(name), ()), lambda one: folded(one.name) == folded(name))

    def _with(self, key: str, value: str) -> list[Person]:
        same = self._by_word.get(value.casefold(), ()) if value else ()
        return self._some(same, lambda one: getattr(one, key).casefold() == value.casefold())

    def _some(self, ids: Iterable[str], fits: Callable[[Person], bool]) -> list[Person]:
        return [one for person in ids if fits(one := self._people[person])]

    def _namesakes(self, row: Person) -> list[Person]:
        """Those of the same name whom nothing tells from the row."""
        return [
            one
            for one in self._called(row.name)
            if not any(_differ(getattr(one, key), getattr(row, key)) for key in KEYS)
        ]

    def _put(self, person: Person) -> Person:
        """The newest of an id; what it was known by before leads to it still, and is looked at again."""
        self._people[person.id] = person
        for word in (person.id, *person.known_as, *(getattr(person, key) for key in KEYS)):
            self._by_word.setdefault(word.casefold(), {})[person.id] = None
        self._by_name.setdefault(folded(person.name), {})[person.id] = None
        return person


def folded(name: str) -> str:
    """A name without case, accents' form, double blanks, and with the given name first."""
    last, comma, first = name.partition(",")
    whole = f"{first} {last}" if comma else name
    return " ".join(unicodedata.normalize("NFKC", whole).casefold().split())


def display(people: Collection[Person]) -> dict[str, str]:
    """What each is called on a screen, by id: the name, with the id where several have it."""
    counts: dict[str, int] = {}
    for one in people:
        counts[folded(one.name)] = counts.get(folded(one.name), 0) + 1
    alone = {one.id: counts[folded(one.name)] == 1 or one.name == one.id for one in people}
    return {one.id: one.name if alone[one.id] else f"{one.name} ({one.id})" for one in people}


def _differ(one: str, other: str) -> bool:
    return bool(one and other) and one.casefold() != other.casefold()
