"""A program as something to put bugs in: a working notebook, cell by cell as trees, and the roles of its names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, cast

import libcst as cst
from libcst import matchers as m

from bugkit.errors import ManifestError
from bugkit.exercise.manifest import Roles
from bugkit.kinds import patterns
from bugkit.kinds.patterns import Holes, Line, Pattern, code_of, expression, statements
from bugkit.notebook import Notebook


@dataclass(frozen=True, slots=True)
class Site:
    """A place in a program where a kind of bug fits."""

    cell: str
    node: cst.CSTNode = field(compare=False, repr=False)
    line: Line = field(compare=False, repr=False)  # the statement that it stands in
    names: Holes  # the code in the holes of the pattern that found it; hints and tests may name it
    inside: tuple[str, ...] = ()  # the classes and functions around it, from outside
    number: int = 0  # among those of its kind in the cell
    instead: str = ""  # of a place found by a rewrite: what is to be written there

    @property
    def id(self) -> str:
        """How evidence names it."""
        return f"{self.cell}:{self.number}"

    @property
    def function(self) -> str:
        """The function around it, "" where there is none."""
        return self.inside[-1] if self.inside else ""

    @property
    def code(self) -> str:
        """The source of what was found."""
        return code_of(self.node)

    def naming(self, **names: str) -> Site:
        """The same place, with more names for hints and for new code."""
        return replace(self, names={**self.names, **names})


@dataclass(frozen=True)
class Program:
    """A notebook that works, or worked before bugs were put in. Every change gives another program."""

    notebook: Notebook
    roles: Roles
    trees: Mapping[str, cst.Module]  # of the cells that a learner may change, in order

    @classmethod
    def of(cls, notebook: Notebook, roles: Roles) -> Program:
        """From a notebook whose cells all have ids."""
        cells = [cell for cell in notebook.cells if cell.runs and not cell.locked and "presentation" not in cell.tags]
        trees = {str(cell.id): tree for cell in cells if (tree := _parsed(cell.source)) is not None}
        return cls(notebook, roles, trees)

    # ---- finding places

    def find(self, pattern: str, *, cell: str | None = None) -> Iterator[Site]:
        """All places that fit a pattern, in the order of the text; see `bugkit.kinds.patterns`."""
        wanted = patterns.pattern(pattern)
        for name, tree in self.trees.items():
            if cell in (None, name):
                walk = _Walk(wanted, name)
                tree.visit(walk)
                yield from walk.found

    def rewritable(self, rewrites: Mapping[str, str]) -> Iterator[Site]:
        """All places that fit one of several patterns, each with what is to be written instead."""
        for pattern, instead in rewrites.items():
            yield from (replace(site, instead=instead) for site in self.find(pattern))

    def first(self, pattern: str, *, cell: str | None = None) -> Site | None:
        """The first of them, None for none."""
        return next(self.find(pattern, cell=cell), None)

    def has(self, pattern: str) -> bool:
        """Whether there is any."""
        return self.first(pattern) is not None

    def beside(self, site: Site, pattern: str) -> Site | None:
        """The first place of a pattern in the same function as a site, or on the same top level."""
        return next((other for other in self.find(pattern, cell=site.cell) if other.inside == site.inside), None)

    # ---- changing them. A comment beside what is changed goes with it: it tells of the code that was there.

    def replaced(self, site: Site, text: str, **names: str) -> Program:
        """With other code in place of what was found; holes in the text are filled from the site's names."""
        holes = {**site.names, **names}
        if isinstance(site.node, cst.BaseStatement | cst.SimpleStatementLine):
            return self._with_lines(site, statements(text, holes))
        bare = _uncommented(site.line)
        if bare is site.line or not isinstance(site.line, cst.SimpleStatementLine):
            return self._exchanged(site, site.node, expression(text, holes))
        new = cast(Line, bare.deep_replace(site.node, expression(text, holes)))
        return self._exchanged(site, site.line, new)

    def rewritten(self, site: Site) -> Program:
        """With what a rewrite has for this place."""
        return self.replaced(site, site.instead)

    def without(self, site: Site) -> Program:
        """Without the statement that the site stands in; blank lines above it stay."""
        way = _Way(site.line)
        self.trees[site.cell].visit(way)
        lines = list(getattr(way.around[-1], "body", ()))
        below = next((after for line, after in pairwise(lines) if line is site.line), None)
        if below is None or not _blank_lines(site.line):
            return self._with_lines(site, [])
        above = [*_blank_lines(site.line), *(one for one in below.leading_lines if one.comment)]
        apart = self._exchanged(site, below, below.with_changes(leading_lines=above))
        return apart._with_lines(site, [])

    def before(self, site: Site, text: str, **names: str) -> Program:
        """With new lines before the statement of a site."""
        return self._with_lines(site, [*statements(text, {**site.names, **names}), site.line])

    def after(self, site: Site, text: str, **names: str) -> Program:
        """With new lines after the statement of a site."""
        return self._with_lines(site, [site.line, *statements(text, {**site.names, **names})])

    def moved(self, site: Site, to: Site) -> Program:
        """With the statement of one site after that of another."""
        line = site.line.with_changes(leading_lines=[])
        return self.without(site)._with_lines(to, [to.line, line])

    def unwrapped(self, site: Site) -> Program:
        """With the lines of a block in place of the block, such as a ``with``."""
        block = cst.ensure_type(cst.ensure_type(site.node, cst.With).body, cst.IndentedBlock)
        return self._with_lines(site, [cast(Line, line) for line in block.body])

    def with_argument(self, site: Site, keyword: str, text: str, **names: str) -> Program:
        """With a keyword argument set in the call that was found; with other arguments as they are."""
        call = cst.ensure_type(site.node, cst.Call)
        value = expression(text, {**site.names, **names})
        plain = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        found = [one for one in call.args if one.keyword is not None and one.keyword.value == keyword]
        if found:
            args = [one.with_changes(value=value) if one is found[0] else one for one in call.args]
        else:
            args = [*call.args, cst.Arg(value, cst.Name(keyword), equal=plain)]
        return self._exchanged(site, call, call.with_changes(args=args))

    def without_item(self, site: Site, text: str) -> Program:
        """Without the first argument of the call that was found that fits a pattern."""
        call, wanted = cst.ensure_type(site.node, cst.Call), patterns.pattern(text)
        gone = next(one for one in call.args if one.keyword is None and wanted.holes(one.value) is not None)
        kept = [one for one in call.args if one is not gone]
        if gone is call.args[-1]:
            kept[-1] = kept[-1].with_changes(comma=gone.comma)
        return self._exchanged(site, call, call.with_changes(args=kept))

    def with_item(self, site: Site, text: str) -> Program:
        """With one more argument at the end of the call that was found."""
        call = cst.ensure_type(site.node, cst.Call)
        *others, last = call.args
        between = others[-1].comma if others else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        added = cst.Arg(expression(text, site.names), comma=last.comma)
        return self._exchanged(site, call, call.with_changes(args=[*others, last.with_changes(comma=between), added]))

    def first_in(self, site: Site, text: str) -> Program:
        """With new lines at the beginning of the block of the statement that was found."""
        body = cst.ensure_type(cast(Any, site.node).body, cst.IndentedBlock)
        block = body.with_changes(body=[*statements(text, site.names), *body.body])
        return self._exchanged(site, body, block)

    def tidied(self, before: Program, site: Site) -> Program:
        """Without assignments, in the function around a site, to names that were used `before` and are not any more."""
        out = self
        for line in self.find("any_name = any_value", cell=site.cell) if site.function else ():
            name = line.names["name"]
            if line.inside == site.inside and not out._uses(name, site.cell) and before._uses(name, site.cell):
                out = out.without(line)
        return out

    def _uses(self, name: str, cell: str) -> int:
        """How often a name stands in a cell, but for where it is assigned to."""
        named = m.findall(self.trees[cell], m.Name(name))
        set_ = m.findall(self.trees[cell], m.AssignTarget(m.Name(name)))
        return len(named) - len(set_)

    def _with_lines(self, site: Site, lines: list[Line]) -> Program:
        old = site.line
        kept = list(lines)
        if kept and kept[0] is not old:
            kept[0] = kept[0].with_changes(leading_lines=_blank_lines(old))
        if old in kept and kept[0] is not old:
            kept = [_close_up(line) if line is old else line for line in kept]
        new: Any = cst.FlattenSentinel(kept) if kept else cst.RemoveFromParent()
        return self._exchanged(site, old, new)

    def _exchanged(self, site: Site, old: cst.CSTNode, new: Any) -> Program:
        before = self.trees[site.cell]
        tree = cst.ensure_type(before.visit(_Exchange(before, old, new)), cst.Module)
        if tree is before or tree.code == before.code:
            raise ManifestError(f"the cell {site.cell!r} does not change at {code_of(old).strip()!r}")
        cells = [c.with_source(tree.code.strip("\n")) if c.id == site.cell else c for c in self.notebook.cells]
        return replace(self, notebook=Notebook(tuple(cells)), trees={**self.trees, site.cell: tree})


