"""The reports for a terminal and for programs: all is there, in 80 columns, and hostile text does no harm."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from bugkit.report import github, phrases
from bugkit.report.html import fragment, page
from bugkit.report.junit import junit
from bugkit.report.levels import briefly, told
from bugkit.report.sanitize import sanitize
from bugkit.report.terminal import render
from bugkit.report.verdict_json import as_json, thinned
from bugkit.verdict import CheckResult, LearnerError, RunResult, Symptom, Target, Verdict

TARGET = Target("Held-out cross-entropy.", "nats", 0.8, 0.0, 2.303, 1000)
CURVE = tuple(2.3 - i / 1000 for i in range(840))
CHECK = CheckResult("check_rows", "Every row sums to one.", "failed", "a row sums to 1.25 (expected: 1)", 1)
RUN = RunResult(0, "ok", loss=1.52, steps=840, seconds=0.4, curve=CURVE, checks=(CHECK,))


def verdict(**changes) -> Verdict:
    """A failed verdict, changed as told."""
    fields = {
        "exercise": "toy01",
        "title": "Too big",
        "outcome": "failed",
        "score": 0.0,
        "engine": "fork",
        "sandbox": False,
        "target": TARGET,
        "runs": (RUN,),
        "checks": (CHECK,),
        "symptoms": (Symptom("flat", "The loss stays flat at 2.3 nats."),),
        "restored_cells": ("curve",),
        "changed_lines": 2,
        "next": "bugkit hint toy01",
    }
    return Verdict(**{**fields, **changes})


def printed(one: Verdict, encoding: str = "utf-8") -> str:
    """What a pipe of 80 columns gets."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    render(one, Console(file=file, width=80, force_terminal=False))
    file.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize(
    "text",
    [
        "FAILED",
        "toy01",
        "below 0.8 nats",
        "1.52",
        "840 steps",
        "Every row sums to one.",
        "1.25 (expected: 1)",
        "seed 1",
        "stays flat",
        "2 lines changed",
        "put back",
        "curve",
        "bugkit hint toy01",
        "no sandbox",
        "2.303 guessing",
    ],
)
def test_all_that_matters_is_there(text):
    assert text in printed(verdict())


def test_it_fits_80_columns_without_color():
    text = printed(verdict())
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_recorded_losses_of_another_quantity_are_not_held_against_the_target():
    one = verdict(target=replace(verdict().target, curve_unit="nats per letter"))
    assert "recorded it, in nats per letter, seed" in printed(one)
    assert f"{one.target.below:g} target" in printed(verdict())
    assert f"{one.target.below:g} target" not in printed(one)


def test_reasons_in_one_cell_are_sentences():
    assert phrases.in_one(["The loss is flat.", "it took over 8 s"]) == "The loss is flat. It took over 8 s."


def test_a_terminal_that_knows_only_ascii_gets_all_words():
    assert "x Every row sums to one." in printed(verdict(), "ascii")


def test_an_exception_is_quoted_with_its_cell_and_line():
    trace = ({"cell": "model", "line": 3, "text": "x @ y"}, {"cell": None, "line": None, "text": "torch"})
    run = RunResult(0, "raised", "E", error=LearnerError("model", 3, "ValueError", "shapes do not fit", trace))
    text = printed(verdict(outcome="error", runs=(run,), checks=()))
    for part in ("`model`, line 3", "ValueError: shapes do not fit", "x @ y", "(inside torch)", "NOT JUDGED"):
        assert part in text


def test_an_exception_behind_the_last_cell_is_told_and_is_no_matter():
    error = LearnerError("mine", 1, "ZeroDivisionError", "division", ())
    run = RunResult(0, "ok", loss=0.01, converged=True, error=error)
    text = " ".join(printed(verdict(outcome="passed", runs=(run,), checks=())).split())
    assert "`mine`, line 1, after the exercise's last cell: the check went on without it" in text
    ended = RunResult(1, "raised", "E", error=LearnerError("model", 3, "ValueError", "shapes", ()))
    assert "`model`, line 3\n" in printed(verdict(outcome="error", runs=(run, ended), checks=()))


