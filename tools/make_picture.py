"""Make ``docs/check.svg``, the picture of the README: judge ex03 as it is shipped and draw what a learner sees.

Run it by hand where the report has changed: ``python tools/make_picture.py``.
"""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from bugkit.author.build import shipped
from bugkit.exercise import Catalog
from bugkit.grader import check
from bugkit.report.levels import briefly
from bugkit.report.terminal import render

ROOT = Path(__file__).resolve().parents[1]
EXERCISE = "ex03"
COLUMNS = 80
# rich would fetch its font from elsewhere; a picture in a README may not, and falls back to the reader's own
FORMAT = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def picture() -> str:
    """The report of the shipped notebook, as SVG."""
    exercise = Catalog(ROOT).find(EXERCISE)
    notebook = shipped(exercise)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / exercise.notebook.name
        path.write_text(notebook.to_json(), encoding="utf-8")
        verdict = check(exercise, path, template=notebook)
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, highlight=False)
    render(briefly(verdict), console)
    return console.export_svg(title=f"bugkit check {EXERCISE}", code_format=FORMAT, unique_id="check")


if __name__ == "__main__":
    target = ROOT / "docs" / "check.svg"
    target.parent.mkdir(exist_ok=True)
    target.write_text(picture(), encoding="utf-8")
