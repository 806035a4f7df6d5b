"""The exercises that bugkit ships: the evidence of twenty seeds lies beside them, and some are proved briefly again.

The second seed's run is on a task drawn anew, where an exercise can draw one.
"""

from __future__ import annotations

import hashlib
import importlib.util
import random
import re
from itertools import groupby, islice
from pathlib import Path

import pytest

from bugkit.author import evidence
from bugkit.author.build import build
from bugkit.author.generated import generated
from bugkit.author.verify import verify
from bugkit.exercise import Catalog
from bugkit.grader import Grader
from bugkit.judge import judge
from bugkit.notebook import read

ROOT = Path(__file__).parents[1]
EXERCISES = Catalog(ROOT).exercises
IDS = [exercise.id for exercise in EXERCISES]
SECONDS = 10  # of training that the fixes of one exercise may take, about
SAMPLE = 100  # of training that all of these proofs may take, about, however many exercises there are
FEW = 2  # styles
FEWEST = 4  # fixes, however dear
COMMENT = re.compile(r"#\s*(.*)")


def pairs():
    """What both engines run: a solution of every track, and all of the first track with what is shipped.

    A kernel takes longer to start than these notebooks take to train.
    """
    for track, some in groupby(EXERCISES, key=lambda exercise: exercise.manifest.track):
        whole = track == EXERCISES[0].manifest.track
        for exercise in some if whole else islice(some, 1):
            what = [(exercise.solution, "passed"), *([(exercise.notebook, "failed")] if whole else [])]
            yield pytest.param(exercise, what, id=exercise.id)


PAIRS = list(pairs())


@pytest.fixture(scope="module")
def grader():
    """One warm fork engine for all exercises: a box takes longer to warm up than a run takes."""
    with Grader("fork", hidden=True) as one:
        yield one


@pytest.mark.parametrize("exercise", EXERCISES, ids=IDS)
def test_the_shipped_notebook_is_the_solution_with_its_bugs(exercise):
    assert build(exercise, write=False)


@pytest.mark.parametrize("exercise", EXERCISES, ids=IDS)
def test_there_is_enough_to_learn_from(exercise):
    assert len(exercise.bugs.wrong_fix) >= 4
    assert len(exercise.bugs.valid_fix) >= 4
    assert len(exercise.manifest.hint) >= 3
    assert (exercise.solution_path / "explanation.md").read_text().strip()


@pytest.mark.parametrize("exercise", EXERCISES, ids=IDS)
def test_the_evidence_is_of_what_is_here(exercise):
    found = evidence.read(exercise)
    if found.sources != evidence.fingerprint(exercise):
        pytest.skip(f"it has changed since; measure again: bugkit author verify {exercise.id}")
    assert found.seeds >= 20
    assert (found.shipped.passed, found.solution.passed) == (0, found.seeds)
    assert [fix.id for fix in (*found.partial_fixes, *found.wrong_fixes) if fix.sound] == []
    assert [fix.id for fix in found.valid_fixes if not fix.sound] == []
    if found.generated:
        assert (found.generated.half_fixes.wrong, found.generated.styles.wrong) == ((), ())


@pytest.mark.parametrize("exercise", EXERCISES, ids=IDS)
def test_nothing_that_a_learner_reads_names_the_bug(exercise):
    """A bug's id says what it is: its words stand together in no text but the last hint, nor does what fixes it."""
    for bug in exercise.bugs.bug:
        telling = {word for word in words_of(bug.id) if len(word) > 3}
        assert telling, bug.id
        assert [place for place, text in texts(exercise) if telling <= words_of(text)] == []


def texts(exercise):
    """Every text before the last hint, with its place."""
    yield "the title", f"{exercise.manifest.title} {exercise.folder.replace('_', ' ')}"
    for cell in read(exercise.notebook).cells:
        yield f"the cell {cell.id}", cell.source if cell.kind == "markdown" else " ".join(COMMENT.findall(cell.source))
    for number, hint in enumerate(exercise.manifest.hint[:-1], start=1):
        yield f"hint {number}", hint.text


def words_of(text):
    return set(re.findall(r"[a-z0-9]+", text.lower()))


def is_proved(exercise):
    return evidence.read(exercise).sources == evidence.fingerprint(exercise)


def sample():
    """As many as SAMPLE allows: first what has changed since its evidence was measured, then others.

    These are drawn by all that is here, so other code meets other exercises; the time does not grow with the catalog.
    """
    here = [evidence.fingerprint(one) for one in EXERCISES]
    here += [file.read_text(encoding="utf-8") for file in sorted((ROOT / "src").rglob("*.py"))]
    rng = random.Random(hashlib.sha256("".join(here).encode()).digest())
    spent, chosen = 0.0, []
    for exercise in sorted(rng.sample(EXERCISES, len(EXERCISES)), key=is_proved):
        spent += 2 * SECONDS + 4 * evidence.read(exercise).seconds_per_run
        if spent > SAMPLE:
            break
        chosen.append(exercise)
    return [pytest.param(exercise, id=exercise.id) for exercise in chosen]


SAMPLED = sample()


@pytest.mark.slow
@pytest.mark.parametrize("exercise", SAMPLED)
def test_an_exercise_is_sound_on_two_seeds(exercise, grader):
    """All fixes where training is cheap, and where it is dear as many as there is time for."""
    fixes = max(FEWEST, round(SECONDS / evidence.read(exercise).seconds_per_run))
    (proof,) = verify([exercise], [0, 1], lambda *_: None, grader=grader, fixes=fixes)
    assert proof.problems == ()


@pytest.mark.slow
@pytest.mark.parametrize("exercise", SAMPLED)
def test_some_styles_of_a_proved_exercise_pass(exercise, grader):
    """Which half fixes tell anything is known only once all of them have run, as in `bugkit author verify`."""
    if evidence.read(exercise).generated is None or not is_proved(exercise):
        pytest.skip("its generated programs are to be measured first")
    styles = generated(exercise, exercise.manifest.run.max_steps).of("style")
    for program in random.Random(exercise.id).sample(styles, FEW):
        assert grader.submit(exercise, program.notebook, 0).result().passed, program.id


@pytest.mark.slow
@pytest.mark.parametrize(("exercise", "what"), PAIRS)
def test_both_engines_judge_alike(exercise, what, grader):
    with Grader("jupyter") as kernels:
        for path, outcome in what:
            notebook = read(path)
            pair = [one.submit(exercise, notebook, 5).result() for one in (grader, kernels)]
            verdicts = [judge(exercise, [run], engine="") for run in pair]
            assert [verdict.outcome for verdict in verdicts] == [outcome, outcome]
            assert [c.outcome for c in pair[0].checks] == [c.outcome for c in pair[1].checks]
            assert pair[0].curve[:5] == pytest.approx(pair[1].curve[:5])
            assert pair[0].steps == pair[1].steps


def tool_called(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def test_the_catalogue_page_is_of_what_is_here():
    tool = tool_called("make_catalog")
    assert tool.PAGE.read_text() == tool.page(Catalog(ROOT)), "write it anew: python tools/make_catalog.py"


def test_the_authors_reference_is_of_what_is_here():
    tool = tool_called("make_reference")
    text = tool.page()
    assert tool.PAGE.read_text() == text, "write it anew: python tools/make_reference.py"
    for name in ("run.ask", "run.audit", "redrawn", "nll", "digits", "check_every_row_teaches"):
        assert f"**`{name}" in text
