"""The magic in a real shell: what a cell shows, on which file it works, and what it says of unsaved work."""

from __future__ import annotations

import atexit
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import bugkit
from bugkit import magic
from bugkit.notebook import Cell, Notebook, not_as_run, read

PACK = Path(__file__).parent / "pack"
Show = Callable[[str], dict[str, str]]


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The notebook of the pack's first exercise, in its own folder."""
    pack = shutil.copytree(PACK, tmp_path / "pack", ignore=shutil.ignore_patterns(".bugkit", "__pycache__"))
    path = Path(pack) / "exercises" / "toy01_too_big" / "toy01.ipynb"
    monkeypatch.chdir(path.parent)
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    return path


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """A shell that keeps what is displayed, and no history on disk."""
    config = Config({"HistoryManager": {"enabled": False}, "HistoryAccessor": {"enabled": False}})
    one = InteractiveShell(config=config)
    one.display_pub = CapturingDisplayPublisher(parent=one)
    yield one
    atexit.unregister(one.atexit_operations)
    one.atexit_operations()


@pytest.fixture
def show(shell: InteractiveShell) -> Show:
    """Runs a cell and gives the bundle that it displays."""

    def run(source: str) -> dict[str, str]:
        shell.display_pub.clear_output()
        shell.run_cell(source, store_history=True).raise_error()
        (output,) = shell.display_pub.outputs
        data: dict[str, str] = output["data"]
        return data

    return run


CHECK = "%load_ext bugkit\n%bugkit check --seeds 1"


def test_a_cell_shows_the_verdict_of_the_saved_file(notebook: Path, show: Show) -> None:
    shown = show(CHECK)
    assert set(shown) == {"text/plain", "text/html"}
    assert shown["text/plain"].startswith(f"judging {notebook.name} as saved at ")
    assert "FAILED  toy01" in shown["text/plain"]
    assert "not saved" not in shown["text/plain"]
    assert shown["text/html"].startswith(f"<p>judging {notebook.name} as saved at ")
    assert '<div class="bugkit">' in shown["text/html"]
    assert "%bugkit hint toy01" in shown["text/html"]
    assert "http" not in shown["text/html"]


def test_what_the_command_says_on_the_side_is_shown_too(notebook: Path, show: Show) -> None:
    shutil.copyfile(notebook.parents[2] / "solutions" / "toy01_too_big" / "toy01.ipynb", notebook)
    shown = show(CHECK)
    for text in shown.values():
        assert "PASSED" in text
        assert "note: passed, but on 1 of 2 seeds" in text


