"""Limits that a run sets on itself before the first cell; the guard outside holds where these do not."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress

from bugkit.box.job import Job

HEADROOM_MIB = 4096  # address space beyond resident memory: torch maps over 1 GiB that it never touches
FILE_MIB = 1024
DESCRIPTORS = 1024
PR_SET_PDEATHSIG = 1


def apply_limits(job: Job) -> None:
    """Address space, file size and core files, where the system has such limits."""
    try:
        import resource
    except ImportError:  # Windows
        return
    torch = sys.modules.get("torch")
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, FILE_MIB << 20)
    if job.processes is not None:
        _lower(resource.RLIMIT_NPROC, job.processes)
        _lower(resource.RLIMIT_NOFILE, DESCRIPTORS)
    if torch is None or torch.version.cuda is None:  # CUDA reserves address space by the hundred GiB
        _lower(resource.RLIMIT_AS, (job.memory_mib + HEADROOM_MIB) << 20)


def lift_the_graders_memory_limit() -> None:
    """The grader limits its own memory (``box.memory_limit``), and what it starts inherits that."""
    with suppress(ImportError):
        import resource

        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def end_with_the_interpreter() -> None:
    """Have the kernel kill this process when the interpreter that forked it ends (Linux)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _lower(which: int, value: int) -> None:
    import resource

    _soft, hard = resource.getrlimit(which)
    limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (limit, limit))  # the hard one, too: a soft one is the run's own to lift
