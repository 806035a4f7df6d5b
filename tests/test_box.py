"""The box: every way in which a run can end, and what a check may rely on, in a real child process."""

from __future__ import annotations

import numpy as np
import psutil
import pytest

from bugkit.box import Box, Guard, Job, Stopped
from bugkit.errors import Fault
from bugkit.run import LearnerCodeError, Run

GUARD = Guard(seconds=20)


@pytest.fixture(scope="module")
def box():
    """One warm interpreter without torch, for all tests of this module."""
    with Box(arrays="numpy") as one:
        yield one


def finished(box: Box, source: str, guard: Guard = GUARD, *, memory_mib: int = 4096, seed: int = 0):
    """Run one cell and return its report and arrays."""
    job = Job(cells=(("parameters", "SEED = 0"), ("work", source)), seed=seed, arrays="numpy", memory_mib=memory_mib)
    with box.run(job, guard) as channel:
        header, arrays = channel.receive()
    return header["report"], arrays["curve"]


def asked(box: Box, source: str, question):
    """Run one cell and let a function ask the run."""
    job = Job(cells=(("work", source),), seed=0, arrays="numpy")
    with box.run(job, GUARD) as channel:
        channel.receive()
        return question(Run(channel, seed=0, curve=np.zeros(0), arrays="numpy"))


def test_a_run_reports_its_curve_and_its_steps(box):
    report, curve = finished(box, "losses = [3.0, 2, 'x', float('nan')]")
    assert report["status"] == "ok"
    assert report["steps"] == 4
    assert np.array_equal(curve, [3.0, 2.0, np.nan, np.nan], equal_nan=True)


def test_the_seed_comes_after_the_parameters_and_seeds_the_generators(box):
    source = "import random, numpy as np\nlosses = [SEED, np.random.rand(), random.random()]"
    first, again, other = (finished(box, source, seed=s)[1] for s in (7, 7, 8))
    assert first[0] == 7
    assert np.array_equal(first, again)
    assert not np.any(first == other)


@pytest.mark.parametrize(
    ("source", "kind", "line"),
    [
        ("def f(a):\n    return 1 / a\n\nf(0)", "ZeroDivisionError", 2),
        ("x = 1\nfor", "SyntaxError", 2),
        ("x = 1\nimport no_such_module_at_all", "ModuleNotFoundError", 2),
        ("import json\njson.loads('{')", "JSONDecodeError", 2),
    ],
)
def test_an_exception_is_told_by_cell_and_line(box, source, kind, line):
    report, _ = finished(box, source)
    assert report["status"] == "raised"
    assert (report["error"]["cell"], report["error"]["type"], report["error"]["line"]) == ("work", kind, line)


def test_frames_outside_the_notebook_are_folded(box):
    report, _ = finished(box, "import json\njson.loads('{')")
    own, outside = report["error"]["trace"]
    assert own["cell"] == "work"
    assert outside["cell"] is None


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("import os; os._exit(0)", "ended_early"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed"),
        ("import ctypes; ctypes.string_at(0)", "killed"),
        ("while True: print('x' * 1000)", "too_much_output"),
    ],
)
def test_a_run_that_does_not_answer_says_how_it_ended(box, source, status):
    with pytest.raises(Stopped) as stopped:
        finished(box, source)
    assert stopped.value.status == status


@pytest.mark.parametrize("source", ["exit()", "raise SystemExit", "import sys; sys.exit(0)"])
def test_leaving_is_told_from_finishing(box, source):
    assert finished(box, source)[0]["status"] == "ended_early"


def test_an_endless_loop_ends_at_the_wall_limit(box):
    with pytest.raises(Stopped) as stopped:
        finished(box, "while True: pass", Guard(seconds=1))
    assert stopped.value.status == "timed_out"


def test_memory_that_cannot_be_had_is_told_from_other_errors(box):
    report, _ = finished(box, "import numpy as np\na = np.ones((1 << 36,))", memory_mib=512)
    assert report["status"] == "out_of_memory"


