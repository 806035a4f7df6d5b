"""The grader: which walls are chosen, what is tried again, and whose fault a death is."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from bugkit.box import Box, start, supply
from bugkit.box.bwrap import Missing, find
from bugkit.box.supply import BoxSupply
from bugkit.errors import Fault
from bugkit.examine import Examination
from bugkit.exercise import Catalog
from bugkit.grader import Grader
from bugkit.judge import judge
from bugkit.notebook import read
from bugkit.verdict import RunResult

CATALOG = Catalog(Path(__file__).parent / "pack")
TOY = CATALOG.find("toy01")
SOLUTION = read(TOY.solution)
NONE = Missing("bubblewrap is not installed", "apt install bubblewrap")


def with_cell(source, where="training"):
    """The toy's solution with lines put before a cell."""
    cells = [cell.with_source(f"{source}\n{cell.source}") if cell.id == where else cell for cell in SOLUTION.cells]
    assert cells != list(SOLUTION.cells)
    return type(SOLUTION)(tuple(cells))


@pytest.mark.parametrize("sandbox", [False, None])
def test_the_verdict_says_which_walls_there_were(sandbox):
    with Grader(workers=1, sandbox=sandbox) as grader:
        run = grader.submit(TOY, SOLUTION, 0).result()
    verdict = judge(TOY, [run], engine=grader.engine, no_sandbox=grader.no_sandbox)
    there = sandbox is None and not isinstance(find(), Missing)
    assert verdict.outcome == "passed"
    assert verdict.next == "bugkit check toy01"  # the toy wants two seeds
    assert verdict.sandbox == there
    assert (verdict.no_sandbox == "") == there
    if sandbox is False:
        assert "--no-sandbox" in verdict.no_sandbox


def test_what_comes_next_depends_on_what_was_judged():
    passed = [RunResult(seed, "ok", loss=0.01, converged=True) for seed in TOY.manifest.run.seeds]
    missed = [replace(run, converged=False) for run in passed]
    following = [judge(TOY, runs, engine="").next for runs in (passed, passed[:1], missed, missed[:1])]
    assert following == ["bugkit solution toy01", "bugkit check toy01", "bugkit hint toy01", "bugkit hint toy01"]


def test_without_a_sandbox_there_is_none_and_it_is_said(monkeypatch):
    monkeypatch.setattr(supply, "find", lambda: NONE)
    with Grader(workers=1) as grader:
        assert grader.no_sandbox == "bubblewrap is not installed"
    with pytest.raises(Fault, match="needed") as fault:
        Grader(workers=1, sandbox=True)
    assert fault.value.exit_code == 3
    assert fault.value.next_command == "apt install bubblewrap"


def test_the_jupyter_engine_cannot_be_asked_for_a_sandbox():
    with pytest.raises(Fault):
        Grader("jupyter", sandbox=True)


class Dying(Box):
    """A box whose interpreter does not live."""

    def wait_ready(self):
        self._process.kill()
        return super().wait_ready()


def test_a_fault_is_tried_once_more(monkeypatch):
    made = []

    def new(_grader, arrays):
        made.append((Dying if not made else Box)(arrays=arrays))
        return made[-1]

    monkeypatch.setattr(BoxSupply, "_new", new)
    with Grader(workers=1) as grader:
        assert grader.submit(TOY, SOLUTION, 0).result().passed
    assert len(made) == 2


def test_a_fault_that_stays_is_never_a_verdict(monkeypatch):
    monkeypatch.setattr(BoxSupply, "_new", lambda _supply, arrays: Dying(arrays=arrays))
    with Grader(workers=1, sandbox=False) as grader, pytest.raises(Fault):
        grader.submit(TOY, SOLUTION, 0).result()


@pytest.mark.skipif(isinstance(find(), Missing), reason="nothing to do without")
def test_a_sandbox_that_does_not_start_is_done_without_unless_it_was_asked_for(monkeypatch):
    def new(supply, arrays):
        return (Dying if supply._tool else Box)(arrays=arrays)

    monkeypatch.setattr(BoxSupply, "_new", new)
    with Grader(workers=1) as grader:
        assert grader.submit(TOY, SOLUTION, 0).result().passed
        assert "did not start" in grader.no_sandbox
    with Grader(workers=1, sandbox=True) as grader, pytest.raises(Fault):
        grader.submit(TOY, SOLUTION, 0).result()


@pytest.mark.parametrize("sandbox", [False, None])
def test_a_run_that_ends_its_interpreter_is_told_so_and_harms_nobody(sandbox):
    murder = with_cell("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nimport time; time.sleep(9)")
    with Grader(workers=1, sandbox=sandbox) as grader:
        result = grader.submit(TOY, murder, 0, person="mallory").result()
        assert grader.submit(TOY, SOLUTION, 0, person="alice").result().passed
    assert result.status == "killed"
    assert "interpreter" in result.detail


