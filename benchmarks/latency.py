"""What a learner waits for after a fix, beside the training alone: saved under `bugkit watch`, and by the Check button.

Run it by hand on a quiet machine: ``python benchmarks/latency.py [ROUNDS]``. Rounds are interleaved, and the first of
each, which warms up, is not counted. Needs Chromium.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pexpect
from alone import Alone

from bugkit.exercise import Catalog
from bugkit.grader import cores
from bugkit.notebook import Notebook, read

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))  # where lab_user lies
EXERCISE = Catalog(ROOT).find("ex03")
ALLOWED = 0.5  # seconds over the training
WAIT = 180
CLICKED = """() => new Promise(resolve => {
    const state = document.querySelector('.bugkit-state');
    const start = performance.now();
    document.querySelector('.bugkit-main').click();
    new MutationObserver(() => {
        if (state.dataset.outcome) resolve([(performance.now() - start) / 1000, state.dataset.outcome]);
    }).observe(state, { attributes: true });
})"""


class Watch:
    """A terminal in which `bugkit watch` runs."""

    def __init__(self, workspace: Path, solution: Notebook) -> None:
        self._path = next(workspace.glob("exercises/ex03_*/ex03.ipynb"))
        self._solution = solution
        self._terminal = pexpect.spawn(
            sys.executable, ["-m", "bugkit", "watch", "ex03"], cwd=str(workspace), timeout=WAIT, dimensions=(60, 100)
        )
        self._terminal.expect("q quit")
        self._saved = 0

    def seconds(self) -> float:
        """From a save to the verdict."""
        self._saved += 1
        cells = list(self._solution.cells)
        cells[0] = cells[0].with_source(cells[0].source + self._saved * " ")
        text = Notebook(tuple(cells)).to_json()
        time.sleep(0.5)
        start = time.perf_counter()
        self._path.write_text(text, encoding="utf-8")
        self._terminal.expect("PASSED")
        self._terminal.expect("next:")
        taken = time.perf_counter() - start
        self._terminal.expect("q quit")
        return taken

    def close(self) -> None:
        """Leave."""
        self._terminal.send("q")
        self._terminal.expect(pexpect.EOF)


def by_button(page: Any) -> float:
    """From the click to the verdict, with something to save."""
    page.locator(".jp-CodeCell", has_text="self.layers = nn.Sequential").locator(".cm-line").last.click()
    page.keyboard.press("End")
    page.keyboard.type(" ")
    seconds, outcome = page.evaluate(CLICKED)
    assert outcome == "passed", outcome
    return float(seconds)


def fix(page: Any) -> None:
    cell = page.locator(".jp-CodeCell", has_text="F.softmax(self.layers(images)")
    cell.scroll_into_view_if_needed()
    cell.get_by_text("return", exact=True).click()
    for keys in ("Home", "Shift+End"):
        page.keyboard.press(keys)
    page.keyboard.type("return self.layers(images)")


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    solution = read(EXERCISE.solution)
    import lab_user

    with tempfile.TemporaryDirectory() as folder, lab_user.page_of_learner(Path(folder), "ex03") as page:
        other = Path(folder) / "other"
        subprocess.run([sys.executable, "-m", "bugkit", "init", str(other)], check=True, capture_output=True)
        fix(page)
        alone, watch = Alone([(solution, EXERCISE.manifest.run.seeds)]), Watch(other, solution)
        page.locator(".bugkit-toolbar").click()
        page.locator(".bugkit-state[data-outcome=passed]").wait_for(state="attached", timeout=WAIT * 1000)
        times = [(alone.seconds()[0], watch.seconds(), by_button(page)) for _ in range(rounds + 1)][1:]
        alone.close()
        watch.close()
    training, *waits = (statistics.median(column) for column in zip(*times, strict=True))
    seeds = len(EXERCISE.manifest.run.seeds)
    print(f"{EXERCISE.id}, {seeds} seeds, {cores()} cores, {rounds} rounds, medians")
    print(f"training alone     {training:6.2f} s")
    for name, wait in zip(("bugkit watch", "Check button"), waits, strict=True):
        print(f"{name:18} {wait:6.2f} s   {wait - training:+.2f} s (at most +{ALLOWED:.2f} s wanted)")
    return int(any(wait - training > ALLOWED for wait in waits))


if __name__ == "__main__":
    sys.exit(main())
