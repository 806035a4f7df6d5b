"""What evidence is of: a hash of the programs, and of nothing that is only read."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator

from bugkit import notebook
from bugkit.author.build import patched, shipped
from bugkit.exercise import Exercise
from bugkit.kinds.kind import FOLDER
from bugkit.notebook import Notebook

KINDS = re.compile(r"^from bugkit\.kinds\.(\w+)\.checks import .*$", re.MULTILINE)
LAYOUT = ("kind", "type_comment")  # fields of a tree that change nothing
SCREEN = {"print", "plt", "figure", "axis", "axes", "left", "right"}  # names whose calls only show something


def fingerprint(exercise: Exercise) -> str:
    """Of all that a measurement depends on; words alone may change without it: story, hints, messages, labels.

    A patch counts by the cells that it makes. ManifestError where one does not fit.
    """
    manifest, solution = exercise.manifest, notebook.read(exercise.solution)
    parts = [
        *(of_code(cell.source) for cell in solution.cells if cell.runs),
        manifest.run.model_dump_json(),
        manifest.converge.model_dump_json(),
        *(f"{stage.checks} {stage.names}" for stage in manifest.stage),
        of_checks(KINDS.sub("", exercise.checks.read_text(encoding="utf-8"))),
        *_of_kinds(exercise.checks.read_text(encoding="utf-8")),
        *_programs(exercise, solution),
        *(f"{one.id} is equivalent" for one in exercise.bugs.equivalent),
    ]
    if exercise.hidden_checks.is_file():
        parts.append(of_checks(exercise.hidden_checks.read_text(encoding="utf-8")))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _of_kinds(checks: str) -> Iterator[str]:
    """The checks of kinds of bugs that an exercise imports, which lie in the library."""
    for name in KINDS.findall(checks):
        yield of_checks((FOLDER / name / "checks.py").read_text(encoding="utf-8"))


def of_program(program: Notebook) -> str:
    """Of one notebook's code."""
    cells = "\0".join(of_code(cell.source) for cell in program.cells if cell.runs)
    return hashlib.sha256(cells.encode()).hexdigest()[:16]


def _programs(exercise: Exercise, solution: Notebook) -> Iterator[str]:
    """What each patch makes of the notebook that it starts from."""
    bugs = exercise.bugs
    start = {"shipped": shipped(exercise), "solution": solution}
    for bug in bugs.bug:
        yield f"{bug.id} {_changes(solution, patched(exercise, solution, [bug]))}"
    for fix in (*bugs.wrong_fix, *bugs.valid_fix):
        yield f"{fix.id} on {fix.on} {_changes(start[fix.on], patched(exercise, start[fix.on], [fix]))}"


def _changes(before: Notebook, after: Notebook) -> str:
    changed = (new for old, new in zip(before.cells, after.cells, strict=True) if new != old)
    return " ".join(f"{cell.id} {of_code(cell.source)}" for cell in changed)


def of_code(source: str) -> str:
    """What a cell does, without comments, docstrings, layout and the words that it shows.

    The text itself where it is not plain Python.
    """
    try:
        return _told(_Wordless().visit(_without_docstrings(ast.parse(source))))
    except (SyntaxError, ValueError, RecursionError):
        return source


def of_checks(source: str) -> str:
    """The same of checks, whose messages may be put better, too."""
    try:
        tree = _without_docstrings(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError):
        return source
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            node.msg = _without_words(node.msg)
    return _told(tree)


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                del node.body[0]
    return tree


class _Wordless(ast.NodeTransformer):
    """Takes the words out of statements that print or draw; what they compute stays."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if _caller(node.value) in SCREEN:
            for inner in ast.walk(node):
                if isinstance(inner, ast.JoinedStr):
                    inner.values = [part for part in inner.values if isinstance(part, ast.FormattedValue)]
                elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    inner.value = ""
        return node


def _caller(call: ast.expr) -> str | None:
    """The name with which a call begins: `axes` of ``axes[0].set_title(...)``."""
    if not isinstance(call, ast.Call):
        return None
    first = call.func
    while isinstance(first, ast.Attribute | ast.Subscript):
        first = first.value
    return first.id if isinstance(first, ast.Name) else None


def _without_words(message: ast.expr | None) -> ast.expr | None:
    """What a message tells of the run, without the words around it."""
    if isinstance(message, ast.JoinedStr):
        values = [part.value for part in message.values if isinstance(part, ast.FormattedValue)]
        return ast.Tuple(values, ast.Load())
    return None if isinstance(message, ast.Constant) else message


def _told(node: object) -> str:
    """A tree as text, the same in every version of Python: fields that are empty are left out."""
    if isinstance(node, list):
        return f"[{' '.join(map(_told, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    if isinstance(node, ast.JoinedStr):  # 3.12 puts an empty text at the end of some
        node = ast.JoinedStr([p for p in node.values if not (isinstance(p, ast.Constant) and p.value == "")])
    fields = ((name, value) for name, value in ast.iter_fields(node) if name not in LAYOUT)
    told = (f"{name}={_told(value)}" for name, value in fields if value is not None and value != [])
    return f"{type(node).__name__}({' '.join(told)})"
