"""Proofs that go on where they were ended, generated programs among the evidence, and one program by itself."""

from __future__ import annotations

import io
import json
import math
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from test_author import BUGS, CHECK, CHECKS, MANIFEST, SECOND_BUG, again, bad, exercise, good  # noqa: F401 - a fixture

from bugkit.author import evidence as evidences
from bugkit.author import trial
from bugkit.author.fingerprint import fingerprint, of_checks, of_code
from bugkit.author.generated import Generated, generated
from bugkit.author.journal import Journal
from bugkit.author.surprises import Sort, Surprises, judged
from bugkit.author.variants import Variant
from bugkit.author.verify import only_generated, verify
from bugkit.errors import ManifestError, UsageError
from bugkit.exercise import Exercise
from bugkit.notebook import Notebook, read
from bugkit.verdict import LearnerError, RunResult

PACK = Path(__file__).parent / "pack"
EQUIVALENT = '[[equivalent]]\nid = "{}"\nwhy = "Nobody can tell."\n'


def right(notebook: Notebook, _seed: int) -> bool:
    """Whether a program of the tiny exercise goes downhill at a good pace, as far as its text tells."""
    text = "".join("".join(cell.source.split()) for cell in notebook.cells)
    return ("weight-0.2" in text) != ("-error*x" in text) and "+0.2*" not in text.replace("-error*x", "")


class Stub:
    """A grader that runs nothing."""

    def __init__(self, passes: Callable[[Notebook, int], bool] = right) -> None:
        self.passes = passes
        self.runs = 0

    def submit(
        self, _exercise: Exercise, notebook: Notebook, seed: int, *, redraw: int | None = None
    ) -> Future[RunResult]:
        assert redraw in (None, seed)
        out: Future[RunResult] = Future()
        self.runs += 1
        result = good(seed) if self.passes(notebook, seed) else bad(seed)
        out.set_result(replace(result, curve=tuple(float(x) for x in range(50))))
        return out


def proved(
    exercise: Exercise,  # noqa: F811
    grader: Stub,
    seeds: int = 2,
    patience: float = math.inf,
    **options: Any,
) -> tuple[evidences.Evidence, list[str]]:
    """The evidence, and the runs that were made; somebody ends it all after ``patience`` of them."""
    told: list[str] = []
    stub: Any = grader

    def heard(_done: int, _total: int, label: str) -> None:
        told.append(label)
        if len(told) == patience:
            raise KeyboardInterrupt

    (one,) = verify([exercise], range(seeds), heard, grader=stub, **options)
    return one, told


# ---- the first seeds


def test_what_must_fail_is_run_on_all_seeds_only_if_it_passed_on_one_of_the_first(exercise: Exercise) -> None:  # noqa: F811
    """Six are enough for what never passes."""
    lucky = (
        BUGS + '[[wrong_fix]]\nid = "lucky"\ncell = "training"\nfind = "+ 0.2"\nreplace = "+ 0.3"\nwhy = "It may."\n'
    )

    def passes(notebook: Notebook, seed: int) -> bool:
        return right(notebook, seed) or ("+ 0.3" in "".join(c.source for c in notebook.cells) and seed == 3)

    one, told = proved(again(exercise, bugs=lucky), Stub(passes), seeds=8)
    runs = Counter(label.split()[1].strip(",") for label in told)
    assert runs == {"shipped": 8, "solution": 8, "crawl": 6, "lucky": 8, "turned-error": 8}
    assert {fix.id: (fix.passed, len(fix.loss)) for fix in one.wrong_fixes} == {"crawl": (0, 6), "lucky": (1, 8)}


# ---- the journal


def test_a_proof_that_is_ended_goes_on_there(exercise: Exercise, tmp_path: Path) -> None:  # noqa: F811
    """What it has measured is not measured again, and the evidence is the same."""
    whole, all_runs = proved(exercise, Stub())
    with pytest.raises(KeyboardInterrupt):
        proved(exercise, Stub(), patience=3, journal=Journal(tmp_path))
    stub = Stub()
    one, told = proved(exercise, stub, journal=Journal(tmp_path))
    assert stub.runs == len(told) == len(all_runs) - 3
    assert one == whole
    assert proved(exercise, Stub(), journal=Journal(tmp_path)) == (whole, [])


