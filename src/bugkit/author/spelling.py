"""Styles that change no step: other names, calls by keyword, cells joined and split, double precision."""

from __future__ import annotations

import builtins
import keyword
from dataclasses import replace
from typing import Any

import libcst as cst
from libcst import matchers as m

from bugkit.author import syntax
from bugkit.author.draft import Draft
from bugkit.author.regions import outer_loop
from bugkit.notebook import Cell

TAKEN = {*dir(builtins), *keyword.kwlist, "self", "cls", "super"}


def renamed(draft: Draft) -> Draft | None:
    """Every name that nobody else needs is called something else."""
    by_keyword, imported, names = set(), set(), set()
    for name, tree in draft.trees.items():
        by_keyword |= {arg.keyword.value for arg in _all(tree, m.Arg(keyword=m.Name()))}
        found = [*_all(tree, m.Import()), *_all(tree, m.ImportFrom())]
        imported |= {n for node in found for n in syntax.bound(syntax.tree_of(cst.SimpleStatementLine([node])))}
        names |= set(syntax.bound(draft.everything[name]))
        names |= {param.name.value for param in _all(tree, m.Param())}
    names -= by_keyword | imported | draft.contract | TAKEN | {"_"}
    new = {name: f"my_{name}" for name in names if not name.startswith("__")}
    return draft.rewritten(_Renamed(new)) if new else None


def _all(tree: cst.Module, pattern: Any) -> list[Any]:
    return list(m.findall(tree, pattern))


class _Renamed(syntax.Names):
    """Functions, classes, variables and parameters; methods, and the fields of a dataclass, keep their names."""

    def __init__(self, new: dict[str, str]) -> None:
        super().__init__(new)
        self.around: list[type[cst.CSTNode]] = []

    def visit_ClassDef(self, node: cst.ClassDef) -> None:  # noqa: N802
        self.around.append(type(node))

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802
        self.around.append(type(node))

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:  # noqa: N802
        del original_node
        self.around.pop()
        return updated_node

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:  # noqa: N802
        self.around.pop()
        return updated_node.with_changes(name=original_node.name) if self._in_class() else updated_node

    def leave_AnnAssign(self, original_node: cst.AnnAssign, updated_node: cst.AnnAssign) -> cst.AnnAssign:  # noqa: N802
        return updated_node.with_changes(target=original_node.target) if self._in_class() else updated_node

    def leave_AssignTarget(self, original_node: cst.AssignTarget, updated_node: cst.AssignTarget) -> cst.AssignTarget:  # noqa: N802
        return updated_node.with_changes(target=original_node.target) if self._in_class() else updated_node

    def _in_class(self) -> bool:
        return self.around[-1:] == [cst.ClassDef]


def by_keyword(draft: Draft) -> Draft | None:
    """``model(images=images)``, and the notebook's own functions likewise."""
    parameters = {name: _plain(function, skip=0) for name, (_, function) in draft.functions.items()}
    for name, made in draft.class_of.items():
        if made in draft.classes:
            inner = [f for f in syntax.body_of(draft.classes[made]) if isinstance(f, cst.FunctionDef)]
            forward = next((f for f in inner if f.name.value == "forward"), None)
            parameters[name] = _plain(forward, skip=1) if forward else []
        elif made.endswith("Sequential"):
            parameters[name] = ["input"]
    return draft.rewritten(_Keywords({name: some for name, some in parameters.items() if some}))


def _plain(function: cst.FunctionDef, skip: int) -> list[str]:
    """The names of the parameters, where all of them may be given by name."""
    params = function.params
    odd = params.posonly_params or isinstance(params.star_arg, cst.Param)
    return [] if odd else [one.name.value for one in params.params][skip:]


class _Keywords(cst.CSTTransformer):
    def __init__(self, parameters: dict[str, list[str]]) -> None:
        super().__init__()
        self.parameters = parameters

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: N802
        del original_node
        name = updated_node.func.value if isinstance(updated_node.func, cst.Name) else ""
        known = self.parameters.get(name, [])
        plain = all(not arg.star and arg.keyword is None for arg in updated_node.args)
        if not plain or not updated_node.args or len(updated_node.args) > len(known):
            return updated_node
        equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        args = [
            arg.with_changes(keyword=cst.Name(key), equal=equal)
            for arg, key in zip(updated_node.args, known, strict=False)
        ]
        return updated_node.with_changes(args=args)


