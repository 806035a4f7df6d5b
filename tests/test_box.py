"""The box: every way in which a run can end, and what a check may rely on, in a real child process."""

from __future__ import annotations

import os

import numpy as np
import psutil
import pytest

from bugkit.box import Box, Guard, Job, Stopped
from bugkit.box.bwrap import Missing, find
from bugkit.box.pool import BoxPool
from bugkit.box.run_report import RunReport, heard, report_of
from bugkit.box.sandbox import Sandboxed
from bugkit.errors import Fault
from bugkit.run import LearnerCodeError, Run

GUARD = Guard(seconds=20)


@pytest.fixture(scope="module", params=["bare", "sandboxed"])
def box(request):
    """One warm interpreter without torch, for all tests of this module; behind walls, too, where there are any."""
    tool = find() if request.param == "sandboxed" else None
    if isinstance(tool, Missing):
        pytest.skip(tool.reason)
    with Box(arrays="numpy", wall=Sandboxed(tool) if tool else None) as one:
        yield one


def header_of(**changed):
    """The header of a run's report, as a run would send it."""
    report = {"status": "ok", "error": None, "steps": 3, "seconds": 0.1, "names": ["model"]}
    return {"report": {**report, **changed}}


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
    assert "computed for longer than 1 s" in stopped.value.detail
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
    command = ["sleep", f"1000.{os.getpid()}"]  # ours: other tests may run beside this one
    finished(box, f"import subprocess; subprocess.Popen({command})")
    assert not [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == command]


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


def test_a_report_of_the_right_form_is_taken():
    report, curve = report_of(header_of(), {"curve": np.zeros(2)})
    assert report == RunReport(status="ok", error=None, steps=3, seconds=0.1, names=["model"])
    assert len(curve) == 2


@pytest.mark.parametrize(
    ("header", "curve"),
    [
        ({}, np.zeros(1)),
        ({"report": None}, np.zeros(1)),
        (header_of(status="passed"), np.zeros(1)),
        (header_of(steps=-1), np.zeros(1)),
        (header_of(steps="many"), np.zeros(1)),
        (header_of(steps=2**70), np.zeros(1)),
        (header_of(seconds=float("nan")), np.zeros(1)),
        (header_of(names=[1]), np.zeros(1)),
        (header_of(names=["x" * 10_000]), np.zeros(1)),
        (header_of(status="raised"), np.zeros(1)),
        (header_of(status="raised", error={"cell": "a", "line": None, "type": "E", "message": 7}), np.zeros(1)),
        (header_of(), None),
        (header_of(), np.zeros((2, 2))),
        (header_of(), np.zeros(2, dtype="i8")),
        (header_of(), np.zeros(200_001)),
    ],
)
def test_a_report_of_another_form_is_no_answer(header, curve):
    with pytest.raises(Stopped) as stopped:
        report_of(header, {} if curve is None else {"curve": curve})
    assert stopped.value.status == "no_answer"


def test_events_of_another_form_are_not_passed_on():
    passed_on = []
    listen = heard(passed_on.append)
    odd = [{"event": []}, {"event": "cell"}, {"event": "steps", "steps": "x"}, {"event": "done", "result": "passed"}]
    for event in [*odd, {"event": "cell", "cell": "c" * 999, "more": 1}, {"event": "steps", "steps": 5}]:
        listen(event)
    assert passed_on == [{"event": "cell", "cell": "c" * 300}, {"event": "steps", "steps": 5}]


FORGE = """
import os, socket, struct
for fd in range(3, 64):
    try:
        sock = socket.socket(fileno=os.dup(fd))
    except OSError:
        continue
    {send}
import time; time.sleep(30)
"""


@pytest.mark.parametrize(
    "send",
    [
        "sock.sendall(struct.pack('<IQ', 2**31, 0))",
        "sock.sendall(struct.pack('<IQ', 2, 2**60))",
        "sock.sendall(struct.pack('<IQ', 2, 0) + b'[]')",
        "sock.sendall(struct.pack('<IQ', 100000, 0) + b'[' * 100000)",
        """h = b'{"report": {"status": "ok"}, "_arrays": []}'; sock.sendall(struct.pack('<IQ', len(h), 0) + h)""",
    ],
)
def test_a_forged_message_is_no_answer(box, send):
    job = Job(cells=(("work", FORGE.replace("{send}", send)),), seed=0, arrays="numpy")
    with pytest.raises(Stopped) as stopped, box.run(job, GUARD) as channel:
        report_of(*channel.receive())
    assert stopped.value.status == "no_answer"


