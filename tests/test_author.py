"""Authors: exercises are built from their bugs, scaffolded, and proved sound."""

from __future__ import annotations

import io
import json
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from bugkit.author import evidence as evidences
from bugkit.author import soundness
from bugkit.author.build import build, shipped
from bugkit.author.evidence import Evidence
from bugkit.author.scaffold import create
from bugkit.author.validate import problems, refuse_invalid
from bugkit.author.variants import Variant, drawn_fixes, partial_fixes, variants
from bugkit.author.verify import verify
from bugkit.errors import BugkitError, ManifestError, UsageError
from bugkit.exercise import Catalog, Exercise
from bugkit.exercise.manifest import Bug
from bugkit.notebook import Cell, Notebook, read
from bugkit.verdict import CheckResult, RunResult, Symptom, Target

FOLDER = "ex01_goes_astray"
LOCKED = {"editable": False, "deletable": False}
CELLS = (
    Cell("story", "markdown", "# It goes astray"),
    Cell("setup", "code", "import numpy as np"),
    Cell("parameters", "code", "SEED = 0", {"tags": ["parameters"]}),
    Cell("data", "code", "rng = np.random.default_rng(SEED)\nx = rng.normal(size=64)\ny = 3.0 * x"),
    Cell("model", "code", "weight = 0.0\n\ndef predict(x):\n    return weight * x"),
    Cell(
        "training",
        "code",
        "losses = []\n"
        "for _ in range(50):\n"
        "    error = predict(x) - y\n"
        "    losses.append(np.mean(error**2))\n"
        "    weight = weight - 0.2 * np.mean(error * x)",
    ),
    Cell("curve", "code", "print(len(losses))", {**LOCKED, "tags": ["presentation"]}),
    Cell("check", "code", "%load_ext bugkit\n%bugkit check", LOCKED),
)
MANIFEST = """
format_version = 1
title = "It goes astray"
track = "tiny"
difficulty = 1
minutes = 1
concepts = ["descent"]
[run]
max_steps = 60
seconds = 30
arrays = "numpy"
names = ["predict"]
[converge]
measure = "heldout_loss"
unit = "squared error"
below = 0.1
at_start = 9.0
[[hint]]
text = "Look at the curve."
[[hint]]
text = "Which way does each step go?"
[[hint]]
text = "A step subtracts the gradient: weight = weight - 0.2 * np.mean(error * x)"
"""
CHECKS = '''
import numpy as np

def heldout_loss(run):
    """Mean squared error on new inputs."""
    x = run.rng.normal(size=100)
    return float(np.mean((run.predict(x) - 3.0 * x) ** 2))

def check_three_for_one(run):
    """One more in the input is three more in the output."""
    one = run.predict(np.array([1.0])) - run.predict(np.array([0.0]))
    assert abs(one[0] - 3.0) < 0.2, f"found {one[0]:.3g}"
'''
BUGS = """
[[bug]]
id = "uphill"
cell = "training"
find = "weight - 0.2"
replace = "weight + 0.2"
symptom = "diverged"
why = "It climbs."
[[wrong_fix]]
id = "crawl"
cell = "training"
find = "0.2"
replace = "0.001"
why = "It still climbs."
[[valid_fix]]
id = "turned-error"
cell = "training"
find = "error * x"
replace = "-error * x"
why = "Twice turned."
"""
SECOND_BUG = """
[[bug]]
id = "half-target"
cell = "data"
find = "3.0 * x"
replace = "1.5 * x"
symptom = "diverged"
why = "Half of it."
"""
CHECK = "check_three_for_one"
TARGET = Target("Mean squared error", "squared error", below=0.1, above=0.0, at_start=9.0, max_steps=60)


@pytest.fixture
def exercise(tmp_path: Path) -> Exercise:
    """A catalog with one numpy exercise, built."""
    out = Exercise(tmp_path / "exercises" / FOLDER, tmp_path / "solutions" / FOLDER)
    out.path.mkdir(parents=True)
    out.solution_path.mkdir(parents=True)
    (out.path / "exercise.toml").write_text(MANIFEST)
    out.checks.write_text(CHECKS)
    out.solution.write_text(Notebook(CELLS).to_json(), encoding="utf-8")
    (out.solution_path / "bugs.toml").write_text(BUGS)
    build(out, write=True)
    return out


