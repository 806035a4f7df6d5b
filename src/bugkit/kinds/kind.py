"""A kind of bug: what it is called, where it fits, how it is put in, and what tells it from a correct program."""

from __future__ import annotations

import ast
import importlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from bugkit.errors import ManifestError
from bugkit.exercise.manifest import Edit, Hint, Record, Task, Text, load
from bugkit.notebook import Notebook

if TYPE_CHECKING:
    from bugkit.kinds.program import Program, Site

FOLDER = Path(__file__).resolve().parent
FILES = ("kind.toml", "inject.py", "checks.py", "explanation.md")
Family = Literal[
    "data", "model", "loss", "optimizer", "evaluation", "attention", "generation", "numerics", "reinforcement", "scale"
]
Role = Literal["model", "optimizer", "loss", "step", "batch", "outputs", "targets", "sample", "evaluate"]


class KindManifest(Record):
    """``kind.toml``. Texts may name the roles of a program, and what an injector found, in {braces}."""

    format_version: Literal[1]
    title: Text
    family: Family
    severity: Literal["low", "medium", "high", "critical"]  # what it costs whoever does not find it
    needs: list[Role] = Field(default_factory=list)  # roles that a program must have for it
    tasks: list[Task] = Field(default_factory=list)  # where it makes sense; anywhere for none
    symptom: Text
    concepts: Annotated[list[Text], Field(min_length=1)]
    sources: Annotated[list[Text], Field(min_length=1)]
    hint: Annotated[list[Hint], Field(min_length=3)]
    test: Text  # code of a cell, the last one: it raises where the bug is, and passes where it is not


@dataclass(frozen=True)
class Kind:
    """One folder of the library."""

    path: Path

    @property
    def id(self) -> str:
        """As evidence and commands name it: ``missing-zero-grad``."""
        return self.path.name.replace("_", "-")

    @cached_property
    def manifest(self) -> KindManifest:
        """``kind.toml``."""
        return load(self.path / "kind.toml", KindManifest)

    @property
    def explanation(self) -> str:
        """``explanation.md``, with its {names}."""
        return (self.path / "explanation.md").read_text(encoding="utf-8")

    @property
    def checks(self) -> str:
        """The module of its checks, to import them from."""
        return f"bugkit.kinds.{self.path.name}.checks"

    @cached_property
    def check_names(self) -> frozenset[str]:
        """The names of its checks, its own and imported ones; nothing is imported to tell them."""
        names = set()
        for node in ast.parse((self.path / "checks.py").read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                names.add(node.name)
            elif isinstance(node, ast.ImportFrom):
                names.update(alias.name for alias in node.names)
        return frozenset(name for name in names if name.startswith("check_"))

    def fits(self, program: Program) -> bool:
        """Whether a program is of a task, and has the roles, that the kind is about."""
        roles, wanted = program.roles, self.manifest
        return (not wanted.tasks or roles.task in wanted.tasks) and all(getattr(roles, role) for role in wanted.needs)

    def sites(self, program: Program) -> Iterator[Site]:
        """The places of a program where it may be put in, in order, numbered cell by cell."""
        if not self.fits(program):
            return
        count: Counter[str] = Counter()
        inject = self._inject
        for site in inject.sites(program) if hasattr(inject, "sites") else program.rewritable(inject.REWRITES):
            yield replace(site, number=count[site.cell])
            count[site.cell] += 1

    def site(self, program: Program, name: str) -> Site:
        """The place of this id; ManifestError where there is none."""
        for site in self.sites(program):
            if site.id == name:
                return site
        raise ManifestError(f"{self.id} has no site {name!r} here", next_command="bugkit author kinds")

    def put(self, program: Program, site: Site) -> Program:
        """The program with the bug at this place, and without what nothing uses then."""
        changed: Program = program.rewritten(site) if site.instead else self._inject.put(program, site)
        return changed.tidied(program, site)

    def edits(self, program: Program, site: Site) -> list[Edit]:
        """The same as patches on its cells, as small as they can be."""
        return edits_between(program.notebook, self.put(program, site).notebook)

    def names(self, program: Program, site: Site) -> dict[str, str]:
        """What its texts may name: the program's roles, the site's place, and the code in the holes that found it.

        ManifestError where a hole has the name of a role, and means something else.
        """
        roles = {**program.roles.names, "cell": site.cell, "function": site.function}
        for name in roles.keys() & site.names.keys():
            if roles[name] != site.names[name]:
                evidence = [f"as a role: {roles[name]!r}", f"in the hole: {site.names[name]!r}"]
                raise ManifestError(f"{self.id}: {{{name}}} has two meanings", evidence=evidence)
        return {**roles, **site.names}

    def told(self, text: str, names: Mapping[str, str]) -> str:
        """One of its texts with the names of a program; ManifestError where a name is not known."""
        try:
            return text.format_map(names)
        except (KeyError, IndexError, ValueError) as error:
            evidence = [f"found: {error}", f"known: {', '.join(sorted(names))}"]
            raise ManifestError(f"{self.id}: a text has a name that is not known", evidence=evidence) from None

    @cached_property
    def _inject(self) -> ModuleType:
        return importlib.import_module(f"bugkit.kinds.{self.path.name}.inject")


def library() -> list[Kind]:
    """All kinds, by their names."""
    return [Kind(path.parent) for path in sorted(FOLDER.glob("*/kind.toml"))]


def kind(name: str) -> Kind:
    """The kind of this id; ManifestError where there is none."""
    path = FOLDER / name.replace("-", "_")
    if not (path / "kind.toml").is_file():
        raise ManifestError(f"there is no kind {name!r}", next_command="bugkit list --kinds")
    return Kind(path)


def edits_between(before: Notebook, after: Notebook) -> list[Edit]:
    """What makes one notebook of another with the same cells, as patches that are as small as they can be."""
    pairs = zip(before.cells, after.cells, strict=True)
    return [_edit(str(old.id), old.source, new.source) for old, new in pairs if old != new]


def _edit(cell: str, old: str, new: str) -> Edit:
    """The lines that differ, with as many around them as it takes to find them once."""
    before, after = old.splitlines(), new.splitlines()
    first = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    last = 0
    while last < min(len(before), len(after)) - first and before[-1 - last] == after[-1 - last]:
        last += 1
    start, end = first, len(before) - last
    while start > 0 or end < len(before):
        find, put = "\n".join(before[start:end]), "\n".join(after[start : len(after) - (len(before) - end)])
        if find.strip() and put.strip() and old.count(find) == 1:  # of lines that go, no empty one may be left
            return Edit(cell=cell, find=find, replace=put)
        if end < len(before):
            end += 1
        else:
            start -= 1
    return Edit(cell=cell, find="", replace=new)
