"""Fresh exercises, as a learner has them: drawn, judged, explained; and nothing of theirs says what was put in."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bugkit.author.fingerprint import fingerprint
from bugkit.errors import UsageError
from bugkit.exercise.catalog import CODE, Catalog
from bugkit.fresh import desk
from bugkit.fresh.desk import Wish
from bugkit.fresh.evidence import Proof, matrix
from bugkit.fresh.story import difficulty
from bugkit.grader import Grader
from bugkit.kinds import kind
from bugkit.kinds.source import sources
from bugkit.notebook import apply, read
from bugkit.progress import Progress

ROOT = Path(__file__).parents[1]
SAMPLE = 3  # proofs that are made again
QUICK = "ex10"  # a program whose training takes half a second
Bugkit = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def bugkit(tmp_path: Path) -> Bugkit:
    def run(*words: str, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bugkit", *words]
        return subprocess.run(
            command, cwd=cwd, env=dict(os.environ), capture_output=True, text=True, timeout=120, check=False
        )

    return run


@pytest.fixture
def drawn(bugkit: Bugkit) -> tuple[str, Path, Proof]:
    """A fresh exercise on the shelf: its code, its notebook, and what is known of it."""
    told = json.loads(bugkit("fresh", "--program", QUICK, "--seed", "1", "--json").stdout)
    return told["exercise"], Path(told["path"]), matrix().by_code()[told["exercise"]]


def fixed(path: Path, proof: Proof) -> None:
    """Put the program's own lines back."""
    document = json.loads(path.read_text(encoding="utf-8"))
    source = next(one for one in sources(Catalog(ROOT)) if one.id == proof.recipe.program)
    right = {cell.id: cell.source for cell in source.notebook.cells if cell.runs}
    for cell in document["cells"]:
        if cell["id"] in right:
            cell["source"] = right[cell["id"]]
    path.write_text(json.dumps(document), encoding="utf-8")


def sampled() -> list[Proof]:
    """Some proofs, drawn by all that is proved: other evidence meets other ones."""
    proofs = sorted(matrix().proofs, key=lambda proof: proof.code)
    return random.Random("".join(proof.code for proof in proofs)).sample(proofs, min(SAMPLE, len(proofs)))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:All-NaN:RuntimeWarning")  # of a loss that is no number
@pytest.mark.parametrize("proof", sampled(), ids=lambda proof: proof.code)
def test_a_proof_still_holds(proof: Proof, tmp_path: Path) -> None:
    exercise = desk.restored(proof.code, tmp_path)
    right = read(exercise.solution)
    broken = apply(right, [edit for bug in exercise.bugs.bug for edit in bug.edits])
    with Grader("fork") as grader:
        seen = [grader.submit(exercise, notebook, 0) for notebook in (right, broken)]
        assert [run.result().passed for run in seen] == [True, False]
        assert seen[1].result().status == "ok"


def test_no_proof_is_out_of_step(tmp_path: Path) -> None:
    changed = [
        proof.recipe for proof in matrix().proofs if fingerprint(desk.restored(proof.code, tmp_path)) != proof.sources
    ]
    assert not changed, "prove them again: bugkit author kinds --stale"


def test_the_same_seed_gives_the_same_notebook_everywhere(bugkit: Bugkit, tmp_path: Path) -> None:
    texts = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        told = json.loads(bugkit("fresh", "--seed", "7", "--json", cwd=tmp_path / name).stdout)
        texts.append(Path(told["path"]).read_bytes())
    assert texts[0] == texts[1]


def test_nothing_on_the_shelf_says_what_was_put_in(drawn: tuple[str, Path, Proof]) -> None:
    code, path, proof = drawn
    assert CODE.fullmatch(code)
    assert sorted(one.name for one in path.parent.iterdir()) == sorted([path.name, "exercise.toml"])
    told = "\n".join(one.read_text(encoding="utf-8") for one in path.parent.iterdir())
    for name, _ in proof.recipe.bugs:
        manifest = kind(name).manifest
        for words in (name, name.replace("-", "_"), manifest.title, manifest.symptom, *manifest.sources):
            assert words not in told