def again(exercise: Exercise, *, bugs: str = BUGS, manifest: str = MANIFEST) -> Exercise:
    """The exercise with other manifests, read afresh."""
    (exercise.solution_path / "bugs.toml").write_text(bugs)
    (exercise.path / "exercise.toml").write_text(manifest)
    return Exercise(exercise.path, exercise.solution_path)


# ---- build


def test_what_is_shipped_is_the_solution_with_its_bug(exercise: Exercise) -> None:
    """Exactly one cell differs, and it holds the bug."""
    cells = zip(read(exercise.solution).cells, shipped(exercise).cells, strict=True)
    differ = [mine.source for theirs, mine in cells if theirs != mine]
    assert len(differ) == 1
    assert "weight + 0.2" in differ[0]


def test_build_is_in_step_until_a_source_changes(exercise: Exercise) -> None:
    """A changed solution is out of step; check leaves the file alone, write fixes it."""
    assert build(exercise, write=False)
    cells = [c.with_source("# new\n" + c.source) if c.id == "setup" else c for c in CELLS]
    exercise.solution.write_text(Notebook(tuple(cells)).to_json(), encoding="utf-8")
    before = exercise.notebook.read_bytes()
    assert not build(exercise, write=False)
    assert exercise.notebook.read_bytes() == before
    assert not build(exercise, write=True)
    assert build(exercise, write=False)
    assert [p.name for p in exercise.path.iterdir() if p.name.startswith(".")] == []


def test_a_byte_more_is_out_of_step(exercise: Exercise) -> None:
    """A learner's notebook edited by hand is seen, and so is a missing one."""
    exercise.notebook.write_bytes(exercise.notebook.read_bytes() + b" ")
    assert not build(exercise, write=False)
    exercise.notebook.unlink()
    assert not build(exercise, write=False)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('find = "weight - 0.2"', 'find = "weight * 0.2"', "finds it 0 times"),
        ('find = "weight - 0.2"', 'find = "error"', "finds it 3 times"),
        ('cell = "training"', 'cell = "trainin"', "which is not there"),
        ('replace = "weight + 0.2"', 'replace = "weight - 0.2"', "changes nothing"),
        (
            'cell = "training"\nfind = "weight - 0.2"\nreplace = "weight + 0.2"',
            'cell = "curve"\nfind = "len"\nreplace = "max"',
            "changes the locked cell 'curve'",
        ),
    ],
)
def test_a_patch_that_does_not_fit_is_named(exercise: Exercise, old: str, new: str, what: str) -> None:
    """The error has three parts: which patch and why, the evidence, and the file to edit."""
    with pytest.raises(ManifestError) as caught:
        build(again(exercise, bugs=BUGS.replace(old, new, 1)), write=True)
    error: BugkitError = caught.value
    assert error.what.startswith("ex01: the patch 'uphill' does not fit: ")
    assert what in error.what
    assert error.evidence
    assert "bugs.toml" in str(error.next_command)


# ---- the programs


def test_partial_fixes_leave_every_subset_but_none_and_all() -> None:
    """2^n - 2 subsets for up to five bugs; beyond, all small and all large ones, and a fixed choice of the others."""
    bugs = [Bug(id=f"b{i}", cell="c", find="f", replace="r", why="w", symptom="s") for i in range(12)]
    assert [len(partial_fixes(bugs[:n])) for n in range(1, 6)] == [0, 2, 6, 14, 30]
    assert [len(drawn_fixes(bugs[:n])) for n in (1, 5, 6, 12)] == [0, 0, 2**6 - 2 - 12, 100]
    many = [*partial_fixes(bugs), *drawn_fixes(bugs)]
    assert len({tuple(bug.id for bug in left) for left in many}) == len(many) == 12 + 12 + 100
    assert {len(left) for left in many} <= set(range(1, 12))
    assert drawn_fixes(bugs) == drawn_fixes(bugs)


