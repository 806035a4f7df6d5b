"""The command as its users have it: a process, its two streams and its exit code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bugkit.author.variants import variants
from bugkit.exercise import Catalog
from bugkit.exercise.catalog import ANSWERS
from bugkit.notebook import Cell, Notebook, read
from bugkit.progress import Progress
from bugkit.templates import original, template

PACK = Path(__file__).parent / "pack"
HEAVY = ("torch", "IPython", "nbformat", "numpy", "matplotlib", "asyncio", "pydantic")

Result = subprocess.CompletedProcess[str]
Bugkit = Callable[..., Result]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACK, tmp_path / "pack", ignore=shutil.ignore_patterns(".bugkit", "__pycache__")))


@pytest.fixture
def bugkit(pack: Path) -> Bugkit:
    """Runs ``python -m bugkit`` in the pack, or in the folder ``cwd``."""

    def run(*words: str | Path, cwd: Path = pack, **env: str) -> Result:
        command = [sys.executable, "-m", "bugkit", *map(str, words)]
        return subprocess.run(
            command, cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, timeout=120, check=False
        )

    return run


def notebook_of(pack: Path, name: str = "toy01_too_big") -> Path:
    return pack / "exercises" / name / f"{name.partition('_')[0]}.ipynb"


def solution_of(pack: Path) -> Path:
    return pack / "solutions" / "toy01_too_big" / "toy01.ipynb"


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_the_shipped_notebook_is_the_solution_with_its_bug() -> None:
    exercise = Catalog(PACK).find("toy01")
    assert template(exercise).to_json() == exercise.notebook.read_text(encoding="utf-8")
    assert template(exercise) != read(exercise.solution)


def test_without_a_solution_the_notebook_is_its_own_template() -> None:
    exercise = Catalog(PACK).find("toy02")
    assert original(exercise) is None
    assert template(exercise) == read(exercise.notebook)


# where you are


def test_bare_says_where_you_are_and_what_is_next(bugkit: Bugkit, pack: Path) -> None:
    result = bugkit()
    assert result.returncode == 0
    assert f"0 of 2 exercises passed in {pack}" in result.stdout
    assert "next: toy01 Too big" in result.stdout
    assert "bugkit check toy01" in result.stdout
    assert result.stdout.endswith("also today: ten listings (bugkit spot), five questions (bugkit quiz)\n")
    Progress.of_workspace(pack).answer("quiz:any", 3, 2.0)
    assert bugkit().stdout.endswith("also today: ten listings (bugkit spot)\n")
    Progress.of_workspace(pack).answer("spot:any", 3, 2.0)
    assert "also today" not in bugkit().stdout


def test_list_names_every_exercise_by_track(bugkit: Bugkit) -> None:
    result = bugkit("list")
    assert result.returncode == 0
    assert result.stdout.index("toys") < result.stdout.index("toy01") < result.stdout.index("toy02")
    assert "Too big" in result.stdout


def test_list_of_one_track(bugkit: Bugkit) -> None:
    result = bugkit("list", "--track", "slow-toys")
    assert "toy02" in result.stdout
    assert "toy01" not in result.stdout


def test_list_of_an_unknown_track_names_the_known(bugkit: Bugkit) -> None:
    result = bugkit("list", "--track", "toy")
    assert result.returncode == 2
    assert "known: toys, slow-toys" in result.stderr


def test_list_as_json(bugkit: Bugkit) -> None:
    entries = json.loads(bugkit("list", "--json").stdout)
    assert [entry["id"] for entry in entries] == ["toy01", "toy02"]
    assert entries[0] == {
        "id": "toy01",
        "title": "Too big",
        "track": "toys",
        "difficulty": 1,
        "minutes": 5,
        "state": "new",
    }


def test_looking_leaves_no_file_behind(bugkit: Bugkit, pack: Path) -> None:
    for words in ((), ("list",), ("progress",)):
        assert bugkit(*words).returncode == 0
    assert not (pack / ".bugkit").exists()


def test_list_is_light(pack: Path) -> None:
    code = (
        "import sys; from bugkit.cli.app import run; assert run(['list']) == 0; "
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=pack, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


def test_catalog_option_from_another_folder(bugkit: Bugkit, pack: Path, tmp_path: Path) -> None:
    result = bugkit("--catalog", pack, "list", "--json", cwd=tmp_path)
    assert len(json.loads(result.stdout)) == 2
    assert bugkit("--catalog", pack, "hint", "toy01", cwd=tmp_path).returncode == 0
    assert (tmp_path / ".bugkit" / "progress.db").is_file()  # the learner is here, not in the catalog
    assert not (pack / ".bugkit").exists()


def test_catalog_option_that_is_no_catalog(bugkit: Bugkit, tmp_path: Path) -> None:
    result = bugkit("--catalog", tmp_path, "list")
    assert result.returncode == 2
    assert "is no catalog" in result.stderr


# errors


def test_an_unknown_exercise_names_those_near(bugkit: Bugkit) -> None:
    result = bugkit("hint", "toy9")
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.splitlines()[0] == "there is no exercise 'toy9' here"
    assert "near: " in result.stderr
    assert "next: bugkit list" in result.stderr


def test_an_ambiguous_exercise_names_them_all(bugkit: Bugkit) -> None:
    result = bugkit("hint", "toy")
    assert result.returncode == 2
    assert "toy01_too_big" in result.stderr
    assert "toy02_never_moves" in result.stderr


def test_an_unknown_key_of_a_manifest_names_the_nearest(bugkit: Bugkit, pack: Path) -> None:
    edit(pack / "exercises" / "toy01_too_big" / "exercise.toml", "minutes = 5", "minuts = 5")
    result = bugkit("list")
    assert result.returncode == 2
    assert "minuts" in result.stderr
    assert "minutes" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("frobnicate", "--json"), "No such command 'frobnicate'."),
        (("hint", "toy9", "--json"), "there is no exercise 'toy9' here"),
        (("check", "toy01", "--seeds", "0", "--json"), "Invalid value for '--seeds'"),
        (("check", "toy01", "--all", "--json"), "--all judges every exercise"),
    ],
)
def test_errors_follow_json(bugkit: Bugkit, words: tuple[str, ...], what: str) -> None:
    result = bugkit(*words)
    assert result.returncode == 2
    assert result.stderr == ""
    document = json.loads(result.stdout)
    assert document["format"] == 1
    assert document["error"]["what"].startswith(what)
    assert set(document["error"]) == {"what", "evidence", "next"}


FAULTY = "from bugkit.cli import app, overview; overview._pairs = lambda d: 1 / 0; raise SystemExit(app.run(['list']))"


@pytest.mark.parametrize("debug", [False, True])
def test_a_fault_is_ours_and_short(pack: Path, debug: bool) -> None:
    env = {**os.environ, "BUGKIT_DEBUG": "1" if debug else "0"}
    result = subprocess.run(
        [sys.executable, "-c", FAULTY], cwd=pack, env=env, capture_output=True, text=True, check=False
    )
    assert result.returncode == 3
    assert "bugkit itself failed" in result.stderr
    assert "ZeroDivisionError" in result.stderr
    assert ("Traceback" in result.stderr) is debug


# hint, solution, reset, progress


def test_hints_come_one_by_one_and_the_last_again(bugkit: Bugkit) -> None:
    shown = [json.loads(bugkit("hint", "toy01", "--json").stdout) for _ in range(4)]
    assert [hint["level"] for hint in shown] == [1, 2, 3, 3]
    assert [hint["repeated"] for hint in shown] == [False, False, False, True]
    assert "the last one again" in bugkit("hint", "toy01").stdout


def test_a_workspace_that_cannot_be_written_still_gives_the_hint(bugkit: Bugkit, pack: Path) -> None:
    (pack / ".bugkit").write_text("a file in the way")
    result = bugkit("hint", "toy01")
    assert result.returncode == 0
    assert "hint 1 of 3" in result.stdout
    assert result.stderr.startswith("note: ")


def test_the_solution_is_refused_before_a_pass(bugkit: Bugkit) -> None:
    result = bugkit("solution", "toy01")
    assert result.returncode == 2
    assert "toy01: the solution is shown after a pass" in result.stderr
    assert "--give-up" in result.stderr


def test_giving_up_shows_the_solution_and_is_remembered(bugkit: Bugkit) -> None:
    result = bugkit("solution", "toy01", "--give-up")
    assert result.returncode == 0
    assert "cell training-step" in result.stdout
    assert "-    error = y - predict(x)" in result.stdout
    assert "+    error = predict(x) - y" in result.stdout
    assert "each step climbed" in result.stdout
    assert bugkit("solution", "toy01").returncode == 0
    entry = json.loads(bugkit("progress", "--json").stdout)["exercises"][0]
    assert (entry["gave_up"], entry["state"]) == (True, "new")


def test_notes_are_shown_beside_the_cause_and_answers_when_asked_for(bugkit: Bugkit, pack: Path) -> None:
    assert "no notes on toy01 yet" in bugkit("note", "toy01").stdout
    assert "kept" in bugkit("note", "toy01", "the", "rate\x1b[31m").stdout
    assert "the rate" in bugkit("note", "toy01").stdout
    explanation = pack / "solutions" / "toy01_too_big" / "explanation.md"
    explanation.write_text(f"{explanation.read_text()}\n{ANSWERS}\n\nForty-two.\n")
    shown = bugkit("solution", "toy01", "--give-up").stdout
    assert shown.index("The reference's fix") < shown.index("Your notes") < shown.index("the rate")
    assert "\x1b" not in shown
    assert "Forty-two" not in shown
    assert "bugkit solution toy01 --answers" in shown
    assert bugkit("solution", "toy01", "--answers").stdout.strip() == "Forty-two."
    explanation.write_text("No questions.")
    assert "--answers" not in bugkit("solution", "toy01").stdout
    result = bugkit("solution", "toy01", "--answers")
    assert (result.returncode, "no answers" in result.stderr) == (2, True)


def test_what_stands_in_the_notes_cell_is_kept_at_a_check(bugkit: Bugkit, pack: Path) -> None:
    notebook = read(notebook_of(pack))
    assert notebook.cell("notes") is None
    for text in ("", "It is the rate."):
        cells = (*notebook.cells, Cell("notes", "markdown", text))
        notebook_of(pack).write_text(Notebook(cells).to_json(), encoding="utf-8")
        bugkit("check", "toy01", "--seeds", "1")
    assert [one.text for one in Progress.of_workspace(pack).notes("toy01")] == ["It is the rate."]


def test_after_a_pass_no_hint_is_counted(bugkit: Bugkit, pack: Path) -> None:
    shutil.copyfile(solution_of(pack), notebook_of(pack))
    assert bugkit("check", "toy01").returncode == 0
    assert "hint 1 of" in bugkit("hint", "toy01").stdout
    assert Progress.of_workspace(pack).hints_shown("toy01") == 0
    concepts = json.loads(bugkit("progress", "--json").stdout)
    assert [one["concepts"] != [] for one in concepts["exercises"]] == [True, False]


def test_shells_complete_exercises(bugkit: Bugkit) -> None:
    words = {"_BUGKIT_COMPLETE": "bash_complete", "COMP_WORDS": "bugkit check toy", "COMP_CWORD": "2"}
    assert "toy01" in bugkit(**words).stdout


def test_a_piped_report_has_no_trailing_blanks(bugkit: Bugkit) -> None:
    lines = bugkit("check", "toy01", "--explain").stdout.splitlines()
    assert lines
    assert [line for line in lines if line != line.rstrip()] == []


def test_a_withheld_solution_is_told(bugkit: Bugkit) -> None:
    result = bugkit("solution", "toy02", "--give-up")
    assert result.returncode == 2
    assert "the solutions are withheld here" in result.stderr


def test_reset_keeps_a_backup(bugkit: Bugkit, pack: Path) -> None:
    notebook = notebook_of(pack)
    shipped = notebook.read_bytes()
    edit(notebook, "y - predict(x)", "my own work")
    mine = notebook.read_bytes()
    result = bugkit("reset", "toy01")
    assert result.returncode == 0
    assert notebook.read_bytes() == shipped
    (backup,) = (pack / ".bugkit" / "backups").iterdir()
    assert backup.read_bytes() == mine
    assert backup.name.startswith("toy01-")
    assert str(backup.relative_to(pack)) in result.stdout


def test_reset_brings_back_a_deleted_notebook(bugkit: Bugkit, pack: Path) -> None:
    shipped = notebook_of(pack).read_bytes()
    notebook_of(pack).unlink()
    assert bugkit("reset", "toy01").returncode == 0
    assert notebook_of(pack).read_bytes() == shipped


def test_reset_changes_nothing_without_a_backup(bugkit: Bugkit, pack: Path) -> None:
    edit(notebook_of(pack), "y - predict(x)", "my own work")
    mine = notebook_of(pack).read_bytes()
    (pack / ".bugkit").write_text("a file in the way")
    result = bugkit("reset", "toy01")
    assert result.returncode != 0
    assert "was not reset" in result.stderr
    assert notebook_of(pack).read_bytes() == mine


def test_reset_without_a_first_version_is_refused(bugkit: Bugkit) -> None:
    result = bugkit("reset", "toy02")
    assert result.returncode == 2
    assert "no first version" in result.stderr


# check


def test_the_shipped_notebook_fails(bugkit: Bugkit, pack: Path) -> None:
    result = bugkit("check", "toy01")
    assert result.returncode == 1, result.stderr
    assert "toy01" in result.stdout
    assert Progress(pack / ".bugkit" / "progress.db").state("toy01") == "tried"


def test_the_solution_passes_and_is_remembered(bugkit: Bugkit, pack: Path) -> None:
    shutil.copyfile(solution_of(pack), notebook_of(pack))
    result = bugkit("check")  # the next exercise
    assert result.returncode == 0, result.stdout + result.stderr
    assert json.loads(bugkit("list", "--json").stdout)[0]["state"] == "passed"
    assert "next: toy02" in bugkit().stdout
    assert bugkit("solution", "toy01").returncode == 0


def test_a_verdict_as_json(bugkit: Bugkit, pack: Path) -> None:
    result = bugkit("check", "toy01", solution_of(pack), "--json", "--seeds", "3")
    document = json.loads(result.stdout)
    assert (document["format"], document["exercise"], document["outcome"]) == (1, "toy01", "passed")
    assert [run["seed"] for run in document["runs"]] == [0, 1, 2]


def test_a_pass_on_fewer_seeds_does_not_count(bugkit: Bugkit, pack: Path) -> None:
    result = bugkit("check", "toy01", solution_of(pack), "--seeds", "1")
    assert result.returncode == 0, result.stderr
    assert "1 of 2 seeds" in result.stderr
    assert Progress(pack / ".bugkit" / "progress.db").state("toy01") == "new"


def test_a_read_only_workspace_does_not_lose_the_verdict(bugkit: Bugkit, pack: Path) -> None:
    (pack / ".bugkit").write_text("a file in the way")
    result = bugkit("check", "toy01", solution_of(pack))
    assert result.returncode == 0, result.stderr
    assert "note: " in result.stderr


def test_a_notebook_names_its_exercise(bugkit: Bugkit, pack: Path) -> None:
    notebook = notebook_of(pack)
    result = bugkit("check", notebook.name, cwd=notebook.parent)
    assert result.returncode == 1, result.stderr
    assert (pack / ".bugkit" / "progress.db").is_file()


def test_check_of_all_goes_on_after_a_broken_notebook(bugkit: Bugkit, pack: Path) -> None:
    notebook_of(pack).write_text("{")
    result = bugkit("check", "--all", "--json")
    assert result.returncode == 2
    document = json.loads(result.stdout)
    assert [verdict["exercise"] for verdict in document["verdicts"]] == ["toy02"]
    assert len(document["errors"]) == 1


# files beside the verdict


def test_check_writes_a_page_and_junit_beside_its_report(bugkit: Bugkit, tmp_path: Path) -> None:
    html, junit = tmp_path / "new" / "toy01.html", tmp_path / "toy01.xml"
    result = bugkit("check", "toy01", "--html", html, "--junit", junit)
    assert result.returncode == 1, result.stderr
    assert "FAILED" in result.stdout
    assert "FAILED" in html.read_text(encoding="utf-8")
    (suite,) = ElementTree.parse(junit).getroot()
    assert suite.get("name") == "toy01"
    assert [path.name for path in html.parent.iterdir()] == ["toy01.html"]


def test_all_verdicts_go_into_one_file(bugkit: Bugkit, pack: Path, tmp_path: Path) -> None:
    notebook_of(pack).write_text("{")
    html, junit, summary, points = (tmp_path / f"all.{ending}" for ending in ("html", "xml", "md", "json"))
    files = ("--html", html, "--junit", junit, "--markdown", summary, "--github-classroom", points)
    result = bugkit("check", "--all", "--json", *files)
    assert result.returncode == 2
    assert json.loads(result.stdout)["format"] == 1
    assert "toy02" in html.read_text(encoding="utf-8")
    judged, unread = ElementTree.parse(junit).getroot()
    assert (judged.get("name"), unread.get("name"), unread.get("errors")) == ("toy02", "toy01", "1")
    assert summary.read_text(encoding="utf-8").startswith("## 0 of 2 passed\n")
    tests = json.loads(points.read_text(encoding="utf-8"))["tests"]
    assert {test["name"]: test["status"] for test in tests} == {"toy02": "fail", "toy01": "error"}


@pytest.mark.parametrize("option", ["--html", "--junit", "--markdown", "--github-classroom"])
def test_a_file_that_cannot_be_written_keeps_the_verdict(bugkit: Bugkit, pack: Path, option: str) -> None:
    result = bugkit("check", "toy01", solution_of(pack), "--json", option, pack / "exercises")
    assert result.returncode == 2
    assert json.loads(result.stdout)["outcome"] == "passed"
    assert result.stderr.splitlines()[0] == f"{pack / 'exercises'}: the report was not written"
    assert "the verdict stands" in result.stderr
    assert "next: " in result.stderr
    assert Progress(pack / ".bugkit" / "progress.db").state("toy01") == "passed"


@pytest.mark.parametrize("option", ["--html", "--junit", "--markdown", "--github-classroom"])
def test_a_report_is_written_over_nothing_but_an_earlier_one(bugkit: Bugkit, pack: Path, option: str) -> None:
    place = pack / "mine.py"
    place.write_text("import bugkit\n")
    words = ("check", "toy01", solution_of(pack), "--seeds", "1", option, place)
    refused = bugkit(*words)
    assert (refused.returncode, place.read_text()) == (2, "import bugkit\n")
    assert "found: a file that bugkit did not write" in refused.stderr
    assert [bugkit(*words, "--force").returncode, bugkit(*words).returncode] == [0, 0]
    assert place.read_text() != "import bugkit\n"


def test_a_report_is_not_written_over_a_notebook(bugkit: Bugkit, pack: Path) -> None:
    before = notebook_of(pack).read_bytes()
    result = bugkit("check", "toy01", "--html", notebook_of(pack))
    assert result.returncode == 2
    assert "is a notebook" in result.stderr
    assert notebook_of(pack).read_bytes() == before


def test_start_says_how_to_get_jupyterlab(bugkit: Bugkit, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.util as u\nreal = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'jupyterlab' else real(name, *more)\n"
    )
    told = bugkit("start", "toy01", PYTHONPATH=str(hidden))
    assert told.returncode == 2
    assert "pip install -c constraints.txt '.[lab]'" in told.stderr


# ---- stages


STAGE = """
[[stage]]
title = "And three times as much"
checks = ["check_three_times"]
names = ["triple"]
"""
CHECK = """

