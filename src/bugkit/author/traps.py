"""Half fixes that raise where their bug matters: what passes so shows nothing of a grader, nor of a learner."""

from __future__ import annotations

import inspect
import re
from typing import Any

import libcst as cst

from bugkit.author import syntax, twice
from bugkit.author.regions import BROKEN, FIXED
from bugkit.notebook import Notebook


def trapped(notebook: Notebook) -> Notebook | None:
    """The half fix that raises where a broken function does something else than the fixed one.

    Where the two are not called alike, it raises where the broken one is called. None where it has no such function.
    """
    cells = [cell.with_source(_trapped(cell.source)) if cell.runs else cell for cell in notebook.cells]
    return Notebook(tuple(cells)) if tuple(cells) != notebook.cells else None


def _trapped(source: str) -> str:
    tree = syntax.parsed(source)
    if tree is None or BROKEN not in source:
        return source
    trap = _Trap(set(re.findall(rf"return (?:self\.)?(\w+){BROKEN}\(", source)))
    code = tree.visit(trap).code
    return f"{inspect.getsource(twice)}\n\n{code}" if trap.compared else code


class _Trap(cst.CSTTransformer):
    def __init__(self, chosen: set[str]) -> None:
        super().__init__()
        self._chosen = {f"{name}{BROKEN}" for name in chosen}
        self.compared = False

    def leave_Return(self, original_node: cst.Return, updated_node: cst.Return) -> cst.Return:  # noqa: N802
        del original_node
        call = updated_node.value
        if not isinstance(call, cst.Call) or syntax.text_of(call.func).removeprefix("self.") not in self._chosen:
            return updated_node
        self.compared = True
        broken = syntax.text_of(call)
        compared: Any = syntax.statements(
            f"return done_alike(globals(), lambda: {broken}, lambda: {broken.replace(BROKEN, FIXED, 1)})"
        )[0]
        return compared.body[0]  # type: ignore[no-any-return]

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:  # noqa: N802
        del original_node
        if not updated_node.name.value.endswith(BROKEN) or updated_node.name.value in self._chosen:
            return updated_node
        return updated_node.with_changes(body=syntax.block(syntax.statements('raise RuntimeError("it is called")')))
