"""Styles that add to a program: a model inside of another, a file, a rehearsal, and what a learner leaves behind."""

from __future__ import annotations

import ast
import re
from typing import Any

from bugkit.author import syntax
from bugkit.author.draft import Draft

OF_EVERY_MODULE = (
    "parameters named_parameters train eval state_dict load_state_dict zero_grad training requires_grad_ to"
)
SHADOWS = {"sum": "0", "max": "3", "min": "0", "input": "losses[0]", "id": "7", "range": "10", "list": "[1, 2, 3]"}


def wrapped(draft: Draft) -> Draft | None:
    """The model inside of another module."""
    model = draft.optimizer.module if draft.optimizer else ""
    text = "\n".join(cell.source for cell in draft.notebook.cells)  # what the story promises of it, too
    asked = set(re.findall(rf"\b{model}\.(\w+)", text)) - set(OF_EVERY_MODULE.split())
    if not model or asked or re.search(rf"\b{model}\[", draft.source()) or {"Wrapped", "inner"} & draft.names:
        return None
    if draft.class_of.get(model) not in {*draft.classes, "nn.Sequential"}:
        return None
    for name, tree in draft.trees.items():
        lines = list(tree.body)
        at = next((n for n, line in enumerate(lines) if syntax.text_of(line).strip().startswith(f"{model} = ")), None)
        if at is not None:
            new = syntax.statements(f"""
                class Wrapped(nn.Module):
                    def __init__(self, inner):
                        super().__init__()
                        self.inner = inner

                    def forward(self, *inputs, **options):
                        return self.inner(*inputs, **options)


                {model} = Wrapped({model})
            """)
            body = [*lines[: at + 1], syntax.apart(new[0]), *new[1:], *lines[at + 1 :]]
            return draft.with_tree(name, tree.with_changes(body=body))
    return None


def saved_and_loaded(draft: Draft) -> Draft | None:
    """The weights through a file, after the training."""
    model = _model(draft)
    return model and _after_training(draft, "saved", f"""
import io

file = io.BytesIO()
torch.save({model}.state_dict(), file)
file.seek(0)
{model}.load_state_dict(torch.load(file))
""")  # fmt: skip


def _model(draft: Draft) -> Any:
    """The name of the module that is trained; None where it is not one alone."""
    return (draft.optimizer.module if draft.optimizer else "") or None


def _after_training(draft: Draft, name: str, source: str) -> Draft | None:
    ids = [cell.id for cell in draft.notebook.cells]
    if draft.training is None:
        return None
    following = ids[ids.index(draft.training) + 1 :]
    return draft.with_cell(name, source, before=following[0] if following else None)


def overfits_one_batch(draft: Draft) -> Draft | None:
    """Twenty steps on one batch before the training, after which everything is put back."""
    model, batch = _model(draft), _one_batch(draft)
    if model is None or batch is None or draft.optimizer is None or draft.training is None:
        return None
    step, made, given = batch
    optimizer = draft.optimizer.name
    return draft.with_cell("one-batch", f"""
import copy

weights_before = copy.deepcopy({model}.state_dict())
optimizer_before = copy.deepcopy({optimizer}.state_dict())
random_before = torch.get_rng_state()

{made}
for attempt in range(20):
    loss = {step}({given})
print(f"one batch memorized: {{loss:.4g}}")

{model}.load_state_dict(weights_before)
{optimizer}.load_state_dict(optimizer_before)
torch.set_rng_state(random_before)
""", before=draft.training)  # fmt: skip


