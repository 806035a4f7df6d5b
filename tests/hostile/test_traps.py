"""The traps of a sandbox by bubblewrap, each closed: what leaks in, what lives on, what lies."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from bugkit.box import Box, Guard, Job, Stopped, start
from bugkit.box.bwrap import Missing, find
from bugkit.box.job import Used
from bugkit.box.sandbox import Sandboxed
from bugkit.box.start import BoxDiedError
from bugkit.errors import Fault

pytestmark = pytest.mark.xdist_group("hostile")  # what one leaves behind is looked for by all

GUARD = Guard(seconds=20)
SETTLED = 10.0  # seconds in which what has to end ends
SEEN = ["bin", "dev", "etc", "home", "lib", "lib64", "nix", "opt", "proc", "sbin", "tmp", "usr"]  # at the root


@pytest.fixture(scope="module")
def tool():
    """The bubblewrap of this machine."""
    found = find()
    if isinstance(found, Missing):
        pytest.skip(found.reason)
    return found


@pytest.fixture(scope="module")
def box(tool, canaries):
    """A warm sandboxed box, started by a process that has secrets in its environment and open files."""
    held = os.open(next(iter(canaries.files)), os.O_RDONLY)
    os.set_inheritable(held, True)
    with Box(arrays="numpy", wall=Sandboxed(tool)) as one:
        one.wait_ready()
        yield one
    os.close(held)


def finished(box: Box, source: str, guard: Guard = GUARD) -> list[float]:
    """What one cell leaves in ``losses``."""
    job = Job(cells=(("work", source),), seed=0, arrays="numpy")
    with box.run(job, guard) as channel:
        header, arrays = channel.receive()
    assert header["report"]["status"] == "ok", header["report"]
    return arrays["curve"].tolist()


def processes_of(box: Box) -> list[int]:
    """Bubblewrap outside, its first process inside, and all others inside, by their numbers outside."""
    return [box._process.pid, *sorted(box._wall.members())]


def waited_for(condition: Callable[[], object]) -> bool:
    """Whether it comes true within SETTLED seconds."""
    end = time.monotonic() + SETTLED
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(condition())


def test_no_process_of_a_box_has_the_graders_environment(box, canaries):
    for pid in processes_of(box):
        assert canaries.word.encode() not in Path(f"/proc/{pid}/environ").read_bytes()


def test_no_process_of_a_box_names_the_graders_folders_in_its_arguments(box, canaries):
    for pid in processes_of(box):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(sys.prefix.encode(), b"")
        assert canaries.folder.name.encode() not in words
        assert str(Path.cwd()).encode() not in words


def test_no_process_of_a_box_holds_a_file_of_the_grader(box):
    """Pipes, sockets and /dev/null only, among them none that leads to another program."""
    for pid in processes_of(box):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            target = os.readlink(link)  # noqa: PTH115 - pipes are no paths
            assert target.startswith(("pipe:", "socket:", "anon_inode:", "/dev/null")), (pid, link.name, target)


def test_no_process_inside_has_rights(box):
    for pid in processes_of(box)[2:]:
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        assert "0" not in status["Uid"].split()
        assert "0" not in status["Gid"].split()
        assert status["Groups"].strip() in ("", status["Gid"].split()[0])
        assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


@pytest.mark.parametrize("folder", ["/dev", "/", "/usr", "/opt/bugkit", "/opt/bugkit/bugkit", "/proc", sys.prefix])
def test_a_folder_is_read_only(box, folder):
    source = f"try:\n    open({folder!r} + '/zz', 'w')\nexcept OSError as error:\n    losses = [error.errno]"
    assert finished(box, source)[0] in (errno.EROFS, errno.EACCES, errno.ENOENT, errno.EPERM)


def test_what_of_dev_is_needed_works(box):
    source = "losses = [len(open('/dev/urandom', 'rb').read(4)), open('/dev/null', 'w').write('x')]\n"
    source += "open('/dev/shm/a', 'w').write('x')"
    assert finished(box, source) == [4, 1]


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG"])
def test_only_unix_sockets_are_to_be_had(box, family):
    source = f"import socket\ntry:\n    socket.socket(socket.{family}, socket.SOCK_DGRAM)\nexcept OSError as error:\n"
    assert finished(box, source + "    losses = [error.errno]") == [errno.EAFNOSUPPORT]
    assert finished(box, "import socket\na, b = socket.socketpair()\nlosses = [a.send(b'x')]") == [1]


CALLS = {  # name: (x86-64, arm64, what it is answered)
    "ptrace": (101, 117, errno.EPERM),
    "process_vm_readv": (310, 270, errno.EPERM),
    "pidfd_getfd": (438, 438, errno.EPERM),
    "keyctl": (250, 219, errno.EPERM),
    "add_key": (248, 217, errno.EPERM),
    "io_uring_setup": (425, 425, errno.EPERM),
    "bpf": (321, 280, errno.EPERM),
    "userfaultfd": (323, 282, errno.EPERM),
    "perf_event_open": (298, 241, errno.EPERM),
    "unshare": (272, 97, errno.EPERM),
    "mount": (165, 40, errno.EPERM),
    "memfd_create": (319, 279, errno.ENOSYS),
    "clone3": (435, 435, errno.ENOSYS),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_system_call_is_refused(box, name):
    intel, arm, answer = CALLS[name]
    number = {"x86_64": intel, "aarch64": arm}[os.uname().machine]
    source = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
    source += f"losses = [libc.syscall({number}, 0, 0, 0, 0, 0), ctypes.get_errno()]"
    assert finished(box, source) == [-1, answer]


def test_a_box_outlives_the_thread_that_started_it(tool):
    boxes: list[Box] = []
    thread = threading.Thread(target=lambda: boxes.append(Box(arrays="numpy", wall=Sandboxed(tool))))
    thread.start()
    thread.join()
    with boxes[0] as box:
        assert finished(box, "losses = [7]") == [7]
        time.sleep(0.3)
        assert finished(box, "losses = [8]") == [8]


def test_no_zombie_is_left(tool):
    for _ in range(3):
        with Box(arrays="numpy", wall=Sandboxed(tool)) as box:
            box.wait_ready()
    with Box(arrays="numpy", wall=Sandboxed(tool)):
        pass  # closed before it is warm
    left = [child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE]
    assert left == []


GRADER = """
import sys, time
from bugkit.box import Box, Guard, Job
from bugkit.box.bwrap import find
from bugkit.box.sandbox import Sandboxed

