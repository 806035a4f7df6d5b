"""Interviews: what is drawn, the clock, what is kept, what is worth how much, and a whole one from begin to end."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pexpect
import pytest
from click.testing import CliRunner, Result

from bugkit.cli.app import bugkit
from bugkit.errors import ManifestError, UsageError
from bugkit.exercise.catalog import installed
from bugkit.fresh.evidence import Proof, matrix
from bugkit.fresh.recipe import Recipe
from bugkit.grader import Grader
from bugkit.interview import bugs, desk, extension, plan, rubric
from bugkit.interview.bugs import Broken, Bug, brought_in, mark
from bugkit.interview.own_tests import asserting_cells
from bugkit.interview.past import past
from bugkit.interview.plan import Past, Plan, Wish, drawn
from bugkit.interview.room import Room, Said, TimeIsOverError
from bugkit.interview.rubric import Played
from bugkit.interview.sheet import sheet
from bugkit.kinds.source import source
from bugkit.notebook import Cell, Notebook, apply, read
from bugkit.progress import Progress
from bugkit.progress import interviews as kept
from bugkit.progress.interviews import Interviews, counted
from bugkit.report.debrief import markdown, page, spark, timeline
from bugkit.templates import template
from bugkit.verdict import CheckResult, RunResult, Target, Verdict

RUNS = Path(__file__).parent / "interviews"
NOBODY = Past()


def cheap(bugs: int = 2, proof: int = 0) -> Proof:
    """A combination on a program that trains quickly, by its place among these."""
    known = matrix()
    some = [one for one in known.proofs if len(one.recipe.bugs) == bugs and plan.is_tellable(one, known)]
    quick = [one for one in some if source(installed(), one.recipe.program).manifest.run.max_steps < 500]
    return sorted(quick or some, key=lambda one: one.code)[proof]


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress.of_workspace(tmp_path)


@pytest.fixture(scope="module")
def warm() -> Iterator[Grader]:
    with Grader() as grader:
        yield grader


def room_of(progress: Progress, workspace: Path, **what: Any) -> Room:
    """An interview on a cheap program."""
    made = Plan(**{"round": "debugging", "seed": 1, "minutes": 45, "code": cheap().code, **what})
    if made.code:
        desk.put(made, workspace)
    return Room(progress, workspace, Interviews(progress).begin(made.round, made.to_json()))


def fix(room: Room, place: int, *, back: bool = False) -> None:
    """Take one bug out of the notebook, or put it in again."""
    path, bug = room.exercise.notebook, room.broken.bugs[place]
    edits = bug.planted.edits
    swapped = [replace_sides(edit) for edit in edits]
    path.write_text(apply(read(path), edits if back else swapped).to_json(), encoding="utf-8")


def replace_sides(edit: Any) -> Any:
    return edit.model_copy(update={"find": edit.replace, "replace": edit.find})


def write_cell(room: Room, name: str, source_: str, *, before: str = "about-check") -> None:
    """One more cell of the candidate's."""
    document = json.loads(room.exercise.notebook.read_text())
    cell = {"cell_type": "code", "id": name, "metadata": {}, "outputs": [], "execution_count": None, "source": source_}
    place = next(n for n, one in enumerate(document["cells"]) if one["id"] == before)
    document["cells"].insert(place, cell)
    room.exercise.notebook.write_text(json.dumps(document))


# ---- what is drawn


def test_the_same_seed_draws_the_same_interview_and_none_that_was_met() -> None:
    first = drawn(Wish(), NOBODY, 7)
    assert first == drawn(Wish(), NOBODY, 7)
    again = {drawn(Wish(), Past(met={first.code}), seed).code for seed in range(40)}
    assert first.code not in again
    assert len(again) > 5


