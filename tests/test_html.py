"""The pages: all that matters is there, nothing comes from elsewhere, and hostile text stays text."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import math
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from bugkit.report.curve import curve_of, in_words
from bugkit.report.geometry import MOST_BINS, gauge, plot
from bugkit.report.html import fragment, page, told
from bugkit.verdict import CheckResult, LearnerError, RunResult, Symptom, Target, Verdict

NAN, INF = math.nan, math.inf
TARGET = Target("Held-out cross-entropy.", "nats", 0.8, 0.0, 2.303, 1000)
CURVE = tuple(2.3 - i / 1000 for i in range(840))
CHECK = CheckResult("check_rows", "Every row sums to one.", "failed", "a row of `model` sums to 1.25", 1)
RUN = RunResult(0, "ok", loss=1.52, steps=840, seconds=0.4, curve=CURVE, checks=(CHECK,))
ERROR = LearnerError("model", 3, "ValueError", "shapes do not fit", ({"cell": "model", "line": 3, "text": "x @ y"},))
RAISED = RunResult(1, "raised", "ValueError in model", error=ERROR)
CURVES = {
    "nan": (NAN,) * 50,
    "half": (1.0, INF) * 30,
    "huge": (1e308,) * 40,
    "wide": (-1e308, 1e308) * 3,
    "low": (-1e308, -1e308),
    "zeros": (0.0, 0.0),
    "signs": (-5.0, 5.0),
    "one": (1.0,),
    "none": (),
    "broken": (1.0, 2.0, *(NAN,) * 900, 3.0),
}


def verdict(**changes: Any) -> Verdict:
    """A failed verdict, changed as told."""
    fields: dict[str, Any] = {
        "exercise": "toy01",
        "title": "Too big",
        "outcome": "failed",
        "score": 0.0,
        "engine": "fork",
        "sandbox": False,
        "target": TARGET,
        "runs": (RUN, RAISED),
        "checks": (CHECK,),
        "symptoms": (Symptom("flat", "The loss stays flat at 2.3 nats."),),
        "restored_cells": ("curve",),
        "missing_cells": ("evaluation",),
        "extra_cells": 2,
        "changed_lines": 2,
        "next": "bugkit hint toy01",
        "stage": 2,
        "stages": 3,
        "no_sandbox": "there is no bubblewrap",
        "notes": ("one more thing",),
    }
    return Verdict(**{**fields, **changes})


def parsed(text: str) -> ElementTree.Element:
    """A page or a fragment, which are XML too."""
    return ElementTree.fromstring(text)


def shown(text: str) -> str:
    """The words that one sees."""
    root = parsed(text)
    for style in [child for parent in root.iter() for child in parent if child.tag == "style"]:
        style.text = ""
    return " ".join("".join(root.itertext()).split())


@pytest.mark.parametrize(
    "words",
    [
        "FAILED",
        "toy01 Too big, stage 2 of 3",
        "Held-out cross-entropy: target below 0.8 nats",
        "seed 0 1.52",
        "840 steps, 0.4 s",
        "raised: ValueError in model",
        "exception in the cell model, line 3",
        "model:3 x @ y",
        "ValueError: shapes do not fit",
        "The loss as your notebook recorded it, seed 0",
        "0.8 target",
        "2.303 guessing",
        "optimizer steps",
        "What it looks like",
        "stays flat",
        "Every row sums to one.",
        "a row of model sums to 1.25 (seed 1)",
        "2 lines changed; run in a process of its own with limits (no sandbox: there is no bubblewrap)",
        "locked, put back before the run: curve",
        "no longer in your notebook: evaluation",
        "2 cells of your own ran too",
        "one more thing",
    ],
)
def test_all_that_matters_is_there(words: str) -> None:
    assert words in shown(page(verdict()))
    assert words in shown(fragment(verdict()))


def test_the_next_command_is_typed_where_it_is_shown() -> None:
    assert "next: bugkit hint toy01" in shown(page(verdict()))
    assert "next: %bugkit hint toy01" in shown(fragment(verdict()))
    assert "next: reload it" in shown(fragment(verdict(next="reload it")))


def test_a_loss_that_is_right_with_a_check_that_is_not_is_explained() -> None:
    run = dataclasses.replace(RUN, loss=0.3, converged=True)
    assert "but a check below does not hold" in shown(page(verdict(runs=(run,))))


def test_recorded_losses_of_another_quantity_are_not_held_against_the_target() -> None:
    one = verdict(target=dataclasses.replace(verdict().target, curve_unit="nats per letter"))
    text, drawn = shown(page(one)), next(parsed(page(one)).iter("figure"))
    assert "recorded it, in nats per letter, seed" in text
    assert not [line for line in drawn.iter("line") if "wanted" in line.get("class", "")]
    assert "target" not in next(svg.get("aria-label", "") for svg in drawn.iter("svg") if svg.get("role") == "img")


def test_several_verdicts_make_one_page() -> None:
    text = shown(page(verdict(), verdict(exercise="toy02")))
    assert "2 exercises judged" in text
    assert "toy01" in text
    assert "toy02" in text


# nothing from elsewhere


@pytest.mark.parametrize("text", [page(verdict()), fragment(verdict()), told("A hint", "Look *here*.")])
def test_nothing_comes_from_elsewhere(text: str) -> None:
    for word in ("http:", "https:", "<script", "javascript:", "url(", "@import", "src=", "href=", "<link", "style="):
        assert word not in text


def test_the_page_lets_only_its_own_style_in() -> None:
    root = parsed(page(verdict()))
    policy = next(meta.get("content", "") for meta in root.iter("meta") if "Security" in meta.get("http-equiv", ""))
    (style,) = root.iter("style")
    digest = base64.b64encode(hashlib.sha256((style.text or "").encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_styles_do_not_leak() -> None:
    (style,) = parsed(fragment(verdict())).iter("style")
    rules = re.sub(r"@media[^{]*{((?:[^{}]*{[^{}]*})*)\s*}", r"\1", style.text or "")
    selectors = [part.strip() for rule in re.findall(r"([^{}]+){[^{}]*}", rules) for part in rule.split(",")]
    assert len(selectors) > 30
    assert [selector for selector in selectors if not selector.startswith(".bugkit")] == []


# hostile text

NASTY = (
    "</style></section><script>alert(1)</script><img src=x onerror=alert(1)>\"' onload='x' <a href='javascript:x'>y</a>"
    "{{ 7 * 7 }}{% include 'page.html' %}`<b>`\x1b[31m\x00\x07\u202e\ud800\ufffe&amp;<!--]]>http://x "
)


def poisoned(value: Any) -> Any:
    """The same record with every text replaced, but for the words that bugkit itself chooses."""
    if isinstance(value, str):
        return NASTY
    if isinstance(value, tuple):
        return tuple(poisoned(item) for item in value)
    if isinstance(value, dict):
        return {key: poisoned(item) for key, item in value.items()}
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    names = [field.name for field in dataclasses.fields(value) if field.name not in ("outcome", "status")]
    return dataclasses.replace(value, **{name: poisoned(getattr(value, name)) for name in names})


@pytest.mark.parametrize("make", [page, fragment], ids=["page", "fragment"])
def test_hostile_text_is_shown_as_text(make: Any) -> None:
    text = make(poisoned(verdict()))
    with_unit = dataclasses.replace(verdict().target, curve_unit="nats")  # for all texts are there in the other
    root, benign = parsed(text), parsed(make(verdict(target=with_unit)))
    assert {element.tag for element in root.iter()} == {element.tag for element in benign.iter()}
    names = {name for element in benign.iter() for name in element.keys()}  # noqa: SIM118 - not a dictionary
    assert {name for element in root.iter() for name in element.keys()} == names  # noqa: SIM118
    assert "<script>alert(1)</script>" in shown(text)
    assert "{{ 7 * 7 }}" in shown(text)
    assert not set(text) & {"\x1b", "\x00", "\x07", "\u202e", "\ud800", "\ufffe"}


def test_an_authors_markdown_has_no_html_and_no_pictures() -> None:
    text = told("toy01, <b>hint</b>", "<script>x</script>\n\n![a](http://x/y.png) and `code`", [("-    a < b", "-")])
    root = parsed(text)
    assert not {"script", "img", "b"} & {element.tag for element in root.iter()}
    assert [element.text for element in root.iter("code")] == ["code"]
    assert "- a < b" in shown(text)


# curves


@pytest.mark.parametrize("outcome", ["passed", "failed", "error"])
@pytest.mark.parametrize("name", CURVES)
def test_curves_of_any_numbers_make_a_page(name: str, outcome: Any) -> None:
    for start, loss in ((2.303, NAN), (None, INF), (0.0, -1.0), (None, None)):
        target = dataclasses.replace(TARGET, at_start=start)
        run = RunResult(0, "ok", loss=loss, converged=outcome == "passed", curve=CURVES[name])
        check = dataclasses.replace(CHECK, outcome=outcome)
        text = page(verdict(outcome=outcome, runs=(run,), checks=(check,), target=target, stage=1, stages=1))
        numbers = [float(x) for x in re.findall(r' (?:points|x|y|x1|y1|cx|cy|height|width)="(-?[\d.]+)%"', text)]
        assert all(0 <= x <= 100 for x in numbers)
        assert "nan" not in re.findall(r'points="([^"]*)"', text)


@pytest.mark.parametrize(
    "status", ["raised", "timed_out", "out_of_memory", "killed", "too_much_output", "ended_early", "no_answer"]
)
def test_every_way_to_end_is_told(status: str) -> None:
    text = shown(page(verdict(outcome="error", runs=(RunResult(0, status, "so it was"),), checks=(), symptoms=())))
    assert f"{status.replace('_', ' ')}: so it was" in text
    assert "NOT JUDGED" in text


def test_no_runs_are_survived() -> None:
    assert "NOT JUDGED" in shown(page(verdict(outcome="error", runs=(), checks=(), symptoms=())))


def alternative(losses: tuple[float, ...]) -> str:
    one = verdict(runs=(dataclasses.replace(RUN, curve=losses),))
    (svg,) = [element for element in parsed(page(one)).iter("svg") if element.get("role") == "img"]
    return svg.get("aria-label", "")


@pytest.mark.parametrize(
    ("losses", "sentences"),
    [
        (CURVE, ["Over 840 steps the loss falls from 2.3 to", "never comes down to the target, 0.8 nats"]),
        ((2.3, 1.0, 0.7, 0.5), ["falls from 2.3 to 0.5", "first comes down to the target, 0.8 nats at step 3"]),
        ((2.3, 2.31, 2.3), ["begins and ends near 2.3", "Guessing costs 2.303."]),
        ((1.0, 2.0), ["rises from 1 to 2", "the lowest is 1 at step 1"]),
        ((1.0, 2.0, NAN), ["1 of 3 losses is not a finite number, the first at step 3"]),
        ((1.0, 1e6, 2.0), ["The loss is on a logarithmic axis."]),
        ((2.0, 40.0, 2.0), ["The plot ends at 9.21; the highest loss is 40 at step 2."]),
        ((1.0,) * 60 + (1e-3,) * 60, ["The loss is on a logarithmic axis."]),
        ((1.0,) * 60 + (1e-3,) * 59 + (1e-5,), ["The plot starts at 0.001; the lowest loss is 1e-05 at step 120."]),
    ],
)
def test_the_curve_is_told_in_words(losses: tuple[float, ...], sentences: list[str]) -> None:
    for sentence in sentences:
        assert sentence in alternative(losses)


def test_what_is_cut_off_by_nothing_that_can_be_seen_is_not_told() -> None:
    assert "The plot ends" not in alternative((2.0, 9.22, 2.0))
    assert "The plot ends" in alternative((2.0, 9.4, 2.0))


def test_one_lucky_batch_makes_no_logarithmic_axis() -> None:
    assert "logarithmic" not in alternative((2.3, *[1.0] * 60, 1e-4))


@pytest.mark.parametrize(("losses", "points"), [((2.3, 1.0, NAN, 0.5), 3), ((2.3,) * 25, 0)])
def test_few_losses_are_drawn_as_points(losses: tuple[float, ...], points: int) -> None:
    one = page(verdict(runs=(dataclasses.replace(RUN, curve=losses),)))
    assert len([element for element in parsed(one).iter("circle") if element.get("class") == "bk-point"]) == points


def test_a_logarithmic_axis_has_powers_of_ten_and_keeps_the_band_inside() -> None:
    curve = curve_of(verdict(runs=(dataclasses.replace(RUN, curve=(1e-2, 2.3, 1e15, 1e12)),)))
    assert curve is not None
    drawn = plot(curve, verdict().target)
    assert [label for _, label in drawn.rows][:2] == ["0.01", "100"] or "1" in [label for _, label in drawn.rows]
    assert all(0 <= at <= 100 for at, _ in (*drawn.rows, *drawn.points, drawn.band))
    assert sorted(curve.height(x) for x in curve.losses) == [curve.height(x) for x in sorted(curve.losses)]


def test_a_long_curve_keeps_its_spikes_and_its_gaps() -> None:
    losses = [1.0] * 30_000
    losses[7_777], losses[20_000:20_500] = 3.0, [NAN] * 500
    curve = curve_of(verdict(runs=(dataclasses.replace(RUN, curve=tuple(losses)),)))
    assert curve is not None
    drawn = plot(curve, TARGET)
    assert len(drawn.lines) == 2
    assert sum(len(line.split()) for line in drawn.lines) <= 2 * MOST_BINS
    assert drawn.lines[0].count(",0.0") == 1  # the spike reaches the top
    assert drawn.gaps == ((66.67, 1.67),)
    assert "500 of 30000 losses" in in_words(curve, TARGET)


def test_ticks_are_round_numbers_inside_the_plot() -> None:
    curve = curve_of(verdict())
    assert curve is not None
    drawn = plot(curve, TARGET)
    assert [label for _, label in drawn.rows] == ["0", "0.5", "1", "1.5", "2"]
    assert [label for _, label in drawn.columns] == ["0", "200", "400", "600", "800"]


def test_levels_that_meet_are_told_apart() -> None:
    curve = curve_of(verdict())
    assert curve is not None
    assert not plot(curve, TARGET).levels_meet
    near = plot(curve, dataclasses.replace(TARGET, below=2.25))
    assert near.levels_meet
    assert [level.kind for level in near.levels] == ["start", "wanted"]


def test_the_gauge_shows_the_loss_beside_the_band() -> None:
    two_sided = dataclasses.replace(TARGET, above=0.2, at_start=2.0)
    assert gauge(dataclasses.replace(RUN, loss=0.5), two_sided).band == (10.0, 30.0)
    assert gauge(dataclasses.replace(RUN, loss=0.5), two_sided).dot == 25.0
    assert gauge(dataclasses.replace(RUN, loss=1e9), two_sided).dot == 100.0
    assert gauge(dataclasses.replace(RUN, loss=NAN), two_sided).dot is None
