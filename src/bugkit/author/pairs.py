"""The functions in which two programs differ, and how both versions are kept side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import libcst as cst

from bugkit.author import choices, syntax
from bugkit.author.choices import Choice
from bugkit.author.draft import Draft
from bugkit.author.regions import BROKEN, FIXED, Region
from bugkit.author.syntax import Statement

Key = tuple[str, str, str]  # cell, class or "", function


@dataclass(frozen=True)
class Pair:
    """One function in its two versions."""

    cell: str
    owner: str  # its class, or ""
    fixed: cst.FunctionDef
    broken: cst.FunctionDef

    @property
    def name(self) -> str:
        """As it is called."""
        return self.fixed.name.value

    @property
    def parameters(self) -> list[str]:
        """What it takes in order, without ``self``."""
        names = [one.name.value for one in self.fixed.params.params]
        return names[1:] if self.owner else names

    @property
    def interchangeable(self) -> bool:
        """Whether both can be called alike."""
        return _form(self.fixed) == _form(self.broken)


@dataclass(frozen=True)
class Contrast:
    """What differs between the fixed program and the one with a bug."""

    fixed: Draft
    pairs: tuple[Pair, ...]
    own: dict[Key, cst.FunctionDef]  # functions that only the broken program has
    regions: tuple[Region, ...]  # other lines


def _form(function: cst.FunctionDef) -> tuple[object, ...]:
    params = function.params
    positional = [one.default is None for one in (*params.posonly_params, *params.params)]
    star = isinstance(params.star_arg, cst.Param)
    return positional, star, [one.name.value for one in params.kwonly_params], params.star_kwarg is None


def side_by_side(contrast: Contrast, choice: Choice) -> Draft | None:
    """Both versions of each function, and one of the old name that chooses."""
    swapped = {p.name: f"{p.name}{BROKEN}" for p in contrast.pairs if not p.interchangeable and not p.owner}
    swapped |= {name: f"{name}{BROKEN}" for (_, owner, name) in contrast.own if not owner}
    if any(owner for _, owner, _ in contrast.own) or any(p.owner and not p.interchangeable for p in contrast.pairs):
        return None
    draft, chosen = contrast.fixed, 0
    for cell in dict.fromkeys([p.cell for p in contrast.pairs] + [key[0] for key in contrast.own]):
        lines = list(draft.trees[cell].body)
        for key, function in contrast.own.items():
            if key[0] == cell:
                lines.append(_named(function, swapped[key[2]], swapped))
        for pair in contrast.pairs:
            if pair.cell == cell and pair.name != "__init__":
                new = _choosing(pair, choice, swapped)
                lines = _new_in_class(lines, pair, new, choice) if pair.owner else _replaced(lines, pair, new)
                chosen += pair.interchangeable
        lines = _with_helpers(lines, choice, [p for p in contrast.pairs if p.cell == cell])
        draft = draft.with_tree(cell, draft.trees[cell].with_changes(body=lines))
    return draft if chosen else None


def _named(function: cst.FunctionDef, name: str, swapped: dict[str, str]) -> cst.FunctionDef:
    inside: Any = syntax.renamed(function, swapped)
    return inside.with_changes(name=cst.Name(name))  # type: ignore[no-any-return]


def _choosing(pair: Pair, choice: Choice, swapped: dict[str, str]) -> list[Statement]:
    """The two versions and the function that chooses; of two that are not called alike only the versions."""
    lines = 1 if pair.owner else 2
    if not pair.interchangeable:
        broken = syntax.apart(_named(pair.broken, swapped[pair.name], swapped), lines)
        return [pair.fixed, broken]
    fixed = _named(pair.fixed, pair.name + FIXED, {})
    broken = syntax.apart(_named(pair.broken, pair.name + BROKEN, swapped), lines)
    return [fixed, broken, syntax.apart(_dispatcher(pair, choice), lines)]


def _dispatcher(pair: Pair, choice: Choice) -> Statement:
    params = pair.fixed.params
    head = syntax.text_of(cst.FunctionDef(cst.Name(pair.name), params, syntax.block([]))).rpartition("pass")[0].strip()
    given = [*pair.parameters, *([f"*{params.star_arg.name.value}"] if isinstance(params.star_arg, cst.Param) else [])]
    given += [f"{one.name.value}={one.name.value}" for one in params.kwonly_params]
    given += [f"**{params.star_kwarg.name.value}"] if params.star_kwarg else []
    prefix, rows = ("self." if pair.owner else ""), (pair.parameters or [""])[0]
    count = f"    global {_counter(pair)}\n    {_counter(pair)} += 1\n" if choice.counts else ""
    when = choice.broken.replace("calls", _counter(pair)).replace("ROWS", rows)
    return syntax.statements(
        f"{head}\n{count}"
        f"    if {when}:\n        return {prefix}{pair.name}{BROKEN}({', '.join(given)})\n"
        f"    return {prefix}{pair.name}{FIXED}({', '.join(given)})\n"
    )[0]


def _counter(pair: Pair) -> str:
    return f"{pair.owner.lower()}_{pair.name}_calls".lstrip("_")


def _replaced(lines: list[Statement], pair: Pair, new: list[Statement]) -> list[Statement]:
    return [other for line in lines for other in (new if _is_function(line, pair.name) else [line])]


def _new_in_class(lines: list[Statement], pair: Pair, new: list[Statement], choice: Choice) -> list[Statement]:
    """The class with the new methods in place of the old one, and with numbers for its instances."""
    out: list[Statement] = []
    for line in lines:
        if isinstance(line, cst.ClassDef) and line.name.value == pair.owner:
            body = _replaced(syntax.body_of(line), pair, new)
            out.append(line.with_changes(body=syntax.block(_numbered(body, pair.owner) if choice.numbered else body)))
        else:
            out.append(line)
    return out


def _numbered(body: list[Statement], owner: str) -> list[Statement]:
    """Each instance keeps how many there were before it."""
    if any("made = 0" in syntax.text_of(line) for line in body):
        return body
    count = syntax.statements(f"self.number = {owner}.made\n{owner}.made += 1")
    out: list[Statement] = []
    for line in body:
        if isinstance(line, cst.FunctionDef) and _is_function(line, "__init__"):
            out.append(line.with_changes(body=syntax.block([*syntax.body_of(line), *count])))
        else:
            out.append(line)
    start = 1 if syntax.is_docstring(out[0]) else 0
    return [*out[:start], *map(syntax.apart, syntax.statements("made = 0"), [start]), *out[start:]]


def _is_function(line: object, name: str) -> bool:
    return isinstance(line, cst.FunctionDef) and line.name.value == name


def _with_helpers(lines: list[Statement], choice: Choice, pairs: list[Pair]) -> list[Statement]:
    """What the choice needs, before the first function or class."""
    new: list[Statement] = []
    if choice.counts:
        counted = [pair for pair in pairs if pair.interchangeable and pair.name != "__init__"]
        new += syntax.statements("\n".join(f"{_counter(pair)} = 0" for pair in counted))
    if choices.LOSSES in choice.broken:
        new += syntax.statements(choices.HELPER)
    if not new:
        return lines
    place = next((i for i, one in enumerate(lines) if isinstance(one, cst.FunctionDef | cst.ClassDef)), len(lines))
    rest = [syntax.apart(lines[place]), *lines[place + 1 :]] if place < len(lines) else []
    first = syntax.apart(new[0], 2 if isinstance(new[0], cst.FunctionDef) else 1) if place else new[0]
    return [*lines[:place], first, *new[1:], *rest]