def test_a_fresh_exercise_is_judged_hinted_and_explained(
    bugkit: Bugkit, drawn: tuple[str, Path, Proof], tmp_path: Path
) -> None:
    code, path, proof = drawn
    broken = json.loads(bugkit("check", code, "--json").stdout)
    assert broken["outcome"] == "failed"
    assert bugkit("hint", code).stdout.startswith(f"{code}, hint 1 of ")
    assert "after a pass" in bugkit("solution", code).stderr
    fixed(path, proof)
    passed = bugkit("check", f"fresh/{code}/{code}.ipynb", "--json")
    assert json.loads(passed.stdout)["outcome"] == "passed", passed.stdout
    shown = bugkit("solution", code)
    assert kind(proof.recipe.bugs[0][0]).manifest.title in shown.stdout
    assert "--test" in shown.stdout
    assert "passed" in next(line for line in bugkit("list").stdout.splitlines() if code in line)
    assert Progress.of_workspace(tmp_path).state(code) == "passed"


def test_its_test_goes_into_a_cell_once(bugkit: Bugkit, drawn: tuple[str, Path, Proof]) -> None:
    code, path, _ = drawn
    before = {cell.id for cell in read(path).cells}
    assert "last code cell" in bugkit("solution", code, "--give-up", "--test").stdout
    after = read(path)
    (new,) = [cell for cell in after.cells if cell.id not in before]
    assert "assert" in new.source
    text = path.read_bytes()
    assert "already" in bugkit("solution", code, "--test").stdout
    assert path.read_bytes() == text


def test_a_notebook_that_is_there_already_stays(bugkit: Bugkit, drawn: tuple[str, Path, Proof]) -> None:
    code, path, _ = drawn
    path.write_text(
        path.read_text(encoding="utf-8").replace("LEARNING_RATE = ", "LEARNING_RATE = 2 * "), encoding="utf-8"
    )
    mine = path.read_bytes()
    result = bugkit("fresh", "--program", QUICK, "--seed", "1")
    assert "stays as it is" in result.stdout
    assert path.read_bytes() == mine
    assert "is as it was at first" in bugkit("reset", code).stdout
    assert path.read_bytes() != mine


def test_what_nobody_offers_names_what_there_is(bugkit: Bugkit) -> None:
    result = bugkit("fresh", "--kind", "no-such-kind")
    assert result.returncode == 2
    assert "kinds: " in result.stderr
    assert "next: bugkit fresh --help" in result.stderr
    unknown = bugkit("check", "f00000000")
    assert unknown.returncode == 2
    assert "a code belongs to the version that drew it" in unknown.stderr


def test_without_a_seed_nothing_comes_twice() -> None:
    wish = Wish(program=QUICK)
    met: set[str] = set()
    offered = [p for p in matrix().proofs if p.recipe.program == QUICK and len(p.recipe.bugs) == 1]
    for _ in offered:
        met.add(desk.draw(wish, None, met).code)
    assert len(met) == len(offered)
    with pytest.raises(UsageError):
        desk.draw(Wish(program="nowhere"), None)


@pytest.mark.parametrize("bugs", [1, 2, 3])
def test_every_wish_is_kept(bugs: int) -> None:
    for seed in range(5):
        proof = desk.draw(Wish(bugs=bugs, family="optimizer"), seed)
        assert len(proof.recipe.bugs) == bugs
        assert "optimizer" in [kind(name).manifest.family for name, _ in proof.recipe.bugs]


def test_a_story_tells_what_was_measured(tmp_path: Path) -> None:
    known = matrix()
    by_id = {source.id: source for source in sources(Catalog(ROOT))}
    for proof in known.proofs[::9]:
        source = by_id[proof.recipe.program]
        told = desk.measured(source, proof, known)
        exercise = desk.restored(proof.code, tmp_path)
        story = next(cell.source for cell in read(exercise.solution).cells if cell.id == "story")
        assert source.roles.about in story
        assert f"{told.whole:,.0f}" in story or f"{told.whole:.3g}" in story or not told.is_loud
        assert exercise.heading.difficulty == difficulty(source, len(proof.recipe.bugs), told)
        notes = next((cell.source for cell in read(exercise.solution).cells if cell.id == "notes"), "")
        assert ("What was the bug?" in notes) is (bool(notes) and len(proof.recipe.bugs) == 1)
        broken = apply(read(exercise.solution), [edit for bug in exercise.bugs.bug for edit in bug.edits])
        assert broken != read(exercise.solution)
