"""Patterns: Python with holes, turned into matchers of libcst and, with the holes filled, into new code.

A name that begins with ``any_`` is a hole for one expression: ``any_optimizer.zero_grad()``. ``*...`` is a hole for any
number of arguments, and a line ``...`` for any number of lines. Holes of the same name have to hold the same code.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from textwrap import dedent
from typing import Any, cast

import libcst as cst
from libcst import matchers as m

HOLE = "any_"
_EMPTY = cst.Module([])
# Fields of a node that say how it is written, and nothing of what it does.
_LAYOUT = {
    *("comma", "semicolon", "lpar", "rpar", "lbracket", "rbracket", "lbrace", "rbrace", "equal", "dot"),
    *("leading_lines", "lines_after_decorators", "trailing_whitespace", "header", "footer", "indent", "first_line"),
}
Line = cst.SimpleStatementLine | cst.BaseCompoundStatement
Holes = Mapping[str, str]  # the code in each hole, by its name without ``any_``


def code_of(node: cst.CSTNode) -> str:
    """The source of a node."""
    return _EMPTY.code_for_node(node)


@dataclass(frozen=True)
class Pattern:
    """An expression, or one statement, with holes."""

    text: str

    def holes(self, node: cst.CSTNode) -> dict[str, str] | None:
        """The code in each hole where the node fits the pattern, else None."""
        if type(node) is not type(self._template):  # a look at the type is much quicker than a match
            return None
        found = m.extract(node, self._matcher)
        if found is None:
            return None
        out: dict[str, str] = {}
        for name, held in found.items():
            assert isinstance(held, cst.CSTNode)
            text, hole = code_of(held), name.partition(":")[0]
            if out.setdefault(hole, text) != text:
                return None
        return out

    @cached_property
    def _template(self) -> cst.CSTNode:
        """An expression, or a whole line: an assignment, a ``return``, ``for`` and its like."""
        (line,) = cst.parse_module(dedent(self.text).strip("\n") + "\n").body
        if isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Expr):
            return line.body[0].value
        return line

    @cached_property
    def _matcher(self) -> Any:
        return _matching(self._template, iter(range(1000)))


@cache
def pattern(text: str) -> Pattern:
    """The pattern, made once."""
    return Pattern(text)


def expression(text: str, holes: Holes) -> cst.BaseExpression:
    """New code from an expression with holes, in parentheses where what is put in one needs them."""
    return cast(cst.BaseExpression, _filled(cst.parse_expression(text), holes))


def statements(text: str, holes: Holes) -> list[Line]:
    """New lines from statements with holes; the text may be indented as a whole."""
    module = cst.ensure_type(_filled(cst.parse_module(dedent(text).strip("\n") + "\n"), holes), cst.Module)
    return list(module.body)


def _matching(node: cst.CSTNode, numbers: Iterator[int]) -> Any:
    if isinstance(node, cst.Name) and node.value.startswith(HOLE):
        anything: Any = m.MatchIfTrue(lambda _node: True)
        return m.SaveMatchedNode(anything, f"{node.value.removeprefix(HOLE)}:{next(numbers)}")
    fields = {}
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        if field.name in _LAYOUT or "whitespace" in field.name or value is None:
            continue
        if isinstance(value, cst.MaybeSentinel):
            continue
        fields[field.name] = _matching_value(value, numbers)
    return getattr(m, type(node).__name__)(**fields)


def _matching_value(value: Any, numbers: Iterator[int]) -> Any:
    if isinstance(value, cst.CSTNode):
        return _matching(value, numbers)
    if isinstance(value, list | tuple):
        return [_matching_item(item, numbers) for item in value]
    return value


def _matching_item(item: cst.CSTNode, numbers: Iterator[int]) -> Any:
    if isinstance(item, cst.Arg) and item.star == "*" and isinstance(item.value, cst.Ellipsis):
        return m.ZeroOrMore(m.Arg())
    if isinstance(item, cst.SimpleStatementLine) and m.matches(item, m.SimpleStatementLine([m.Expr(m.Ellipsis())])):
        return m.ZeroOrMore()
    if isinstance(item, cst.Arg) and item.keyword is None:
        return m.Arg(value=_matching(item.value, numbers), keyword=None, star=item.star)
    return _matching(item, numbers)


def _filled(node: cst.CSTNode, holes: Holes) -> cst.CSTNode:
    filled = node.visit(_Filling(holes))
    assert isinstance(filled, cst.CSTNode)
    return filled


class _Filling(cst.CSTTransformer):
    """Puts code in holes."""

    def __init__(self, holes: Holes) -> None:
        self._holes = holes

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:  # noqa: N802
        """What belongs in a hole. In parentheses, where it is made of parts."""
        del original_node
        name = updated_node.value
        if not name.startswith(HOLE):
            return updated_node
        return cst.parse_expression(self._holes[name.removeprefix(HOLE)])

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:  # noqa: N802
        """The part before a dot holds together."""
        value = updated_node.value
        return (
            updated_node.with_changes(value=_held_together(value)) if _was_hole(original_node.value) else updated_node
        )

    def leave_BinaryOperation(  # noqa: N802
        self, original_node: cst.BinaryOperation, updated_node: cst.BinaryOperation
    ) -> cst.BinaryOperation:
        """So do both sides of an operator."""
        left, right = updated_node.left, updated_node.right
        if _was_hole(original_node.left):
            left = _held_together(left)
        if _was_hole(original_node.right):
            right = _held_together(right)
        return updated_node.with_changes(left=left, right=right)

    def leave_UnaryOperation(  # noqa: N802
        self, original_node: cst.UnaryOperation, updated_node: cst.UnaryOperation
    ) -> cst.UnaryOperation:
        """And what a sign stands before."""
        inner = updated_node.expression
        return (
            updated_node.with_changes(expression=_held_together(inner))
            if _was_hole(original_node.expression)
            else updated_node
        )

    def leave_Subscript(self, original_node: cst.Subscript, updated_node: cst.Subscript) -> cst.Subscript:  # noqa: N802
        """And what is indexed."""
        value = updated_node.value
        return (
            updated_node.with_changes(value=_held_together(value)) if _was_hole(original_node.value) else updated_node
        )


def _was_hole(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Name) and node.value.startswith(HOLE)


def _held_together(node: cst.BaseExpression) -> cst.BaseExpression:
    loose = (cst.BinaryOperation, cst.UnaryOperation, cst.Comparison, cst.BooleanOperation, cst.IfExp, cst.Lambda)
    if not isinstance(node, loose) or node.lpar:
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