def test_memory_taken_in_small_pieces_ends_the_run(box):
    source = "a = []\nwhile True: a.append(b'x' * (1 << 24))"
    with pytest.raises(Stopped) as stopped:
        finished(box, source, Guard(seconds=20, memory_mib=600), memory_mib=100_000)
    assert stopped.value.status == "out_of_memory"


def test_much_output_below_the_limit_does_no_harm(box):
    assert finished(box, "for _ in range(2000): print('x' * 1000)")[0]["status"] == "ok"


def test_runs_do_not_see_each_other_and_nothing_survives(box):
    finished(box, "import builtins; builtins.leak = 1; here = 2")
    report, _ = finished(box, "import builtins\nlosses = [hasattr(builtins, 'leak') or 'here' in globals()]")
    assert report["status"] == "ok"
    assert finished(box, "import builtins\nlosses = [hasattr(builtins, 'leak')]")[1][0] == 0
    finished(box, "import subprocess; subprocess.Popen(['sleep', '1000'])")
    assert not [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "1000"]]


def test_names_are_called_with_arrays_and_give_arrays(box):
    def question(run):
        assert np.array_equal(run.double(np.arange(3.0)), [0, 2, 4])
        assert [a.tolist() for a in run.pair(np.ones(1))] == [[1.0], 3]
        assert run.nothing() is None
        assert run.ask("b = double(a) + k", {"a": np.ones(2)}, ["b"], k=5)["b"].tolist() == [7, 7]

    asked(box, "def double(x): return 2 * x\ndef pair(x): return x, 3\ndef nothing(): pass", question)


def test_a_missing_name_is_no_answer(box):
    with pytest.raises(Stopped, match="`model`") as stopped:
        asked(box, "x = 1", lambda run: run.model(np.ones(1)))
    assert stopped.value.status == "no_answer"


@pytest.mark.parametrize("body", ["raise ValueError('no')", "return 'text'", "return object()", "raise SystemExit"])
def test_what_the_learners_code_does_wrong_is_an_answer_too(box, body):
    with pytest.raises(LearnerCodeError):
        asked(box, f"def f():\n    {body}", lambda run: run.f())


def test_every_check_starts_from_the_state_after_the_last_cell(box):
    def question(run):
        run.spoil()
        spoiled = float(run.weight()), float(run.draw())
        run.begin()
        first = float(run.weight()), float(run.draw())
        run.begin()
        assert first == (float(run.weight()), float(run.draw()))
        assert first[0] == 1
        assert spoiled[0] == 99

    source = (
        "import numpy as np\nw = {'a': np.ones(2)}\ncount = 1\n"
        "def spoil():\n    global count\n    count = 99; w['a'][:] = 99; np.random.rand(5)\n"
        "def weight(): return min(w['a'][0], count)\ndef draw(): return np.random.rand()"
    )
    asked(box, source, question)


def test_an_interpreter_that_dies_is_our_fault_not_the_learners():
    with Box(arrays="numpy") as box:
        box.wait_ready()
        psutil.Process(box._process.pid).kill()
        with pytest.raises(Fault, match="did not stay alive"):
            finished(box, "x = 1")


def test_a_task_that_was_drawn_is_what_the_notebook_loads(box):
    rows = (np.arange(6, dtype="f4").reshape(3, 2), np.array([2, 0, 1]))
    source = "from bugkit.data import wines\nx, y = wines()\nx *= 2\nlosses = [*wines()[0].ravel(), *y]"
    job = Job(cells=(("work", source),), seed=0, arrays="numpy", data="wines", drawn=rows)
    with box.run(job, GUARD) as channel:
        _, arrays = channel.receive()
    assert arrays["curve"].tolist() == [0, 1, 2, 3, 4, 5, 2, 0, 1]
    assert len(finished(box, "from bugkit.data import wines\nlosses = wines()[1]")[1]) == 124