def test_no_colors_and_no_moving_line_get_into_a_cell(
    notebook: Path, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as kernels set it
    monkeypatch.setenv("CLICOLOR_FORCE", "1")
    for text in show(CHECK).values():
        assert "\x1b" not in text
        assert f"{notebook.stem}: starts" not in text


def test_unsaved_work_is_told_above_the_verdict(notebook: Path, show: Show, shell: InteractiveShell) -> None:
    cell = read(notebook).cell("training-step")
    assert cell is not None
    for source in ("import numpy as np", cell.source.replace("y - predict(x)", "predict(x) - y")):
        shell.run_cell(source, store_history=True)
    shown = show(CHECK)
    sentence = "The cell training-step is not saved as you last ran it; the saved file was judged."
    assert shown["text/plain"].splitlines()[1] == sentence
    assert shown["text/html"].index(sentence) < shown["text/html"].index("FAILED")
    shell.run_cell(cell.source, store_history=True)
    assert sentence not in show(CHECK)["text/plain"]


@pytest.mark.usefixtures("notebook")
def test_hint_solution_and_next_are_shown_as_html_and_text(show: Show) -> None:
    shown = show("%load_ext bugkit\n%bugkit hint")
    assert shown["text/plain"].startswith("toy01, hint 1 of 3")
    assert "<h2>toy01, hint 1 of 3</h2>" in shown["text/html"]
    assert show("%bugkit hint toy02")["text/plain"].startswith("toy02, hint 1 of 3")

    refused = show("%bugkit solution")
    assert set(refused) == {"text/plain"}
    assert "the solution is shown after a pass" in refused["text/plain"]
    solution = show("%bugkit solution --give-up")
    assert "+    error = predict(x) - y" in solution["text/plain"]
    assert '<span class="bk-plus">  +    error = predict(x) - y' in solution["text/html"]
    assert "each step climbed" in solution["text/html"]

    following = show("%bugkit next")
    for text in following.values():
        assert "toy01 Too big" in text
        assert "toy01.ipynb" in text
    assert show("%bugkit")["text/plain"] == following["text/plain"]


@pytest.mark.usefixtures("notebook")
def test_other_words_go_to_the_command_as_they_are(show: Show) -> None:
    assert json.loads(show("%load_ext bugkit\n%bugkit list --json")["text/plain"])[0]["id"] == "toy01"
    assert set(show("%bugkit check --seeds 1 --json")) == {"text/plain"}
    assert "No such command" in show("%bugkit frobnicate")["text/plain"]
    assert "usage: %bugkit" in show("%bugkit check 'toy01")["text/plain"]


@pytest.mark.usefixtures("notebook")
def test_loading_twice_is_harmless(shell: InteractiveShell, show: Show) -> None:
    for _ in range(2):
        bugkit.load_ipython_extension(shell)
    show("%load_ext bugkit\n%reload_ext bugkit\n%bugkit hint")


def test_the_file_that_vs_code_names_is_found(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Shell:
        user_ns: dict[str, Any] = {}  # noqa: RUF012 - a stand-in

    monkeypatch.delenv("JPY_SESSION_NAME")
    assert magic.notebook_of(Shell) is None
    assert "name the exercise" in magic.answer("check", None)["text/plain"]
    Shell.user_ns["__vsc_ipynb_file__"] = str(notebook)
    assert magic.notebook_of(Shell) == notebook.resolve()


class Colab:
    """A stand-in for ``google.colab._message``: the page hands over what it shows, or is too late, or refuses."""

    class MessageError(Exception):
        pass

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def blocking_request(self, request_type: str, request: object = "", timeout_sec: int | None = 5) -> object:
        assert (request_type, request) == ("get_ipynb", "")
        assert timeout_sec
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def in_colab(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME")
    for name, module in {"google": Colab, "google.colab": Colab, "google.colab._message": Colab(answer)}.items():
        monkeypatch.setitem(sys.modules, name, cast("ModuleType", module))


def test_colab_hands_over_what_its_page_shows(notebook: Path, monkeypatch: pytest.MonkeyPatch, show: Show) -> None:
    """There the notebook is no file; the exercise is known by its name, of a copy too."""
    solved = json.loads((notebook.parents[2] / "solutions" / "toy01_too_big" / "toy01.ipynb").read_text())
    solved["metadata"]["colab"] = {"name": "Copy of toy01.ipynb"}
    in_colab(monkeypatch, {"ipynb": solved})
    shown = show(CHECK)
    assert "judging toy01.ipynb as saved at " in shown["text/plain"]
    assert "PASSED" in shown["text/html"]
    assert "FAILED" in show("%bugkit check toy01 toy01.ipynb --seeds 1")["text/plain"]  # the one on disk


@pytest.mark.usefixtures("notebook")
@pytest.mark.parametrize("answer", [None, Colab.MessageError("no")])
def test_a_page_of_colab_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, show: Show, answer: object) -> None:
    in_colab(monkeypatch, answer)
    assert "name the exercise" in show("%load_ext bugkit\n%bugkit check")["text/plain"]


def test_the_cell_of_the_magic_is_not_run() -> None:
    assert not Cell("check", "code", "%load_ext bugkit\n%bugkit check").runs


# what was run beside what is saved

STEP = "def step(x, y):\n    error = y - predict(x)\n    return rate * error * x"
FIXED = STEP.replace("y - predict(x)", "predict(x) - y")
SAVED = Notebook(
    (
        Cell("story", "markdown", FIXED),
        Cell("setup", "code", "%matplotlib inline\nimport numpy as np\n\nrate = 0.1"),
        Cell("step", "code", STEP),
        Cell(None, "code", "losses = []\nfor _ in range(100):\n    losses.append(step(x, y))"),
        Cell("empty", "code", "\n"),
    )
)


@pytest.mark.parametrize(
    ("ran", "names"),
    [
        ([], ()),
        ([STEP], ()),
        ([FIXED], ("step",)),
        ([FIXED, STEP], ()),  # run again as it is saved
        ([STEP, FIXED], ("step",)),
        (["", "%bugkit check", "!ls", "step(1, 2)", "np.mean(losses[-10:])"], ()),  # by the way
        (["import numpy as np  \n\nrate = 0.1\n%time\n"], ()),  # magics, blank lines and ends of lines do not count
        ([STEP.replace("    return", "return")], ("step",)),  # indentation does
        ([FIXED, "losses = []\nfor _ in range(9):\n    losses.append(step(x, y))"], ("step", "cell 4")),
    ],
)
def test_what_was_last_run_is_compared_with_what_is_saved(ran: list[str], names: tuple[str, ...]) -> None:
    assert not_as_run(SAVED, ran) == names
