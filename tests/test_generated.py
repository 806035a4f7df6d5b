"""Generated programs: half fixes are broken where they say, styles compute what the solution computes."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from typing import Any

import pytest
import torch

from bugkit.author.draft import Draft
from bugkit.author.halves import half_fixes
from bugkit.author.styles import STYLES, in_one_style
from bugkit.author.traps import trapped
from bugkit.notebook import Cell, Notebook

LOCKED = {"editable": False, "deletable": False}
SETUP = """import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
"""
PARAMETERS = "SEED = 0\nEPOCHS = 4\nBATCH_SIZE = 8\nLEARNING_RATE = 0.1"
DATA = """torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)
inputs, targets = rng.normal(size=(40, 3)).astype(np.float32), rng.integers(2, size=40)
inputs, targets = torch.from_numpy(inputs), torch.from_numpy(targets)
loader = DataLoader(TensorDataset(inputs, targets), batch_size=BATCH_SIZE, shuffle=True)
seen = []
"""
MODEL = '''class Layer(nn.Module):
    """One of two."""

    def __init__(self):
        super().__init__()
        self.weights = nn.Linear(3, 3)

    def forward(self, x):
        seen.append("fixed")
        return self.weights(x)


class Net(nn.Module):
    """Two layers, two scores."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*(Layer() for _ in range(2)), nn.Linear(3, 2))

    def forward(self, inputs):
        return self.layers(inputs)


model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
'''
STEP = '''def batch_loss(inputs, targets):
    """Mean cross-entropy."""
    return F.cross_entropy(model(inputs), targets)