class _Walk(cst.CSTVisitor):
    """Collects what fits a pattern, with what is around it."""

    def __init__(self, wanted: Pattern, cell: str) -> None:
        self.found: list[Site] = []
        self._wanted, self._cell = wanted, cell
        self._inside: list[str] = []
        self._lines: list[Line] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            self._lines.append(node)
        if self._lines:
            names = self._wanted.holes(node)
            if names is not None:
                self.found.append(Site(self._cell, node, self._lines[-1], names, tuple(self._inside)))
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._inside.append(node.name.value)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._inside.pop()
        if self._lines and original_node is self._lines[-1]:
            self._lines.pop()


class _Way(cst.CSTVisitor):
    """The nodes around one node."""

    def __init__(self, to: cst.CSTNode) -> None:
        self.around: list[cst.CSTNode] = []
        self._to, self._is_there = to, False

    def on_visit(self, node: cst.CSTNode) -> bool:
        self._is_there = self._is_there or node is self._to
        if not self._is_there:
            self.around.append(node)
        return not self._is_there

    def on_leave(self, original_node: cst.CSTNode) -> None:  # noqa: ARG002 - named so by libcst
        if not self._is_there:
            self.around.pop()


class _Exchange(cst.CSTTransformer):
    """One node for another, or for several, or for none. All that does not lie around it stays the same object."""

    def __init__(self, tree: cst.Module, old: cst.CSTNode, new: Any) -> None:
        way = _Way(old)
        tree.visit(way)
        self._around, self._old, self._new = {id(node) for node in way.around}, old, new

    def on_visit(self, node: cst.CSTNode) -> bool:
        return id(node) in self._around

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> Any:
        return self._new if original_node is self._old else updated_node


def _parsed(source: str) -> cst.Module | None:
    try:
        return cst.parse_module(source + "\n")
    except cst.ParserSyntaxError:  # a magic
        return None


def _blank_lines(line: Line) -> list[cst.EmptyLine]:
    return [one for one in line.leading_lines if one.comment is None]


def _close_up(line: Line) -> Line:
    return line.with_changes(leading_lines=[one for one in line.leading_lines if one.comment is not None])


def _uncommented(line: Line) -> Line:
    """A plain statement without the comments above and behind it."""
    if not isinstance(line, cst.SimpleStatementLine):
        return line
    comments = [one for one in line.leading_lines if one.comment] + [line.trailing_whitespace.comment]
    if not any(comments):
        return line
    end = cst.TrailingWhitespace(newline=line.trailing_whitespace.newline)
    return line.with_changes(leading_lines=_blank_lines(line), trailing_whitespace=end)
