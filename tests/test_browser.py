"""A learner's whole way in a real browser: open, run, see it fail, fix, save, press Check, pass, read the solution."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import lab_user
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(lab_user.browser() is None, reason="there is no Chromium here: apt-get install chromium"),
]
LOCKED = re.compile(r"\bbugkit-locked\b")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all."""
    return tmp_path_factory.mktemp("desk")


@pytest.fixture(scope="module")
def page(desk: Path) -> Iterator[Any]:
    """Its page."""
    with lab_user.page_of_learner(desk, "ex03") as one:
        yield one


def cell(page: Any, text: str) -> Any:
    """The code cell with this text, scrolled into view."""
    found = page.locator(".jp-CodeCell", has_text=text).first
    found.scroll_into_view_if_needed()
    return found


def test_a_learner_finds_the_bug_and_passes(page: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    expect = _expect()

    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    curve = cell(page, "axis.plot(losses")
    expect(curve.locator(".jp-OutputArea-output img")).to_be_visible()
    output = cell(page, "%bugkit check").locator(".jp-OutputArea")
    expect(output.locator(".bk-outcome")).to_have_text("FAILED")
    expect(output).to_contain_text("not one is below 1.461")

    model = cell(page, "F.softmax(self.layers(images)")
    model.get_by_text("return", exact=True).click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.keyboard.type("return self.layers(images)")
    page.keyboard.press("Control+s")
    page.locator(".bugkit-toolbar").click()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    expect(page.locator(".bugkit-state[data-outcome=passed]")).to_have_text("Passed")
    verdict = page.frame_locator(".bugkit-frame")
    expect(verdict.locator(".bk-outcome")).to_have_text("PASSED")
    assert page.locator(".bugkit-frame").get_attribute("sandbox") == ""

    page.get_by_role("button", name="Solution", exact=True).click()
    expect(verdict.get_by_role("heading", name="ex03, the solution")).to_be_visible()
    expect(verdict.locator(".bk-plus").first).to_contain_text("self.layers(images)")
    page.get_by_role("button", name="Verdict", exact=True).click()
    expect(verdict.locator(".bk-outcome")).to_have_text("PASSED")
    assert {urlsplit(address).hostname for address in asked} <= {"localhost", "127.0.0.1", None}


def test_a_check_is_stopped(page: Any) -> None:
    expect = _expect()
    cell(page, "LEARNING_RATE = ").locator(".cm-line").last.click()
    page.keyboard.press("End")
    page.keyboard.type("; import time; time.sleep(600)")
    page.locator(".bugkit-toolbar").click()
    page.locator(".bugkit-runs progress").first.wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator(".bugkit-state")).to_contain_text("Stopped")
    expect(page.locator(".bugkit-main")).to_have_text("Check")


def test_locked_cells_look_locked_and_stay_as_they_are(page: Any) -> None:
    expect = _expect()
    locked = cell(page, "axis.plot(losses")
    expect(locked).to_have_class(LOCKED)
    text = locked.locator(".cm-content")
    text.scroll_into_view_if_needed()
    expect(text).to_contain_text("plt.show()")  # cells out of sight are drawn late
    before = text.inner_text()
    text.click()
    page.keyboard.type("x")
    assert text.inner_text() == before
    expect(cell(page, "self.layers = nn.Sequential")).not_to_have_class(LOCKED)


def test_an_interview_in_the_panel(page: Any, desk: Path) -> None:
    expect = _expect()
    workspace = desk / "workspace"
    begin = [sys.executable, "-m", "bugkit", "interview", "--seed", "3", "--json"]
    begun = subprocess.run(begin, cwd=workspace, check=True, capture_output=True, text=True)
    notebook = Path(json.loads(begun.stdout)["notebook"]).relative_to(workspace)
    page.goto(f"{page.url.split('/lab')[0]}/lab/tree/{notebook}?reset")
    page.locator(".bugkit-toolbar").wait_for()
    clock = page.locator(".bugkit-clock")
    page.get_by_role("tab", name="bugkit: the verdict").click()
    expect(clock).to_have_text(re.compile(r"4[0-5]:\d\d"))
    page.locator(".bugkit-note").fill("one batch first")
    page.locator(".bugkit-note").press("Enter")
    expect(page.locator(".bugkit-log")).to_contain_text("note: one batch first")
    page.get_by_label("Hypothesis").fill("the labels")
    page.locator(".bugkit-form").get_by_role("button", name="Check").click()
    expect(page.frame_locator(".bugkit-frame").locator(".bk-outcome")).to_have_text("FAILED")
    expect(page.locator(".bugkit-log")).to_contain_text("the labels")
    page.get_by_role("button", name="End", exact=True).click()
    page.get_by_role("button", name="Really end?").click()
    expect(page.get_by_role("button", name="Debrief")).to_be_visible()
    expect(page.frame_locator(".bugkit-frame").locator("body")).to_contain_text("of 100 points")


def _expect() -> Any:
    from playwright.sync_api import expect

    expect.set_options(timeout=lab_user.WAIT * 1000)
    return expect
