"""The page of a learner's progress."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bugkit.exercise import Catalog
from bugkit.progress import Progress
from bugkit.report.progress_page import MOST_MARKS, ExerciseHistory, HistoryMark, progress_page

PACK = Path(__file__).parent / "pack"
WAY = ExerciseHistory(
    "toy01", "Too big", "toys", "tried", [HistoryMark("failed", "2026-01-02"), HistoryMark("hint", "2026-01-02")], 12.4
)


def drawn(*ways: ExerciseHistory) -> tuple[str, str]:
    """The page, and its words."""
    page = progress_page(ways, [("logits", 2)], "toy02")
    body = ElementTree.fromstring(page.partition("\n")[2]).find("body")
    assert body is not None
    return page, " ".join("".join(body.itertext()).split())


def test_every_exercise_is_there_and_what_was_done_on_it() -> None:
    done = ExerciseHistory(
        "toy02",
        "Too small",
        "toys",
        "passed",
        [HistoryMark("stage-1", "2026-01-03"), HistoryMark("passed", "2026-01-03")],
    )
    page, words = drawn(WAY, done, ExerciseHistory("toy03", "Untouched", "others", "new"))
    assert words.startswith("1 of 3 exercises passed 3 attempts, 1 hint, 12 minutes at work")
    assert "toys 1 of 2" in words
    assert "others 0 of 1" in words
    assert "toy03Untouched, new" in words
    assert "logits 2" in words
    assert words.endswith("next: toy02")
    assert page.count('<th scope="row">') == 2


def test_nothing_is_run_or_fetched_and_the_styles_are_the_page_s_own() -> None:
    page, _ = drawn(WAY)
    assert not re.search(r"<script|https?://|@import|url\(| style=", page)
    style = re.search(r"<style>(.*)</style>", page, re.DOTALL)
    digest = re.search(r"sha256-([^']+)'", page)
    assert style is not None
    assert digest is not None
    assert base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode() == digest[1]


def test_a_long_way_is_drawn_from_its_end() -> None:
    steps = [*(HistoryMark("failed", "2026-01-02") for _ in range(3 * MOST_MARKS)), HistoryMark("passed", "2026-01-09")]
    page, words = drawn(ExerciseHistory("toy01", "Too big", "toys", "passed", steps))
    assert page.count('<li class="bk-step') == MOST_MARKS
    assert f"{2 * MOST_MARKS + 1} more" in words
    assert f"{3 * MOST_MARKS + 1} attempts" in words


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "</style><img src=x>", "\x1b[31mred\x00"])
def test_titles_stay_text(text: str) -> None:
    page, words = drawn(ExerciseHistory("toy01", text, text, "new"))
    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in words


def test_a_beginner_sees_what_lies_ahead() -> None:
    _, words = drawn(ExerciseHistory("toy01", "Too big", "toys", "new"))
    assert "The way there" not in words
    assert words.startswith("0 of 1 exercises passed 0 attempts, 0 hints, 0 minutes")


def test_the_command_draws_it(tmp_path: Path) -> None:
    pack = Path(shutil.copytree(PACK, tmp_path / "pack", ignore=shutil.ignore_patterns(".bugkit", "__pycache__")))
    Progress(pack / ".bugkit" / "progress.db").show_hint("toy01", 3)
    notebook = Catalog(pack).find("toy01").notebook
    before = notebook.read_bytes()

    def bugkit(path: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bugkit", "progress", "--html", str(path)]
        return subprocess.run(command, cwd=pack, capture_output=True, text=True, timeout=60, check=False)

    told = bugkit(pack / "progress.html")
    assert told.returncode == 0
    assert told.stdout == "your progress is drawn in progress.html\n"
    assert "0 of 2 exercises passed" in (pack / "progress.html").read_text()
    assert bugkit(notebook).returncode == 2
    assert notebook.read_bytes() == before
    assert bugkit(notebook / "inside.html").returncode == 2
