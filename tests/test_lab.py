"""The server's side of the Check button, asked as the page asks it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from bugkit.lab import messages
from bugkit.progress import Progress
from bugkit.warm_grader import StoppedByLearner, WarmGrader, exercise_of

PACK = Path(__file__).parent / "pack"
TOY = "exercises/toy01_too_big/toy01.ipynb"
TOKEN = "between-us"
WAIT = 60.0

Message = dict[str, Any]


class Server:
    """Jupyter's server with bugkit's extension, as a learner has it: nothing is told to it about bugkit."""

    def __init__(self, root: Path, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        words = [f"--port={self.port}", f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={root}"]
        self.log = (home / "log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", "--allow-root", *words],
            env={**os.environ, "JUPYTER_CONFIG_DIR": str(home), "JUPYTER_DATA_DIR": str(home)},
            stdout=self.log,
            stderr=self.log,
        )
        end = time.monotonic() + WAIT
        while not self._answers():
            assert time.monotonic() < end, "the server did not start"
            assert self.process.poll() is None, (home / "log").read_text()
            time.sleep(0.1)

    def ask(self, method: str, what: str, body: object = None, *, token: str = TOKEN) -> tuple[int, str]:
        """The status and the whole answer."""
        headers = {"Authorization": f"token {token}"} if token else {}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=WAIT)) as connection:
            connection.request(method, f"/bugkit/{what}", None if body is None else json.dumps(body), headers)
            with connection.getresponse() as answer:
                return answer.status, answer.read().decode()

    def check(self, path: str = TOY) -> list[Message]:
        """All that is told of a check."""
        status, text = self.ask("POST", "check", {"path": path})
        assert status == 200, text
        return [json.loads(line) for line in text.splitlines()]

    def end(self) -> None:
        """As Ctrl-C ends it."""
        self.process.terminate()
        self.process.wait(WAIT)
        self.log.close()

    def _answers(self) -> bool:
        try:
            return self.ask("DELETE", "check")[0] == 204
        except OSError:
            return False


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab") / "pack"
    return Path(shutil.copytree(PACK, folder, ignore=shutil.ignore_patterns(".bugkit", "__pycache__")))


@pytest.fixture(scope="module")
def server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    one = Server(root, tmp_path_factory.mktemp("home"))
    yield one
    one.end()


@pytest.fixture
def toy(root: Path) -> Path:
    """The first exercise's notebook, as it is shipped."""
    return Path(shutil.copyfile(PACK / TOY, root / TOY))


def solve(toy: Path) -> None:
    shutil.copyfile(toy.parents[2] / "solutions" / "toy01_too_big" / "toy01.ipynb", toy)


def dawdle(toy: Path) -> None:
    """A cell that takes longer than any test waits."""
    document = json.loads(toy.read_text())
    cell = next(cell for cell in document["cells"] if cell["id"] == "training-step")
    cell["source"].insert(0, f"import time; time.sleep({10 * WAIT})\n")
    toy.write_text(json.dumps(document))


@pytest.mark.usefixtures("toy")
def test_an_exercise_is_told_from_other_notebooks(server: Server, root: Path) -> None:
    (root / "other.ipynb").write_text("{}")
    status, text = server.ask("GET", f"exercise?path={TOY}")
    assert status == 200
    about = json.loads(text)["exercise"]
    assert (about["id"], about["title"], about["passed"]) == ("toy01", "Too big", False)
    assert json.loads(server.ask("GET", "exercise?path=other.ipynb")[1]) == {"exercise": None}
    for nowhere in ("nowhere.ipynb", "../lab/pack/other.ipynb/..", "exercises", "", "%00.ipynb", f"../pack/{TOY}x"):
        assert server.ask("GET", f"exercise?path={nowhere}")[0] == 404
    assert server.ask("POST", "check", {"path": "other.ipynb"})[0] == 404
    assert server.ask("POST", "check", {"path": None})[0] == 404
    assert server.ask("POST", "check", [TOY])[0] == 400