def test_a_result_survives_the_journal(exercise: Exercise, tmp_path: Path) -> None:  # noqa: F811
    """Infinite losses, errors and checks; curves of those that symptoms are read from."""
    error = LearnerError("training", 3, "ValueError", "no", ({"cell": "training", "line": 3, "text": "x"},))
    result = replace(bad(7), curve=(1.0, math.inf), error=error)
    shipped, wrong = Variant("shipped", "shipped", Notebook(())), Variant("wrong", "w", Notebook(()))
    for variant in (shipped, wrong):
        Journal(tmp_path).keep(exercise, variant, 7, result)
    assert Journal(tmp_path).find(exercise, shipped, 7) == result
    assert Journal(tmp_path).find(exercise, wrong, 7) == replace(result, curve=())
    assert Journal(tmp_path).find(exercise, shipped, 8) is None
    assert Journal(tmp_path, "jupyter").find(exercise, shipped, 7) is None
    Journal(tmp_path).forget(exercise)
    assert Journal(tmp_path).find(exercise, shipped, 7) is None


def test_a_corrupt_line_is_no_line(exercise: Exercise, tmp_path: Path) -> None:  # noqa: F811
    """Half of one, another's format, and nothing at all."""
    variant = Variant("solution", "solution", Notebook(()))
    Journal(tmp_path).keep(exercise, variant, 1, good(1))
    (path,) = (tmp_path / ".bugkit" / "verify").iterdir()
    lines = path.read_text()
    path.write_text(
        lines + '\n{"key": [1, 2]}\n[]\nnull\n{"key": ["a", "b", "c", 1], "result": {"seed": 1}}\n' + lines[:60]
    )
    Journal(tmp_path).keep(exercise, variant, 2, good(2))
    assert Journal(tmp_path).find(exercise, variant, 1) == good(1)
    assert Journal(tmp_path).find(exercise, variant, 2) == good(2)


def test_what_has_changed_is_measured_anew(exercise: Exercise, tmp_path: Path) -> None:  # noqa: F811
    """A band, or a program; a reason that is put better is no change."""
    _, told = proved(exercise, Stub(), journal=Journal(tmp_path))
    words = again(exercise, bugs=BUGS.replace("It climbs.", "Uphill."))
    assert proved(words, Stub(), journal=Journal(tmp_path))[1] == []
    band = again(exercise, manifest=MANIFEST.replace("below = 0.1", "below = 0.2"))
    assert len(proved(band, Stub(), journal=Journal(tmp_path))[1]) == len(told)


# ---- what a fingerprint is of


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("x = 1", "x  =  1  # one", True),
        ("def f():\n    return 1", 'def f():\n    """One."""\n    return 1', True),
        ("x = 1", "x = 2", False),
        ("f()", "f('')", False),
        ("print('a')", "print('b')", True),
        ("print(f'{x:.1f} a')", "print(f'b {x:.2f}')", True),
        ("print(f'{x} a')", "print(f'{y} a')", False),
        ("axes[0].set_title('a')", "axes[0].set_title('b')", True),
        ("x = print('a')", "x = print('b')", False),
        ("init(w, 'relu')", "init(w, 'tanh')", False),
        ("axis.set_xlim(0)", "axis.set_xlim(1)", False),
        ("%time x = 1", "%time x = 1  # one", False),
        ("def f(): '''words'''", "def f(): '''other words'''", True),
    ],
)
def test_a_cell_is_what_it_does(before: str, after: str, *, same: bool) -> None:
    assert (of_code(before) == of_code(after)) == same


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("assert x, 'no'", "assert x, 'never'", True),
        ("assert x, f'{x} is no'", "assert x, f'not {x}'", True),
        ("assert x, 'no'", "assert x, f'no'", True),
        ("assert x, f'{x}'", "assert x, f'{y}'", False),
        ("assert x, 'no'", "assert y, 'no'", False),
        ("f('no')", "f('never')", False),
    ],
)
def test_a_check_is_what_it_asserts(before: str, after: str, *, same: bool) -> None:
    """Whatever it says."""
    told = [of_checks(text).replace("Tuple(ctx=Load())", "") for text in (before, after)]
    assert (told[0].replace(" msg=", "") == told[1].replace(" msg=", "")) == same


