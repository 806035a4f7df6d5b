"""A notebook as something to rewrite: its editable cells as trees, and the parts that every training has."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import libcst as cst
from libcst import matchers as m

from bugkit.author import syntax
from bugkit.exercise import Exercise
from bugkit.notebook import Cell, Notebook

OPTIMIZER = re.compile(r"^(torch\.)?optim\.(?P<kind>\w+)$")


@dataclass(frozen=True)
class Optimizer:
    """``name = torch.optim.kind(call's arguments)``."""

    name: str
    kind: str
    call: cst.Call
    parameters: str  # "model.head.parameters()"; "" where it is anything else

    @property
    def module(self) -> str:
        """The name of the module that it trains, "" where it is not one name."""
        return self.parameters.partition(".")[0]


@dataclass(frozen=True)
class Draft:
    """One program of an exercise."""

    notebook: Notebook
    contract: frozenset[str]  # names that must keep their meaning
    arrays: str = "torch"
    steps: int = 0  # how many losses the solution records; 0: not known

    @classmethod
    def of(cls, exercise: Exercise, notebook: Notebook, steps: int = 0) -> Draft:
        """With the contract: what the checks may ask for, the losses, the parameters, the locked cells' names."""
        words = _asked_for(exercise.checks.read_text(encoding="utf-8"))
        if exercise.hidden_checks.is_file():
            words |= _asked_for(exercise.hidden_checks.read_text(encoding="utf-8"))
        held = [c for c in notebook.cells if c.kind == "code" and (c.locked or "parameters" in c.tags)]
        for cell in held:
            words |= set(re.findall(r"[A-Za-z_]\w*", cell.source))
        names = exercise.manifest.names_at(exercise.manifest.stages)
        return cls(notebook, frozenset({*words, *names, "losses"}), exercise.manifest.run.arrays, steps)

    @cached_property
    def trees(self) -> dict[str, cst.Module]:
        """The cells that a learner may change, as far as they are plain Python."""
        cells = [cell for cell in self.notebook.cells if cell.runs and not cell.locked and cell.id]
        trees = {str(cell.id): syntax.parsed(cell.source) for cell in cells if "parameters" not in cell.tags}
        return {name: tree for name, tree in trees.items() if tree is not None}

    @cached_property
    def everything(self) -> dict[str, ast.Module]:
        """All cells that run, locked or not, for reading only."""
        sources = {str(cell.id): cell.source for cell in self.notebook.cells if cell.runs or cell.locked}
        return {name: ast.parse(source) for name, source in sources.items() if syntax.parsed(source) is not None}

    @cached_property
    def training(self) -> str | None:
        """The cell that records the losses in a loop."""
        for name, tree in self.trees.items():
            if "losses" in syntax.bound(self.everything[name]) and m.findall(tree, m.For() | m.While()):
                return name
        return None

    @cached_property
    def optimizer(self) -> Optimizer | None:
        """The last one that is made before the training."""
        found = None
        for name, tree in self.trees.items():
            for line in tree.body:
                found = _optimizer(line) or found
            if name == self.training:
                break
        return found

    @cached_property
    def functions(self) -> dict[str, tuple[str, cst.FunctionDef]]:
        """The functions of the notebook's top level, with the cells that they stand in."""
        return {
            line.name.value: (name, line)
            for name, tree in self.trees.items()
            for line in tree.body
            if isinstance(line, cst.FunctionDef)
        }

    @cached_property
    def classes(self) -> dict[str, cst.ClassDef]:
        """The classes of its top level."""
        lines = (line for tree in self.trees.values() for line in tree.body)
        return {line.name.value: line for line in lines if isinstance(line, cst.ClassDef)}

    @cached_property
    def class_of(self) -> dict[str, str]:
        """What the names of the top level were first made from: ``model = Reader()`` is a ``Reader``."""
        out: dict[str, str] = {}
        for tree in self.everything.values():
            for line in tree.body:
                if isinstance(line, ast.Assign) and isinstance(line.value, ast.Call):
                    names = [target.id for target in line.targets if isinstance(target, ast.Name)]
                    out |= {name: ast.unparse(line.value.func) for name in names if name not in out}
        return out

    @cached_property
    def names(self) -> set[str]:
        """Every name in it."""
        return set().union(*map(syntax.used, self.everything.values()), *map(syntax.bound, self.everything.values()))

    def source(self) -> str:
        """All its code, to look for a word in."""
        return "\n".join(cell.source for cell in self.notebook.cells if cell.runs)

    def with_tree(self, name: str, tree: cst.Module) -> Draft:
        """With another text in one cell."""
        return self.with_cells(
            [c.with_source(tree.code.strip("\n")) if c.id == name else c for c in self.notebook.cells]
        )

    def with_cells(self, cells: Sequence[Cell]) -> Draft:
        """With other cells altogether."""
        return replace(self, notebook=Notebook(tuple(cells)))

    def with_cell(self, name: str, source: str, *, before: str | None = None) -> Draft:
        """With a cell of the learner's own before another one; by default before the last one that calls bugkit."""
        new = Cell(name, "code", source.strip("\n"))
        cells = list(self.notebook.cells)
        ends = [i for i, cell in enumerate(cells) if cell.kind == "code" and not cell.runs and cell.locked]
        place = next((i for i, cell in enumerate(cells) if cell.id == before), None) if before else ends[-1:]
        where = place if isinstance(place, int) else place[0] if place else len(cells)
        return self.with_cells([*cells[:where], new, *cells[where:]])

    def rewritten(self, transformer: cst.CSTTransformer) -> Draft | None:
        """With all cells visited by one transformer; None where it changes nothing."""
        out = self
        for name, tree in self.trees.items():
            after = tree.visit(transformer)
            if not after.deep_equals(tree):
                out = out.with_tree(name, after)
        return out if out is not self else None


def _asked_for(checks: str) -> set[str]:
    """What checks may look for in a notebook: attributes, and the words of texts that they hand on."""
    out: set[str] = set()
    for node in ast.walk(ast.parse(checks)):
        if isinstance(node, ast.Attribute):
            out.add(node.attr)
        given = [node.value] if isinstance(node, ast.Assign) else []
        given += [*node.args, *(one.value for one in node.keywords)] if isinstance(node, ast.Call) else []
        inner = [part for one in given for part in ast.walk(one) if isinstance(part, ast.Constant)]
        out |= {word for one in inner if isinstance(one.value, str) for word in re.findall(r"[A-Za-z_]\w*", one.value)}
    return out


def _optimizer(line: Any) -> Optimizer | None:
    made = m.SimpleStatementLine(body=[m.Assign(targets=[m.AssignTarget(target=m.Name())], value=m.Call())])
    if not m.matches(line, made):
        return None
    assign = line.body[0]
    kind = OPTIMIZER.match(syntax.text_of(assign.value.func))
    if kind is None or not assign.value.args:
        return None
    first = syntax.text_of(assign.value.args[0].value)
    plain = first if re.fullmatch(r"[A-Za-z_][\w.]*\.parameters\(\)", first) else ""
    return Optimizer(assign.targets[0].target.value, kind["kind"], assign.value, plain)