def test_hostile_text_is_shown_as_text():
    nasty = "\x1b[31m[bold]PASSED[/bold]\x1b]8;;http://x\x07link\u202e\u2066\r\n\x00[link=http://x]y[/link]"
    nasty += "z" * 9000
    check = CheckResult("check_rows", "Rows.", "failed", nasty, 0)
    text = printed(verdict(checks=(check,), restored_cells=(nasty,)))
    assert not set(text) & {"\x1b", "\x07", "\r", "\x00", "\u202e", "\u2066"}
    assert "[bold]PASSED[/bold]" in text
    assert len(text) < 6000


def test_curves_of_any_numbers_are_drawn():
    for curve in ((float("nan"),) * 50, (1.0, float("inf")) * 30, (1e308,) * 40, (0.0, 0.0), (-5.0, 5.0), ()):
        assert "next:" in printed(verdict(runs=(RunResult(0, "ok", loss=float("nan"), curve=curve),)))


def test_the_json_is_json_without_nan():
    run = RunResult(3, "ok", loss=float("nan"), curve=(1.0, float("inf"), *CURVE))
    data = json.loads(json.dumps(as_json(verdict(runs=(run,))), allow_nan=False))
    assert data["format"] == 1
    assert data["runs"][0]["loss"] is None
    assert len(data["runs"][0]["curve"]) == 200
    wanted = {"exercise", "outcome", "score", "engine", "sandbox", "runs", "checks", "symptoms", "restored_cells"}
    assert wanted | {"changed_lines", "next"} <= set(data)
    assert {"seed", "status", "loss", "below", "above", "converged", "steps", "seconds", "curve"} <= set(
        data["runs"][0]
    )


def test_thinning_keeps_both_ends():
    assert thinned(CURVE, 200)[0] == CURVE[0]
    assert thinned(CURVE, 200)[-1] == CURVE[-1]
    assert thinned((1.0, 2.0), 200) == [1.0, 2.0]


def test_clean_caps_and_folds():
    assert sanitize("a\n\tb  c") == "a b c"
    assert sanitize("x" * 10, 5) == "xxxx…"


def test_of_a_deep_recursion_both_ends_are_shown():
    trace = tuple({"cell": "model", "line": i, "text": f"f({i})"} for i in range(1000))
    run = RunResult(0, "raised", "E", error=LearnerError("model", 1, "RecursionError", "too deep", trace))
    text = printed(verdict(outcome="error", runs=(run,), checks=()))
    assert "f(0)" in text
    assert "f(999)" in text
    assert "(990 more)" in text
    assert len(text.splitlines()) < 40


def test_cells_of_their_own_are_told_and_no_runs_are_survived():
    text = printed(verdict(outcome="error", runs=(), checks=(), extra_cells=2))
    assert "2 cells of your own ran too" in text


# JUnit XML


def suites(*verdicts, **unread) -> list[ElementTree.Element]:
    """The suites of a document, after a look at what holds for any of them."""
    root = ElementTree.fromstring(junit(verdicts, unread).encode())
    assert root.tag == "testsuites"
    for element in (root, *root):
        cases = list(element.iter("testcase"))
        counts = [len(cases), *(sum(case.find(kind) is not None for case in cases) for kind in ("failure", "error"))]
        assert [int(element.get(name)) for name in ("tests", "failures", "errors")] == counts
    assert {element.tag for element in root} <= {"testsuite"}
    return list(root)