def test_evidence_stays_when_only_words_change(exercise: Exercise) -> None:  # noqa: F811
    """A comment, a docstring, a message, a patch told otherwise; not a limit in a check."""
    known = fingerprint(exercise)
    exercise.checks.write_text(
        CHECKS.replace("found {", "there was {").replace("Mean squared error on", "The error on")
    )
    cells = [c.with_source("# new\n" + c.source) if c.id == "model" else c for c in read(exercise.solution).cells]
    exercise.solution.write_text(Notebook(tuple(cells)).to_json(), encoding="utf-8")
    wider = BUGS.replace('"weight - 0.2"', '"weight - 0.2 *"').replace('"weight + 0.2"', '"weight + 0.2 *"')
    assert fingerprint(again(exercise, bugs=wider)) == known
    exercise.checks.write_text(CHECKS.replace("< 0.2", "< 0.3"))
    assert fingerprint(exercise) != known


# ---- generated programs among the evidence


def test_generated_programs_are_run_and_counted(exercise: Exercise) -> None:  # noqa: F811
    """Styles on three seeds, half fixes until they fail."""
    one, told = proved(exercise, Stub(), seeds=4, generated=True)
    assert one.generated is not None
    runs = Counter(label.split()[1].strip(",") for label in told)
    styles = {name: count for name, count in runs.items() if name.startswith("style:")}
    assert len(styles) == one.generated.styles.made > 4
    assert set(styles.values()) == {3}
    assert runs["half:uphill:every-second-step"] == 1
    assert one.generated.half_fixes.made > 3
    assert one.generated.half_fixes.wrong == ()


def test_a_half_fix_that_passes_and_a_style_that_fails_are_problems() -> None:
    """Both by name; what raises everywhere proves nothing."""
    names = ("half:b:one", "half:b:two", "half:b:three", "style:closure", "style:class")
    programs = [Variant("half" if name[0] == "h" else "style", name, Notebook(())) for name in names]
    made = Generated(tuple(programs), 2, 5, ("half:b:four",))
    raised = [RunResult(seed, "raised", "NameError: x") for seed in range(2)]
    runs = [[good(0), bad(1)], [good(0), good(1)], raised, [good(0), bad(1)], [good(0), good(1)]]
    results = {("ex01", v, r.seed): r for v, of_it in zip(programs, runs, strict=True) for r in of_it}
    found = judged(made, results)
    assert found.half_fixes == Sort(2, 3, 1, ("half:b:two",))
    assert found.styles == Sort(2, 5, 0, ("style:closure",))
    assert found.problems == (
        "the half fix 'half:b:two' passes",
        f"the style 'style:closure' fails: {CHECK}, seed 1 (found 0)",
    )


def test_a_half_fix_that_never_meets_its_bug_proves_nothing(exercise: Exercise) -> None:  # noqa: F811
    """Its broken side is not called: it is skipped, not passed."""
    function = SECOND_BUG.replace("half-target", "twice").replace('"data"', '"model"')
    function = function.replace("3.0 * x", "weight * x").replace("1.5 * x", "weight + x")

    def passes(notebook: Notebook, seed: int) -> bool:
        text = "".join(cell.source for cell in notebook.cells)
        return right(notebook, seed) and ("losses_so_far() < 5:" in text or "weight + x" not in text)

    called = again(exercise, bugs=BUGS + function)
    found = proved(called, Stub(passes), generated=True)[0].generated
    assert found is not None
    assert found.half_fixes.wrong == ()

    def sees_traps(notebook: Notebook, seed: int) -> bool:
        return passes(notebook, seed) and "they differ" not in "".join(cell.source for cell in notebook.cells)

    seen = proved(called, Stub(sees_traps), generated=True)[0].generated
    assert seen is not None
    assert seen.half_fixes.wrong == ("half:twice:first-tenth",)
    assert (seen.half_fixes.made, seen.half_fixes.skipped) == (found.half_fixes.made + 1, found.half_fixes.skipped - 1)


