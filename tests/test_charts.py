"""The small pictures of a class page: every work is drawn once, where it belongs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bugkit.report import charts
from bugkit.verdict import Target

TARGET = Target("Loss.", "nats", 0.5, 0.0, 2.3, 100)
MONDAY = datetime(2026, 3, 2, 15, tzinfo=UTC)


def test_scores_fall_into_ten_parts() -> None:
    drawn = charts.scores([0.0, 0.05, 0.1, 0.95, 1.0, 1.0])
    assert [(bar.left, bar.says) for bar in drawn.bars] == [
        (0, "2 from 0 to 10 %"),
        (10, "1 from 10 to 20 %"),
        (90, "3 from 90 to 100 %"),
    ]
    assert (drawn.highest, [bar.height for bar in drawn.bars]) == (3, [66.67, 33.33, 100])


def test_losses_lie_beside_their_band() -> None:
    drawn = charts.losses([(0.25, "passed", "ada"), (2.0, "failed", "bob"), (float("nan"), "error", "eve")], TARGET)
    assert drawn is not None
    assert [(dot.at, dot.outcome, dot.says) for dot in drawn.dots] == [
        (12.5, "passed", "ada: 0.25"),
        (100, "failed", "bob: 2"),
    ]
    assert (drawn.band, drawn.is_logarithmic) == ((0.0, 25.0), False)


def test_losses_over_many_powers_of_ten_are_drawn_on_a_logarithmic_axis() -> None:
    drawn = charts.losses([(0.005, "passed", "a"), (0.5, "failed", "b"), (50.0, "failed", "c")], TARGET)
    assert drawn is not None
    assert drawn.is_logarithmic
    assert [dot.at for dot in drawn.dots] == [0, 50, 100]
    assert [label for _, label in drawn.ticks] == ["0.005", "0.5", "50"]


@pytest.mark.parametrize("losses", [[], [(float("inf"), "failed", "a")]])
def test_where_nothing_is_a_number_nothing_is_drawn(losses: list[tuple[float, str, str]]) -> None:
    assert charts.losses(losses, TARGET) is None  # type: ignore[arg-type]


def test_works_are_counted_by_days_with_what_was_due() -> None:
    times = [MONDAY, MONDAY + timedelta(hours=1), MONDAY + timedelta(days=3)]
    drawn = charts.over_time(times, [(MONDAY.replace(hour=0) + timedelta(days=2), "ex01")])
    assert drawn is not None
    assert [(bar.left, bar.says) for bar in drawn.bars] == [(0, "2 March: 2"), (75, "5 March: 1")]
    assert drawn.marks == ((50, "ex01"),)


@pytest.mark.parametrize("times", [[], [MONDAY, MONDAY + timedelta(hours=2)]])
def test_of_one_day_nothing_is_drawn(times: list[datetime]) -> None:
    assert charts.over_time(times) is None


def test_a_long_term_has_fewer_bars() -> None:
    drawn = charts.over_time([MONDAY + timedelta(days=day) for day in range(200)])
    assert drawn is not None
    assert len(drawn.bars) <= charts.MOST_BARS
    assert sum(int(bar.says.split(": ")[1]) for bar in drawn.bars) == 200
