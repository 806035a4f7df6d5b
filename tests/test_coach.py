"""What to do next, and how long it took: from events alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bugkit.exercise import Catalog
from bugkit.progress import Event, Progress, ProgressError
from bugkit.progress.coach import active, advice, due_again
from bugkit.progress.interviews import Interviews
from bugkit.progress.transfer import exported, merge

PACK = list(Catalog(Path(__file__).parent / "pack"))
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def events(*pairs):
    """Minutes after Monday morning, and what was done then."""
    return [Event((MONDAY + timedelta(minutes=minutes)).isoformat(), what) for minutes, what in pairs]


def days(number):
    return number * 24 * 60


HARD = events((0, "failed"), (5, "hint"), (9, "failed"), (12, "passed"))
EASY = events((0, "failed"), (3, "passed"))


def test_new_exercises_come_in_order_until_all_are_passed():
    one, two = PACK
    assert [a.exercise for a in advice(PACK, {}, MONDAY)] == [one, two]
    assert [a.exercise for a in advice(PACK, {one.id: EASY}, MONDAY)] == [two]
    assert "builds on" in next(advice(PACK, {one.id: EASY}, MONDAY)).why
    assert list(advice(PACK, {one.id: EASY, two.id: EASY}, MONDAY)) == []


def test_what_was_begun_says_so():
    begun = next(advice(PACK, {PACK[0].id: events((0, "failed"))}, MONDAY))
    assert begun.why == "you have begun it"


def test_a_hard_pass_comes_back_after_days_and_an_easy_one_never():
    assert due_again(EASY) is None
    assert due_again(events((0, "failed"))) is None
    first = due_again(HARD)
    assert first == MONDAY + timedelta(minutes=12, days=1)
    assert due_again(events((0, "gave up"), (1, "passed"))) is not None
    again = due_again([*HARD, *events((days(2), "passed"))])
    assert again is not None
    assert again - (MONDAY + timedelta(days=2)) > first - MONDAY  # later each time
    hard_again = due_again([*HARD, *events(*((days(2) - n, "failed") for n in (3, 2, 1)), (days(2), "passed"))])
    assert hard_again is not None
    assert hard_again < again
    assert due_again([*HARD, *events((13, "passed"))]) == first  # twice on a day is once
    often = [*HARD, *events(*((days(30 * n), "passed") for n in range(1, 6)))]
    assert due_again(often) is None


def test_a_pass_counts_for_all_exercises_of_a_kind():
    one, two = PACK
    later = MONDAY + timedelta(days=4)
    kinds = {one.id: "signs", two.id: "signs", "f12345678": "signs"}
    assert next(advice(PACK, {one.id: HARD}, later, kinds)).again
    fresh = events((days(3), "passed"))
    assert not next(advice(PACK, {one.id: HARD, "f12345678": fresh}, later, kinds)).again
    both = list(advice(PACK, {one.id: HARD, two.id: HARD}, later, kinds))
    assert sum(advice.again for advice in both) == 1


def test_what_is_due_comes_before_what_is_new():
    first = next(advice(PACK, {PACK[0].id: HARD}, MONDAY + timedelta(days=4)))
    assert (first.exercise, first.again) == (PACK[0], True)
    assert "due again for 2 days" in first.why
    assert not next(advice(PACK, {PACK[0].id: HARD}, MONDAY)).again


@pytest.mark.parametrize(
    ("done", "minutes"),
    [((), 0), (((0, "failed"),), 0), (((0, "failed"), (10, "hint"), (15, "passed"), (20, "failed")), 15)],
)
def test_time_at_work_ends_with_the_first_pass(done, minutes):
    assert active(events(*done)) == timedelta(minutes=minutes)


def test_a_night_is_no_work():
    assert active(events((0, "failed"), (10, "failed"), (600, "failed"), (605, "passed"))) == timedelta(minutes=15)


@pytest.fixture
def here(tmp_path):
    progress = Progress(tmp_path / "here.db")
    progress.show_hint("ex03", 3)
    progress.add({"attempt": [attempt("ex03")]})
    progress.give_up("ex04")
    return progress


def attempt(exercise, **changed):
    row = {"exercise": exercise, "at": MONDAY.isoformat(), "outcome": "failed", "score": 0.5, "seconds": 1.5}
    return {**row, **changed}


def test_progress_travels_and_nothing_is_doubled(here, tmp_path):
    there = Progress(tmp_path / "there.db")
    assert merge(there, exported(here)) == 3
    assert merge(there, exported(here)) == 0
    assert there.summary() == here.summary()
    there.add({"attempt": [attempt("ex05")]})
    assert merge(here, exported(there)) == 1
    assert [e.what for e in here.events()["ex03"]] == ["failed", "hint"]


def test_an_interview_travels_with_all_that_happened_and_what_comes_later_follows(here, tmp_path):
    kept = Interviews(here)
    number = kept.begin("debugging", {"round": "debugging", "seed": 1})
    kept.tell(number, "note", {"text": "the loss starts high"})
    there = Progress(tmp_path / "there.db")
    other = Interviews(there)
    other.begin("screen", {"round": "screen", "seed": 2})
    assert merge(there, exported(here)) == 4
    assert merge(there, exported(here)) == 0
    copy = other.of(2)
    assert (copy.began, copy.round, copy.condition) == (kept.of(number).began, "debugging", "paused")
    kept.tell(number, "end", {"points": 40}, to="ended")
    assert merge(there, exported(here)) == 1
    assert other.of(2).debrief == {"points": 40}
    assert [one.at for one in other.of(2).happenings] == [one.at for one in kept.of(number).happenings]
    assert merge(here, exported(there)) == 1
    assert [one.round for one in kept.all()] == ["debugging", "screen"]
    assert kept.of(number).condition == "ended"


@pytest.mark.parametrize(
    "document",
    [
        {"format": 1, "interview": [{"began": MONDAY.isoformat()}]},
        *(None, [], {"format": 2}, {"format": 1, "more": []}, {"format": 1, "attempt": [{}]}),
        {"format": 1, "attempt": [attempt("ex03", at="yesterday")]},
        {"format": 1, "attempt": [attempt("ex03", score=float("nan"))]},
        {"format": 1, "attempt": [attempt("ex03"), attempt("ex04", seconds="x")]},
        {"format": 1, "hint": [{"exercise": "ex03", "level": -1, "at": MONDAY.isoformat()}]},
    ],
)
def test_what_is_no_export_is_refused_whole(here, document):
    before = exported(here)
    with pytest.raises(ProgressError, match="no exported progress"):
        merge(here, document)
    assert exported(here) == before
