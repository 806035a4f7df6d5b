"""Lines outside of functions in which two programs differ, and how both are kept side by side."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import libcst as cst

from bugkit.author import syntax
from bugkit.author.draft import Draft
from bugkit.author.syntax import Statement

FIXED, BROKEN = "_fixed", "_as_before"
Place = tuple[int, ...]  # of a body: the numbers of the statements that lead to it


@dataclass(frozen=True)
class Region:
    """Some lines of one body."""

    cell: str
    place: Place  # of the body that holds them
    start: int
    fixed: tuple[Statement, ...]
    broken: tuple[Statement, ...]
    in_training: bool  # whether they are in the loop that trains

    @property
    def names(self) -> list[str]:
        """What they bind."""
        return syntax.bound(syntax.tree_of([*self.fixed, *self.broken]))

    @property
    def rebinds(self) -> bool:
        """Whether they only give values to names, and no value rests on an earlier one of the same names."""
        lines = [*self.fixed, *self.broken]
        tree = syntax.tree_of(lines)
        simple = all(isinstance(line, ast.Assign) for line in tree.body)
        stored = all(isinstance(t, ast.Name) for line in tree.body for t in getattr(line, "targets", ()))
        loaded = syntax.loaded_outside_functions(tree) & set(self.names)
        return bool(lines) and not self.place and simple and stored and not loaded


@dataclass(frozen=True)
class Loop:
    """The outermost loop of the training."""

    number: int  # among the cell's statements
    variable: str  # "" where it counts nothing
    last: str  # what it runs to, where that is a range


def outer_loop(draft: Draft) -> Loop | None:
    """The last loop of the training cell that stands on its top level."""
    if draft.training is None:
        return None
    body = draft.trees[draft.training].body
    for number in reversed(range(len(body))):
        line: Any = body[number]
        if isinstance(line, cst.For):
            found = ast.parse(syntax.text_of(line).strip()).body[0]
            assert isinstance(found, ast.For)
            one = found.iter.args if _is_range(found.iter) else []  # type: ignore[attr-defined]
            counts = len(one) == 1 and isinstance(found.target, ast.Name) and found.target.id != "_"
            return Loop(number, ast.unparse(found.target) if counts else "", ast.unparse(one[0]) if counts else "")
    return None


def _is_range(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"


def between(draft: Draft, cell: str, fixed: cst.Module, broken: cst.Module) -> list[Region]:
    """Where two versions of a cell differ outside of functions and classes."""
    plain = [[line for line in tree.body if not _is_definition(line)] for tree in (fixed, broken)]
    numbers = [number for number, line in enumerate(fixed.body) if not _is_definition(line)]
    found = _between(plain[0], plain[1], (), cell, inside=False)
    out = []
    for region in found:
        place, start = region.place, region.start
        if place:
            place = (numbers[place[0]], *place[1:])
        else:
            start = numbers[start] if start < len(numbers) else len(fixed.body)
        trains = cell == draft.training and bool(place)
        out.append(Region(cell, place, start, region.fixed, region.broken, trains))
    return out


def _is_definition(line: object) -> bool:
    return isinstance(line, cst.FunctionDef | cst.ClassDef)


def _between(fixed: Sequence[Any], broken: Sequence[Any], place: Place, cell: str, *, inside: bool) -> Iterator[Region]:
    a, b = [syntax.dumped(line) for line in fixed], [syntax.dumped(line) for line in broken]
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        if i2 - i1 == j2 - j1 == 1 and _same_loop(fixed[i1], broken[j1]):
            bodies = syntax.body_of(fixed[i1]), syntax.body_of(broken[j1])
            yield from _between(*bodies, (*place, i1), cell, inside=True)
        else:
            yield Region(cell, place, i1, tuple(fixed[i1:i2]), tuple(broken[j1:j2]), inside)


def _same_loop(one: Any, other: Any) -> bool:
    loops = isinstance(one, cst.For) and isinstance(other, cst.For)
    return loops and all(one_part.deep_equals(other_part) for one_part, other_part in (
        (one.target, other.target), (one.iter, other.iter),
    ))  # fmt: skip


def chosen_in_place(draft: Draft, region: Region, broken: str) -> Draft:
    """The lines of a loop, chosen every time that it comes to them."""
    text = [syntax.text_of(part) for part in (region.broken, region.fixed)]
    if not region.broken or not region.fixed:
        condition = broken if region.broken else f"not ({broken})"
        new = f"if {condition}:\n{_indented(text[0] or text[1])}"
    else:
        new = f"if {broken}:\n{_indented(text[0])}else:\n{_indented(text[1])}"
    tree = draft.trees[region.cell]
    after = _put(list(tree.body), region.place, region.start, len(region.fixed), syntax.statements(new))
    return draft.with_tree(region.cell, tree.with_changes(body=after))


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" if line.strip() else "" for line in text.splitlines())


def _put(body: list[Any], place: Place, start: int, count: int, new: Sequence[Statement]) -> list[Any]:
    """The body with other statements in place of some of a body inside of it."""
    if not place:
        return [*body[:start], *new, *body[start + count :]]
    inner = _put(syntax.body_of(body[place[0]]), place[1:], start, count, new)
    changed = body[place[0]].with_changes(body=syntax.block(inner))
    return [*body[: place[0]], changed, *body[place[0] + 1 :]]


def chosen_every_round(draft: Draft, region: Region, broken: str) -> Draft | None:
    """Both values of what the lines bind, one of them taken at the start of each round of the training."""
    loop, names = outer_loop(draft), region.names
    if loop is None or draft.training is None or draft.training == region.cell:
        return None
    kept = [syntax.statements("\n".join(f"{name}{end} = {name}" for name in names)) for end in (BROKEN, FIXED)]
    tree = draft.trees[region.cell]
    lines = [*region.broken, *kept[0], *region.fixed, *kept[1]]
    body = _put(list(tree.body), (), region.start, len(region.fixed), lines)
    draft = draft.with_tree(region.cell, tree.with_changes(body=body))
    tree = draft.trees[str(draft.training)]
    taken = "\n".join(f"{name} = {name}{BROKEN} if {broken} else {name}{FIXED}" for name in names)
    body = _put(list(tree.body), (loop.number,), 0, 0, syntax.statements(taken))
    after = syntax.statements("\n".join(f"{name} = {name}{FIXED}" for name in names))
    body = _put(body, (), loop.number + 1, 0, after)
    return draft.with_tree(str(draft.training), tree.with_changes(body=body))
