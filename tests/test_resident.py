"""What a check leaves warm: who may use it, what it keeps, and how it ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from bugkit.exercise import Catalog, Exercise
from bugkit.notebook import Notebook, read
from bugkit.progress import Progress
from bugkit.resident import address, client
from bugkit.resident.server import Resident

PACK = Path(__file__).parent / "pack"
PATIENCE = 60.0  # seconds
SOLVED = "solutions/toy01_too_big/toy01.ipynb"


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder of this test's own, with a short path as sockets want it, and residents that stay."""
    with tempfile.TemporaryDirectory(prefix="bk-", dir="/tmp") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        monkeypatch.setenv(address.MINUTES, "5")
        yield Path(folder)
        client.stop()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACK, tmp_path / "pack", ignore=shutil.ignore_patterns(".bugkit", "__pycache__")))


@pytest.fixture
def toy(workspace: Path) -> Exercise:
    return Catalog(workspace).find("toy01")


@pytest.fixture
def resident(runtime: Path, workspace: Path, toy: Exercise) -> Iterator[psutil.Process]:
    """A process that waits for checks of the workspace."""
    assert runtime
    client.leave(workspace, toy)
    process = until(lambda: listening(workspace))
    yield process
    client.stop()
    until(lambda: gone(process))


def listening(workspace: Path) -> psutil.Process | None:
    """The resident of the workspace, once it listens."""
    place = str(address.socket_of(workspace))
    if not Path(place).exists():
        return None
    return next((one for one in psutil.process_iter(["cmdline"]) if place in (one.info["cmdline"] or [])), None)