def test_a_half_fix_that_changes_nothing_is_told_from_one_that_is_not_seen() -> None:
    """The first is one to be called equivalent, perhaps."""
    programs = (Variant("half", "half:b:idle", Notebook(())), Variant("half", "half:b:unseen", Notebook(())))
    results = {("ex01", v, s): replace(good(s), curve=(1.0, 0.5)) for v in programs for s in range(2)}
    results["ex01", programs[1], 1] = replace(good(1), curve=(1.0, 0.6))
    found = judged(Generated(programs, 0, 0), results, [replace(good(s), curve=(1.0, 0.5)) for s in range(2)])
    assert found.problems == (
        "the half fix 'half:b:idle' passes, with the solution's own losses",
        "the half fix 'half:b:unseen' passes",
    )


def test_generated_programs_survive_the_file(exercise: Exercise) -> None:  # noqa: F811
    """And are shown; evidence without them can be read as before."""
    one, _ = proved(exercise, Stub())
    evidences.write(exercise, one)
    assert "generated" not in json.loads(evidences.path_of(exercise).read_text())
    found = Surprises(Sort(9, 2, 1, ("half:b:two",)), Sort(12, 6, 0, ("style:closure",)))
    evidences.write(exercise, replace(one, generated=found))
    document = json.loads(evidences.path_of(exercise).read_text())
    assert document["generated"] == {
        "half_fixes": {"made": 9, "skipped": 2, "equivalent": 1, "passed": ["half:b:two"]},
        "styles": {"made": 12, "skipped": 6, "failed": ["style:closure"]},
    }
    told = evidences.read(exercise)
    assert (told.generated.half_fixes, told.generated.styles) == (found.half_fixes, found.styles)
    assert told.problems == one.problems, "what was found is told again"
    evidences.write(exercise, replace(one, generated=found, problems=()))
    out = io.StringIO()
    Console(file=out, width=150).print(evidences.table([evidences.read(exercise)]))
    assert {"8/9", "11/12", "2+6"} <= set(out.getvalue().split())
    assert "1 half fixes are called equivalent" in out.getvalue()
    assert "ex01: the half fix 'half:b:two' passes" in out.getvalue()
    assert "ex01: the style 'style:closure' fails" in out.getvalue()


def test_an_equivalent_program_is_not_run(exercise: Exercise) -> None:  # noqa: F811
    """It is counted instead."""
    name = "half:uphill:every-twelfth-step"
    called = again(exercise, bugs=BUGS + EQUIVALENT.format(name))
    made, before = generated(called, 50), generated(exercise, 50)
    assert {one.id for one in before.programs} - {one.id for one in made.programs} == {name}
    one, told = proved(called, Stub(), generated=True)
    assert not any(name in label for label in told)
    assert one.generated is not None
    assert one.generated.half_fixes.equivalent == 1
    assert fingerprint(called) != fingerprint(exercise)


def test_an_equivalent_that_is_none_is_named(exercise: Exercise) -> None:  # noqa: F811
    """With the nearest."""
    called = again(exercise, bugs=BUGS + EQUIVALENT.format("half:uphill:every-twelfth-stop"))
    with pytest.raises(ManifestError) as caught:
        generated(called, 50)
    assert "the nearest is 'half:uphill:every-twelfth-step'" in caught.value.evidence