def test_weak_kinds_come_more_often_and_strong_ones_sometimes() -> None:
    kinds = Counter(kind for seed in range(60) for kind in kinds_of(drawn(Wish(), NOBODY, seed)))
    kind = kinds.most_common(1)[0][0]

    def share(past_: Past) -> float:
        return sum(kind in kinds_of(drawn(Wish(), past_, seed)) for seed in range(200)) / 200

    strong, unmet, weak = share(Past(strong={kind})), share(NOBODY), share(Past(weak={kind}))
    assert 0 < strong < unmet < weak


def kinds_of(made: Plan) -> list[str]:
    return [kind for kind, _ in matrix().by_code()[made.code].recipe.bugs]


def test_a_debugging_round_has_several_bugs_that_can_be_told_apart() -> None:
    known = matrix()
    for seed in range(20):
        proof = known.by_code()[drawn(Wish(), NOBODY, seed).code]
        assert len(proof.recipe.bugs) >= 2
        assert all(plan.signs(proof, known).values())
    assert len(known.by_code()[drawn(Wish(bugs=2), NOBODY, 0).code].recipe.bugs) == 2


def test_the_level_is_that_of_the_program_and_its_bugs() -> None:
    known = matrix()
    levels = {plan.hardness(known.by_code()[drawn(Wish(level=3), NOBODY, seed).code], known) for seed in range(5)}
    assert levels == {3}


def test_what_does_not_exist_is_told_with_what_does() -> None:
    with pytest.raises(UsageError) as told:
        drawn(Wish(bugs=10, level=1), NOBODY, 0)
    assert any(line.startswith("bugs:") for line in told.value.evidence)


def test_a_screen_has_four_listings_of_four_kinds_and_at_most_one_is_right() -> None:
    rights = []
    for seed in range(30):
        names = drawn(Wish(round="screen"), NOBODY, seed).listings
        broken = [name for name in names if not name.startswith("right:")]
        kinds = {matrix().by_code()[name].recipe.bugs[0][0] for name in broken}
        assert (len(names), len(kinds)) == (4, len(broken))
        rights.append(len(names) - len(broken))
    assert set(rights) == {0, 1}


def test_what_was_hard_and_what_was_easy_is_known_from_exercises_listings_and_interviews(progress: Progress) -> None:
    alone = {one.recipe.bugs[0][0]: one.code for one in matrix().alone}
    weak, strong, *_ = sorted(alone)
    progress.answer(f"spot:{alone[weak]}", 1, 5.0)
    progress.answer(f"spot:{alone[strong]}", 3, 5.0)
    known = past(progress)
    assert (weak in known.weak, strong in known.strong) == (True, True)
    number = Interviews(progress).begin("screen", Plan("screen", 0, 15, listings=(alone[weak],)).to_json())
    Interviews(progress).tell(number, "end", {"missed": [strong]}, to="ended")
    again = past(progress)
    assert strong in again.weak
    assert alone[weak] in again.met


# ---- the notebook


def test_the_notebook_tells_neither_how_many_bugs_there_are_nor_which(progress: Progress, tmp_path: Path) -> None:
    room = room_of(progress, tmp_path, extension="z_loss")
    texts = "\n".join(cell.source for cell in read(room.exercise.notebook).cells if cell.kind == "markdown")
    assert "bugs" not in texts.lower().replace("bugkit", "")
    on_disk = b"".join(path.read_bytes() for path in (tmp_path / "interview").rglob("*") if path.is_file())
    titles = [bug.planted.kind for bug in room.broken.bugs]
    assert not any(one.id.encode() in on_disk or one.manifest.title.encode() in on_disk for one in titles)


def test_what_is_kept_of_a_check_names_no_check(progress: Progress, tmp_path: Path, warm: Grader) -> None:
    room = room_of(progress, tmp_path)
    room.check(Said("the data"), warm=warm)
    rows = sqlite3.connect(progress.path).execute("SELECT plan FROM interview UNION ALL SELECT body FROM happening")
    text = " ".join(row[0] for row in rows)
    assert "check_" not in text
    assert not any(bug.planted.kind.id in text for bug in room.broken.bugs)