wall = Sandboxed(find())
box = Box(arrays="numpy", wall=wall)
print(wall._init, flush=True)
if sys.argv[1] == "running":
    cell = "import os, time\\nfor _ in range(3):\\n    if os.fork() == 0:\\n        os.setsid()\\ntime.sleep(1000)"
    job = Job(cells=(("work", cell),), seed=0, arrays="numpy")
    with box.run(job, Guard(seconds=1000)) as channel:
        channel.receive()
time.sleep(1000)
"""


@pytest.mark.parametrize("moment", ["starting", "running"])
def test_a_box_ends_with_a_grader_that_is_killed(tool, moment):
    del tool
    words = [sys.executable, "-c", GRADER, moment]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True) as grader:
        first = int(grader.stdout.readline())
        namespace = os.readlink(f"/proc/{first}/ns/pid")  # noqa: PTH115
        if moment == "running":
            assert waited_for(lambda: len(living(namespace)) > 6)
        inside = living(namespace)
        grader.kill()
    assert inside
    assert waited_for(lambda: not [pid for pid in inside if pid in living(namespace)])


def living(namespace: str) -> list[int]:
    """The processes of a namespace that have not ended."""
    out = []
    for pid in psutil.pids():
        with suppress(OSError, psutil.Error):
            if os.readlink(f"/proc/{pid}/ns/pid") == namespace and psutil.Process(pid).status() != "zombie":  # noqa: PTH115
                out.append(pid)
    return out


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL, signal.SIGSEGV])
def test_an_interpreter_that_a_cell_stops_or_kills_is_a_fault(tool, monkeypatch, number):
    monkeypatch.setattr(start, "REPLY_SECONDS", 3)
    with Box(arrays="numpy", wall=Sandboxed(tool)) as box:
        inside = box.wait_ready() and box._wall.members()
        with pytest.raises((BoxDiedError, Stopped)):
            finished(box, f"import os, time\nos.kill(os.getppid(), {number:d})\ntime.sleep(1)\nlosses = [1]")
        with pytest.raises(BoxDiedError) as died:
            finished(box, "losses = [1]")
        assert died.value.warm
    assert not [pid for pid in inside if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]


class Liar:
    """A wall without a box: a thread answers in the interpreter's place, with whatever it was given."""

    sandboxed = True
    starved = 0

    def __init__(self, answers: list[bytes], pause: float = 0.0) -> None:
        self._answers, self._pause = answers, pause

    def start(self, _words, descriptor):
        line = socket.socket(fileno=os.dup(descriptor))
        threading.Thread(target=self._lie, args=(line,), daemon=True).start()
        return subprocess.Popen(["sleep", "60"], stderr=subprocess.PIPE)

    def stop(self, process):
        process.kill()
        process.wait()

    def used(self, _pid):
        return Used(0, 0.0)

    def limit(self, _memory_mib):
        pass

    def _lie(self, line):
        with line, suppress(OSError):
            line.sendall(b'{"ready": true, "torch": null}\n')
            for answer in self._answers:
                line.recv(1 << 16)
                for piece in [answer] if not self._pause else [answer[i : i + 1] for i in range(len(answer))]:
                    line.sendall(piece)
                    time.sleep(self._pause)
            time.sleep(5)


