"""The class page and each learner's: all there, hostile text stays text, and learners see no hidden check."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from bugkit.classroom import record, similarity, statistics
from bugkit.classroom.course import Course
from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.grades import Decision, Graded, Submission
from bugkit.classroom.identity import Person
from bugkit.classroom.naming import page_name
from bugkit.classroom.overview import A_HIDDEN_ONE, write_pages
from bugkit.errors import UsageError
from bugkit.report.class_page import ENOUGH
from bugkit.verdict import CheckResult, LearnerError, RunResult, Symptom, Target, Verdict


def named(*names: str) -> list[Person]:
    return [Person(name, name) for name in names]


TARGET = Target("Held-out squared error.", "squared units", 0.02, 0.005, 14.3, 400)
EVIL = "<script>alert(1)</script>\x1b[31m\u202e\"'&"
HIDDEN = "check_what_nobody_is_told"
FIX = "@@ training @@\n" + "\n".join(f"+    weights[{n}] = weights[{n}] - rate * gradient[{n}]" for n in range(9))


def verdict_of(outcome: str, *, hidden_fails: bool = False, evil: str = "") -> Verdict:
    checks = (
        CheckResult("check_rows", f"Rows do not mix.{evil}", "passed" if outcome == "passed" else "failed", evil, 0),
        CheckResult(HIDDEN, "A hidden secret.", "failed" if hidden_fails else "passed", "the hidden secret", 0),
    )
    error = (
        LearnerError("model", 3, "ValueError", evil, ({"cell": "model", "line": 3, "text": evil},)) if evil else None
    )
    run = RunResult(0, "ok", loss=0.01, converged=True, steps=200, curve=(14.0, 1.0, 0.01), checks=checks, error=error)
    return Verdict(
        exercise="toy01",
        title="Too big",
        outcome="failed" if hidden_fails else outcome,  # type: ignore[arg-type]
        score=1.0 if outcome == "passed" else 0.5,
        engine="fork",
        sandbox=True,
        target=TARGET,
        runs=(run,),
        checks=checks,
        symptoms=(
            *([Symptom("flat", f"The loss is flat.{evil}")] if outcome != "passed" else []),
            *(
                [Symptom("misbehaves", "It is as wanted, but this does not hold: A hidden secret.")]
                if hidden_fails
                else []
            ),
        ),
        next="bugkit hint toy01",
    )


def add(book, person: str, verdict: Verdict, fix: str = "", exercise: str = "toy01") -> None:
    book.hand_in(Submission(person, exercise, f"d-{person}", f"{person}/toy01.ipynb", "2026-01-01T00:00:00+00:00"))
    text = record.to_text(verdict, verdict.runs[0] if verdict.runs else None)
    key = f"k-{person}-{exercise}"
    book.add(Graded(person, exercise, f"d-{person}", key, text, verdict.outcome, verdict.score, 1.5, (HIDDEN,), fix))


@pytest.fixture
def pages(toys, small_book, tmp_path):
    def write() -> tuple[str, dict[str, str]]:
        index = write_pages(tmp_path / "report", small_book, list(toys.catalog), Course())
        people = {path.name: path.read_text() for path in (tmp_path / "report" / "people").iterdir()}
        return index.read_text(), people

    return write


@pytest.fixture
def exercise(pages, tmp_path):
    """The page of the first exercise, once the report is written."""

    def write() -> str:
        pages()
        return (tmp_path / "report" / "exercises" / "toy01.html").read_text()

    return write


def words(page: str) -> str:
    root = ElementTree.fromstring(page)
    for parent in root.iter():
        for child in parent:
            if child.tag in ("style", "script"):
                child.text = ""
    return " ".join(" ".join(root.itertext()).split())


def test_one_of_a_kind_is_no_plural(small_book, pages):
    add(small_book, "ada", verdict_of("passed"))
    index, _ = pages()
    assert "1 learner, 2 exercises" in words(index)
    assert index.startswith("<!DOCTYPE html>")


def test_everybody_is_there_with_marks_in_words(small_book, pages):
    add(small_book, "ada", verdict_of("passed"))
    add(small_book, "bob", verdict_of("failed"))
    small_book.enrol(named("cleo"))
    small_book.hand_in(Submission("dan", "toy01", "d", "dan/toy01.ipynb", "2026-01-01T00:00:00+00:00"))
    small_book.set_troubles("/x", [("eve/odd.ipynb", "nobody's name is on it")])
    index, people = pages()
    told = words(index)
    assert "4 learners, 2 exercises" in told
    for mark in (
        "✓ toy01: passed, score 100%",
        "50 toy01: failed, score 50%. The loss is flat.",
        "… toy01: not graded yet",
    ):
        assert mark in told
    assert "· toy01: nothing handed in" in told
    assert "eve/odd.ipynb" in told
    assert set(people) == {page_name(person.id) for person in small_book.people()}
    assert "ada: 1 of 2 passed" in words(people[page_name("ada")])
    for person in small_book.people():
        assert f'href="people/{page_name(person.id)}"' in index


def test_a_pass_with_a_check_that_could_not_be_judged_is_for_the_instructor_to_look_at(small_book, pages):
    passed = verdict_of("passed")
    unseen = tuple(replace(check, outcome="undecided") for check in passed.checks[:1])
    add(small_book, "ada", replace(passed, checks=unseen, runs=(replace(passed.runs[0], checks=unseen),)))
    add(small_book, "bob", passed)
    told = words(pages()[0])
    assert "ada, toy01 passed, and 1 check could not be judged: Rows do not mix." in told
    assert "bob, toy01" not in told


def test_an_outcome_is_told_by_a_sign_and_not_by_color_alone(small_book, pages):
    add(small_book, "ada", verdict_of("passed"))
    add(small_book, "bob", verdict_of("failed"))
    add(small_book, "eve", replace(verdict_of("failed"), outcome="error", runs=()))
    index, _ = pages()
    cells = [td for td in ElementTree.fromstring(index).iter() if td.tag == "td" and "bk-cell" in td.get("class", "")]
    signs = {td.get("class").split()[1]: "".join(td.itertext()).split()[0] for td in cells}
    assert signs == {"bk-is-passed": "✓", "bk-is-failed": "50", "bk-is-error": "!", "bk-is-none": "·"}


def test_only_our_own_style_and_script_are_let_in(small_book, pages):
    add(small_book, "ada", verdict_of("passed"))
    index, _ = pages()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', index)[1]
    assert policy.startswith("default-src 'none'; ")
    for tag, kind in (("style", "style-src"), ("script", "script-src")):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", index, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert index.count("<script") == 1
    assert not re.search(r"(src|href)=\"(?!(people|verdicts|exercises)/)", index)
    assert "innerHTML" not in index


def test_hostile_names_and_texts_stay_texts(small_book, pages):
    add(small_book, f"mallory{EVIL}", verdict_of("failed", evil=EVIL), fix=FIX)
    add(small_book, f"eve{EVIL}", verdict_of("failed", evil=EVIL), fix=FIX)
    small_book.set_troubles("/x", [(f"x{EVIL}", f"y{EVIL}")])
    index, people = pages()
    for page in (index, *people.values()):
        assert "<script>alert" not in page
        assert "\x1b" not in page
        assert "\u202e" not in page
        ElementTree.fromstring(page)  # nothing of it opened or closed an element
    assert "mallory<script>alert(1)</script>" in words(index)


def test_learners_see_nothing_of_hidden_checks_and_instructors_do(small_book, pages):
    add(small_book, "ada", verdict_of("passed", hidden_fails=True))
    add(small_book, "bob", verdict_of("passed"))
    index, people = pages()
    for page in people.values():
        assert "secret" not in page
        assert HIDDEN not in page
    ada = words(people[page_name("ada")])
    assert A_HIDDEN_ONE in ada
    assert "FAILED" in ada
    assert "A check below is not" not in ada  # none that is shown fails
    assert A_HIDDEN_ONE not in people[page_name("bob")]
    assert "hidden from learners" in words(index)
    assert "A hidden secret." in words(index)


def test_a_hint_comes_with_what_did_not_pass(small_book, pages):
    add(small_book, "ada", verdict_of("passed"))
    add(small_book, "bob", verdict_of("failed"))
    _, people = pages()
    assert "a hint: Look at the first two losses." in words(people[page_name("bob")])
    assert "a hint" not in words(people[page_name("ada")])


def test_checks_that_tell_nobody_from_anybody_are_named(small_book, pages):
    for number in range(ENOUGH):
        add(small_book, f"p{number}", verdict_of("failed"))
    told = words(pages()[0])
    assert "Rows do not mix. 5 5 everybody fails it" in told
    assert "A hidden secret. 0 5 nobody fails it; hidden from learners" in told


def test_what_goes_wrong_most_is_counted_with_an_example(small_book, pages):
    add(small_book, "ada", verdict_of("passed"))
    for person in ("bob", "cleo", "dan"):
        add(small_book, person, verdict_of("failed", evil=EVIL if person == "dan" else ""))
    timed_out = RunResult(0, "timed_out", "it took longer than 60 s")
    add(small_book, "eve", replace(verdict_of("error"), runs=(timed_out, timed_out), checks=(), symptoms=()))
    for person in ("finn", "gus"):
        unread = replace(verdict_of("error"), runs=(), checks=(), symptoms=(), notes=("the file is empty",))
        add(small_book, person, unread)
    told = words(pages()[0])
    rows = [
        "toy01 flat 3 The loss is flat.",
        "toy01 not read 2 the file is empty",
        "toy01 timed out 1 it took longer than 60 s",
    ]
    assert " ".join(rows) in told


def test_nothing_is_said_of_a_run_where_there_was_none(small_book, pages):
    unread = replace(verdict_of("error"), runs=(), checks=(), symptoms=(), notes=("the file is empty",), next="")
    add(small_book, "ada", unread)
    page = words(pages()[1][page_name("ada")])
    assert page.endswith("nothing of it was run the file is empty")
    assert "hint" not in page


def test_fixes_that_are_alike_are_shown_together(small_book, exercise, pages):
    for person in ("ada", "bob", "cleo"):
        add(small_book, person, verdict_of("passed"), fix=FIX if person != "cleo" else "+x = 1")
    told = words(exercise())
    assert "ada, bob @@ training @@" in told
    assert told.count("weights[8] = weights[8]") == 1  # one text of two people is shown once
    assert "1 of 3 are not compared: they are short, or the author's own fix" in told
    assert "toy01 : ada, bob" in words(pages()[0])


def test_of_fixes_that_are_nearly_alike_each_is_shown_with_whose_it_is(small_book, exercise):
    more = {"ada": "", "bob": "", "cleo": f"\n+    y = 2  # {EVIL}"}
    for person, line in more.items():
        add(small_book, person, verdict_of("passed"), fix=FIX + line)
    page = exercise()
    told = words(page)
    assert "ada, bob, cleo ada, bob @@ training @@" in told
    assert "cleo @@ training @@" in told
    assert "\n+    y = 2 # &lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_authors_own_fix_is_no_finding():
    fixes = {"a": FIX, "b": FIX, "c": FIX.replace("rate", "speed").replace("gradient", "slope")}
    assert set(similarity.compared(fixes)) == {"a", "b", "c"}
    assert set(similarity.compared(fixes, reference=FIX)) == {"c"}
    assert similarity.compared({"a": "+x = 1"}) == {}


def test_an_exercise_has_everybodys_curve_and_losses_and_how_hard_it_is(small_book, exercise):
    for number in range(ENOUGH):
        for name in ("toy01", "toy02"):
            outcome = "passed" if number < 3 else "failed"
            add(small_book, f"p{number}", replace(verdict_of(outcome), exercise=name), exercise=name)
    page = exercise()
    told = words(page)
    assert page.count("bk-small") - page.count(".bk-small") == ENOUGH
    assert f'href="../verdicts/{page_name("p4")}#toy01"' in page
    assert page.count("<circle") == ENOUGH
    assert "p4, seed 0: 0.01" in told
    assert "3 from 100 to 110 %" not in told
    assert "difficulty 0.20, discrimination 1.00" in told


def test_numbers_of_few_works_are_not_told(small_book, exercise):
    add(small_book, "ada", verdict_of("passed"))
    assert "difficulty" not in words(exercise())
    same, other = {str(n): 1.0 for n in range(9)}, {str(n): n / 9 for n in range(9)}
    assert statistics.discrimination("a", {"a": same, "b": other}) is None  # all have the same
    assert statistics.discrimination("a", {"a": other}) is None  # there is nothing to compare with
    assert statistics.discrimination("a", {"a": other, "b": other}) == pytest.approx(1)


def test_a_square_leads_to_the_verdict_with_what_was_changed(small_book, pages, tmp_path):
    add(small_book, "ada", verdict_of("passed", hidden_fails=True), fix="+error = y - predict(x)\n-error = 0")
    small_book.decide(Decision("score", "ada", "toy01", "0.9", "we talked"))
    index, people = pages()
    name = page_name("ada")
    assert f'href="verdicts/{name}#toy01"' in index
    page = (tmp_path / "report" / "verdicts" / name).read_text()
    assert 'id="toy01"' in page
    assert '<span class="bk-plus">+error = y - predict(x)</span>' in page
    assert "A hidden secret." in words(page)
    assert "we talked" in words(page)
    assert "we talked" not in people[name]


def test_likeness_is_of_long_fixes_only_and_spreads():
    other = FIX.replace("rate", "speed")
    short = "+    error = predict(x) - y"
    assert similarity.groups({"a": FIX, "b": FIX, "c": short, "d": short, "e": other}) == [("a", "b")]
    removed = FIX.replace("+", "-")
    assert similarity.groups({"a": removed, "b": removed}) == []  # what was taken away is the same for everybody
    assert similarity.groups({"a": FIX, "b": FIX + "\n+x = 1", "c": FIX + "\n+y = 2"}) == [("a", "b", "c")]


@pytest.mark.parametrize("person", ["../../etc/passwd", "a/b", "", ".", "💥", "CON", "x" * 300, "a\nb"])
def test_a_page_has_a_name_that_leads_nowhere(person):
    assert re.fullmatch(r"[a-z0-9-]{1,60}\.html", page_name(person))


def test_two_people_never_share_a_page():
    names = ["a b", "a-b", "A b", "a_b", "a\u0308", "\u00e4"]
    assert len({page_name(name) for name in names}) == len(names)


def test_a_report_takes_the_place_of_an_earlier_one_and_of_nothing_else(small_book, pages, toys, tmp_path):
    small_book.enrol(named("ada"))
    pages()
    kept = tmp_path / "report" / "people" / "notes.html"
    kept.write_text("mine")
    with Gradebook(str(tmp_path / "other.db")) as other:
        other.enrol(named("bob"))
        write_pages(tmp_path / "report", other, list(toys.catalog), Course())
    assert {path.name for path in kept.parent.iterdir()} == {page_name("bob"), "notes.html"}
    (tmp_path / "report" / "thesis.tex").write_text("mine")
    with pytest.raises(UsageError, match="holds other things"):
        write_pages(tmp_path / "report", small_book, list(toys.catalog), Course())


def test_a_page_is_readable_on_paper(small_book, pages):
    add(small_book, "ada", verdict_of("passed"))
    index, _ = pages()
    printed = index[index.rindex("@media print") :]
    assert "overflow: visible" in printed  # a wide table is not cut


def test_a_verdict_is_read_as_it_was_written():
    verdict = replace(
        verdict_of("failed", evil=EVIL), runs=(*verdict_of("failed").runs, RunResult(1, "ok", loss=float("nan")))
    )
    shown = replace(verdict.runs[0], curve=tuple(float(n) for n in range(5000)))
    verdict = replace(verdict, runs=(shown, verdict.runs[1]))
    again = record.from_text(record.to_text(verdict, shown))
    assert repr(replace(again, runs=())) == repr(replace(verdict, runs=()))
    assert len(again.runs[0].curve) == record.MOST_POINTS
    assert repr(again.runs[1]) == repr(verdict.runs[1])
    assert isinstance(again.checks, tuple)
