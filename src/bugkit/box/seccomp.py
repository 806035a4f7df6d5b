"""The system calls that a sandboxed box is refused, as a classic BPF program for ``bwrap --seccomp``.

A deny-list: it closes what namespaces do not cover (keyrings, vsock, io_uring, ptrace of the sandbox's own init,
anonymous files beyond every limit) and new namespaces. Numbers are the kernel's, from its ``unistd`` headers.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterator

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER, ARCHITECTURE, FIRST, SECOND = 0, 4, 16, 24  # offsets in struct seccomp_data; low words of arguments

X32 = 0x40000000  # numbers from here on are x86-64's other, 32-bit calling convention
NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag of clone
TERMINAL_INPUT = (0x5412, 0x541C)  # TIOCSTI and TIOCLINUX type into the terminal that started the grader
AF_UNIX = 1
INSTRUCTION = "HBBI"  # struct sock_filter: code, jumps, constant

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NAMES = (
    "socket", "clone", "ioctl", "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd",
    "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsconfig",
    "fsmount", "fspick", "mount_setattr", "keyctl", "add_key", "request_key", "bpf", "perf_event_open", "userfaultfd",
    "io_uring_setup", "io_uring_enter", "io_uring_register", "memfd_secret", "open_by_handle_at", "name_to_handle_at",
    "kexec_load", "init_module", "finit_module", "delete_module", "quotactl", "acct", "swapon", "reboot",
    "settimeofday", "clock_settime", "adjtimex", "personality", "fanotify_init", "kcmp", "syslog", "vhangup", "mknodat",
    "lookup_dcookie", "clone3", "memfd_create", "shmget", "msgget", "mq_open",
)  # fmt: skip
NUMBERS = {
    "x86_64": (
        41, 56, 16, 101, 310, 311, 440, 438, 272, 308, 165, 166, 155, 161, 428, 429, 430, 431, 432, 433, 442, 250,
        248, 249, 321, 298, 323, 425, 426, 427, 447, 304, 303, 246, 175, 313, 176, 179, 163, 167, 169, 164, 227, 159,
        135, 300, 312, 103, 153, 259, 212, 435, 319, 29, 68, 240,
    ),
    "aarch64": (
        198, 220, 29, 117, 270, 271, 440, 438, 97, 268, 40, 39, 41, 51, 428, 429, 430, 431, 432, 433, 442, 219,
        217, 218, 280, 241, 282, 425, 426, 427, 447, 265, 264, 104, 105, 273, 106, 60, 89, 224, 142, 170, 112, 171,
        92, 262, 272, 116, 58, 33, 18, 435, 279, 194, 186, 180,
    ),
}  # fmt: skip
ONLY_X86_64 = {"mknod": 133, "modify_ldt": 154}
CONDITIONAL = ("socket", "clone", "ioctl")
# Told to be missing, so that the C library falls back. The last three hold memory that belongs to no process.
NOT_THERE = ("clone3", "memfd_create", "shmget", "msgget", "mq_open")


def program(machine: str | None = None) -> bytes | None:
    """The filter for this machine (``platform.machine()``), or None where its numbers are not known."""
    machine = machine or platform.machine()
    if machine not in AUDIT:
        return None
    calls = dict(zip(NAMES, NUMBERS[machine], strict=True)) | (ONLY_X86_64 if machine == "x86_64" else {})
    return b"".join((*_foreign(machine), *_refused(calls), *_conditional(calls), _instruction(RETURN, ALLOW)))


def _foreign(machine: str) -> Iterator[bytes]:
    """Calls by another architecture's convention would escape the numbers: they end the process."""
    yield from (_instruction(LOAD, ARCHITECTURE), _instruction(EQUAL, AUDIT[machine], 1, 0), _instruction(RETURN, KILL))
    yield _instruction(LOAD, NUMBER)
    if machine == "x86_64":
        yield from (_instruction(AT_LEAST, X32, 0, 1), _instruction(RETURN, KILL))


def _refused(calls: dict[str, int]) -> Iterator[bytes]:
    for name, number in calls.items():
        if name not in CONDITIONAL:
            code = errno.ENOSYS if name in NOT_THERE else errno.EPERM
            yield from (_instruction(EQUAL, number, 0, 1), _instruction(RETURN, ERRNO | code))


def _conditional(calls: dict[str, int]) -> Iterator[bytes]:
    """Allowed or not by one argument; after each test the call's number is loaded again."""
    yield _instruction(EQUAL, calls["clone"], 0, 4)
    yield from (_instruction(LOAD, FIRST), _instruction(ANY_BIT, NEW_NAMESPACES, 0, 1))
    yield from (_instruction(RETURN, ERRNO | errno.EPERM), _instruction(LOAD, NUMBER))
    yield _instruction(EQUAL, calls["ioctl"], 0, 5)
    yield from (_instruction(LOAD, SECOND), _instruction(EQUAL, TERMINAL_INPUT[0], 1, 0))
    yield from (_instruction(EQUAL, TERMINAL_INPUT[1], 0, 1), _instruction(RETURN, ERRNO | errno.EPERM))
    yield _instruction(LOAD, NUMBER)
    yield from (_instruction(EQUAL, calls["socket"], 0, 3), _instruction(LOAD, FIRST))
    yield from (_instruction(EQUAL, AF_UNIX, 1, 0), _instruction(RETURN, ERRNO | errno.EAFNOSUPPORT))


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack(INSTRUCTION, code, if_true, if_false, value)