def training_step(inputs, targets):
    """One step; the loss before it."""
    loss = batch_loss(inputs, targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
'''
TRAINING = """losses = []
model.train()
for epoch in range(EPOCHS):
    for batch in loader:
        losses.append(training_step(*batch))
    latest = losses[-5:]

print(sum(latest) / 5)
"""
EVALUATION = """model.eval()
with torch.no_grad():
    answers = model(inputs)
print(latest, answers.argmax(1))
"""
CELLS = (
    Cell("story", "markdown", "# A story"),
    Cell("setup", "code", SETUP.strip()),
    Cell("parameters", "code", PARAMETERS, {"tags": ["parameters"]}),
    Cell("data", "code", DATA.strip()),
    Cell("look", "code", "print(len(inputs))", {**LOCKED, "tags": ["presentation"]}),
    Cell("model", "code", MODEL.strip()),
    Cell("training-step", "code", STEP.strip()),
    Cell("training", "code", TRAINING.strip()),
    Cell("evaluation", "code", EVALUATION.strip()),
    Cell("check", "code", "%load_ext bugkit\n%bugkit check", LOCKED),
)
CONTRACT = frozenset({"model", "losses", "inputs", "seen", "SEED", "EPOCHS", "BATCH_SIZE", "LEARNING_RATE"})
SOLUTION = Draft(Notebook(CELLS), CONTRACT, steps=20)
STEPS, LAYERS = 20, 2


def edited(cell: str, before: str, after: str, draft: Draft = SOLUTION) -> Draft:
    """The program with other text in one cell."""
    cells = [c.with_source(c.source.replace(before, after)) if c.id == cell else c for c in draft.notebook.cells]
    assert cells != list(draft.notebook.cells)
    return draft.with_cells(cells)


def run(draft: Draft) -> dict[str, Any]:
    """What is left of a program after its last cell."""
    torch.set_num_threads(1)
    world: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in draft.notebook.cells:
            if cell.runs:
                exec(compile(cell.source, str(cell.id), "exec"), world)
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    return world


def source(draft: Draft | None) -> str:
    """All its code."""
    assert draft is not None
    return "\n".join(cell.source for cell in draft.notebook.cells if cell.kind == "code")


def difference(name: str, draft: Draft = SOLUTION) -> str:
    """The lines that a style adds."""
    before = {line for cell in draft.notebook.cells for line in cell.source.splitlines()}
    return "\n".join(line for line in source(STYLES[name](draft)).splitlines() if line not in before)


# ---- half fixes


def halves(broken: Draft, fixed: Draft = SOLUTION) -> dict[str, Draft]:
    """All half fixes that could be made."""
    return {name: draft for name, draft in half_fixes(fixed, broken).items() if draft}


IN_A_LAYER = edited("model", 'seen.append("fixed")', 'seen.append("broken")')


@pytest.mark.parametrize(
    ("choice", "broken"),
    [
        ("every-second-call", range(0, 42, 2)),
        ("every-twelfth-call", [11, 23, 35]),
        ("first-tenth", range(4)),
        ("last-tenth", range(36, 40)),
        ("every-second-step", [call for call in range(40) if call // 2 % 2 == 1]),
        ("every-twelfth-step", [22, 23]),
        ("while-it-trains", range(40)),
        ("after-training", [40, 41]),
        ("gradients-on", range(40)),
        ("gradients-off", [40, 41]),
        ("training-mode", range(40)),
        ("evaluation-mode", [40, 41]),
        ("usual-batches", range(40)),
        ("other-batches", [40, 41]),
        ("first-instance", range(0, 42, 2)),
        ("later-instances", range(1, 42, 2)),
    ],
)
def test_a_half_fix_is_broken_where_it_says(choice: str, broken: range) -> None:
    """Two layers, twenty steps, and one evaluation of all rows."""
    made = halves(IN_A_LAYER)
    seen = run(made[choice])["seen"]
    assert len(seen) == (STEPS + 1) * LAYERS
    assert [number for number, what in enumerate(seen) if what == "broken"] == list(broken)


def test_every_choice_of_a_method_is_made() -> None:
    """None is left out for a layer that is used twice."""
    assert len(halves(IN_A_LAYER)) == 16


def test_a_half_fix_reads_like_code() -> None:
    """Both versions, and one of the old name that chooses."""
    text = source(halves(edited("training-step", "    optimizer.zero_grad()\n", ""))["every-second-call"])
    assert text.count("def training_step") == 3
    assert "training_step_calls = 0\n\n\ndef batch_loss(inputs, targets):" in text
    assert "        return training_step_as_before(inputs, targets)\n    return training_step_fixed(inputs" in text
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_any_parameters_can_be_handed_on() -> None:
    """Also those whose names hold a word of Python."""
    named = edited("training-step", "targets", "passages")
    broken = edited("training-step", "    optimizer.zero_grad()\n", "", named)
    made = halves(broken, named)["every-second-call"]
    assert "return training_step_as_before(inputs, passages)" in source(made)
    assert len(run(made)["losses"]) == STEPS


def test_a_step_is_not_halved_by_what_it_never_meets() -> None:
    """One that takes gradients is never called without."""
    names = set(halves(edited("training-step", "    optimizer.zero_grad()\n", "")))
    assert {"every-second-call", "first-tenth", "last-tenth"} <= names
    assert not names & {"gradients-on", "gradients-off", "training-mode", "other-batches"}


def test_lines_of_a_loop_are_chosen_by_step_and_by_epoch() -> None:
    """Where one version has no such line, the condition is turned round."""
    fixed = edited("training", "    latest = losses[-5:]", '    seen.append("round")\n    latest = losses[-5:]')
    made = halves(SOLUTION, fixed)
    assert {"first-epoch", "last-epoch", "all-but-the-first-epoch", "every-second-epoch", "first-tenth"} <= set(made)
    rounds = {name: run(draft)["seen"].count("round") for name, draft in made.items()}
    assert (rounds["first-epoch"], rounds["last-epoch"], rounds["all-but-the-first-epoch"]) == (3, 3, 1)
    assert rounds["every-second-epoch"] == 2
    assert "    if not (epoch == 0):\n        seen.append" in source(made["first-epoch"])


def test_a_line_of_data_is_chosen_at_the_start_of_each_epoch() -> None:
    """Both loaders are there."""
    made = halves(edited("data", "shuffle=True", "shuffle=False"))
    text = source(made["first-epoch"])
    assert "    loader = loader_as_before if epoch == 0 else loader_fixed\n" in text
    whole, part, none = (run(draft)["losses"] for draft in (SOLUTION, made["last-epoch"], made["first-epoch"]))
    assert whole[:15] == part[:15]
    assert whole[15:] != part[15:]
    assert whole[:5] != none[:5]


def test_functions_that_are_called_otherwise_go_by_their_callers() -> None:
    """Each version calls its own."""
    fixed = edited("training-step", "F.cross_entropy(model(inputs), targets)", "scored(model(inputs), targets)")
    helper = "def scored(*both):\n    return F.cross_entropy(*both)\n\n\ndef batch_loss"
    fixed = edited("training-step", "def batch_loss", helper, fixed)
    broken = edited("training-step", "scored(*both)", "scored(scores)", fixed)
    broken = edited("training-step", "F.cross_entropy(*both)", "scores.mean()", broken)
    broken = edited("training-step", "scored(model(inputs), targets)", "scored(model(inputs))", broken)
    made = halves(broken, fixed)["every-second-step"]
    assert "return scored_as_before(model(inputs))" in source(made)
    losses, right = run(made)["losses"], run(fixed)["losses"]
    assert losses[0] == right[0]
    assert losses[1] != right[1]


def test_a_trap_tells_whether_the_broken_side_matters() -> None:
    """It raises where it does something else, and nowhere else."""
    made = halves(IN_A_LAYER)
    trap = trapped(made["after-training"].notebook)
    assert trap is not None
    with pytest.raises(RuntimeError, match="they differ"):
        run(SOLUTION.with_cells(trap.cells))
    never = trapped(
        edited("evaluation", "answers = model(inputs)", "answers = inputs", made["after-training"]).notebook
    )
    assert never is not None
    assert len(run(SOLUTION.with_cells(never.cells))["losses"]) == STEPS
    assert trapped(SOLUTION.notebook) is None
    quiet = edited("model", '        seen.append("fixed")\n', "")
    alike = edited("training-step", "model(inputs), targets)", "1.0 * model(inputs), targets)", quiet)
    called = trapped(halves(alike, quiet)["every-second-step"].notebook)
    assert called is not None
    assert run(SOLUTION.with_cells(called.cells))["losses"] == run(SOLUTION)["losses"]


def test_lines_that_run_once_are_no_half_fix() -> None:
    """There is no second time to do it otherwise; the same of what makes the model."""
    assert halves(edited("data", "rng.normal(size=(40, 3))", "rng.normal(size=(40, 3)) * 9")) == {}
    assert halves(edited("model", "nn.Linear(3, 2))", "nn.Linear(3, 2, bias=False))")) == {}


# ---- styles

EXACT = [
    *(
        "function",
        "class",
        "generator",
        "renamed",
        "keywords",
        "joined",
        "split",
        "autograd-grad",
        "by-hand",
        "closure",
    ),
    *("torch-func", "wrapped", "saved-and-loaded", "one-batch", "copy", "builtins", "gradients-off"),
]
MARKS = {
    "function": "losses, latest = train()",
    "class": "self.losses.append(training_step(*batch))",
    "generator": "yield training_step(*batch)",
    "renamed": "my_training_step(*my_batch)",
    "keywords": "model(inputs=inputs)",
    "split": "print(type(optimizer))",
    "autograd-grad": "weight.grad = gradient",
    "by-hand": "weight -= LEARNING_RATE * gradient",
    "closure": "loss = optimizer.step(closure)",
    "torch-func": "torch.func.functional_call(model, weights, (inputs,))",
    "float64": "torch.set_default_dtype(torch.float64)",
    "wrapped": "model = Wrapped(model)",
    "saved-and-loaded": "model.load_state_dict(torch.load(file))",
    "one-batch": "for attempt in range(20):",
    "copy": "trial_optimizer = torch.optim.SGD(trial.parameters(), lr=LEARNING_RATE)",
    "builtins": "max = 3",
    "gradients-off": "torch.set_grad_enabled(False)",
}


@pytest.fixture(scope="module")
def usual() -> list[float]:
    """The losses of the solution."""
    losses: list[float] = run(SOLUTION)["losses"]
    return losses


@pytest.mark.parametrize("name", EXACT)
def test_a_style_computes_what_the_solution_computes(name: str, usual: list[float]) -> None:
    """The same twenty losses, whoever writes them down; a rehearsal puts everything back."""
    draft = STYLES[name](SOLUTION)
    assert draft is not None
    assert run(draft)["losses"] == pytest.approx(usual, rel=1e-4)


@pytest.mark.parametrize("name", MARKS)
def test_a_style_writes_it_otherwise(name: str) -> None:
    """What tells it from the solution is there."""
    assert MARKS[name] in difference(name)


def test_every_style_is_tested() -> None:
    assert set(STYLES) == {*EXACT, "float64"} == {*MARKS, "joined"}


def test_locked_cells_stay_as_they_are() -> None:
    """In every style."""
    locked = [cell for cell in CELLS if cell.locked]
    for name, style in STYLES.items():
        draft = style(SOLUTION)
        assert draft is not None, name
        assert [cell for cell in draft.notebook.cells if cell.locked] == locked
        assert not any(line != line.rstrip() for cell in draft.notebook.cells for line in cell.source.splitlines()), (
            name
        )


def test_double_precision_is_double_throughout() -> None:
    """The weights, the data and the losses' digits."""
    draft = STYLES["float64"](SOLUTION)
    assert draft is not None
    world = run(draft)
    assert world["inputs"].dtype == next(world["model"].parameters()).dtype == torch.float64
    assert world["targets"].dtype == torch.int64
    assert len(world["losses"]) == STEPS


def test_names_of_the_contract_are_kept() -> None:
    """And so are methods, attributes and keywords of libraries."""
    text = source(STYLES["renamed"](SOLUTION))
    assert "def forward(self, inputs):" in text
    assert "class my_Net(nn.Module):" in text
    assert "batch_size=BATCH_SIZE" in text
    assert "self.layers(inputs)" in text


def test_fields_of_a_dataclass_keep_their_names() -> None:
    config = "@dataclass\nclass Config:\n    width: int = 4\n    depth = 2\n\n\nwidth = Config().width\n\n\n"
    before = "from dataclasses import dataclass\n\n\n" + config
    text = source(STYLES["renamed"](edited("model", "class Net(nn.Module):", before + "class Net(nn.Module):")))
    assert "    width: int = 4\n    depth = 2\n" in text
    assert "my_width = my_Config().width" in text


def test_a_function_in_a_method_is_no_method() -> None:
    """It is renamed with the parameter of the same name."""
    inner = "        def weigh(x):\n            return x\n\n        return weigh(x)\n\n"
    nested = f"    def forward(self, x):\n{inner}    def keep(self, weigh):"
    text = source(STYLES["renamed"](edited("model", "    def forward(self, x):", nested)))
    assert "def my_weigh(my_x):" in text
    assert "return my_weigh(my_x)" in text
    assert "def keep(self, my_weigh):" in text


def test_cells_are_joined_and_split() -> None:
    """Cells around a locked one stay apart; the parameters stay alone."""
    joined, split = STYLES["joined"](SOLUTION), STYLES["split"](SOLUTION)
    assert joined is not None
    assert split is not None
    assert [c.id for c in joined.notebook.cells if c.kind == "code"] == [
        *("setup", "parameters", "data", "look", "model", "check"),
    ]
    ids = [c.id for c in split.notebook.cells]
    assert len(ids) == len(set(ids)) > len(CELLS) + 10


def test_a_loop_that_gives_earlier_names_new_values_takes_them() -> None:
    """A function's local variable must not hide the one that it starts from."""
    cells = (
        Cell("start", "code", "weight = 0.0"),
        Cell("training", "code", "losses = []\nfor _ in range(9):\n    losses.append(weight)\n    weight = weight + 1"),
        Cell("end", "code", "print(weight)"),
    )
    draft = Draft(Notebook(cells), frozenset({"losses"}), "numpy")
    for name in ("function", "class", "generator"):
        styled = STYLES[name](draft)
        assert styled is not None
        world: dict[str, Any] = {}
        for cell in styled.notebook.cells:
            exec(cell.source, world)
        assert (world["weight"], world["losses"][-1]) == (9.0, 8.0)


def test_a_style_that_does_not_apply_makes_nothing() -> None:
    """No updates by hand for Adam, no torch in numpy, no wrapping where somebody looks inside."""
    adam = edited("model", "SGD", "Adam")
    assert STYLES["by-hand"](adam) is None
    assert STYLES["float64"](replace(SOLUTION, arrays="numpy")) is None
    assert STYLES["wrapped"](edited("evaluation", "model.eval()", "model.layers.eval()")) is None
    assert STYLES["torch-func"](edited("model", "nn.Linear(3, 2)", "nn.Linear(3, 2), nn.BatchNorm1d(2)")) is None


def test_fixes_take_the_styles_in_turn() -> None:
    """The next one that applies."""
    names = list(STYLES)
    adam = edited("model", "SGD", "Adam")
    number = names.index("by-hand")
    found = in_one_style(adam, number)
    assert found is not None
    assert found[0] == names[number + 1]
