"""Source as a tree: what a piece binds and uses, by ast; pieces made from text and put in their places, by libcst."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from textwrap import dedent
from typing import Any

import libcst as cst
from libcst import matchers as m

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_EMPTY = cst.Module([])


def parsed(source: str) -> cst.Module | None:
    """A cell's tree; None where it is not plain Python, such as a magic."""
    try:
        return cst.parse_module(source)
    except cst.ParserSyntaxError:
        return None


def statements(text: str) -> list[Statement]:
    """New statements from their text, which may be indented as a whole."""
    return [line for line in cst.parse_module(dedent(text).strip("\n") + "\n").body]  # noqa: C416 - for the type


def expression(text: str) -> cst.BaseExpression:
    """A new expression."""
    return cst.parse_expression(text)


def text_of(nodes: cst.CSTNode | Iterable[cst.CSTNode]) -> str:
    """Source of one node or of several, dedented."""
    several = [nodes] if isinstance(nodes, cst.CSTNode) else nodes
    return "".join(_EMPTY.code_for_node(node) for node in several)


def tree_of(nodes: cst.CSTNode | Iterable[cst.CSTNode]) -> ast.Module:
    """The same as Python's own tree."""
    return ast.parse(text_of(nodes).strip())


def same(one: cst.CSTNode, other: cst.CSTNode) -> bool:
    """Whether two pieces differ in words and layout only."""
    return dumped(one) == dumped(other)


def dumped(node: cst.CSTNode) -> str:
    """What a piece is compared by."""
    return ast.dump(tree_of(node))


def bound(tree: ast.AST) -> list[str]:
    """The names that a piece of a module binds there, in order; not those inside of functions and comprehensions."""
    return list(dict.fromkeys(_bound(tree)))


def _bound(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            yield child.name
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id
        elif isinstance(child, ast.alias):
            yield (child.asname or child.name).partition(".")[0]
        if not isinstance(child, (*_SCOPES, *_COMPREHENSIONS)):
            yield from _bound(child)


def used(tree: ast.AST) -> set[str]:
    """All names that stand in a piece, wherever."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def loaded_outside_functions(tree: ast.AST) -> set[str]:
    """The names that a module reads itself."""
    out: set[str] = set()
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load):
            out.add(child.id)
        if not isinstance(child, _SCOPES):
            out |= loaded_outside_functions(child)
    return out


def free_in_functions(tree: ast.AST) -> set[str]:
    """The names that the functions of a module take from outside."""
    out: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            local = {arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)} | set(bound(node))
            out |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - local
    return out


def is_call_of(node: cst.CSTNode, method: str) -> bool:
    """Whether a statement is no more than ``something.method(...)``."""
    call = m.Call(func=m.Attribute(attr=m.Name(method)))
    return m.matches(node, m.SimpleStatementLine(body=[m.Expr(value=call)]))


def object_of(node: cst.CSTNode) -> str:
    """What the method of such a statement is called on."""
    found: Any = m.findall(node, m.Call())[0]
    return text_of(found.func.value)


def is_docstring(node: cst.CSTNode) -> bool:
    """Whether a statement is a text alone."""
    text = m.SimpleString() | m.ConcatenatedString()
    return m.matches(node, m.SimpleStatementLine(body=[m.Expr(value=text)]))


def block(body: Sequence[Statement]) -> cst.IndentedBlock:
    """The body of a function, a class or a loop, which does not begin with an empty line."""
    first = body[0].with_changes(leading_lines=[]) if body else statements("pass")[0]
    return cst.IndentedBlock([first, *map(inner, body[1:])])


def inner(line: Any) -> Any:
    """The statement for a body: its empty lines are not indented."""
    lines = [one if one.comment else one.with_changes(indent=False) for one in line.leading_lines]
    return line.with_changes(leading_lines=lines)


def body_of(node: Any) -> list[Statement]:
    """The statements of a function, a class or a loop."""
    body: Any = node.body.body if isinstance(node.body, cst.IndentedBlock) else ()
    return list(body)


def apart(statement: Statement, lines: int = 2) -> Statement:
    """The statement with this many empty lines before it."""
    comments = [line for line in statement.leading_lines if line.comment]
    return statement.with_changes(leading_lines=[*[cst.EmptyLine(indent=False)] * lines, *comments])


class Names(cst.CSTTransformer):
    """Puts expressions in the place of names; attributes and the keywords of calls are no names."""

    def __init__(self, new: dict[str, str]) -> None:
        super().__init__()
        self.new = {name: expression(text) for name, text in new.items()}

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:  # noqa: N802, D102
        return self.new.get(original_node.value, updated_node)

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:  # noqa: N802, D102
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:  # noqa: N802, D102
        return updated_node.with_changes(keyword=original_node.keyword)


def renamed(node: Any, new: dict[str, str]) -> Any:
    """The piece with other names or expressions for some names."""
    return node.visit(Names(new))