def test_a_link_out_of_the_folder_is_not_followed(server: Server, root: Path, tmp_path: Path) -> None:
    shutil.copyfile(PACK / TOY, tmp_path / "toy01.ipynb")
    (root / "out.ipynb").symlink_to(tmp_path / "toy01.ipynb")
    assert server.ask("POST", "check", {"path": "out.ipynb"})[0] == 404


def test_nobody_without_the_token_is_answered(server: Server) -> None:
    for method, what in (
        ("GET", f"exercise?path={TOY}"),
        ("GET", f"interview?path={TOY}"),
        ("POST", "check"),
        ("DELETE", "check"),
        ("POST", "help"),
        ("POST", "interview"),
    ):
        assert server.ask(method, what, {"path": TOY} if method == "POST" else None, token="")[0] == 403
        assert server.ask(method, what, token="wrong")[0] == 403


def test_the_check_tells_how_far_it_is_and_then_the_verdict(server: Server, root: Path, toy: Path) -> None:
    progress = Progress(root / ".bugkit" / "progress.db")
    told = server.check()
    assert {"cell", "done", "verdict"} <= {message["event"] for message in told}
    assert {message["seed"] for message in told if message["event"] == "done"} == {0, 1}
    verdict = told[-1]
    assert (verdict["event"], verdict["outcome"], verdict["reload"]) == ("verdict", "failed", False)
    assert "FAILED" in verdict["html"]
    assert "<script" not in verdict["html"]
    assert "Explain names them" in verdict["html"]
    assert "--explain" not in verdict["html"]
    assert [attempt.outcome for attempt in progress.attempts("toy01")] == ["failed"]

    solve(toy)
    assert server.check()[-1]["outcome"] == "passed"
    assert progress.state("toy01") == "passed"
    assert json.loads(server.ask("GET", f"exercise?path={TOY}")[1])["exercise"]["passed"] is True


