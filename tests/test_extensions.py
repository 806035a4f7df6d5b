"""Extensions of an interview: what is right passes, whatever it is written like, and what is wrong does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bugkit.exercise import Exercise
from bugkit.exercise.catalog import installed
from bugkit.fresh.make import Folders, make
from bugkit.grader import Grader
from bugkit.interview import desk
from bugkit.interview.extension import Extension, extension, fitting, library
from bugkit.kinds.source import Source, source, sources
from bugkit.notebook import Cell, Notebook
from bugkit.verdict import CheckResult

WRITER, TOLD_APART = "ex26", "ex03"  # a language model without a cache, and a classifier
CACHED, TRUNK, ACCUMULATED, Z_LOSS = (
    extension(name).manifest.solution for name in ("cached_writing", "shared_trunk", "accumulated_step", "z_loss")
)
UNCACHED = """
@torch.no_grad()
def write_cached(prompts, length):
    rows = prompts
    for _ in range(length):
        rows = torch.cat([rows, model(rows)[:, -1:].argmax(-1)], dim=1)
    return rows[:, prompts.shape[1]:]
"""
MANY_STEPS = """
def accumulated_step(batch, parts):
    for x, y in zip(*(part.tensor_split(parts) for part in batch)):
        training_step(x, y)
"""
RIGHT = {
    "cached_writing": (WRITER, CACHED),
    "shared_trunk": (WRITER, TRUNK),
    "accumulated_step": (TOLD_APART, ACCUMULATED),
    "z_loss": (TOLD_APART, Z_LOSS),
}
WRONG = {
    "positions-from-0": ("cached_writing", CACHED.replace("(start, start + new.shape[1])", "(new.shape[1])")),
    "mask-of-the-upper-left": ("cached_writing", CACHED.replace(".tril(known - new)", ".tril()")),
    "all-again": ("cached_writing", UNCACHED),
    "a-copy-of-the-trunk": ("shared_trunk", "import copy\n" + TRUNK.replace("(model)", "(copy.deepcopy(model))")),
    "mean-over-the-batch": ("shared_trunk", TRUNK.replace("mean(dim=1))", "mean(dim=1) + 0.1 * x.mean(dim=(0, 1)))")),
    "the-first-position": ("shared_trunk", TRUNK.replace(".mean(dim=1))", "[:, 0])")),
    "a-detached-trunk": ("shared_trunk", TRUNK.replace("self.trunk.blocks(x)", "self.trunk.blocks(x).detach()")),
    "a-head-that-starts-at-0": ("shared_trunk", TRUNK.replace("return self.two(", "return 0 * self.two(")),
    "a-sum-of-means": ("accumulated_step", ACCUMULATED.replace(" * len(x) / len(batch[0])", "")),
    "parts-of-equal-weight": ("accumulated_step", ACCUMULATED.replace("len(x) / len(batch[0])", "1 / parts")),
    "a-step-for-each-part": ("accumulated_step", MANY_STEPS),
    "the-whole-at-once": ("accumulated_step", "def accumulated_step(batch, parts):\n    training_step(*batch)\n"),
    "old-gradients-stay": ("accumulated_step", ACCUMULATED.replace("    optimizer.zero_grad()\n", "")),
    "exp-before-the-sum": ("z_loss", Z_LOSS.replace("logits.logsumexp(dim=-1)", "logits.exp().sum(-1).log()")),
    "no-square": ("z_loss", Z_LOSS.replace("(z**2)", "z")),
    "a-sum": ("z_loss", Z_LOSS.replace("(z**2).mean()", "(z**2).sum()")),
    "detached": ("z_loss", Z_LOSS.replace("(z**2)", "(z.detach() ** 2)")),
}  # fmt: skip


@pytest.fixture(scope="module")
def warm() -> Iterator[Grader]:
    with Grader() as grader:
        yield grader


def extended(folder: Path, program: Source, added: Extension) -> tuple[Exercise, Notebook]:
    """A program that works with an extension, as an interview has it."""
    made = make(Folders(folder), "i00000001", program, [])
    desk.extend(made, added, program.roles.names)
    return made, Notebook((*program.notebook.cells, *added.cells(program.roles.names)))


def checks(folder: Path, warm: Grader, name: str, program: str, code: str) -> list[CheckResult]:
    added = extension(name)
    made, notebook = extended(folder, source(installed(), program), added)
    cells = [Cell(one.id, "code", code, one.metadata) if one.id == "extension" else one for one in notebook.cells]
    run = warm.submit(made, Notebook(tuple(cells)), 0).result()
    assert run.status == "ok", run.detail
    found = [one for one in run.checks if one.name in added.check_names]
    assert len(found) == len(added.check_names)
    assert run.converged
    return found


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_passes(tmp_path: Path, warm: Grader, name: str) -> None:
    program, code = RIGHT[name]
    assert [one.message for one in checks(tmp_path, warm, name, program, code) if one.outcome != "passed"] == []


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_fails(tmp_path: Path, warm: Grader, wrong: str) -> None:
    name, code = WRONG[wrong]
    assert code not in [right for _, right in RIGHT.values()]
    assert [one for one in checks(tmp_path, warm, name, RIGHT[name][0], code) if one.outcome == "failed"]


def test_there_is_an_extension_for_most_programs() -> None:
    every = [one for one in sources(installed()) if one.manifest.run.arrays == "torch"]
    without = [one.id for one in every if not fitting(one)]
    assert len(without) < len(every) / 3
    assert {one.id for program in every for one in fitting(program)} == {one.id for one in library()}
