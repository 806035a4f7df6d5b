"""Make the README's screenshots: an exercise in JupyterLab, failed and passed, a learner's progress, and a class.

Run it by hand where they have changed: ``python tools/make_screenshots.py [DIR]``. Needs Chromium and the test extra.
"""

from __future__ import annotations

import io
import sys
import tempfile
from contextlib import chdir
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PIL import Image

from bugkit.cli.app import run
from bugkit.cli.context import CliContext
from bugkit.cli.progress_page import draw
from bugkit.exercise import Catalog
from bugkit.progress import Progress
from bugkit.progress.transfer import merge
from bugkit.workspace import create

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(ROOT / "tests"), str(ROOT / "benchmarks")]  # where lab_user and made_class lie
WIDTH, HEIGHT = 1360, 860
COLORS = 200  # a page has few, and the file becomes a third
INVENTED = {  # a learner: by exercise how many days ago, and what they did
    "ex01": (4, "failed failed hint failed passed"),
    "ex02": (3, "failed passed"),
    "ex03": (3, "failed failed error hint failed hint failed failed passed"),
    "ex04": (2, "passed"),
    "ex05": (1, "failed hint failed failed"),
}
CLASS = ["Ada", "Bao", "Chidi", "Dalia", "Emre", "Farah", "Goran", "Hana", "Ivo", "Jun", "Kofi", "Lena"]


def main() -> None:
    """All four."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    _keep(_in_lab("Light", is_fixed=False), target / "lab-failed.png")
    _keep(_in_lab("Dark", is_fixed=True), target / "lab-passed.png")
    _keep(_progress(), target / "progress.png")
    _keep(_class(), target / "class.png")


def _in_lab(theme: Literal["Light", "Dark"], *, is_fixed: bool) -> bytes:
    """The exercise, checked: as it is shipped after its cells were run, or just fixed."""
    import lab_user

    with (
        tempfile.TemporaryDirectory() as folder,
        lab_user.page_of_learner(Path(folder), "ex03", theme=theme, width=WIDTH, height=HEIGHT) as page,
    ):
        page.keyboard.press("Control+b")  # the files make room
        (_fix if is_fixed else _run)(page)
        page.locator(".bugkit-toolbar").click()
        page.locator(".bugkit-state[data-outcome]:not([data-outcome=''])").wait_for(state="attached")
        shown = "forward(self, images)" if is_fixed else "axis.plot(losses"
        page.locator(".jp-CodeCell", has_text=shown).evaluate("cell => cell.scrollIntoView({block: 'center'})")
        page.mouse.move(1, 1)
        page.wait_for_timeout(1500)
        return bytes(page.screenshot())


def _run(page: Page) -> None:
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.locator(".jp-CodeCell", has_text="axis.plot(losses").locator("img").wait_for(state="attached")
    page.locator(".jp-CodeCell", has_text="%bugkit check").locator(".bk-outcome").wait_for(state="attached")


def _fix(page: Page) -> None:
    page.locator(".jp-CodeCell", has_text="F.softmax(self.layers(images)").get_by_text("return", exact=True).click()
    for keys in ("Home", "Shift+End"):
        page.keyboard.press(keys)
    page.keyboard.type("return self.layers(images)")
    page.keyboard.press("Escape")


def _progress() -> bytes:
    """The page of an invented learner."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        create(workspace, Catalog(ROOT))
        merge(Progress(workspace / ".bugkit" / "progress.db"), _history())
        with chdir(workspace):
            draw(CliContext(), workspace / "progress.html", force=False)
        return _shown(workspace / "progress.html", 840)


def _class() -> bytes:
    """The page of a made class, graded for it."""
    from made_class import make

    catalog = Catalog(ROOT)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = make(folder, [catalog.find(one) for one in INVENTED], len(CLASS), seed=5)
        for student, called in zip(made, CLASS, strict=True):
            (folder / "submitted" / student).rename(folder / "submitted" / called)
        book = ["--gradebook", str(folder / "grades.db")]
        for command in (["grade", str(folder / "submitted")], ["report", str(folder / "pages")]):
            run(["--catalog", str(ROOT), "class", *command, *book])
        return _shown(folder / "pages" / "index.html", 960, until="Checks")


def _shown(page: Path, width: int, until: str | None = None) -> bytes:
    """A page as a browser shows it, down to a heading."""
    import lab_user
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=lab_user.browser(), args=lab_user.FLAGS)
        tab = chromium.new_page(viewport={"width": width, "height": 600})
        tab.goto(page.as_uri())
        end = tab.get_by_role("heading", name=until).bounding_box() if until else None
        clip = {"x": 0, "y": 0, "width": width, "height": end["y"]} if end else None
        picture = bytes(tab.screenshot(full_page=True, clip=clip))
        chromium.close()
        return picture


def _history() -> dict[str, Any]:
    rows: dict[str, list[dict[str, Any]]] = {"attempt": [], "hint": []}
    morning = datetime.now(UTC).replace(hour=9, minute=0)
    for exercise, (days, what) in INVENTED.items():
        for number, word in enumerate(what.split()):
            at = (morning - timedelta(days=days) + timedelta(minutes=7 * number)).isoformat(timespec="seconds")
            if word == "hint":
                level = 1 + sum(row["exercise"] == exercise for row in rows["hint"])
                rows["hint"].append({"exercise": exercise, "at": at, "level": level})
            else:
                rows["attempt"].append({"exercise": exercise, "at": at, "outcome": word, "score": 0.5, "seconds": 4.0})
    return {"format": 1, **rows}


def _keep(picture: bytes, path: Path) -> None:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLORS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
