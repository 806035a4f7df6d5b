"""The library of kinds: patterns, changes of programs, and each kind's folder against every program where it fits."""

from __future__ import annotations

import ast
import importlib.util
import json
import random
import re
from functools import cache
from pathlib import Path

import pytest

from bugkit.author.kind_scaffold import create
from bugkit.author.kinds import own_kind
from bugkit.errors import ManifestError, UsageError
from bugkit.exercise.catalog import Catalog
from bugkit.exercise.manifest import Roles
from bugkit.fresh.evidence import PATH, matrix
from bugkit.fresh.plant import planted, recalled
from bugkit.kinds import Kind, library
from bugkit.kinds.kind import FILES, edits_between
from bugkit.kinds.patterns import code_of, expression, pattern
from bugkit.kinds.program import Program
from bugkit.kinds.source import Source, sources
from bugkit.notebook import Cell, Notebook, apply

ROOT = Path(__file__).parents[1]
PARTS = (
    "**The symptom.**",
    "**The cause.**",
    "**The cheapest test.**",
    "**To go on with.**",
    '## Answers to "To go on',
)
DATA = r"\b(handwritten|tumou?rs?|wines?|diabetes|alice|first names|robots?|fountain|coats?|parrot|ex\d\d)\b"
ENOUGH = 2  # programs
ROLES = Roles(title="A test", about="It tests.", task="classification", loss="batch_loss", batch="(x, y)")
STEP = '''
def step(x, y):
    """Take one step."""
    # nothing is left from the step before
    optimizer.zero_grad()  # of all weights
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


torch.manual_seed(0)
model = Net()
'''


@cache
def programs() -> list[Source]:
    return sources(Catalog(ROOT))


def program(text: str = STEP) -> Program:
    return Program.of(Notebook((Cell("step", "code", text.strip("\n")),)), ROLES)


def source_of(changed: Program) -> str:
    return changed.notebook.cells[0].source


# ---- patterns


@pytest.mark.parametrize(
    ("text", "code", "holes"),
    [
        ("any_o.zero_grad()", "self.optimizer.zero_grad()", {"o": "self.optimizer"}),
        ("any_o.zero_grad()", "optimizer.zero_grad(set_to_none=True)", None),
        ("any_o.zero_grad(*...)", "optimizer.zero_grad(set_to_none=True)", {"o": "optimizer"}),
        ("F.cross_entropy(any_a, any_b)", "F.cross_entropy(model(x), y)", {"a": "model(x)", "b": "y"}),
        ("F.cross_entropy(any_a, any_b)", 'F.cross_entropy(model(x), y, reduction="sum")', None),
        ("any_x + any_x", "y + y", {"x": "y"}),
        ("any_x + any_x", "y + z", None),
        ("DataLoader(*..., shuffle=True, *...)", "DataLoader(data, batch_size=3, shuffle=True)", {}),
        ("DataLoader(*..., shuffle=True, *...)", "DataLoader(data, shuffle=False)", None),
        ("any_x[:, 1:]", "rows[:, 1:]", {"x": "rows"}),
        ("any_x[:, 1:]", "rows[:, 2:]", None),
    ],
)
def test_a_pattern_finds_what_it_says(text: str, code: str, holes: dict[str, str] | None) -> None:
    assert pattern(text).holes(expression(code, {})) == holes


@pytest.mark.parametrize(
    ("text", "holes", "code"),
    [
        ("any_a.softmax(dim=1)", {"a": "x + y"}, "(x + y).softmax(dim=1)"),
        ("any_a * any_b", {"a": "x + y", "b": "z"}, "(x + y) * z"),
        ("-any_a", {"a": "x - y"}, "-(x - y)"),
        ("any_a[0]", {"a": "x @ y"}, "(x @ y)[0]"),
        ("f(any_a)", {"a": "x + y"}, "f(x + y)"),
    ],
)
def test_what_is_put_in_a_hole_holds_together(text: str, holes: dict[str, str], code: str) -> None:
    assert code_of(expression(text, holes)) == code


# ---- changes


def test_a_line_goes_with_its_comments_and_leaves_blank_lines() -> None:
    before = program()
    site = before.first("any_optimizer.zero_grad()")
    assert site
    assert (site.inside, site.id) == (("step",), "step:0")
    after = source_of(before.without(site))
    assert after == STEP.strip("\n").replace(
        "    # nothing is left from the step before\n    optimizer.zero_grad()  # of all weights\n", ""
    )
    seed = before.first("torch.manual_seed(0)")
    assert seed
    assert source_of(before.without(seed)).endswith("    return loss\n\n\nmodel = Net()")


def test_a_line_moves() -> None:
    before = program()
    clear, backward = before.first("any_optimizer.zero_grad()"), before.first("any_loss.backward()")
    assert clear
    assert backward
    after = source_of(before.moved(clear, backward))
    lines = [line.partition("#")[0].strip() for line in after.splitlines()]
    assert lines.index("optimizer.zero_grad()") == lines.index("loss.backward()") + 1


def test_items_of_a_call_go_and_come() -> None:
    before = program("net = nn.Sequential(\n    nn.Linear(2, 3),\n    nn.ReLU(),\n    nn.Linear(3, 1),\n)")
    site = before.first("nn.Sequential(*...)")
    assert site
    without = "net = nn.Sequential(\n    nn.Linear(2, 3),\n    nn.Linear(3, 1),\n)"
    assert source_of(before.without_item(site, "nn.ReLU()")) == without
    more = source_of(before.with_item(site, "nn.Tanh()"))
    assert more == "net = nn.Sequential(\n    nn.Linear(2, 3),\n    nn.ReLU(),\n    nn.Linear(3, 1),\n    nn.Tanh(),\n)"
    short = program("net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())")
    site = short.first("nn.Sequential(*...)")
    assert site
    assert source_of(short.without_item(site, "nn.ReLU()")) == "net = nn.Sequential(nn.Linear(2, 3))"
    assert source_of(short.with_item(site, "nn.Flatten()")).endswith("nn.ReLU(), nn.Flatten())")