def test_junit_has_a_suite_for_each_exercise_and_a_case_for_each_check():
    first, second = suites(verdict(), verdict(exercise="toy02", checks=()))
    assert (first.get("name"), second.get("name")) == ("toy01", "toy02")
    assert [case.get("name") for case in first.iter("testcase")] == ["convergence", "check_rows"]
    convergence, rows = first.iter("failure")
    assert "target below 0.8 nats; seed 0: 1.52" in convergence.get("message")
    assert rows.get("message") == "Every row sums to one. a row sums to 1.25 (expected: 1) (seed 1)"
    assert first.findtext("system-out") == "The loss stays flat at 2.3 nats."
    properties = {one.get("name"): one.get("value") for one in first.iter("property")}
    assert properties["outcome"] == "failed"
    assert properties["next"] == "bugkit hint toy01"


def test_junit_of_a_pass_has_no_failures():
    check = CheckResult("check_rows", "Rows.", "passed", "", 0)
    run = RunResult(0, "ok", loss=0.3, converged=True, seconds=1.25, checks=(check,))
    (suite,) = suites(verdict(outcome="passed", runs=(run,), checks=(check,), symptoms=()))
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "0", "0")
    assert suite.get("time") == "1.250"


def test_junit_tells_what_could_not_be_judged_from_what_failed():
    timed_out = RunResult(0, "timed_out", "it took longer than 60 s")
    (suite,) = suites(verdict(outcome="error", runs=(timed_out,), checks=()))
    assert "seed 0: timed out: it took longer" in suite.find("testcase/error").get("message")
    (suite,) = suites(verdict(runs=(RUN, timed_out), checks=()))
    assert "seed 0: timed out" in suite.find("testcase/failure").get("message")
    (suite,) = suites(toy03="the file is empty")
    assert suite.find("testcase/error").get("message") == "the file is empty"


def test_junit_of_hostile_text_is_well_formed():
    nasty = "\x00\x1b[31m\ud800\ufffe]]><failure/>&\"'\u202e"
    check = CheckResult("check_rows", nasty, "error", nasty, 0)
    (suite,) = suites(verdict(title=nasty, checks=(check,), symptoms=(Symptom("flat", nasty),), no_sandbox=nasty))
    assert len(list(suite.iter("failure"))) == 1  # of the convergence
    assert "<failure/>" in suite.find("testcase/error").get("message")


# GitHub


def shown(*verdicts, **unread) -> str:
    """Markdown as a page, of the dialect that GitHub speaks, addresses as links and HTML let through."""
    markdown = MarkdownIt("gfm-like", {"html": True}).render(github.markdown(verdicts, unread))
    return markdown.replace("<p>", "").replace("</p>", "")


def test_a_summary_tells_all_in_a_table_and_then_what_did_not_pass():
    good = RunResult(0, "ok", loss=0.3, converged=True)
    passed = verdict(exercise="toy02", title="Never moves", outcome="passed", runs=(good,), checks=(), symptoms=())
    page = shown(verdict(), passed, toy03="the file is empty")
    assert "<h2>1 of 3 passed</h2>" in page
    cells = [
        [cell.text for cell in row]
        for row in ElementTree.fromstring(page[page.index("<tbody>") : page.index("</table>")])
    ]
    assert cells == [
        ["toy01 Too big", "✗ FAILED", "1.52", "0 of 1"],
        ["toy02 Never moves", "✓ PASSED", "0.3", None],
        ["toy03", "! NOT JUDGED", None, None],
    ]
    assert "<h3>toy01 Too big</h3>" in page
    assert "✗ Every row sums to one. a row sums to 1.25 (expected: 1) (seed 1)" in page
    assert "it looks like: The loss stays flat at 2.3 nats." in page
    assert "<code>bugkit hint toy01</code>" in page
    assert "toy02" not in page[page.index("<h3>") :]
    assert page.rstrip().endswith("<h3>toy03</h3>\n<ul>\n<li>the file is empty</li>\n</ul>")


