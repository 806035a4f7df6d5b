"""Half fixes: a bug fixed in some calls, steps, modes, batches or layers, and left in all others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import libcst as cst

from bugkit.author import choices, regions, syntax
from bugkit.author.choices import Choice
from bugkit.author.draft import Draft
from bugkit.author.pairs import Contrast, Key, Pair, side_by_side
from bugkit.author.regions import Region

BATCH = ("BATCH_SIZE", "BATCH")


def half_fixes(fixed: Draft, broken: Draft) -> dict[str, Draft | None]:
    """All half fixes of what differs between two programs, by the choice's name; None where one does not apply."""
    contrast = _difference(fixed, broken)
    loops = [region for region in contrast.regions if region.in_training]
    rebound = [region for region in contrast.regions if not region.in_training and region.rebinds]
    loop = regions.outer_loop(fixed)
    out: dict[str, Draft | None] = {}
    if loops or (rebound and not contrast.pairs):
        chosen = [*choices.by_step(fixed.steps, "len(losses)")] if fixed.steps else []
        chosen += choices.by_epoch(loop.variable, loop.last) if loop and loop.variable else []
        for choice in chosen:
            out[choice.name] = _in_lines(contrast, choice, loops, rebound)
    elif contrast.pairs:
        for choice in _choices(contrast):
            out[choice.name] = side_by_side(contrast, choice)
    return out


def _in_lines(contrast: Contrast, choice: Choice, loops: list[Region], rebound: list[Region]) -> Draft | None:
    draft: Draft | None = contrast.fixed
    if contrast.pairs:
        draft = side_by_side(contrast, choice)
    for region in loops:
        draft = regions.chosen_in_place(draft, region, choice.broken) if draft else None
    for region in rebound:
        draft = regions.chosen_every_round(draft, region, choice.broken) if draft else None
    return draft


# ---- what differs


def _difference(fixed: Draft, broken: Draft) -> Contrast:
    pairs: list[Pair] = []
    own: dict[Key, cst.FunctionDef] = {}
    other: list[Region] = []
    for cell, tree in fixed.trees.items():
        after = broken.trees.get(cell)
        if after is None or syntax.same(tree, after):
            continue
        here, there = dict(_functions(cell, tree)), dict(_functions(cell, after))
        for key, function in here.items():
            if key in there and not syntax.same(function, there[key]):
                pairs.append(Pair(cell, key[1], function, there[key]))
        own |= {key: function for key, function in there.items() if key not in here}
        other += regions.between(fixed, cell, tree, after)
    return Contrast(fixed, tuple(pairs), own, tuple(other))


def _functions(cell: str, tree: cst.Module) -> Iterator[tuple[Key, cst.FunctionDef]]:
    for line in tree.body:
        if isinstance(line, cst.FunctionDef):
            yield (cell, "", line.name.value), line
        elif isinstance(line, cst.ClassDef):
            for inner in syntax.body_of(line):
                if isinstance(inner, cst.FunctionDef):
                    yield (cell, line.name.value, inner.name.value), inner


# ---- which choices make sense


def _choices(contrast: Contrast) -> Iterator[Choice]:
    """Those that all functions of a bug can follow, and that leave it now fixed and now broken."""
    draft = contrast.fixed
    chosen = [pair for pair in contrast.pairs if pair.interchangeable and pair.name != "__init__"]
    trains = any(_trains(pair.fixed) for pair in chosen)
    yield from choices.by_call("calls")
    if draft.steps and any(_used_in_training(draft, pair) for pair in chosen):
        yield from choices.by_step(draft.steps, choices.LOSSES)
        if any(_used_later(draft, pair) for pair in chosen):
            yield from choices.by_phase(draft.steps, choices.LOSSES)
    if draft.arrays == "torch" and not trains:
        yield from choices.by_gradients()
    if chosen and all(pair.owner and _is_module(draft, pair.owner) for pair in chosen):
        yield from choices.by_mode("self")
    usual = next((name for name in BATCH if re.search(rf"^{name} = ", draft.source(), re.MULTILINE)), None)
    if usual and not trains and all(pair.parameters for pair in chosen):
        yield from choices.by_size("ROWS", usual)
    if chosen and all(pair.owner and _is_made_often(draft, pair.owner) for pair in chosen):
        yield from choices.by_instance("self.number")


def _trains(function: cst.FunctionDef) -> bool:
    return ".backward()" in syntax.text_of(function)


def _is_module(draft: Draft, name: str) -> bool:
    return "Module" in " ".join(syntax.text_of(base.value) for base in draft.classes[name].bases)


def _is_made_often(draft: Draft, name: str) -> bool:
    """Whether a class is called at several places or in a comprehension."""
    owner = draft.classes[name]
    if not any(isinstance(f, cst.FunctionDef) and f.name.value == "__init__" for f in syntax.body_of(owner)):
        return False
    repeats = (ast.ListComp, ast.GeneratorExp, ast.For)
    trees = list(draft.everything.values())
    calls = sum(_calls(node, name) for tree in trees for node in ast.walk(tree))
    return calls > 1 or any(
        _calls(inner, name) for tree in trees for node in ast.walk(tree) if isinstance(node, repeats)
        for inner in ast.walk(node)
    )  # fmt: skip


def _calls(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _used_in_training(draft: Draft, pair: Pair) -> bool:
    return pair.name in _reached(draft, _loop_names(draft)) or bool(pair.owner)


def _used_later(draft: Draft, pair: Pair) -> bool:
    """Whether a function is called when the training is done: by later cells or by checks."""
    names, later = set(draft.contract), False
    for cell, tree in draft.everything.items():
        names |= syntax.loaded_outside_functions(tree) if later else set()
        later = later or cell == draft.training
    return bool(pair.owner) or pair.name in _reached(draft, names)


def _loop_names(draft: Draft) -> set[str]:
    return syntax.used(draft.everything[draft.training]) if draft.training else set()


def _reached(draft: Draft, names: set[str]) -> set[str]:
    """These names, and all that the functions among them use."""
    known: set[str] = set()
    while names - known:
        new, known = names - known, known | names
        bodies: list[cst.CSTNode] = [draft.functions[name][1] for name in new if name in draft.functions]
        made = [draft.class_of.get(name, name) for name in new]
        bodies += [draft.classes[name] for name in made if name in draft.classes]
        names = known.union(*(syntax.used(syntax.tree_of(body)) for body in bodies))
    return known