def test_few_programs_may_be_called_equivalent(exercise: Exercise) -> None:  # noqa: F811
    """One in ten."""
    names = [one.id for one in generated(exercise, 50).programs]
    some = names[: len(names) // 10 + 1]
    called = again(exercise, bugs=BUGS + "".join(map(EQUIVALENT.format, some)))
    with pytest.raises(ManifestError, match="too many programs are called equivalent"):
        generated(called, 50)


# ---- one program


def test_every_program_has_an_id(exercise: Exercise) -> None:  # noqa: F811
    names = trial.names(exercise)
    assert names[:5] == ["uphill", "shipped", "solution", "crawl", "turned-error"]
    assert {"half:uphill:first-tenth", "style:function"} <= set(names)
    assert all(trial.program(exercise, name).cells for name in names)


def test_an_unknown_id_names_the_nearest(exercise: Exercise) -> None:  # noqa: F811
    with pytest.raises(UsageError) as caught:
        trial.program(exercise, "crowl")
    assert list(caught.value.evidence) == ["the nearest is 'crawl'"]


def test_a_file_is_a_program_too(exercise: Exercise) -> None:  # noqa: F811
    """Rebuilt, as a learner's is."""
    cells = [c.with_source(c.source.replace("weight + 0.2", "weight - 0.2")) for c in read(exercise.notebook).cells]
    path = exercise.path / "mine.ipynb"
    path.write_text(Notebook(tuple(cells)).to_json(), encoding="utf-8")
    mine = {cell.id: cell.source for cell in trial.program(exercise, str(path)).cells}
    assert mine == {cell.id: cell.source for cell in read(exercise.solution).cells}


def test_a_program_is_shown_as_a_difference(exercise: Exercise) -> None:  # noqa: F811
    """Of the cells that it changes, adds and takes away."""
    lines = [line for line, _ in trial.shown(exercise, "uphill")]
    assert "  -    weight = weight - 0.2 * np.mean(error * x)" in lines
    assert "  +    weight = weight + 0.2 * np.mean(error * x)" in lines
    assert "cell own, new" in [line for line, _ in trial.shown(exercise, "style:builtins")]
    assert "cell parameters, gone" not in [line for line, _ in trial.shown(exercise, "style:joined")]
    assert any(line.endswith(", gone") for line, _ in trial.shown(exercise, "style:joined"))


# ---- with real runs


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The toys."""
    return Path(shutil.copytree(PACK, tmp_path / "pack", ignore=shutil.ignore_patterns(".bugkit", "__pycache__")))


def bugkit(pack: Path, *words: str) -> tuple[int, str]:
    """Exit code and output of the command."""
    command = [sys.executable, "-m", "bugkit", *words]
    done = subprocess.run(command, cwd=pack, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("solution", 0, "passed"),
        ("turned-sign", 1, "A row's prediction does not depend on the other rows."),
        ("smaller-steps", 1, "failed"),
        ("style:function", 0, "passed"),
        ("half:turned-sign:every-second-call", 1, "failed"),
    ],
)
def test_one_program_is_tried(pack: Path, name: str, code: int, told: str) -> None:
    """With the report of a check."""
    found = bugkit(pack, "author", "try", "toy01", name)
    assert found[0] == code, found[1]
    assert told in found[1].lower() or told in found[1]


def test_the_ids_are_listed_and_a_wrong_one_is_told(pack: Path) -> None:
    """And a program is shown without a run."""
    code, told = bugkit(pack, "author", "try", "toy01", "--list")
    assert code == 0
    assert {"turned-sign", "add-the-step", "half:turned-sign:first-tenth", "style:function"} <= set(told.split())
    code, told = bugkit(pack, "author", "try", "toy01", "turned-sing")
    assert code == 2
    assert "the nearest is 'turned-sign'" in told
    code, told = bugkit(pack, "author", "try", "toy01", "turned-sign", "--show")
    assert code == 0
    assert "+    error = y - predict(x)" in told


@pytest.mark.slow
def test_a_toy_meets_its_generated_programs(pack: Path) -> None:
    """Its styles pass, a half of a bug is caught where it is not small, and nothing is written."""
    from bugkit.exercise import Catalog

    toy = Catalog(pack).find("toy01")
    (found,) = only_generated([toy], range(3), lambda *_: None)
    assert found.styles.wrong == ()
    assert found.styles.made >= 6
    assert {"half:turned-sign:every-second-call", "half:turned-sign:while-it-trains"}.isdisjoint(found.half_fixes.wrong)
    assert found.half_fixes.made >= 4
    assert not evidences.path_of(toy).exists()
