"""Styles of one step: gradients by ``torch.autograd.grad``, updates by hand, a closure, ``torch.func``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import libcst as cst

from bugkit.author import syntax
from bugkit.author.draft import Draft, Optimizer
from bugkit.author.syntax import Statement

Rewrite = Callable[["Step"], "list[Statement] | None"]


@dataclass(frozen=True)
class Step:
    """The statements among which a gradient is taken and a step is made."""

    draft: Draft
    optimizer: Optimizer
    lines: list[Statement]
    clear: int  # the numbers of the statements: zero_grad,
    backward: int
    step: int
    parameters: tuple[str, ...]  # of the function around them

    @property
    def loss(self) -> str:
        """What is differentiated."""
        return syntax.object_of(self.lines[self.backward])

    def without(self, *numbers: int) -> list[Statement]:
        """The lines but for some of them."""
        return [line for number, line in enumerate(self.lines) if number not in numbers]

    def has_names(self, *names: str) -> bool:
        """Whether one of these names is taken."""
        return bool(set(names) & syntax.used(syntax.tree_of(self.lines)))


def _rewritten(draft: Draft, rewrite: Rewrite) -> Draft | None:
    """The program with every step made in another way; None where one does not allow it."""
    if draft.optimizer is None:
        return None
    visitor = _Steps(draft, draft.optimizer, rewrite)
    out = draft.rewritten(visitor)
    return None if visitor.refused else out


class _Steps(cst.CSTTransformer):
    def __init__(self, draft: Draft, optimizer: Optimizer, rewrite: Rewrite) -> None:
        super().__init__()
        self.draft, self.optimizer, self.rewrite = draft, optimizer, rewrite
        self.inside: list[tuple[str, ...]] = [()]
        self.refused = False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802
        self.inside.append(tuple(one.name.value for one in node.params.params))

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:  # noqa: N802
        del original_node
        self.inside.pop()
        return updated_node

    def leave_IndentedBlock(self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock) -> Any:  # noqa: N802
        del original_node
        lines: list[Any] = list(updated_node.body)
        if not any(syntax.is_call_of(line, "backward") for line in lines):
            return updated_node
        step = _step(self.draft, self.optimizer, lines, self.inside[-1])
        new = self.rewrite(step) if step else None
        if new is None:
            self.refused = True
            return updated_node
        return updated_node.with_changes(body=new)


def _step(draft: Draft, optimizer: Optimizer, lines: list[Statement], parameters: tuple[str, ...]) -> Step | None:
    at = {}
    for method in ("zero_grad", "backward", "step"):
        found = [number for number, line in enumerate(lines) if syntax.is_call_of(line, method)]
        if method == "step":
            found = [number for number in found if syntax.object_of(lines[number]) == optimizer.name]
        if len(found) != 1:
            return None
        at[method] = found[0]
    if not at["backward"] < at["step"] or not re.fullmatch(r"\w+", syntax.object_of(lines[at["backward"]])):
        return None
    return Step(draft, optimizer, lines, at["zero_grad"], at["backward"], at["step"], parameters)


def gradients_assigned(draft: Draft) -> Draft | None:
    """``torch.autograd.grad``, put into ``.grad`` for the optimizer."""

    def rewrite(step: Step) -> list[Statement] | None:
        if step.has_names("weights", "weight", "gradients", "gradient"):
            return None
        new = syntax.statements(f"""
            weights = [weight for group in {step.optimizer.name}.param_groups for weight in group["params"]]
            gradients = torch.autograd.grad({step.loss}, weights, allow_unused=True)
            for weight, gradient in zip(weights, gradients):
                weight.grad = gradient
        """)
        return [*step.lines[: step.backward], *new, *step.lines[step.backward + 1 :]]

    return _rewritten(draft, rewrite)


def updates_by_hand(draft: Draft) -> Draft | None:
    """No optimizer in the step, where it is plain gradient descent at one rate."""
    made = draft.optimizer
    if made is None or made.kind != "SGD" or not made.parameters or "clip_grad" in draft.source():
        return None
    rate = [arg.value for arg in made.call.args if arg.keyword and arg.keyword.value == "lr"]
    others = len(re.findall(rf"\b{made.name}\b(?!\.zero_grad|\.step| = )", draft.source()))
    if len(made.call.args) != 2 or not rate or others:
        return None

    def rewrite(step: Step) -> list[Statement] | None:
        if step.has_names("weight", "gradients", "gradient"):
            return None
        grad = syntax.statements(f"gradients = torch.autograd.grad({step.loss}, list({made.parameters}))")
        update = syntax.statements(f"""
            with torch.no_grad():
                for weight, gradient in zip({made.parameters}, gradients):
                    weight -= {syntax.text_of(rate[0])} * gradient
        """)
        return _put(step, {step.clear: [], step.backward: grad, step.step: update})

    return _rewritten(draft, rewrite)


def _put(step: Step, new: dict[int, Sequence[Statement]]) -> list[Statement]:
    return [other for number, line in enumerate(step.lines) for other in new.get(number, [line])]


def by_closure(draft: Draft) -> Draft | None:
    """``loss = optimizer.step(closure)``."""

    def rewrite(step: Step) -> list[Statement] | None:
        doc = 1 if syntax.is_docstring(step.lines[0]) else 0
        inside, after = step.lines[doc : step.step], step.lines[step.step + 1 :]
        inner = set(syntax.bound(syntax.tree_of(inside))) - {step.loss}
        wanted = syntax.used(syntax.tree_of(after)) if after else set()
        if inner & (wanted | set(step.parameters)) or step.has_names("closure") or step.loss in step.parameters:
            return None
        body = [*inside, *syntax.statements(f"return {step.loss}")]
        closure: Any = syntax.statements("def closure():\n    pass")[0]
        closure = closure.with_changes(body=syntax.block(body))
        call = syntax.apart(syntax.statements(f"{step.loss} = {step.optimizer.name}.step(closure)")[0], 1)
        before = step.lines[:doc]
        return [*before, syntax.apart(closure, 1) if before else closure, call, *after]

    return _rewritten(draft, rewrite)


def functional(draft: Draft) -> Draft | None:
    """``torch.func``: the loss as a function of the weights."""
    model = draft.optimizer.module if draft.optimizer else ""
    if not model or "BatchNorm" in draft.source():
        return None

    def rewrite(step: Step) -> list[Statement] | None:
        doc = 1 if syntax.is_docstring(step.lines[0]) else 0
        first = next((n for n, line in enumerate(step.lines) if _binds(line, step.loss)), None)
        if first is None or step.has_names("weights", "weight", "gradients", "name", "loss_of"):
            return None
        pieces = step.without(*range(doc), *range(first, len(step.lines)), step.clear)
        computed = _computed(draft, step.lines[first], step.loss, model)
        if computed is None or "training" in syntax.used(syntax.tree_of(pieces or computed)):
            return None
        body = [_functional(line, model) for line in [*pieces, *computed]]
        loss_of: Any = syntax.statements("def loss_of(weights):\n    pass")[0]
        loss_of = loss_of.with_changes(body=syntax.block(body))
        if f"functional_call({model}" not in syntax.text_of(loss_of) or _calls(syntax.text_of(loss_of), model):
            return None
        grad = syntax.statements(f"""
            gradients, {step.loss} = torch.func.grad_and_value(loss_of)(dict({model}.named_parameters()))
            for name, weight in {model}.named_parameters():
                weight.grad = gradients[name]
        """)
        after = step.lines[max(first, step.backward) + 1 :]
        start = [*step.lines[:doc], syntax.apart(loss_of, 1) if doc else loss_of]
        clear = [step.lines[step.clear]] if step.clear < step.backward else []
        return [*start, *[syntax.apart(line, 1) for line in clear[:1]], *(grad if clear else _spaced(grad)), *after]

    return _rewritten(draft, rewrite)


def _spaced(lines: list[Statement]) -> list[Statement]:
    return [syntax.apart(lines[0], 1), *lines[1:]]


def _binds(line: Statement, name: str) -> bool:
    return syntax.bound(syntax.tree_of(line)) == [name]


def _calls(text: str, model: str) -> bool:
    return re.search(rf"(?<![\w.(]){model}\(|(?<!functional_call)\({model}\(", text) is not None


def _computed(draft: Draft, line: Statement, loss: str, model: str) -> list[Statement] | None:
    """The lines that end by returning the loss; those of a function of the notebook where one computes it."""
    text = syntax.text_of(line).strip()
    called = re.fullmatch(rf"{loss} = (\w+)\((.*)\)", text)
    if called and called[1] in draft.functions:
        function = draft.functions[called[1]][1]
        given = ", ".join(one.name.value for one in function.params.params)
        lines = [one for one in syntax.body_of(function) if not syntax.is_docstring(one)]
        returns = syntax.text_of(function).count("return")
        return lines if given == called[2] and returns == 1 and f"{model}(" in syntax.text_of(lines) else None
    return syntax.statements(f"return {text.partition(' = ')[2]}") if text.startswith(f"{loss} = ") else None


class _Functional(cst.CSTTransformer):
    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = model

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: N802
        del original_node
        plain = all(not arg.star and arg.keyword is None for arg in updated_node.args)
        if not (isinstance(updated_node.func, cst.Name) and updated_node.func.value == self.model and plain):
            return updated_node
        given = ", ".join(syntax.text_of(arg.value) for arg in updated_node.args)
        given += "," if len(updated_node.args) == 1 else ""
        call = syntax.expression(f"torch.func.functional_call({self.model}, weights, ({given}))")
        assert isinstance(call, cst.Call)
        return call


def _functional(line: Statement, model: str) -> Statement:
    changed: Any = line.visit(_Functional(model))
    return changed  # type: ignore[no-any-return]