def test_every_person_has_a_box_of_their_own(monkeypatch):
    made = []
    real = BoxSupply._new
    monkeypatch.setattr(BoxSupply, "_new", lambda supply, arrays: made.append(real(supply, arrays)) or made[-1])
    with Grader(workers=1) as grader:
        runs = [grader.submit(TOY, SOLUTION, seed, person=who) for who in ("a", "b") for seed in (0, 1)]
        assert all(run.result().passed for run in runs)
        assert len(made) == 2
        grader.leave("a")
        assert grader.submit(TOY, SOLUTION, 2, person="a").result().passed
    assert len(made) == 3


@pytest.mark.parametrize("sandbox", [False, None])
def test_when_a_box_dies_all_its_runs_are_tried_again(sandbox, monkeypatch):
    """Several threads find it dead at once, and one of them puts a new one in its place."""
    made = []
    real = BoxSupply._new
    monkeypatch.setattr(BoxSupply, "_new", lambda supply, arrays: made.append(real(supply, arrays)) or made[-1])
    slow = with_cell("import time; time.sleep(2)")
    with Grader(workers=4, sandbox=sandbox) as grader:
        waiting = [grader.submit(TOY, slow, seed) for seed in range(4)]
        made[0].wait_ready()
        time.sleep(1)
        made[0]._wall.stop(made[0]._process)
        assert [future.result().status for future in waiting] == ["ok"] * 4
    assert len(made) == 2


def test_a_want_of_memory_is_tried_once_more_and_then_told(monkeypatch):
    calls = []

    def starving(_self, box):
        calls.append(box)
        raise MemoryError

    with Grader(workers=1, sandbox=False) as grader:
        with monkeypatch.context() as patch:
            patch.setattr(Examination, "__call__", starving)
            result = grader.submit(TOY, SOLUTION, 0).result()
        assert (result.status, len(calls)) == ("no_answer", 2)
        assert "memory" in result.detail
        assert grader.submit(TOY, SOLUTION, 0).result().passed


CEILING = """
import resource, numpy
from bugkit.box.memory_limit import MemoryLimit
before = resource.getrlimit(resource.RLIMIT_DATA)
ceiling = MemoryLimit(1)
numpy.ones(10 << 17)
try:
    numpy.ones(50 << 20)
except MemoryError:
    print("refused")
ceiling.lift()
assert resource.getrlimit(resource.RLIMIT_DATA) == before
numpy.ones(50 << 20)
print("and given")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what a process may write")
def test_the_grader_has_a_ceiling_over_its_memory():
    done = subprocess.run([sys.executable, "-c", CEILING], capture_output=True, text=True, check=False)
    assert done.stdout == "refused\nand given\n", done.stderr


MULTIPLIED = """
import threading
import numpy
from bugkit.box import memory_limit
memory_limit.ALLOWANCE_MIB, memory_limit.THREAD_MIB = 8, 16  # a thread's stack, and little to compute with
memory_limit.MemoryLimit(8)
matrix = numpy.ones((512, 512))
threads = [threading.Thread(target=lambda: matrix @ matrix) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("multiplied")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what a process may write")
def test_threads_multiply_below_the_ceiling():
    """Where BLAS gets no memory for its buffers, it ends the process, or hangs it."""
    done = subprocess.run([sys.executable, "-c", MULTIPLIED], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "multiplied\n", done.stderr


def test_no_core_that_trains_waits_for_the_graders_threads():
    """BLAS' threads spin for a while after each product; the process has them back when the grader is gone."""

    def threads():
        return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]

    with threadpool_limits(2, user_api="blas"):
        before = threads()
        with Grader(workers=1):
            assert threads() == [1] * len(before)
        assert threads() == before == [2] * len(before)


@pytest.mark.skipif(isinstance(find(), Missing), reason="nothing to do without")
def test_a_box_does_not_inherit_the_ceiling():
    greedy = with_cell("import numpy\nassert numpy.ones(80 << 20).sum()")
    with Grader(workers=1, sandbox=True) as grader:
        assert grader.submit(TOY, greedy, 0).result().passed


@pytest.mark.skipif(isinstance(find(), Missing), reason="nothing to do without")
def test_a_sandbox_that_is_only_slow_is_not_done_without(monkeypatch):
    made = []
    real = BoxSupply._new

    def new(grader, arrays):
        made.append(real(grader, arrays))
        return made[-1]

    def too_slow(_box, _seconds):
        monkeypatch.setattr(start.Box, "_reply", reply)
        died = start.BoxDiedError("the process that runs notebooks does not answer")
        died.silent = True
        raise died

    reply = start.Box._reply
    monkeypatch.setattr(BoxSupply, "_new", new)
    monkeypatch.setattr(start.Box, "_reply", too_slow)
    with Grader(workers=1) as grader:
        assert grader.submit(TOY, SOLUTION, 0).result().passed
        assert grader.no_sandbox == ""
    assert len(made) == 2


def test_who_comes_after_the_end_gets_no_box():
    """It would belong to nobody: the one who ended the grader has closed all that there were."""
    grader = Grader(workers=1, sandbox=False)
    grader.stop()
    for late in (lambda: grader.submit(TOY, SOLUTION, 0), lambda: grader.warm("none")):
        with pytest.raises(Fault, match="stopped"):
            late()
    assert grader._supply._boxes == {}