def test_a_drawn_fix_runs_on_one_seed_of_its_own(exercise: Exercise) -> None:
    """So that two seeds prove little of them quickly, and twenty each of them once."""
    whole = SECOND_BUG.replace("3.0 * x", "")  # the whole cell, which any number of bugs can replace
    more = "".join(whole.replace("half-target", f"bug-{i}").replace("1.5", f"{i}") for i in range(8))
    programs = variants(again(exercise, bugs=BUGS.replace("[[wrong", more + "[[wrong", 1)))
    drawn = [variant for variant in programs if variant.turn is not None]
    assert all(variant.kind == "partial" for variant in drawn)
    assert Counter(seed for variant in drawn for seed in variant.among(range(20))) == dict.fromkeys(range(20), 5)
    assert sum(len(variant.among([7, 8])) for variant in drawn) == 10
    assert {tuple(v.among([7, 8])) for v in programs if v not in drawn} == {(7, 8)}


def test_a_partial_fix_is_named_by_what_it_fixes(exercise: Exercise) -> None:
    """It still has the other bug."""
    programs = {v.id: v for v in variants(again(exercise, bugs=BUGS.replace("[[wrong", SECOND_BUG + "[[wrong", 1)))}
    partial = programs["half-target"]
    assert partial.left == ("uphill",)
    assert list(programs) == ["shipped", "solution", "half-target", "uphill", "crawl", "turned-error"]
    assert partial.notebook != programs["shipped"].notebook


def test_a_fix_may_be_told_on_the_solution(exercise: Exercise) -> None:
    """Both ways to write the same program."""
    stalled = """[[wrong_fix]]
id = "stalled"
on = "solution"
cell = "training"
find = "0.2"
replace = "0.0"
why = "It does not move."
"""
    fixed = stalled.replace("stalled", "halted").replace("solution", "shipped").replace('"0.2"', '"+ 0.2"')
    fixed = fixed.replace('"0.0"', '"- 0.0"')
    programs = {v.id: v.notebook for v in variants(again(exercise, bugs=BUGS + stalled + fixed))}
    assert programs["stalled"] == programs["halted"] != programs["solution"]


# ---- soundness, on runs made by hand


def good(seed: int) -> RunResult:
    """A run that passes."""
    return RunResult(seed, "ok", loss=0.01, converged=True, steps=50, seconds=1.0, checks=(checked(seed, ok=True),))


def bad(seed: int) -> RunResult:
    """A run that fails in every way."""
    return replace(good(seed), loss=math.inf, converged=False, checks=(checked(seed, ok=False),))


def checked(seed: int, *, ok: bool) -> CheckResult:
    """The check's result."""
    return CheckResult(CHECK, "Three for one.", "passed" if ok else "failed", "" if ok else "found 0", seed)


def diagnosed(runs: list[RunResult], _target: Target) -> tuple[Symptom, ...]:
    """A stand-in: what has no finite loss diverged."""
    diverged = any(run.loss is None or not math.isfinite(run.loss) for run in runs)
    return (Symptom("diverged", "the loss rises"),) if diverged else ()


def assess(exercise: Exercise, monkeypatch: pytest.MonkeyPatch, **runs: list[RunResult]) -> Evidence:
    """The evidence of two seeds of a sound exercise, but for the programs named."""
    monkeypatch.setattr(soundness, "diagnose", diagnosed)
    results: dict[Variant, list[RunResult]] = {
        v: runs.get(v.id.replace("-", "_"), [good(0), good(1)] if v.correct else [bad(0), bad(1)])
        for v in variants(exercise)
    }
    return soundness.assess(exercise, results, TARGET)


