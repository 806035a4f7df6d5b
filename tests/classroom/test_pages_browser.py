"""The class page in a real browser: at three widths, light and dark, found and filtered, its first column in sight."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lab_user
import pytest
from classroom.test_pages import add, named, verdict_of

from bugkit.classroom.course import Course
from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.overview import write_pages

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(lab_user.browser() is None, reason="there is no Chromium here: apt-get install chromium"),
]
PEOPLE = 12


@pytest.fixture(scope="module")
def index(toys: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    with Gradebook(str(folder / "grades.db"), salt="salt") as book:
        for number in range(PEOPLE):
            add(book, f"learner with a long name {number:02}", verdict_of("passed" if number % 3 else "failed"))
        book.enrol(named("zoe"))
        more = [toys.catalog.find("toy01"), toys.catalog.find("toy02")] * 12  # a wide matrix
        return write_pages(folder / "out", book, more, Course())


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=lab_user.browser(), args=lab_user.FLAGS)
        yield browser
        browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 700, 390])
def test_the_page_fits_and_its_first_column_stays(chromium, index, width, scheme):
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for place in (index, index.parent / "exercises" / "toy01.html"):
        page.goto(place.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place.name
    page.goto(index.as_uri())
    box = page.locator(".bk-wide").first
    box.evaluate("one => one.scrollLeft = 200")
    first = page.locator(".bk-map tbody th").first.bounding_box()
    assert first["x"] >= box.bounding_box()["x"] - 1
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(255, 255, 255)" if scheme == "light" else "rgb(23, 25, 29)"
    )
    assert said == []
    page.close()


def test_learners_are_found_filtered_and_sorted_and_a_square_leads_to_its_verdict(chromium, index):
    page = chromium.new_page()
    page.goto(index.as_uri())
    rows = page.locator(".bk-map tbody tr:visible")
    assert rows.count() == PEOPLE + 1
    page.get_by_label("find").fill("NAME 03")
    assert (rows.count(), page.locator(".bk-found").text_content()) == (1, f"1 of {PEOPLE + 1}")
    page.get_by_label("find").fill("")
    page.get_by_label("show").select_option("failed")
    assert rows.count() == PEOPLE // 3
    page.get_by_label("show").select_option("")
    page.get_by_role("button", name="learner").click()
    page.get_by_role("button", name="learner").click()
    assert rows.first.locator("th").inner_text() == "zoe"
    page.locator(".bk-map .bk-is-failed a").first.click()
    assert "/verdicts/" in page.url
    assert page.url.endswith("#toy01")
    assert page.locator("#toy01 .bk-outcome").first.inner_text() == "FAILED"
    page.close()
