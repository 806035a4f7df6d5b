"""The warm interpreter: import once, then fork a child for every run that the trusted side asks for."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

from bugkit.box.channel import Channel, Stopped
from bugkit.box.inside import cells
from bugkit.box.inside.limits import end_with_the_interpreter, lift_the_graders_memory_limit
from bugkit.box.inside.session import serve
from bugkit.box.job import Job

FDS_PER_REQUEST = 2
# What nearly every notebook has imported in the end, by itself or through something else; where torch has it.
LATER = ["matplotlib.pyplot", "encodings.cp437"]
TORCHS_LATER = ["torch.profiler._cupti_monitor", "torch._subclasses.schema_check_mode", "bugkit.box.inside.watcher"]


def main() -> None:
    """Warm up, report, and serve the control socket until its other end is closed."""
    control = socket.socket(fileno=int(sys.argv[1]))
    lift_the_graders_memory_limit()
    version = warm(with_torch=sys.argv[2] == "torch")
    answer(control, {"ready": True, "torch": version})
    children: set[int] = set()
    while True:
        request, descriptors = requested(control, FDS_PER_REQUEST)
        if request is None:
            break
        if request["do"] == "fork":
            pid = os.fork()
            if pid == 0:
                control.close()
                _run(socket.socket(fileno=descriptors[0]), descriptors[1])
            for descriptor in descriptors:
                os.close(descriptor)
            children.add(pid)
            answer(control, {"pid": pid})
        else:
            pid = request["pid"]
            answer(control, {"code": _end(pid) if pid in children else None})
            children.discard(pid)
    for pid in children:
        _end(pid)
    os._exit(0)


def warm(*, with_torch: bool) -> str | None:
    """Import what every notebook imports; no tensor is touched, so that forking stays safe.

    The first optimizer imports ``torch._dynamo``, as dear as torch itself; the first exception imports IPython's
    tracebacks. A full collection in a child would copy every page of these modules, so ``gc.freeze``.
    """
    version = None
    if with_torch:
        import torch._dynamo

        version = torch.__version__
    for name in [*LATER, *(TORCHS_LATER if with_torch else ())]:
        with suppress(ImportError):
            import_module(name)
    cells.make_shell()
    gc.collect()
    gc.freeze()
    return version


def _run(sock: socket.socket, output: int) -> NoReturn:
    """The child: own session, own output; it never returns to the interpreter's loop."""
    code = 1
    try:
        os.setsid()
        end_with_the_interpreter()
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.close(output)
        channel = Channel(sock)
        serve(channel, Job.of(*channel.receive()))
        code = 0
    except Stopped:
        code = 0  # the trusted side has heard enough
    finally:
        os._exit(code)  # leaving by the interpreter's own way costs over half a second once torch is loaded


def _end(pid: int) -> int:
    """Kill a run's whole process group and reap it; its exit code, negative for a signal."""
    for kill in (os.killpg, os.kill):  # the group is made by the child itself, perhaps not yet
        with suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def requested(control: socket.socket, most: int) -> tuple[dict[str, Any] | None, list[int]]:
    """The next request and its descriptors, ``most`` of them; None when the other end is closed."""
    line, descriptors, _flags, _address = socket.recv_fds(control, 4096, most)
    return (json.loads(line) if line else None), list(descriptors)


def answer(control: socket.socket, reply: dict[str, Any]) -> None:
    """One line of JSON."""
    control.sendall(json.dumps(reply).encode() + b"\n")


if __name__ == "__main__":
    main()