def test_a_notebook_that_lies_there_stays(progress: Progress, tmp_path: Path) -> None:
    room = room_of(progress, tmp_path)
    fix(room, 0)
    mine = room.exercise.notebook.read_bytes()
    desk.put(room.plan, tmp_path)
    assert room.exercise.notebook.read_bytes() == mine


# ---- the clock


@pytest.mark.parametrize(
    ("gap", "beating", "strict", "counts"),
    [
        (20, True, False, 20),
        (100, True, False, 0),
        (600, False, False, 600),
        (1000, False, False, 0),
        (1000, True, True, 1000),
    ],
)
def test_a_silence_counts_if_somebody_was_there(gap: float, beating: bool, strict: bool, counts: float) -> None:
    assert counted(gap, beating=beating, strict=strict) == counts


class Times:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.minute = 0.0

    def __call__(self) -> str:
        hours, minutes = divmod(int(self.minute), 60)
        return f"2026-01-01T{10 + hours:02}:{minutes:02}:{60 * (self.minute % 1):06.3f}+00:00"


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Times:
    clock = Times()
    monkeypatch.setattr(kept, "_now", clock)
    return clock


def test_pauses_and_absences_are_written_down_and_do_not_count(
    progress: Progress, tmp_path: Path, times: Times
) -> None:
    room = room_of(progress, tmp_path)
    times.minute = 5
    room.note("I read")
    room.pause()
    times.minute = 30
    room.go_on()
    times.minute = 32
    room.beat()
    times.minute = 59  # killed, and started again: the last beat was long ago
    room.note("back")
    assert room.record.spent == 7 * 60
    assert [one.what for one in room.record.happenings] == ["note", "pause", "resume", "away", "note"]
    assert room.left(room.record.spent) == 38 * 60


def test_a_strict_clock_runs_on_and_does_not_pause(progress: Progress, tmp_path: Path, times: Times) -> None:
    room = room_of(progress, tmp_path, strict=True)
    room.beat()
    with pytest.raises(UsageError):
        room.pause()
    times.minute = 40
    room.note("still here")
    assert room.record.spent == 40 * 60


def test_when_the_time_is_over_only_the_end_is_left(
    progress: Progress, tmp_path: Path, times: Times, warm: Grader
) -> None:
    room = room_of(progress, tmp_path, minutes=10)
    times.minute = 11
    for act in (lambda: room.note("more"), lambda: room.check(Said()), lambda: room.ask("nudge")):
        with pytest.raises(TimeIsOverError):
            act()
    document = room.end("the time was over", warm=warm)
    assert (document["ended"], document["spent"]) == ("the time was over", 660)
    assert room.end() == document  # once, however often it is asked for


# ---- which bugs are gone


def verdict(*held: str, failed: tuple[str, ...] = (), converged: bool = False) -> Verdict:
    checks = [CheckResult(name, name, "passed", "", 0) for name in held]
    checks += [CheckResult(name, name, "failed", "so", 0) for name in failed]
    runs = (RunResult(0, "ok", converged=converged, checks=tuple(checks)),)
    target = Target("loss", "nats", 1.0, 0.0, None, 10)
    return Verdict("i0", "x", "failed", 0.0, "fork", True, target, runs, tuple(checks))


def test_a_bug_is_gone_when_what_shows_it_alone_holds(progress: Progress, tmp_path: Path) -> None:
    room = room_of(progress, tmp_path)
    shipped = template(room.exercise)
    first, second = room.broken.bugs
    seen = verdict(*(first.signs - {"convergence"}), failed=tuple(second.signs), converged="convergence" in first.signs)
    changed = reworded(shipped, first, second)
    assert (first.is_gone(seen, changed, shipped), second.is_gone(seen, changed, shipped)) == (True, False)
    assert not first.is_gone(seen, shipped, shipped)  # nobody touched its lines: another bug hides it
    elsewhere = shipped.cells[-1].with_source("# a word of mine")
    assert not first.is_gone(seen, Notebook((*shipped.cells[:-1], elsewhere)), shipped)
    assert first.is_gone(replace(seen, outcome="passed"), shipped, shipped)