def test_a_sound_exercise_has_no_problems(exercise: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeds are counted, margins measured, and what caught a wrong fix is named."""
    evidence = assess(exercise, monkeypatch)
    assert evidence.problems == ()
    assert (evidence.shipped.passed, evidence.solution.passed, evidence.seeds) == (0, 2, 2)
    assert evidence.margin == pytest.approx(0.9)
    assert evidence.wrong_fixes[0].caught_by == ("convergence", CHECK)
    assert evidence.wrong_fixes[0].loss == (None, None)
    assert evidence.valid_fixes[0].passed == 2


@pytest.mark.parametrize(
    ("planted", "problem"),
    [
        ({"shipped": [bad(0), good(1)]}, "the shipped notebook passes on 1 of 2 seeds (1)"),
        ({"solution": [good(0), bad(1)]}, f"the solution fails on 1 of 2 seeds (1): convergence, {CHECK}"),
        (
            {"solution": [good(0), replace(good(1), loss=0.09)]},
            "the worst correct loss is 10% of the way under",
        ),
        (
            {"turned_error": [good(0), replace(good(1), loss=0.09)]},
            "the worst correct loss is 10% of the way",
        ),
        ({"crawl": [good(0), good(1)]}, "the wrong fix 'crawl' passes"),
        ({"turned_error": [bad(0), good(1)]}, "the valid fix 'turned-error' fails on 1 of 2 seeds (0)"),
        (
            {"shipped": [replace(bad(0), loss=9.0), replace(bad(1), loss=9.0)]},
            "the bug 'uphill' does not show the symptom 'diverged' on half of the seeds, but: none",
        ),
        (
            {"shipped": [bad(0), RunResult(1, "raised", "NameError: x")]},
            "the shipped notebook does not run on 1 of 2 seeds (1): NameError: x",
        ),
        (
            {"crawl": [RunResult(s, "raised", "SyntaxError: y") for s in range(2)]},
            "the wrong fix 'crawl' does not run on 2 of 2 seeds (0, 1): SyntaxError: y",
        ),
        ({"solution": [good(0), replace(good(1), seconds=31.0)]}, "the solution takes 31.0 s, 30 s allowed"),
        ({"turned_error": [good(0), replace(good(1), steps=61)]}, "takes 61 steps, 60 allowed"),
        (
            {n: [replace(bad(s), checks=(checked(s, ok=True),)) for s in range(2)] for n in ("shipped", "crawl")},
            f"{CHECK} never failed",
        ),
        (
            {
                "solution": [
                    replace(good(s), checks=(replace(checked(s, ok=True), outcome="undecided"),)) for s in range(2)
                ]
            },
            f"{CHECK} is undecided for the solution on all seeds",
        ),
    ],
)
def test_what_is_unsound_is_told(
    exercise: Exercise, monkeypatch: pytest.MonkeyPatch, planted: dict[str, list[RunResult]], problem: str
) -> None:
    """Each planted defect is among the problems."""
    assert any(problem in found for found in assess(exercise, monkeypatch, **planted).problems)


def test_a_symptom_need_not_show_on_more_than_half_of_the_seeds(
    exercise: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other seeds may show another one."""
    assert assess(exercise, monkeypatch, shipped=[bad(0), replace(bad(1), loss=9.0)]).problems == ()


def test_a_wrong_fix_may_pass_on_some_seeds(exercise: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    """A verdict passes only if every seed does; the count is kept."""
    evidence = assess(exercise, monkeypatch, crawl=[good(0), bad(1)])
    assert evidence.problems == ()
    assert evidence.wrong_fixes[0].passed == 1


@pytest.mark.parametrize(
    ("hint", "problem"),
    [
        (
            "Write weight  -  0.2 times the gradient.",
            "hint 1 contains the fix of the bug 'uphill': 'weight - 0.2'",
        ),
        ("Are you going Uphill?", "hint 1 names the bug 'uphill'"),
        ("Look at the weight.", None),
    ],
)
def test_only_the_last_hint_may_give_it_away(
    exercise: Exercise, monkeypatch: pytest.MonkeyPatch, hint: str, problem: str | None
) -> None:
    """Neither the text of the fix nor the bug's name stand in an earlier hint."""
    told = again(exercise, manifest=MANIFEST.replace("Look at the curve.", hint))
    assert list(assess(told, monkeypatch).problems) == ([problem] if problem else [])


def test_a_tick_must_not_turn_when_another_bug_is_fixed(exercise: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another bug hides is undecided; shown as held, it is a problem."""
    two = again(exercise, bugs=BUGS.replace("[[wrong", SECOND_BUG + "[[wrong", 1))
    hidden = [replace(bad(seed), checks=(checked(seed, ok=True),)) for seed in range(2)]
    problems = assess(two, monkeypatch, shipped=hidden).problems
    assert any("holds in the shipped notebook, and fails when" in problem for problem in problems)
    undecided = [
        replace(bad(seed), checks=(replace(checked(seed, ok=True), outcome="undecided"),)) for seed in range(2)
    ]
    assert assess(two, monkeypatch, shipped=undecided).problems == ()


def test_a_partial_fix_must_not_pass(exercise: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two bugs, fixing one of them is not enough; a hidden symptom counts where the bug is alone."""
    two = again(exercise, bugs=BUGS.replace("[[wrong", SECOND_BUG + "[[wrong", 1))
    assert assess(two, monkeypatch).problems == ()
    passes = assess(two, monkeypatch, uphill=[good(0), good(1)])
    assert passes.problems == ("the partial fix 'uphill' passes",)
    level = [replace(bad(seed), loss=9.0) for seed in range(2)]
    assert assess(two, monkeypatch, shipped=level).problems == ()
    assert len(assess(two, monkeypatch, shipped=level, uphill=level).problems) == 1


# ---- evidence


def test_evidence_survives_the_file(exercise: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    """Format 1, plain JSON, infinite losses as null, no problems in it."""
    evidence = assess(exercise, monkeypatch)
    evidences.write(exercise, evidence)
    document = json.loads(evidences.path_of(exercise).read_text(encoding="utf-8"))
    assert list(document) == [
        *("format", "exercise", "bugkit", "torch", "python", "seeds", "margin", "seconds_per_run", "sources"),
        *("shipped", "solution", "partial_fixes", "wrong_fixes", "valid_fixes"),
    ]
    assert document["shipped"] == {"passed": 0, "loss": [None, None]}
    assert document["wrong_fixes"] == [
        {"id": "crawl", "passed": 0, "loss": [None, None], "caught_by": ["convergence", CHECK]}
    ]
    assert replace(evidence, margin=0.9) == evidences.read(exercise)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (None, "nothing was measured yet"),
        ("{", "is no evidence"),
        ("[]", "is no evidence"),
        ('{"format": 2}', "format"),
    ],
)
def test_evidence_that_cannot_be_read(exercise: Exercise, text: str | None, what: str) -> None:
    """Each way is told, with the command that makes it anew."""
    if text is not None:
        evidences.path_of(exercise).write_text(text)
    with pytest.raises(ManifestError, match=what) as caught:
        evidences.read(exercise)
    assert caught.value.next_command == "bugkit author verify ex01"


def test_evidence_is_of_the_programs_and_not_of_words(exercise: Exercise) -> None:
    """A reason may be put better; a fix that starts from another notebook, or another band, is measured anew."""
    known = evidences.fingerprint(exercise)
    assert evidences.fingerprint(again(exercise, bugs=BUGS.replace("It climbs.", "Uphill."))) == known
    elsewhere = BUGS.replace('id = "crawl"', 'id = "crawl"\non = "solution"')
    assert evidences.fingerprint(again(exercise, bugs=elsewhere)) != known
    assert evidences.fingerprint(again(exercise, manifest=MANIFEST.replace("below = 0.1", "below = 0.2"))) != known


def test_the_table_shows_the_problems(exercise: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row for each exercise, and below them a sentence for each problem."""
    out = io.StringIO()
    sound, unsound = assess(exercise, monkeypatch), assess(exercise, monkeypatch, crawl=[good(0), good(1)])
    coded = replace(sound, problems=("hint 1 contains w[b]",))
    Console(file=out, width=120).print(evidences.table([sound, unsound, coded]))
    assert out.getvalue().count("ex01   ") == 3
    assert "\nex01: the wrong fix 'crawl' passes" in out.getvalue()
    assert "w[b]" in out.getvalue()
    assert "1 of 3 wrong fixes pass, 0 of 3 valid fixes fail" in out.getvalue()
    Console(file=out, width=120).print(evidences.table([sound]))
    assert "problems: none" in out.getvalue()


# ---- scaffold


TITLE = 'It "falls", then\\rises'


def test_a_new_exercise_is_complete_and_built(tmp_path: Path) -> None:
    """Every file is there, filled in, valid and in step; the story's title may hold quotes."""
    written = create(tmp_path, "ex34_falls_then_rises", TITLE)
    assert sorted(p.relative_to(tmp_path).as_posix() for p in written) == [
        "exercises/ex34_falls_then_rises/checks.py",
        "exercises/ex34_falls_then_rises/ex34.ipynb",
        "exercises/ex34_falls_then_rises/exercise.toml",
        "solutions/ex34_falls_then_rises/bugs.toml",
        "solutions/ex34_falls_then_rises/ex34.ipynb",
        "solutions/ex34_falls_then_rises/explanation.md",
    ]
    assert not any(mark in p.read_text(encoding="utf-8") for p in written for mark in ("__ID__", "__TITLE__"))
    exercise = Catalog(tmp_path).find("ex34")
    assert exercise.manifest.title == TITLE
    assert build(exercise, write=False)
    assert len(variants(exercise)) == 2 + 4 + 4
    assert list(problems(exercise)) == []


def test_every_file_of_an_exercise_is_looked_at(tmp_path: Path) -> None:
    """Each planted fault is told in a sentence; nothing needs to run for that."""
    create(tmp_path, "ex34_falls_then_rises", TITLE)
    exercise = Catalog(tmp_path).find("ex34")
    manifest, bugs = exercise.path / "exercise.toml", exercise.solution_path / "bugs.toml"
    cells = len(read(exercise.solution).cells)
    planted = [
        (manifest, 'data = "tumors"', 'data = "tumours"', "no data set 'tumours'; the nearest is 'tumors'"),
        (manifest, "[[hint]]", "[[hnt]]", "unknown key; the nearest known key is 'hint'"),
        (exercise.checks, '"""A training step', 'f"""A training step', "has no docstring"),
        (exercise.checks, "def heldout_loss(run):", "def heldout_loss(run)", "it cannot be imported"),
        (bugs, '"diverged"', '"divergd"', "no symptom 'divergd'; the nearest is 'diverged'"),
        (bugs, 'find = "range(10)"', 'find = "range(11)"', "must find its text once"),
        (exercise.solution, '"id": "training"', '"idd": "training"', f"1 of {cells} cells have no id"),
        (exercise.notebook, "range(10)", "range(9)", "is out of step with the solution"),
    ]
    for path, good_text, bad_text, told in planted:
        text = path.read_text(encoding="utf-8")
        assert good_text in text, good_text
        path.write_text(text.replace(good_text, bad_text), encoding="utf-8")
        found = list(problems(Catalog(tmp_path).find("ex34")))
        assert any(told in problem for problem in found), (told, found)
        with pytest.raises(ManifestError, match="its files are not valid"):
            refuse_invalid(Catalog(tmp_path).find("ex34"))
        path.write_text(text, encoding="utf-8")
    assert list(problems(Catalog(tmp_path).find("ex34"))) == []


def test_seeds_that_make_no_difference_are_a_problem(exercise: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the task as it is given out, which even seeds get."""
    same = [replace(good(seed), loss=0.01 if seed % 2 == 0 else 0.01 + seed / 1e4) for seed in range(4)]
    told = "seeds make no difference: the solution has the loss 0.01 on all of 2 seeds"
    assert told in assess(exercise, monkeypatch, solution=same).problems
    same[2] = replace(same[2], loss=0.011)
    assert told not in assess(exercise, monkeypatch, solution=same).problems


def test_a_new_notebook_has_the_anatomy(tmp_path: Path) -> None:
    """The cells in their order, text before each, plots and the check locked."""
    create(tmp_path, "ex34_falls_then_rises", TITLE)
    notebook = read(Catalog(tmp_path).find("ex34").notebook)
    named = [c.id for c in notebook.cells if not str(c.id).startswith("about-")]
    assert named == [
        *("story", "setup", "parameters", "data", "look", "model", "training-step"),
        *("training", "curve", "evaluation", "notes", "check"),
    ]
    assert {c.id for c in notebook.cells if c.locked} == {"look", "curve", "check"}
    assert all("presentation" in c.tags for c in notebook.cells if c.id in ("look", "curve"))
    assert all(c.source.count("\n") < 25 for c in notebook.cells)
    prose = [len(c.source.split()) for c in notebook.cells if str(c.id).startswith("about-")]
    assert all(10 <= words <= 30 for words in prose), prose


@pytest.mark.parametrize("name", ["34_falls", "ex34", "ex_falls", "Ex34_falls", "ex34_falls-then", "../ex34_falls"])
def test_a_bad_name_is_refused(tmp_path: Path, name: str) -> None:
    """Nothing is written."""
    with pytest.raises(UsageError, match="no name for an exercise"):
        create(tmp_path, name, "T")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("part", ["exercises", "solutions"])
def test_a_taken_id_is_refused(tmp_path: Path, part: str) -> None:
    """A folder that is there is left alone, whatever the rest of its name."""
    (tmp_path / part / "ex34_other").mkdir(parents=True)
    with pytest.raises(UsageError, match="already an exercise 'ex34'"):
        create(tmp_path, "ex34_falls", "T")
    assert [p.name for p in tmp_path.rglob("*")] == [part, "ex34_other"]


# ---- verify, with real runs


def test_nothing_is_proved_without_seeds(exercise: Exercise) -> None:
    """An empty list of seeds is a mistake, not a proof."""
    with pytest.raises(UsageError):
        verify([exercise], [], lambda *_: None)


@pytest.mark.slow
def test_a_tiny_exercise_is_proved(exercise: Exercise) -> None:
    """Every program on every seed, in order, with progress."""
    told: list[tuple[int, int, str]] = []
    (evidence,) = verify([exercise], [0, 1], lambda *progress: told.append(progress))
    assert evidence.problems == ()
    assert evidence.wrong_fixes[0].passed == 0
    assert [done for done, _, _ in told] == list(range(1, 9))
    assert {total for _, total, _ in told} == {8}
    assert "ex01 crawl, seed 1" in {label for _, _, label in told}


@pytest.mark.slow
def test_a_brief_proof_runs_a_wrong_fix_until_it_fails(exercise: Exercise) -> None:
    """One that passes on the first seed has the others to fail on; the valid ones take the seeds in turn."""
    right = """[[wrong_fix]]
id = "downhill"
cell = "training"
find = "weight + 0.2"
replace = "weight - 0.2"
why = "It is right."
"""
    told: list[str] = []
    valid = right.replace("wrong_fix", "valid_fix").replace("downhill", "straight")
    doubtful = again(exercise, bugs=BUGS + right + valid)
    (evidence,) = verify([doubtful], [0, 1, 2], lambda *progress: told.append(progress[2]), fixes=4)
    runs = Counter(label.split()[1].strip(",") for label in told)
    assert runs == {"shipped": 3, "solution": 3, "crawl": 1, "downhill": 3, "turned-error": 1, "straight": 1}
    assert {"ex01 turned-error, seed 0", "ex01 straight, seed 1"} <= set(told)
    assert evidence.problems == ("the wrong fix 'downhill' passes",)


@pytest.mark.slow
def test_a_brief_proof_leaves_out_fixes_and_nothing_else(exercise: Exercise) -> None:
    """What is shipped, the solution and each bug alone are needed."""
    two = again(exercise, bugs=BUGS.replace("[[wrong", SECOND_BUG + "[[wrong", 1))
    told: list[str] = []
    verify([two], [0, 1], lambda *progress: told.append(progress[2]), fixes=1)
    runs = Counter(label.split()[1].strip(",") for label in told)
    assert runs == {"shipped": 2, "solution": 2, "half-target": 2, "uphill": 2, "crawl": 1}


@pytest.mark.slow
def test_a_new_exercise_is_sound_as_it_is(tmp_path: Path) -> None:
    """The template proves itself."""
    create(tmp_path, "ex34_falls_then_rises", TITLE)
    (evidence,) = verify(Catalog(tmp_path).exercises, [0, 1, 2], lambda *_: None)
    assert evidence.problems == ()
