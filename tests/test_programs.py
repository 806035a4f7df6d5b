"""Programs without an exercise: whole, in step with their manifests, and right in every form that they are given in."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from bugkit.exercise.catalog import Catalog
from bugkit.exercise.manifest import Roles
from bugkit.fresh.make import Folders, make
from bugkit.grader import Grader
from bugkit.kinds import library
from bugkit.kinds.source import Source, sources
from bugkit.notebook import read

ROOT = Path(__file__).parents[1]
PROGRAMS = [one for one in sources(Catalog(ROOT)) if one.exercise is None]
SAMPLE = 2  # programs that are run, drawn by what they are
NAMES = {name for name, role in Roles.model_fields.items() if name in ("model", "optimizer", "loss", "step", "sample")}


def drawn() -> list[Source]:
    return random.Random(" ".join(one.notebook.to_json() for one in PROGRAMS)).sample(
        PROGRAMS, min(SAMPLE, len(PROGRAMS))
    )


@pytest.fixture(scope="module")
def warm() -> Iterator[Grader]:
    with Grader() as grader:
        yield grader


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.id)
def test_its_parts_fit_together(program: Source) -> None:
    code = "\n".join(cell.source for cell in program.notebook.cells if cell.runs)
    tree = ast.parse(code)
    made = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    made |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    asked = set(program.manifest.run.names)
    roles = {name for part, name in program.roles.names.items() if part in NAMES}
    assert asked | roles <= made
    assert program.measured
    assert program.notebook.cell("story")
    assert read(program.path).to_json() == program.path.read_text(encoding="utf-8")
    assert 80 <= len([line for line in code.splitlines() if line.strip()]) <= 260


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.id)
def test_its_valid_forms_can_be_made_and_differ(program: Source) -> None:
    forms = dict(program.valid())
    assert len(forms) >= 5
    texts = [notebook.to_json() for notebook in forms.values()]
    assert len(set(texts)) == len(texts)
    assert program.notebook.to_json() not in texts


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.id)
def test_at_least_five_kinds_fit(program: Source) -> None:
    assert sum(next(kind.sites(program.program), None) is not None for kind in library()) >= 5


@pytest.mark.parametrize("program", drawn(), ids=lambda one: one.id)
def test_it_works(program: Source, tmp_path: Path, warm: Grader) -> None:
    made = make(Folders(tmp_path), "f00000000", program, [])
    name, form = random.Random(program.id).choice(list(program.valid()))
    waiting = {"itself": warm.submit(made, program.notebook, 0), name: warm.submit(made, form, 0)}
    for one, future in waiting.items():
        run = future.result()
        failed = [f"{check.name}: {check.message}" for check in run.checks if check.outcome == "failed"]
        assert (run.status, run.converged, failed) == ("ok", True, []), f"{one}: {run.loss} {run.detail}"