def reworded(shipped: Notebook, *bugs: Bug) -> Notebook:
    """With the lines of bugs in other words, which are neither the wrong nor the right ones."""
    edits = [
        edit.model_copy(update={"find": edit.replace, "replace": "mine()"}) for b in bugs for edit in b.planted.edits
    ]
    return apply(shipped, edits)


@pytest.mark.parametrize(
    ("after", "is_touched"),
    [("a\nb\nc\nd", False), ("x\nb\nc\nd", True), ("a\nx\nc\nd", True), ("a\nx\nb\nc\nd", True), ("a\nc\nd", True),
     ("a\nb\nx\nc\nd", True), ("a\nb\nc\nd\nx", False), ("a\n\n  b\nc\nd", False)],
)  # fmt: skip
def test_lines_are_touched_where_they_or_their_neighborhood_change(after: str, is_touched: bool) -> None:
    before, mine = (Cell("x", "code", text) for text in ("a\nb\nc\nd", after))
    assert bugs._is_touched("b", before, mine) is is_touched


def test_a_bug_is_gone_when_its_lines_are_those_of_the_working_program(progress: Progress, tmp_path: Path) -> None:
    room = room_of(progress, tmp_path)
    nothing, shipped = verdict(failed=("check_x",)), template(room.exercise)
    now = read(room.exercise.notebook)
    assert [bug.is_gone(nothing, now, shipped) for bug in room.broken.bugs] == [False, False]
    fix(room, 1)
    now = read(room.exercise.notebook)
    assert [bug.is_gone(nothing, now, shipped) for bug in room.broken.bugs] == [False, True]


def test_what_breaks_is_told_unless_a_bug_that_is_still_there_explains_it(progress: Progress, tmp_path: Path) -> None:
    bug = room_of(progress, tmp_path).broken.bugs[0]
    sign = min(bug.signs - {"convergence"}, default="check_x")
    seen = verdict(failed=(sign, "check_of_mine"))
    before = [mark(sign), mark("check_of_mine")]
    assert brought_in(before, seen, [bug]) == {"check_of_mine"} | ({sign} - bug.every_sign)
    assert brought_in([], seen, []) == set()


# ---- a whole one


def test_an_interview_from_begin_to_end(progress: Progress, tmp_path: Path, warm: Grader) -> None:
    room = room_of(progress, tmp_path, extension="z_loss")
    assert b"z_loss" not in room.exercise.notebook.read_bytes()  # what comes then is not to be seen before
    assert room.check(Said("I look first"), warm=warm).outcome == "failed"
    assert room.ask("plot", warm=warm)["cost"] == 1
    assert [room.ask("nudge")["cost"] for _ in range(3)] == [3, 5, 8]
    bug = room.broken.bugs[0]
    write_cell(room, "mine", bug.planted.told(bug.planted.kind.manifest.test).strip())
    write_cell(room, "scratch", "print('nothing is asserted here')")
    write_cell(room, "always", "assert False", before="about-check")
    fix(room, 0)
    room.check(Said("one of them", "it falls", "the cell"), warm=warm)
    assert room.of("check")[-1].body["gone"] == [0]
    fix(room, 0, back=True)
    room.check(Said(), warm=warm)
    assert room.of("check")[-1].body["back"] == [0]
    fix(room, 0)
    fix(room, 1)
    assert room.check(Said("the other"), warm=warm).outcome == "passed"
    assert room.of("extension")
    assert room.exercise.manifest.stages == 2
    document = json.loads(Path(room.exercise.notebook).read_text())
    cell = next(one for one in document["cells"] if one["id"] == "extension")
    cell["source"] = Z_LOSS
    room.exercise.notebook.write_text(json.dumps(document))
    told = room.end(warm=warm)  # which judges once more: the notebook has changed
    played = told["played"]
    assert (played["gone"], played["extension"], played["regressions"]) == ([0, 1], 1.0, 1)
    assert (played["tests"], [one["bugs"] for one in told["tests"]]) == (1, [[0]])
    assert (played["checks"], played["hypotheses"]) == (4, 3)
    assert played["bought"] == 17
    assert told["points"] == rubric.total(rubric.account(Played(**played)))
    text = page(told)
    assert "<script" not in text
    assert text.count("bk-mark-dot") >= len(told["curves"])
    assert all(command.startswith("bugkit ") for command in told["next"])
    assert markdown(told).count("\n## ") >= 4


