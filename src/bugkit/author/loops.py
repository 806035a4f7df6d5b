"""Styles of the training's loop: in a function, in a class, in a generator."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

import libcst as cst
from libcst import matchers as m

from bugkit.author import syntax
from bugkit.author.draft import Draft
from bugkit.author.regions import outer_loop
from bugkit.author.syntax import Statement

DEFINITIONS = (cst.FunctionDef, cst.ClassDef)


@dataclass(frozen=True)
class Training:
    """The training's cell, taken apart."""

    cell: str
    stays: list[Statement]  # imports and definitions
    moves: list[Statement]
    given: list[str]  # names from before that the loop gives another value
    shared: list[str]  # names that functions elsewhere look for
    left: list[str]  # names that are wanted afterwards


def training_of(draft: Draft) -> Training | None:
    """The parts of the training's cell; None where there is no such cell."""
    cell = draft.training
    if cell is None or outer_loop(draft) is None:
        return None
    stays: list[Statement] = []
    moves: list[Statement] = []
    for line in draft.trees[cell].body:
        is_import = m.matches(line, m.SimpleStatementLine(body=[m.Import() | m.ImportFrom()]))
        (stays if is_import or isinstance(line, DEFINITIONS) else moves).append(line)
    names = [name for name in syntax.bound(syntax.tree_of(moves)) if name != "_"]
    cells = list(draft.everything)
    earlier = {n for c in cells[: cells.index(cell)] for n in syntax.bound(draft.everything[c])}
    later = {n for c in cells[cells.index(cell) + 1 :] for n in syntax.loaded_outside_functions(draft.everything[c])}
    free = set().union(*(syntax.free_in_functions(tree) for tree in draft.everything.values()))
    shared = [name for name in names if name in free]
    targets = {n.id for line in ast.walk(syntax.tree_of(moves)) if isinstance(line, ast.For)
               for n in ast.walk(line.target) if isinstance(n, ast.Name)}  # fmt: skip
    given = [name for name in names if name in earlier and name not in shared and name not in targets]
    left = [name for name in names if name in later | draft.contract and name not in shared]
    kept = [name for name in left if name not in targets or name in later]
    return Training(cell, stays, moves, given, shared, kept)


def _with(draft: Draft, training: Training, new: str, moved: list[Statement]) -> Draft:
    """The cell with other lines, among which ``moved`` takes the place of the text MOVED."""
    tree = draft.trees[training.cell]
    lines: list[Any] = [line.visit(_Moved(moved)) for line in syntax.statements(new)]
    body = [*training.stays, *([syntax.apart(lines[0])] if training.stays else lines[:1]), *lines[1:]]
    return draft.with_tree(training.cell, tree.with_changes(body=body))


class _Moved(cst.CSTTransformer):
    def __init__(self, lines: list[Statement]) -> None:
        super().__init__()
        self.lines = lines

    def leave_IndentedBlock(self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock) -> Any:  # noqa: N802
        del original_node
        out: list[Any] = []
        for line in updated_node.body:
            out.extend(self.lines if m.matches(line, _MARK) else [line])
        return updated_node.with_changes(body=out)


_MARK = m.SimpleStatementLine(body=[m.Expr(value=m.Name("MOVED"))])


def _first_plain(lines: list[Statement]) -> list[Statement]:
    return [lines[0].with_changes(leading_lines=[]), *map(syntax.inner, lines[1:])] if lines else lines


def in_a_function(draft: Draft) -> Draft | None:
    """``losses = train()``."""
    training = training_of(draft)
    name = next((name for name in ("train", "fit", "run_training") if name not in draft.names), None)
    if training is None or name is None:
        return None
    shared = f"    global {', '.join(training.shared)}\n" if training.shared else ""
    left = ", ".join(training.left)
    new = (
        f"def {name}({', '.join(training.given)}):\n"
        f'    """The whole training."""\n{shared}    MOVED\n    return {left or None}\n\n\n'
        f"{left + ' = ' if left else ''}{name}({', '.join(training.given)})\n"
    )
    return _with(draft, training, new, _first_plain(training.moves))


def in_a_class(draft: Draft) -> Draft | None:
    """``training = Training()``, which keeps the losses."""
    training = training_of(draft)
    if training is None or training.shared or {"Training", "job"} & draft.names:
        return None
    kept = list(dict.fromkeys([*training.given, *training.left]))
    takes = "".join(f"        self.{name} = {name}\n" for name in training.given)
    begin = f"    def __init__(self, {', '.join(training.given)}):\n{takes}\n" if training.given else ""
    new = (
        f'class Training:\n    """The training, and what it leaves."""\n\n{begin}'
        f"    def run(self):\n        MOVED\n\n\n"
        f"job = Training({', '.join(training.given)})\njob.run()\n"
        + "".join(f"{name} = job.{name}\n" for name in training.left)
    )
    moved = [syntax.renamed(line, {name: f"self.{name}" for name in kept}) for line in training.moves]
    return _with(draft, training, new, _first_plain(moved))


def in_a_generator(draft: Draft) -> Draft | None:
    """``for loss in training(): losses.append(loss)``."""
    training = training_of(draft)
    if training is None or "loss" in syntax.bound(syntax.tree_of(training.moves)):
        return None
    name = next((name for name in ("training", "steps_of_training") if name not in draft.names), "")
    start = m.SimpleStatementLine(body=[m.Assign(targets=[m.AssignTarget(m.Name("losses"))], value=m.List([]))])
    moves = [line for line in training.moves if not m.matches(line, start)]
    yields = _Yields()
    moved: list[Any] = [line.visit(yields) for line in moves]
    shared = list(dict.fromkeys([*training.shared, *training.given, *training.left]))
    shared = [name for name in shared if name != "losses" and name in syntax.bound(syntax.tree_of(moves))]
    if len(moves) == len(training.moves) or not yields.found or not name:
        return None
    world = f"    global {', '.join(shared)}\n" if shared else ""
    new = (
        f'def {name}():\n    """The loss of each step."""\n{world}    MOVED\n\n\n'
        f"losses = []\nfor loss in {name}():\n    losses.append(loss)\n"
    )
    return _with(draft, training, new, _first_plain(moved))


class _Yields(cst.CSTTransformer):
    """``losses.append(x)`` becomes ``yield x``, and ``losses += x`` becomes ``yield from x``."""

    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def leave_Expr(self, original_node: cst.Expr, updated_node: cst.Expr) -> cst.BaseSmallStatement:  # noqa: N802
        del original_node
        append = m.Call(func=m.Attribute(m.Name("losses"), m.Name("append")), args=[m.Arg()])
        if not m.matches(updated_node.value, append):
            return updated_node
        self.found = True
        call: Any = updated_node.value
        return cst.Expr(cst.Yield(call.args[0].value))

    def leave_AugAssign(self, original_node: cst.AugAssign, updated_node: cst.AugAssign) -> cst.BaseSmallStatement:  # noqa: N802
        del original_node
        if not m.matches(updated_node, m.AugAssign(target=m.Name("losses"), operator=m.AddAssign())):
            return updated_node
        self.found = True
        return cst.Expr(cst.Yield(cst.From(updated_node.value)))
