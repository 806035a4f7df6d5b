"""The watch loop as its users have it: a terminal, keys, and a notebook that is saved."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from bugkit.watch import saves

PACK = Path(__file__).parent / "pack"
PATIENCE = 60  # seconds


@pytest.fixture
def pack(tmp_path):
    return Path(shutil.copytree(PACK, tmp_path / "pack", ignore=shutil.ignore_patterns(".bugkit", "__pycache__")))


@pytest.fixture
def terminal(pack):
    """`bugkit watch` of the first toy, in 80 columns."""
    source = str(Path(__file__).parents[1] / "src")
    environment = {**os.environ, "PYTHONPATH": source, "TERM": "xterm"}
    words = ["-m", "bugkit", "watch", "toy01"]
    child = pexpect.spawn(
        sys.executable, words, cwd=pack, env=environment, dimensions=(40, 80), timeout=PATIENCE, encoding="utf-8"
    )
    yield child
    child.close(force=True)


def plain(text):
    """Without the terminal's control sequences."""
    return re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]", "", text)


def save(pack, text):
    """As Jupyter does: a new file in the old one's place."""
    path = pack / "exercises" / "toy01_too_big" / "toy01.ipynb"
    beside = path.with_suffix(".tmp")
    beside.write_text(text)
    beside.replace(path)


def test_it_judges_at_every_save_and_leaves_at_q(pack, terminal):
    terminal.expect("h hint")  # before anything is judged
    terminal.expect("FAILED")
    terminal.expect("q quit")
    shown = plain(terminal.before)
    assert "0/2  toy01 failed" in shown
    assert [line for line in shown.splitlines() if len(line) > 80] == []
    save(pack, (pack / "solutions" / "toy01_too_big" / "toy01.ipynb").read_text())
    terminal.expect("PASSED")
    terminal.expect("q quit")
    assert "1/2  toy01 passed" in plain(terminal.before)
    for key, answer in (("s", "The reference"), ("l", "toy01[+]")):
        terminal.send(key)
        terminal.expect(answer)
        terminal.expect("q quit")
    terminal.send("q")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0


def test_keys_do_what_they_say(terminal):
    terminal.expect("q quit")
    for key, answer in (  # the first is pressed while it judges
        ("e", "Checks"),
        ("h", "hint 1 of"),
        ("h", "hint 2 of"),
        ("l", "toys"),
        ("r", "judging"),
        ("n", "toy02"),
    ):
        terminal.send(key)
        terminal.expect(answer)
        terminal.expect("q quit")
    terminal.send("x")
    terminal.send("q")
    terminal.expect(pexpect.EOF)


@pytest.mark.parametrize("leave", ["\x03", signal.SIGTERM])
def test_the_terminal_is_given_back_while_it_judges(terminal, leave):
    before = terminal.ptyproc.getecho() if hasattr(terminal.ptyproc, "getecho") else terminal.getecho()
    terminal.expect("judging")
    assert not terminal.getecho()
    terminal.send(leave) if isinstance(leave, str) else terminal.kill(leave)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert before


def test_it_needs_a_terminal(pack):
    command = [sys.executable, "-m", "bugkit", "watch", "toy01"]
    told = subprocess.run(command, cwd=pack, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "needs a terminal" in told.stderr


def test_a_folder_that_is_replaced_is_watched_on(tmp_path):
    async def seen():
        folder = tmp_path / "folder"
        folder.mkdir()
        (folder / "a.ipynb").write_text("1")
        coming = saves(folder / "a.ipynb")
        first = asyncio.ensure_future(anext(coming))
        await asyncio.sleep(0.5)
        folder.rename(tmp_path / "old")
        folder.mkdir()
        (folder / "a.ipynb").write_text("2")
        await asyncio.wait_for(first, PATIENCE)  # it is another folder
        second = asyncio.ensure_future(anext(coming))
        await asyncio.sleep(0.5)
        (folder / "a.ipynb").write_text("3")
        await asyncio.wait_for(second, PATIENCE)
        last = asyncio.ensure_future(anext(coming))
        await asyncio.sleep(0.5)
        shutil.rmtree(folder)
        with pytest.raises(FileNotFoundError):
            await asyncio.wait_for(last, PATIENCE)

    asyncio.run(seen())