Z_LOSS = """
def z_loss(logits, targets, weight):
    z = logits.logsumexp(-1)
    return F.cross_entropy(logits, targets) + weight * z.square().mean()
"""


def test_a_check_of_an_unchanged_notebook_is_blind(progress: Progress, tmp_path: Path, warm: Grader) -> None:
    room = room_of(progress, tmp_path)
    for _ in range(2):
        room.check(Said(), warm=warm)
    assert [one.body["is_blind"] for one in room.of("check")] == [False, True]


def test_only_cells_that_may_fail_are_tried_as_tests(progress: Progress, tmp_path: Path) -> None:
    room = room_of(progress, tmp_path)
    cells = {
        "+a": "assert 1",
        "+b": "print(1)",
        "training": "assert 2",
        "+c": "%magic assert",
        "+d": "raise ValueError",
    }
    Interviews(progress).tell(room.number, "check", {"cells": cells})
    assert [one.source for one in asserting_cells(room)] == ["assert 1", "raise ValueError"]


def test_a_test_may_use_what_other_cells_of_the_candidates_define(progress: Progress, tmp_path: Path) -> None:
    room = room_of(progress, tmp_path)
    cells = {
        "+a": "import copy\nassert 1\nx = 3",
        "+b": "def gap():\n    return 2",
        "+c": "assert gap() == copy.copy(2)",
    }
    Interviews(progress).tell(room.number, "check", {"cells": cells})
    first, second = asserting_cells(room)
    assert first.above == ""
    assert second.above == "import copy\ndef gap():\n    return 2"


def test_nothing_is_paid_for_what_cannot_be_told(progress: Progress, tmp_path: Path, warm: Grader) -> None:
    room = room_of(progress, tmp_path)
    room.exercise.notebook.write_text(room.exercise.notebook.read_text().replace("import torch", "import torhc", 1))
    with pytest.raises(Exception, match="cannot be measured"):
        room.ask("plot", warm=warm)
    assert not room.of("ask")


def test_the_sheet_has_each_bug_its_nudges_and_the_extension(progress: Progress, tmp_path: Path) -> None:
    room = room_of(progress, tmp_path, extension="z_loss")
    text = sheet(room)
    for bug in room.broken.bugs:
        assert bug.planted.kind.manifest.title in text
        assert bug.planted.told(bug.planted.kind.manifest.hint[0].text) in text
    assert extension.extension("z_loss").manifest.follow_up in text


# ---- what it is worth


def recorded() -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text()) for path in sorted(RUNS.glob("*.json"))}


def test_a_better_run_scores_better() -> None:
    points = {name: rubric.total(rubric.account(Played(**run["played"]))) for name, run in recorded().items()}
    assert points == {name: run["points"] for name, run in recorded().items()}
    order = [points[name] for name in ("hasty", "half", "lucky", "systematic", "all")]
    assert order == sorted(set(order))