def test_boxes_are_made_ahead_and_used_once():
    made = []

    class Fake:
        def __init__(self):
            made.append(self)
            self.closed = False

        def close(self):
            self.closed = True

    boxes = BoxPool(Fake, ahead=1)
    first, second = boxes.take(), boxes.take()
    assert made[:2] == [first, second]
    assert len(made) == 3
    boxes.close()
    assert [box.closed for box in made] == [False, False, True]


def test_time_that_is_only_waited_counts_a_tenth(box):
    report, _ = finished(box, "import time\ntime.sleep(1.5)", Guard(seconds=1))
    assert report["status"] == "ok"
    with pytest.raises(Stopped) as stopped:
        finished(box, "import time\ntime.sleep(60)", Guard(seconds=0.3))
    assert (stopped.value.status, stopped.value.detail) == ("timed_out", "it took longer than 3 s")


def test_the_time_of_children_counts(box):
    source = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'while True: pass'])"
    with pytest.raises(Stopped) as stopped:
        finished(box, source, Guard(seconds=1))
    assert stopped.value.status == "timed_out"


STATE = """
import functools
import numpy as np

class Counter:
    def __init__(self):
        self.count, self.seen = 0, []
    def __call__(self):
        self.count += 1
        self.seen.append(self.count)
        return len(self.seen)

def closure():
    count, seen = 0, {}
    def step():
        nonlocal count
        count += 1
        seen[count] = np.ones(2)
        seen[1] += 1
        return len(seen) + float(seen[1][0])
    return step

def added(held):
    held["weights"] = held.get("weights", 0) + 1
    return held["weights"]

by_object, by_closure, by_binding = Counter(), closure(), functools.partial(added, {})
by_method = Counter().__call__
"""


@pytest.mark.parametrize("name", ["by_object", "by_closure", "by_binding", "by_method"])
def test_state_is_put_back_wherever_it_is_kept(box, name):
    def question(run):
        answers = []
        for _ in range(2):
            run.begin()
            answers.append([float(run.call(name)) for _ in range(3)])
        return answers

    first, second = asked(box, STATE, question)
    assert first == second
    assert first[0] != first[1]


def test_checks_have_clean_names_and_their_own_surroundings(box):
    strict = "import numpy as np, warnings\nwarnings.simplefilter('error')\nnp.seterr(all='raise')"
    source = f"{strict}\nsum = 0\nmax = 3\nlen = None"
    code = (
        "found = sum([1, 2]) + max(3, 4) + len([5])\nimport warnings\nwarnings.warn('x')\nnp.float32(1) / np.zeros(1)"
    )
    assert asked(box, source, lambda run: run.ask(code, returns=["found"]))["found"] == 8


def test_a_number_of_any_kind_is_an_answer(box):
    source = "from fractions import Fraction\nshare = lambda: Fraction(3, 4)"
    assert float(asked(box, source, lambda run: run.share())) == 0.75


def test_what_the_learner_says_in_an_exception_always_crosses(box):
    report, _ = finished(box, "raise ValueError('\\ud800')")
    assert (report["status"], report["error"]["line"]) == ("raised", 1)
    report, _ = finished(box, "E = type('E' * 5000, (Exception,), {})\nraise E('x')")
    assert (report["error"]["type"], report["error"]["line"]) == ("E" * 200, 2)


def test_a_kernel_that_dies_at_its_start_is_started_once_more(monkeypatch):
    """Kernels that start at the same time may choose the same ports."""
    from bugkit.box import kernel

    start, tries = kernel._Client.async_start_new_kernel_client, []

    async def dies_once(client):
        tries.append(client.km.kernel_id)
        if len(tries) == 1:
            await client._async_cleanup_kernel()
            raise RuntimeError("Kernel died before replying to kernel_info")
        return await start(client)

    monkeypatch.setattr(kernel._Client, "async_start_new_kernel_client", dies_once)
    job = Job(cells=(("parameters", "SEED = 0"), ("work", "print(1)")), seed=0, arrays="numpy", memory_mib=4096)
    with kernel.Kernels().run(job, GUARD) as channel:
        report, _ = report_of(*channel.receive())
    assert report.status == "ok"
    assert len(set(tries)) == 2