def check_three_times(run):
    \"\"\"What is tripled is three times as much.\"\"\"
    x = run.rng.normal(size=5)
    assert np.allclose(run.triple(x), 3 * x), "it is not"
"""
BUG = """
[[bug]]
id = "twice"
symptom = "misbehaves"
cell = "tripling"
find = "3 * x"
replace = "2 * x"
why = "It doubles."
"""


@pytest.fixture
def staged(pack: Path) -> Path:
    """The pack with a second stage in its first exercise."""
    solution = solution_of(pack)
    document = json.loads(solution.read_text())
    tripling = {
        "cell_type": "code",
        "id": "tripling",
        "execution_count": None,
        "outputs": [],
        "metadata": {"tags": ["stage-2"]},
        "source": ["def triple(x):\n", "    return 3 * x"],
    }
    document["cells"].append(tripling)
    solution.write_text(json.dumps(document))
    exercise = notebook_of(pack).parent
    for path, text in (
        *((exercise / "exercise.toml", STAGE), (exercise / "checks.py", CHECK)),
        (solution.parent / "bugs.toml", BUG),
    ):
        path.write_text(path.read_text() + text)
    return pack


def test_a_stage_opens_when_the_one_before_is_passed(staged: Path, bugkit: Bugkit) -> None:
    assert bugkit("author", "build", "toy01").returncode == 0
    path = notebook_of(staged)
    assert (read(path).cell("tripling") or Cell("", "", "")).locked
    assert bugkit("check", "toy01").returncode == 1

    first = {str(cell.id): cell.source for cell in read(solution_of(staged)).cells}
    document = json.loads(path.read_text())
    for cell in document["cells"]:
        if cell["id"] != "tripling":
            cell["source"] = first[cell["id"]]
    path.write_text(json.dumps(document))
    passed = bugkit("check", "toy01", "--json")
    verdict = json.loads(passed.stdout)
    assert (passed.returncode, verdict["stage"], verdict["stages"]) == (0, 1, 2)
    assert "And three times as much" in verdict["next"]
    assert not (read(path).cell("tripling") or Cell("", "", "", {"editable": False, "deletable": False})).locked
    assert Progress(staged / ".bugkit" / "progress.db").state("toy01") == "tried"

    failed = json.loads(bugkit("check", "toy01", "--json").stdout)
    assert (failed["outcome"], failed["stage"]) == ("failed", 2)
    assert [check["outcome"] for check in failed["checks"]] == ["passed", "passed", "failed"]
    edit(path, 'return 2 * x"', 'return x + x + x"')
    final = bugkit("check", "toy01")
    assert final.returncode == 0, final.stdout
    assert Progress(staged / ".bugkit" / "progress.db").state("toy01") == "passed"


def test_a_sealed_stage_is_not_run(staged: Path, bugkit: Bugkit) -> None:
    bugkit("author", "build", "toy01")
    edit(notebook_of(staged), 'return 2 * x"', 'return 1 / 0"')
    document = json.loads(bugkit("check", "toy01", "--json").stdout)
    assert (document["stage"], document["outcome"]) == (1, "failed")


def test_a_proof_covers_every_stage(staged: Path) -> None:
    exercise = Catalog(staged).find("toy01")
    programs = {(one.kind, one.id): one for one in variants(exercise)}
    assert {("valid", "stage-1"), ("wrong", "stage-1-shipped"), ("wrong", "stage-2-shipped")} <= set(programs)
    early, late = programs["valid", "stage-1"].notebook, programs["wrong", "stage-2-shipped"]
    assert early.cell("tripling") is None
    assert (late.notebook.cell("tripling") or Cell("", "", "")).source.endswith("2 * x")
    assert late.left == ("twice",)
    assert programs["valid", "add-the-step"].notebook.cell("tripling") is None


def test_a_check_that_is_killed_leaves_nothing_half_written(pack: Path) -> None:
    """At moments from the start to beyond the end of a whole check; what was there before is still there."""
    page, solution = pack / "page.html", solution_of(pack)
    command = [sys.executable, "-m", "bugkit", "check", "toy01", str(solution), "--html", str(page)]
    start = time.monotonic()
    subprocess.run(command, cwd=pack, capture_output=True, check=True)
    whole = time.monotonic() - start
    for share in (0.2, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0, 1.05):
        process = subprocess.Popen(command, cwd=pack, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(share * whole)
        process.kill()
        process.wait()
        assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
        summary = Progress(pack / ".bugkit" / "progress.db").summary()["toy01"]
        assert summary.state == "passed"
        assert summary.attempts >= 1


# ---- two levels of a report


@pytest.mark.slow
def test_a_report_is_explained_when_asked_and_ever_after(bugkit: Bugkit, pack: Path) -> None:
    sentence = json.loads(bugkit("check", "toy01", "--json").stdout)["checks"][0]["sentence"].rstrip(".")
    first = bugkit("check", "toy01", "--html", pack / "first.html")
    assert sentence not in " ".join(first.stdout.split())
    assert "of a correct program" in first.stdout
    assert sentence not in (pack / "first.html").read_text()
    explained = bugkit("check", "toy01", "--explain")
    assert sentence in " ".join(explained.stdout.split())
    again = bugkit("check", "toy01", "--html", pack / "again.html")
    assert sentence in " ".join(again.stdout.split())
    assert sentence in (pack / "again.html").read_text()
    assert Progress(pack / ".bugkit" / "progress.db").of("toy01").hints == 1
