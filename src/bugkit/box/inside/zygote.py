"""A warm interpreter that never runs a notebook itself: each of its forks moves behind the walls of a sandbox.

It is root's, sees the same files as a sandbox, and does what the trusted side says. A fork joins the namespaces of a
sandbox that stands already, gives up all rights as bubblewrap and setpriv would have it do, and only then runs a
module's ``main``, as ``python -m`` does. All its calls are the kernel's: setns(2), capabilities(7), seccomp(2).
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import socket
import struct
import sys
from typing import Any, NoReturn

from bugkit.box import seccomp
from bugkit.box.inside.__main__ import answer, requested, warm

CLONE_NEWPID = 0x20000000
# mount, cgroup, UTS, IPC, network: what a process joins itself, where a PID namespace is for its children only
OWN_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x40000000
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 4, 22, 24, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
SECCOMP_MODE_FILTER = 2
CAPABILITY_VERSION_3 = 0x20080522
FDS_PER_REQUEST = 3

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Warm up, and fork for every request until the control socket's other end is closed."""
    control = socket.socket(fileno=int(sys.argv[1]))
    warm(with_torch=sys.argv[2] == "torch")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps: a sandbox cannot end while a child waits for it
    answer(control, {"ready": True})
    while True:
        request, descriptors = requested(control, FDS_PER_REQUEST)
        if request is None:
            os._exit(0)
        try:
            reply: dict[str, int | str] = {"pid": _forked(request, *descriptors)}
        except OSError as error:
            reply = {"error": str(error)}
        for descriptor in descriptors:
            os.close(descriptor)
        answer(control, reply)


def _forked(request: dict[str, Any], sandbox: int, descriptor: int, errors: int) -> int:
    """The new process, by its number outside; OSError where it could not be made or moved."""
    told, tell = os.pipe()
    _must(_libc.setns(sandbox, CLONE_NEWPID))  # of the children to come
    pid = os.fork()
    if pid == 0:
        try:
            _move(sandbox, request["user"])
        except OSError as error:
            os.write(tell, str(error).encode())
            os._exit(1)
        _run(request["words"], descriptor, errors)
    os.close(tell)
    with os.fdopen(told, "rb") as pipe:
        trouble = pipe.read()  # until the child has closed its end
    if trouble:
        raise OSError(trouble.decode())
    return pid


def _move(sandbox: int, user: int) -> None:
    """Behind the walls, and without any right: there is no way back after this."""
    _must(_libc.setns(sandbox, OWN_NAMESPACES))
    os.setsid()
    os.chdir(os.environ["HOME"])
    _must(_libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
    for right in range(int(_last_capability()) + 1):
        _must(_libc.prctl(PR_CAPBSET_DROP, right, 0, 0, 0))
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    header, none = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    _must(_libc.capset(header, none))
    _must(_libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))  # as after an exec: its /proc files are its own
    _must(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _filter()


def _filter() -> None:
    """The same system calls are refused as in a sandbox that bubblewrap fills."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))

    code = seccomp.program()
    if code is None:
        raise OSError("the system calls of this processor are not known")
    program = Program(len(code) // struct.calcsize(seccomp.INSTRUCTION), code)
    _must(_libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0))


def _run(words: list[str], descriptor: int, errors: int) -> NoReturn:
    """``python -m MODULE DESCRIPTOR ...``: nothing else of what this process holds open stays open."""
    _dash_m, module, _theirs, *more = words
    os.dup2(errors, 2)
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, os.sysconf("SC_OPEN_MAX"))
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    sys.argv = [module, str(descriptor), *more]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        os._exit(0)


def _last_capability() -> str:
    with open("/proc/sys/kernel/cap_last_cap") as file:  # noqa: PTH123
        return file.read()


def _must(answer: int) -> None:
    if answer != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    main()