def gone(process: psutil.Process) -> bool:
    """Whether it has ended; a child of this process stays as a zombie."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def until(wanted: Callable[[], Any]) -> Any:
    """What a call returns, once it is something."""
    end = time.monotonic() + PATIENCE
    while not (found := wanted()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def asked(workspace: Path, toy: Exercise, path: Path | None = None, seeds: int | None = None) -> Any:
    progress = Progress.of_workspace(workspace)
    return client.attempted(workspace, toy, path or toy.notebook, progress, seeds=seeds, on_event=None)


def bugkit(workspace: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bugkit", *words]
    return subprocess.run(
        command, cwd=workspace, env={**os.environ, **env}, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_check_leaves_one_behind_and_the_next_uses_it(runtime: Path, workspace: Path, toy: Exercise) -> None:
    assert runtime
    first = bugkit(workspace, "check", "toy01", "--json")
    process = until(lambda: listening(workspace))
    second = bugkit(workspace, "check", "toy01", "--json")
    assert (first.returncode, second.returncode) == (1, 1)
    assert process.is_running()
    assert [attempt.outcome for attempt in Progress.of_workspace(workspace).attempts("toy01")] == ["failed"] * 2
    made = asked(workspace, toy, workspace / SOLVED)
    assert made.verdict.outcome == "passed"
    assert made.verdict.runs[0].curve
    assert "1 ended" in bugkit(workspace, "stop").stdout
    assert "nothing was waiting" in bugkit(workspace, "stop").stdout
    until(lambda: gone(process))


def test_what_was_changed_in_between_counts(resident: psutil.Process, workspace: Path, toy: Exercise) -> None:
    assert resident.is_running()
    assert asked(workspace, toy).verdict.checks[0].outcome == "failed"
    checks = toy.checks.read_text()
    toy.checks.write_text(checks.replace("abs(gain - 2) < 0.1", "True"))
    assert asked(workspace, toy).verdict.checks[0].outcome == "passed"
    toy.notebook.write_text("no notebook")
    with pytest.raises(Exception, match="toy01"):
        asked(workspace, toy)


def test_one_that_was_killed_is_done_without(resident: psutil.Process, workspace: Path, toy: Exercise) -> None:
    resident.kill()
    resident.wait(PATIENCE)
    assert asked(workspace, toy) is None
    assert bugkit(workspace, "check", "toy01").returncode == 1


def test_of_two_terminals_one_is_served(resident: psutil.Process, workspace: Path, toy: Exercise) -> None:
    assert resident.is_running()
    with begun(workspace, toy, "import time; time.sleep(3)") as first:
        assert asked(workspace, toy) is None
        assert until(lambda: next((made for kind, *made in iter(first.recv, None) if kind == "made"), None))


def test_who_hangs_up_leaves_it_free(resident: psutil.Process, workspace: Path, toy: Exercise) -> None:
    assert resident.is_running()
    with begun(workspace, toy, "while True: pass"):
        assert asked(workspace, toy) is None
    assert until(lambda: asked(workspace, toy, seeds=1)).verdict.runs[0].status == "ok"


def begun(workspace: Path, toy: Exercise, line: str) -> Any:
    """The connection of another terminal, whose check of a notebook with this line has begun."""
    path = workspace / "other" / "toy01.ipynb"
    path.parent.mkdir()
    notebook = read(toy.notebook)
    cells = [cell.with_source(f"{line}\n{cell.source}") if cell.id == "training" else cell for cell in notebook.cells]
    path.write_text(Notebook(tuple(cells)).to_json(), encoding="utf-8")
    place, progress = address.socket_of(workspace), Progress.of_workspace(workspace)
    assert place is not None
    server = client._connected(place)
    asks = {"what": "check", "stamp": address.stamp(), "exercise": toy, "path": path, "progress": progress.path}
    server.send({**asks, "seeds": 1})
    assert server.recv()[0] == "event"
    return server


def test_another_version_is_not_asked_and_ends(
    resident: psutil.Process, workspace: Path, toy: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "stamp", lambda: "another")
    assert asked(workspace, toy) is None
    until(lambda: gone(resident))


def test_it_ends_when_it_was_not_used(runtime: Path, workspace: Path, toy: Exercise) -> None:
    assert runtime
    place = address.socket_of(workspace)
    assert place is not None
    serving = threading.Thread(target=Resident(place, seconds=0.5).serve)
    serving.start()
    until(place.exists)
    Resident(place, seconds=99).serve(toy)  # one serves already: it returns
    serving.join(PATIENCE)
    assert not place.exists()


def test_it_ends_when_memory_is_short(runtime: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert runtime
    place = address.socket_of(workspace)
    assert place is not None
    monkeypatch.setattr("bugkit.resident.server.LEAST_MIB", 1 << 40)
    Resident(place, seconds=99).serve()
    assert not place.exists()


def test_a_folder_that_others_may_enter_is_not_used(runtime: Path, workspace: Path, tmp_path: Path) -> None:
    place = address.folder()
    assert place is not None
    assert place.parent == runtime
    place.chmod(0o755)
    assert address.folder() != place
    place.rmdir()
    place.symlink_to(tmp_path)
    assert address.folder() != place
    assert workspace


def test_without_a_place_for_it_there_is_none(
    runtime: Path, workspace: Path, toy: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert runtime
    monkeypatch.setattr(address, "folder", lambda: None)
    assert address.socket_of(workspace) is None
    client.leave(workspace, toy)
    assert asked(workspace, toy) is None


@pytest.mark.parametrize("env", [{"HOME": "/nowhere"}, {"XDG_RUNTIME_DIR": "/nowhere"}, {address.MINUTES: "0"}])
def test_odd_surroundings_keep_nobody_from_a_verdict(runtime: Path, workspace: Path, env: dict[str, str]) -> None:
    assert runtime
    assert bugkit(workspace, "check", "toy01", "--seeds", "1", **env).returncode == 1
    bugkit(workspace, "stop", **env)


def test_cold_means_here(resident: psutil.Process, workspace: Path) -> None:
    resident.suspend()  # it could not answer
    try:
        assert bugkit(workspace, "check", "toy01", "--cold", "--seeds", "1").returncode == 1
    finally:
        resident.resume()