@pytest.mark.parametrize(
    "better", [{"gone": (0, 1)}, {"tests": 1}, {"hypotheses": 3}, {"extension": 0.5}, {"bought": 0}]
)
def test_each_line_of_the_account_counts(better: dict[str, Any]) -> None:
    base = Played(bugs=3, gone=(0,), loud=2, order=(0,), checks=4, hypotheses=1, bought=5, extension=0.0)
    worse, more = (rubric.total(rubric.account(one)) for one in (base, replace(base, **better)))
    assert more > worse


def test_bugs_that_go_all_at_once_show_no_order() -> None:
    base = Played(bugs=3, gone=(0, 1, 2), loud=2, order=(0, 1, 2), checks=1)
    assert rubric.total(rubric.account(base)) > rubric.total(rubric.account(replace(base, at_once=True)))


def test_the_table_in_the_room_is_that_of_the_rubric() -> None:
    whole = Played(1, (0,), 1, (0,), checks=1, hypotheses=1, forward=1, tests=1, extension=1.0)
    worth = {line.what: line.of for line in rubric.account(whole)}
    assert {what: float(points) for what, points, _ in rubric.in_words() if what in worth} == worth


def test_simple_before_hard_is_worth_more() -> None:
    base = Played(bugs=2, gone=(0, 1), loud=1, order=(0, 1), checks=2)
    assert rubric.total(rubric.account(base)) > rubric.total(rubric.account(replace(base, order=(1, 0))))


def test_the_points_are_from_0_to_100() -> None:
    all_of_it = Played(3, (0, 1, 2), 3, (0, 1, 2), checks=3, hypotheses=3, forward=3, tests=3, extension=1.0)
    none = Played(3, (), 3, checks=9, regressions=9, blind=9, bought=90)
    without = replace(all_of_it, extension=None)
    assert [rubric.total(rubric.account(one)) for one in (all_of_it, none, without)] == [100, 0, 100]


# ---- pictures


def test_the_timeline_lies_within_its_picture() -> None:
    steps = [
        {
            "second": second,
            "what": "check",
            "outcome": "failed",
            "score": 0.5,
            "losses": [None],
            "hypothesis": "",
            "gone": [],
            "back": [],
            "broke": 0,
        }
        for second in (0, 30, 900)
    ]
    document = {"minutes": 45, "spent": 900, "timeline": steps, "bugs": [{"title": "x", "gone": 900}], "pauses": [60]}
    drawn_ = timeline(document)
    places = [mark_.at for mark_ in drawn_.marks] + [flag.at for flag in drawn_.flags] + list(drawn_.pauses)
    assert all(0 <= at <= 100 for at in places)
    assert places == sorted(places[:3]) + places[3:]


def test_a_curve_in_one_line() -> None:
    assert spark([0.0, None, 1.0]) == "▁ █"
    assert spark([None]) == spark([]) == ""
    assert spark([2.0, 2.0]) == "▁▁"


# ---- extensions


def test_each_extension_fits_some_program_and_names_its_checks() -> None:
    for one in extension.library():
        assert one.check_names
        assert set(one.checks(ROLES)) == set(one.check_names)
        assert one.manifest.text.format_map(ROLES)


ROLES = {"model": "model", "optimizer": "optimizer", "step": "training_step", "batch": "next(iter(loader))"}


def test_there_is_no_unknown_extension() -> None:
    with pytest.raises(ManifestError):
        extension.extension("nothing")


# ---- the command