PID = b'{"pid": 99}\n'
LIES = {
    "another word": [b'{"pit": 99}\n'],
    "a list": [b"[1]\n"],
    "no number": [b'{"pid": {}}\n', PID, PID],
    "no JSON": [b"PASS\n"],
    "too deep": [b"[" * 60_000 + b"\n"],
    "too long": [b'"' + b"x" * 200_000],
    "a text as exit code": [PID, b'{"code": "ended"}\n', PID],
    "a huge exit code": [PID, b'{"code": -99999999999}\n', PID],
    "an endless exit code": [PID, b'{"code": -1e999}\n', PID],
    "silence": [],
}


@pytest.mark.parametrize("lie", LIES)
def test_whatever_an_interpreter_answers_is_a_fault_or_the_end_of_a_run(monkeypatch, lie):
    """A run can write into the memory of the interpreter that it was forked from, so that may say anything."""
    monkeypatch.setattr(start, "REPLY_SECONDS", 2)
    with closing(Box(arrays="numpy", wall=Liar(LIES[lie]))) as box, pytest.raises((Fault, Stopped)):
        finished(box, "losses = [1]", Guard(seconds=2))


def test_an_answer_that_comes_a_byte_at_a_time_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(start, "REPLY_SECONDS", 1)
    began = time.monotonic()
    wall = Liar([b'{"pid": 1' + b" " * 40 + b"}\n"], pause=0.3)
    with closing(Box(arrays="numpy", wall=wall)) as box, pytest.raises((Fault, Stopped)):
        finished(box, "losses = [1]", Guard(seconds=2))
    assert time.monotonic() - began < 8


def test_the_warm_interpreter_has_one_thread(box):
    """A fork copies the thread that forks, and the locks of all others as they are."""
    interpreter = processes_of(box)[2]
    assert psutil.Process(interpreter).num_threads() == 1


@pytest.mark.slow
def test_five_hundred_forks_of_one_torch_all_answer(tool):
    source = "import torch\nw = torch.ones(3, requires_grad=True)\n"
    source += "(w * torch.arange(3.0)).sum().backward()\nlosses = w.grad.tolist()"
    with Box(arrays="torch", wall=Sandboxed(tool)) as box:
        box.wait_ready()
        assert psutil.Process(processes_of(box)[2]).num_threads() == 1
        for _ in range(500):
            assert finished(box, source) == [0, 1, 2]


def test_a_neighbor_is_not_starved(tool):
    """An honest run beside a crowd of processes that never rest ends within its time, too."""
    crowd = "import os\nfor _ in range(25):\n    if os.fork() == 0:\n        os.setsid()\n        break\nwhile 1: pass"
    with Box(arrays="numpy", wall=Sandboxed(tool)) as bad, Box(arrays="numpy", wall=Sandboxed(tool)) as good:
        bad.wait_ready()
        with pytest.raises(Stopped):
            finished(bad, crowd, Guard(seconds=1))
        assert finished(good, "losses = [sum(range(100_000))]", Guard(seconds=8))


def test_what_a_cell_sees_of_its_fixed_surroundings(box):
    """Told as JSON, so that a change of the walls shows here."""
    source = "import json, os\nseen = json.dumps(sorted(os.listdir('/')))\nlosses = list(seen.encode())"
    seen = json.loads(bytes(int(x) for x in finished(box, source)))
    interpreters = {Path(place).parts[1] for place in (sys.prefix, sys.base_prefix)}
    assert set(seen) - interpreters <= set(SEEN)