def looks_at_a_copy(draft: Draft) -> Draft | None:
    """Sixty steps of a copy with an optimizer of its own, before the training."""
    model, batch, trial = _model(draft), _one_batch(draft), _trial(draft)
    if model is None or batch is None or trial is None or draft.training is None or draft.optimizer is None:
        return None
    _, made, given = batch
    arguments = syntax.renamed(draft.optimizer.call, {model: "trial"})
    return draft.with_cell("trial", f"""
import copy

random_before = torch.get_rng_state()
trial = copy.deepcopy({model})
trial_optimizer = {syntax.text_of(arguments)}


{trial}

for attempt in range(60):
    {made}
    loss = trial_step({given})
print(f"a copy after 60 steps: {{loss:.4g}}")
torch.set_rng_state(random_before)
""", before=draft.training)  # fmt: skip


def _trial(draft: Draft) -> str | None:
    """The step's function for the copy; what computes the loss comes with it."""
    step = _step_function(draft)
    model = _model(draft)
    if step is None or draft.optimizer is None:
        return None
    wanted, names = [step], {step}
    for name in wanted:
        for other in sorted(syntax.used(syntax.tree_of(draft.functions[name][1])) & draft.functions.keys() - names):
            if model in syntax.used(syntax.tree_of(draft.functions[other][1])):
                wanted.append(other)
                names.add(other)
    new = {name: "trial_step" if name == step else f"trial_{name}" for name in wanted}
    new |= {model: "trial", draft.optimizer.name: "trial_optimizer"}
    functions = [syntax.renamed(draft.functions[name][1], new) for name in reversed(wanted)]
    return "\n\n".join(syntax.text_of(function).strip("\n") + "\n" for function in functions)


def _step_function(draft: Draft) -> str | None:
    """The function that makes one step."""
    found = [name for name, (_, f) in draft.functions.items() if ".backward()" in syntax.text_of(f)]
    return found[0] if len(found) == 1 else None


def _one_batch(draft: Draft) -> tuple[str, str, str] | None:
    """The step's name, a line that makes one batch, and what the step is given of it."""
    step = _step_function(draft)
    if step is None or draft.training is None:
        return None
    tree = draft.everything[draft.training]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == step]
    if len(calls) != 1:
        return None
    given = ", ".join(ast.unparse(arg) for arg in calls[0].args)
    single = re.fullmatch(r"\*(.+\))", given)
    if single:
        return step, f"batch = {single[1]}", "*batch"
    if not given:
        return step, "batch = ()", "*batch"
    loops = [(n.target, n.iter) for n in ast.walk(tree) if isinstance(n, ast.For | ast.comprehension)]
    for target, source in loops:
        whole = given.lstrip("*") == ast.unparse(target).strip("()").rstrip(",")
        if whole and "range(" not in ast.unparse(source):
            return step, f"batch = next(iter({ast.unparse(source)}))", "*batch"
    return _first_rows(draft, step, calls[0])


def _first_rows(draft: Draft, step: str, call: ast.Call) -> tuple[str, str, str] | None:
    """``training_step(x[rows], y[rows])`` with the first rows."""
    usual = next((name for name in ("BATCH_SIZE", "BATCH") if name in draft.contract), None)
    if usual is None or not all(isinstance(arg, ast.Subscript) for arg in call.args):
        return None
    parts = [f"{ast.unparse(arg.value)}[:{usual}]" for arg in call.args if isinstance(arg, ast.Subscript)]
    return step, f"batch = ({', '.join(parts)}{',' * (len(parts) == 1)})", "*batch"


def shadows_builtins(draft: Draft) -> Draft | None:
    """``sum = 0``, at the end, by one who needs no more than that."""
    some = [name for name in SHADOWS if not re.search(rf"(?<![.\w]){name}\b", draft.source())][:2]
    if not some:
        return None
    return draft.with_cell("own", "\n".join(f"{name} = {SHADOWS[name]}" for name in some) + f"\nprint({some[0]})")


def leaves_gradients_off(draft: Draft) -> Draft | None:
    """``torch.set_grad_enabled(False)``, and never on again."""
    model = _model(draft)
    return model and draft.with_cell("weights", f"""
torch.set_grad_enabled(False)
print(sum(weight.numel() for weight in {model}.parameters()), "weights")
""")  # fmt: skip