def test_threads_that_begin_together_do_not_get_half_of_numpy() -> None:
    """Here its modules are slow to come, so that the threads surely meet."""
    program = """
import importlib, sys, threading, time
from bugkit.warm_grader import load

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("numpy._typing"):
            time.sleep(0.1)

def begin(name):
    together.wait()
    load()
    importlib.import_module(name)

sys.meta_path.insert(0, Slow())
names = ["bugkit.grader", "bugkit.interview.rooms", "bugkit.attempt", "bugkit.fresh.desk"]
together = threading.Barrier(len(names))
threads = [threading.Thread(target=begin, args=[name]) for name in names]
[thread.start() for thread in threads], [thread.join() for thread in threads]
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=WAIT)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_that_is_no_notebook_is_told(server: Server, toy: Path) -> None:
    toy.write_text("{")
    (message,) = server.check()
    assert message["event"] == "trouble"
    assert "is not JSON" in message["what"], message


def test_a_check_is_stopped_and_the_next_one_works(server: Server, toy: Path) -> None:
    dawdle(toy)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(server.check)
        time.sleep(2)
        assert not running.done()
        assert server.ask("DELETE", "check")[0] == 204
        assert running.result(WAIT)[-1] == {"event": "stopped"}
    solve(toy)
    assert server.check()[-1]["outcome"] == "passed"


def test_a_newer_check_stops_the_older(server: Server, toy: Path) -> None:
    dawdle(toy)
    with ThreadPoolExecutor(1) as pool:
        older = pool.submit(server.check)
        time.sleep(2)
        solve(toy)
        assert server.check()[-1]["outcome"] == "passed"
        assert older.result(WAIT)[-1] == {"event": "stopped"}


@pytest.mark.usefixtures("toy")
def test_hints_and_the_solution_are_told(server: Server) -> None:
    status, text = server.ask("POST", "help", {"path": TOY, "what": "hint"})
    assert status == 200
    assert "hint 1 of 3" in json.loads(text)["html"]
    assert server.ask("POST", "help", {"path": TOY, "what": "reset"})[0] == 400
    assert server.ask("POST", "help", {"path": TOY, "what": ["hint"]})[0] == 400


def test_a_verdict_is_explained_when_asked_and_ever_after(server: Server, toy: Path) -> None:
    ask = ("POST", "help", {"path": TOY, "what": "explain"})
    other = {"path": TOY.replace("toy01_too_big/toy01", "toy02_never_moves/toy02"), "what": "explain"}
    assert "Nothing is judged yet" in json.loads(server.ask("POST", "help", other)[1])["text"]
    first = server.check()[-1]
    assert (first["can_explain"], ">Checks<" in first["html"]) == (True, False)
    assert ">Checks<" in json.loads(server.ask(*ask)[1])["html"]
    again = server.check()[-1]
    assert (again["can_explain"], ">Checks<" in again["html"]) == (False, True)
    solve(toy)
    assert server.check()[-1]["can_explain"] is False


def test_an_interviews_notebook_has_a_clock_and_words(server: Server, root: Path) -> None:
    begun = subprocess.run(
        [sys.executable, "-m", "bugkit", "interview", "--seed", "1", "--json"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    path = str(Path(json.loads(begun.stdout)["notebook"]).relative_to(root))
    assert json.loads(server.ask("GET", f"exercise?path={path}")[1])["exercise"] is None
    status = json.loads(server.ask("GET", f"interview?path={path}")[1])["interview"]
    assert (status["condition"], status["minutes"]) == ("running", 45)
    assert 0 < status["left"] <= 45 * 60
    told = json.loads(server.ask("POST", "interview", {"path": path, "words": ["note", "--json", "it's slow"]})[1])
    assert told["interview"]["log"][-1]["says"] == "note: --json it's slow"
    paused = json.loads(server.ask("POST", "interview", {"path": path, "words": ["pause"]})[1])
    assert paused["interview"]["condition"] == "paused"
    refused = json.loads(server.ask("POST", "interview", {"path": path, "words": ["dance"]})[1])
    assert "dance" in refused["text"]
    assert server.ask("POST", "interview", {"path": path, "words": "end"})[0] == 400
    assert json.loads(server.ask("GET", f"interview?path={TOY}")[1])["interview"] is None
    assert server.ask("POST", "interview", {"path": TOY, "words": ["end"]})[0] == 404


def test_the_server_ends_while_a_check_runs(root: Path, tmp_path: Path, toy: Path) -> None:
    dawdle(toy)
    one = Server(root, tmp_path)
    with ThreadPoolExecutor(1) as pool:
        running: Any = pool.submit(one.check)
        time.sleep(2)
        start = time.monotonic()
        one.end()
        assert time.monotonic() - start < 20
        assert running.exception(WAIT) is not None or running.result()[-1] == {"event": "stopped"}


def test_what_a_notebook_names_is_cleaned() -> None:
    told = messages.event({"event": "cell", "seed": 0, "cell": "\x1b[31m\u202e" + 99 * "x"})
    assert told is not None
    assert told["cell"] == 39 * "x" + "…"
    assert messages.event({"event": "unknown", "seed": 0}) is None


def test_a_check_that_is_stopped_before_it_begins_does_not_begin(tmp_path: Path) -> None:
    """Stop and check travel on connections of their own; what is asked for later is judged."""
    pack = Path(shutil.copytree(PACK, tmp_path / "pack"))
    notebook = pack / TOY
    exercise = exercise_of(notebook)
    assert exercise
    grader = WarmGrader()
    number = grader.ask()
    grader.stop()
    with closing(grader):
        with pytest.raises(StoppedByLearner):
            grader.check(number, exercise, notebook, lambda _: None)
        assert grader.check(grader.ask(), exercise, notebook, lambda _: None).verdict.outcome == "failed"