def test_lines_are_put_first_in_a_block() -> None:
    before = program("for epoch in range(3):\n    train()")
    site = before.first("for any_epoch in range(any_epochs):\n    ...")
    assert site
    assert source_of(before.first_in(site, "begin()")) == "for epoch in range(3):\n    begin()\n    train()"


def test_arguments_are_set() -> None:
    before = program("loader = DataLoader(data, batch_size=3, shuffle=True)")
    site = before.first("DataLoader(*...)")
    assert site
    assert source_of(before.with_argument(site, "shuffle", "False")).endswith("batch_size=3, shuffle=False)")
    assert source_of(before.with_argument(site, "drop_last", "True")).endswith("shuffle=True, drop_last=True)")


def test_what_nothing_uses_any_more_goes() -> None:
    before = program("def forward(x):\n    pos = torch.arange(3)\n    return self.t(x) + self.p(pos)")
    site = before.first("self.t(any_x) + self.p(any_where)")
    assert site
    after = before.replaced(site, "self.t(any_x)").tidied(before, site)
    assert source_of(after) == "def forward(x):\n    return self.t(x)"


def test_a_change_that_changes_nothing_is_an_error() -> None:
    before = program()
    site = before.first("any_loss.backward()")
    assert site
    with pytest.raises(ManifestError, match="does not change"):
        before.replaced(site, "any_loss.backward()")


# ---- every kind


@pytest.mark.parametrize("kind", library(), ids=lambda kind: kind.id)
def test_a_kind_says_all_it_has_to_and_names_no_program(kind: Kind) -> None:
    manifest = kind.manifest
    texts = [*(hint.text for hint in manifest.hint), manifest.symptom, kind.explanation, manifest.title]
    for text in texts:
        assert not re.search(DATA, re.sub(r"\{\w+\}|`[^`]*`", "", text), re.IGNORECASE), text
    assert [part for part in PARTS if part not in kind.explanation] == []
    assert kind.check_names


@pytest.mark.parametrize("kind", library(), ids=lambda kind: kind.id)
def test_a_kind_fits_where_it_says(kind: Kind) -> None:
    """At every site of some programs: its texts have names for all holes, and its edits make what it makes."""
    manifest, seen = kind.manifest, 0
    texts = [*(hint.text for hint in manifest.hint), manifest.symptom, kind.explanation]
    for source in random.Random(kind.id).sample(programs(), len(programs())):
        sites = list(kind.sites(source.program))
        assert len({site.id for site in sites}) == len(sites)
        for site in sites:
            names = kind.names(source.program, site)
            for text in texts:
                kind.told(text, names)
            ast.parse(kind.told(manifest.test, names))
            after = kind.put(source.program, site).notebook
            assert apply(source.notebook, edits_between(source.notebook, after)) == after
            for cell in after.cells:
                if cell.runs:
                    ast.parse(cell.source)
        seen += bool(sites)
        if seen == ENOUGH:
            return
    assert seen, "it fits nowhere"


def test_a_new_kind_is_complete_and_bad_names_are_refused(tmp_path: Path) -> None:
    files = create("gradient-of-the-wrong-loss", tmp_path)
    assert sorted(path.name for path in files) == sorted(FILES)
    new = Kind(files[0].parent)
    assert (new.id, new.manifest.title) == ("gradient-of-the-wrong-loss", "Gradient of the wrong loss")
    before = [path.read_bytes() for path in files]
    for name in ("gradient-of-the-wrong-loss", "Bad", "one", "../two-words"):
        with pytest.raises(UsageError):
            create(name, tmp_path)
    assert [path.read_bytes() for path in files] == before


def test_the_evidence_is_of_kinds_and_sites_that_are_there() -> None:
    known = matrix()
    by_id = {source.id: source for source in programs()}
    every = {kind.id: kind for kind in library()}
    for proof in known.proofs:
        source = by_id[proof.recipe.program]
        if len(proof.recipe.bugs) == 1:
            (bug,) = planted(source, proof.recipe)
            assert recalled(source, proof, known) == [bug], f"{proof.recipe}: put in otherwise: bugkit author kinds"
        assert {name for name, _ in proof.recipe.bugs} <= set(every)
    assert len(known.by_code()) == len(known.proofs), "two have one code"
    assert json.loads(PATH.read_text(encoding="utf-8"))["format"] == 1


def test_an_exercise_names_the_kind_of_its_bug_and_that_one_makes_it() -> None:
    known, ids = matrix(), {kind.id for kind in library()}
    for source in programs():
        if source.exercise is None:
            continue
        named = {bug.kind for bug in source.exercise.bugs.bug if bug.kind}
        assert named <= ids
        places = ((kind, site) for kind in library() for site in kind.sites(source.program))
        made = {kind.id for kind, site in places if source.is_shipped(kind.edits(source.program, site))}
        assert made <= named, f"{source.id}: its bug is of this kind, say so in bugs.toml"
        if source.id in known.programs:
            assert known.programs[source.id].own == own_kind(source)


def test_the_page_of_kinds_is_in_step() -> None:
    spec = importlib.util.spec_from_file_location("make_kinds", ROOT / "tools" / "make_kinds.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    wanted = tool.page(library(), matrix())
    assert tool.PAGE.read_text(encoding="utf-8") == wanted, "write it again: python tools/make_kinds.py"