def run(*words: str) -> Result:
    return CliRunner().invoke(bugkit, ["interview", *words], catch_exceptions=False, env={"COLUMNS": "80"})


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_screen_by_words(here: Path) -> None:
    first = run("--round", "screen", "--seed", "2", "--interviewer", "sheet.md")
    assert "1 of 4" in first.output
    made = Plan.of(Interviews(Progress.of_workspace(here)).all()[0].plan)
    room = Room(Progress.of_workspace(here), here, 1)
    for one in room.listings:
        told = run("answer", str(min(one.wrong, default=0)), "because", "of", "it")
    assert "that was the last one" in told.output
    with pytest.raises(UsageError):
        run("end", "9")
    assert run("reveal").output.count("\n") > 8
    ended = run("end", "1", "2", "3", "4")
    assert "100 of 100 points" in ended.output
    assert run("--list", "--json").output.count('"points": 100') == 1
    assert made.listings
    for name in ("d.html", "d.md", "d.json"):
        assert run("--export", name).exit_code == 0
    assert json.loads((here / "d.json").read_text())["points"] == 100
    with pytest.raises(UsageError):
        run("--export", "d.pdf")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "words",
    [
        ("answer",),
        ("answer", "999", "x"),
        ("answer", "twelve"),
        ("ask", "nudge"),
        ("check",),
        ("reveal",),
        ("end", "x"),
    ],
)
def test_what_is_no_answer_in_a_screen_moves_on_to_nothing(words: tuple[str, ...]) -> None:
    assert "1 of 4" in run("--round", "screen", "--seed", "2").output
    with pytest.raises(UsageError):
        run(*words)
    assert json.loads(run("status", "--json").output)["answered"] == 0


def test_nothing_of_somebody_elses_is_written_over(here: Path) -> None:
    run("--round", "screen", "--seed", "2")
    run("end")
    (here / "mine.md").write_text("my notes\n")
    with pytest.raises(UsageError):
        run("--export", "mine.md")
    assert (here / "mine.md").read_text() == "my notes\n"


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("words", [("check",), ("--resume",), ("--export", "d.md"), ("--number", "7")])
def test_what_needs_an_interview_says_so(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        run(*words)


def test_check_sends_an_interviews_notebook_to_the_interview(here: Path) -> None:
    room = room_of(Progress.of_workspace(here), here)
    with pytest.raises(UsageError) as told:
        CliRunner().invoke(bugkit, ["check", str(room.exercise.notebook)], catch_exceptions=False)
    assert told.value.next_command == "bugkit interview check"


@pytest.mark.skipif(sys.platform == "win32", reason="pexpect needs a terminal")
def test_the_loop_in_a_terminal_of_80_columns(tmp_path: Path) -> None:
    command = shutil.which("bugkit") or str(Path(sys.executable).with_name("bugkit"))

    def begin(*words: str) -> pexpect.spawn[str]:
        return pexpect.spawn(
            command, ["interview", *words], cwd=str(tmp_path), dimensions=(40, 80), encoding="utf-8", timeout=60
        )

    terminal = begin("--round", "screen", "--seed", "2")
    terminal.expect(r"\d\d:\d\d >")
    terminal.sendline("3 it's the mask, I think")
    terminal.expect("2 of 4")
    terminal.sendline("note slower, please")
    terminal.expect("kept")
    terminal.sendline("dance with me")
    terminal.expect("not known")
    terminal.sendline("answer 999 x")
    terminal.expect("which line is wrong")
    terminal.sendline("skip")
    terminal.expect("3 of 4")
    terminal.kill(9)
    terminal.wait()
    again = begin()
    again.expect("goes on")
    again.expect("3 of 4")
    again.expect(r"\d\d:\d\d >")
    again.sendcontrol("d")
    again.expect("the clock stands")
    again.expect(pexpect.EOF)
    record = Interviews(Progress.of_workspace(tmp_path)).of(1)
    assert record is not None
    assert record.condition == "paused"
    assert [one.body["line"] for one in record.happenings if one.what == "answer"] == [3, None]


def test_recipes_of_interviews_are_those_of_the_evidence() -> None:
    proof = cheap()
    broken = Broken(proof)
    assert [Recipe(broken.program.id, (bug,)) in {one.recipe for one in matrix().alone} for bug in proof.recipe.bugs]
    assert len(broken.bugs) == len(proof.recipe.bugs)
