"""Every attack of ``cells``, in a box: it ends as it should, gets nothing, and leaves nothing behind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bugkit.notebook import read, rebuild

pytestmark = pytest.mark.xdist_group("hostile")  # what one leaves behind is looked for by all

ROOT = Path(__file__).parents[2]

# Rows of the list of attacks that concern a running cell; the others are about files, reports and the grader's machine.
ROWS = {1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 14, 15, 16, 18, 21, 24, 29, 31, 32, 34, 35, 36, 38, 39, 40, 41, 42, 44, 45, 46}
ROWS |= {48, 49, 50, 51, 52, 55, 57, 65, 66, 67, 68, 70, 76}


def test_an_attack_gets_and_leaves_nothing(attack, stage):
    for ended in stage.run(attack):
        assert "STOLEN" not in ended.said
        assert ended.word in attack.allowed, ended.said
    assert stage.troubles() == []
    assert stage.neighbor_passes().word == "passed"


def test_every_row_has_an_attack(attacks):
    assert {int(attack.row) for attack in attacks if attack.row != "-"} >= ROWS


def test_no_forgery_may_pass(attacks):
    assert not [a.name for a in attacks if a.kind == "forge" and "passed" in a.allowed]
    assert not [a.name for a in attacks if a.kind == "theft" and a.allowed != {"passed"}]


def test_what_passes_is_what_is_said_not_to_be_promised(attacks):
    said = " ".join((ROOT / "SECURITY.md").read_text().split())
    limits = [attack for attack in attacks if attack.kind == "limit"]
    assert limits
    assert [a.name for a in limits if not a.promised or a.promised not in said] == []


ODD = ["x = 1\r\nif x:\r\n\ty = 2\r\n", "\tx = 1\n", "\ufeffx = 1", "x = 1\x0c\ny = 2", "# \u202e"]


@pytest.mark.parametrize("source", ODD)
def test_odd_signs_in_a_cell_are_run_or_told(stage, attacks, source):
    odd = replace(attacks[0], kind="broken", place="after training", source=source, exercise="toy", again="")
    (ended,) = stage.run(odd)
    assert ended.word in ("passed", "raised")
    assert stage.troubles() == []


def edited(stage, exercise, path, edit):
    """How the notebook in a file ends after an edit of its JSON."""
    document = json.loads(path.read_text())
    edit(document)
    handed_in = exercise.path / "handed in.ipynb"
    handed_in.write_text(json.dumps(document))
    notebook = rebuild(read(exercise.notebook), read(handed_in)).notebook
    ended = stage.ended(exercise, notebook, 0, "a file")
    stage.grader.leave("a file")
    return ended.word


def without_locked_cells(document):
    document["cells"] = [c for c in document["cells"] if c["metadata"].get("editable", True)]


def with_outputs_and_names(document):
    text = {"output_type": "stream", "name": "stdout", "text": "loss 0.01 PASS"}
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [text], "execution_count": 1}
    document["metadata"] |= {"exercise": "toy02", "student": "ada", "bugkit": {"outcome": "passed"}}


def with_another_kernel(document):
    argv = ["sh", "-c", "echo left-by-an-attack > /tmp/left-by-an-attack"]
    document["metadata"]["kernelspec"] = {"name": "ir", "language": "R", "display_name": "R", "argv": argv}
    document["metadata"]["language_info"] = {"name": "julia"}


@pytest.mark.parametrize("edit", [without_locked_cells, with_outputs_and_names, with_another_kernel])
def test_what_a_file_claims_beside_its_cells_changes_nothing(stage, edit):
    exercise = stage.exercise()
    assert edited(stage, exercise, exercise.notebook, edit) == "failed"
    assert edited(stage, exercise, exercise.solution, edit) == "passed"
    assert stage.troubles() == []