def joined(draft: Draft) -> Draft | None:
    """Neighboring cells in one."""
    cells: list[Cell] = []
    for cell in draft.notebook.cells:
        before = cells[-1] if cells else None
        if cell.id in draft.trees and before and before.id in draft.trees and before.tags == cell.tags:
            cells[-1] = before.with_source(f"{before.source}\n\n\n{cell.source}")
        elif cell.kind == "code" or cell.locked:
            cells.append(cell)
    fewer = sum(c.kind == "code" for c in cells) < sum(c.kind == "code" for c in draft.notebook.cells)
    return draft.with_cells(cells) if fewer else None


def split(draft: Draft) -> Draft | None:
    """A cell for every statement, with a look at what it made, and a line that tells the progress."""
    out = _with_progress(draft)
    cells: list[Cell] = []
    for cell in out.notebook.cells:
        if cell.id not in out.trees:
            cells.append(cell)
            continue
        parts = [part for part in map(syntax.text_of, _paragraphs(out.trees[cell.id]))]  # noqa: C416
        cells.append(cell.with_source(parts[0].strip("\n") if parts else cell.source))
        cells += [replace(cell, id=f"{cell.id}-{n}", source=part.strip("\n")) for n, part in enumerate(parts[1:], 2)]
    return out.with_cells(cells) if len(cells) > len(draft.notebook.cells) else None


def _paragraphs(tree: cst.Module) -> list[list[Any]]:
    """Imports stay together; every other statement is one of its own."""
    out: list[list[Any]] = []
    for line in tree.body:
        is_import = m.matches(line, m.SimpleStatementLine(body=[m.Import() | m.ImportFrom()]))
        if out and is_import and m.matches(out[-1][-1], m.SimpleStatementLine(body=[m.Import() | m.ImportFrom()])):
            out[-1].append(line)
        else:
            out.append([line])
            if m.matches(line, m.SimpleStatementLine(body=[m.Assign(targets=[m.AssignTarget(m.Name())])])):
                out.append([syntax.statements(f"print(type({line.body[0].targets[0].target.value}))")[0]])  # type: ignore[union-attr,index]
    return out


def _with_progress(draft: Draft) -> Draft:
    loop = outer_loop(draft)
    if loop is None or draft.training is None:
        return draft
    tree = draft.trees[draft.training]
    line: Any = tree.body[loop.number]
    told = syntax.statements(r'print(f"\r{len(losses)} steps", end="", flush=True)')
    changed = line.with_changes(body=syntax.block([*syntax.body_of(line), *told]))
    body = [*tree.body[: loop.number], changed, *tree.body[loop.number + 1 :]]
    return draft.with_tree(draft.training, tree.with_changes(body=body))


def in_double_precision(draft: Draft) -> Draft | None:
    """``torch.float64`` throughout: the default, and the data."""
    if draft.arrays != "torch" or "in_double" in draft.names:
        return None
    first = next((name for name, tree in draft.trees.items() if "import torch" in tree.code), None)
    if first is None:
        return None
    draft = draft.rewritten(_Doubled()) or draft
    tree = draft.trees[first]
    needed = "in_double(" in draft.source()
    helper = syntax.statements("""
        torch.set_default_dtype(torch.float64)


        def in_double(array):
            tensor = torch.from_numpy(array)
            return tensor.double() if tensor.is_floating_point() else tensor
    """)
    new = [syntax.apart(helper[0], 1), *(helper[1:] if needed else [])]
    place = max(n for n, line in enumerate(tree.body) if "import " in syntax.text_of(line)) + 1
    rest = [syntax.apart(line) if n == 0 else line for n, line in enumerate(tree.body[place:])]
    return draft.with_tree(first, tree.with_changes(body=[*tree.body[:place], *new, *rest]))


class _Doubled(cst.CSTTransformer):
    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: N802
        del original_node
        function = syntax.text_of(updated_node.func)
        if function == "torch.from_numpy":
            return updated_node.with_changes(func=cst.Name("in_double"))
        if isinstance(updated_node.func, cst.Attribute) and updated_node.func.attr.value == "float":
            return updated_node.with_changes(func=updated_node.func.with_changes(attr=cst.Name("double")))
        return updated_node

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:  # noqa: N802
        del original_node
        single = syntax.text_of(updated_node) in ("torch.float32", "torch.float")
        return updated_node.with_changes(attr=cst.Name("float64")) if single else updated_node