def test_code_in_a_sentence_is_code_on_github():
    check = CheckResult("check_rows", "Rows of `weights` sum to `1`.", "failed", "`<b>` and a ` more", 0)
    page = shown(verdict(checks=(check,)))
    assert "Rows of <code>weights</code> sum to <code>1</code>. <code>&lt;b&gt;</code> and a ` more (seed 0)" in page


def test_a_summary_says_how_a_run_ended():
    timed_out = RunResult(0, "timed_out", "it took longer than 60 s")
    page = shown(verdict(outcome="error", runs=(timed_out,), checks=()))
    assert "<td>timed out</td>" in page
    assert "seed 0: timed out: it took longer than 60 s" in page


@pytest.mark.parametrize(
    "nasty",
    [
        "<img src=x onerror=alert(1)>",
        "[click](http://evil.example) ![x](http://evil.example)",
        "http://evil.example www.evil.example eve@evil.example",
        "| a | b |\n## heading\n> quote\n- list\n1. list",
        "`code` *bold* _bold_ ~~gone~~ &lt; \\ \x1b[31m",
    ],
)
def test_what_a_notebook_says_stays_text_on_github(nasty):
    check = CheckResult("check_rows", nasty, "failed", nasty, 0)
    run = RunResult(0, "raised", nasty)
    one = verdict(exercise=nasty, title=nasty, runs=(run,), checks=(check,), symptoms=(Symptom("flat", nasty),))
    page = shown(one, **{nasty: nasty})
    plain = shown(verdict(runs=(RunResult(0, "raised", "x"),)), toy03="x")
    tags = [sorted(set(re.findall(r"<[^>]*>", text))) for text in (page, plain)]
    assert tags[0] == tags[1]


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        (["passed", "passed"], "pass"),
        (["passed", "failed"], "fail"),
        (["failed", "error"], "fail"),
        (["error"], "error"),
    ],
)
def test_the_result_for_github_classroom(outcomes, status):
    scores = {"passed": 1.0, "failed": 0.25, "error": 0.0}
    verdicts = [verdict(exercise=f"toy{n}", outcome=one, score=scores[one]) for n, one in enumerate(outcomes)]
    document = json.loads(github.classroom(verdicts, {}, points=2))
    assert (document["version"], document["status"], document["max_score"]) == (1, status, 2 * len(outcomes))
    assert [test["score"] for test in document["tests"]] == [2 * scores[one] for one in outcomes]
    assert document["tests"][0]["message"] == "The loss stays flat at 2.3 nats."


def test_what_was_not_judged_scores_nothing_on_github_classroom():
    document = json.loads(github.classroom([verdict(outcome="passed", score=1.0)], {"toy03": "the file\n is empty"}))
    assert document["status"] == "fail"
    assert document["tests"][1] | {"name": "toy03", "status": "error", "score": 0} == document["tests"][1]
    assert document["tests"][1]["message"] == "the file is empty"


# ---- two levels


def test_the_first_level_counts_behaviors_and_names_none() -> None:
    checks = (
        CHECK,
        replace(CHECK, name="check_b", outcome="passed"),
        replace(CHECK, name="check_c", outcome="undecided"),
    )
    whole = verdict(checks=checks)
    for text in (printed(briefly(whole)), page(briefly(whole)), fragment(briefly(whole))):
        assert CHECK.sentence not in text
        assert CHECK.message not in text
        assert "1 of 3 behaviors of a correct program holds, 1 cannot be judged yet." in " ".join(text.split())
        assert "bugkit check toy01 --explain" in " ".join(text.split())
    assert CHECK.sentence.rstrip(".") in " ".join(printed(whole).split())


@pytest.mark.parametrize(("outcome", "explained"), [("passed", False), ("passed", True), ("failed", True)])
def test_after_a_pass_and_when_explained_all_is_shown(outcome: str, explained: bool) -> None:
    whole = verdict(outcome=outcome)
    assert told(whole, explained=explained) is whole


def test_a_verdict_without_checks_has_one_level() -> None:
    bare = verdict(checks=())
    assert briefly(bare) is bare
