"""Bubblewrap, started: nothing is inherited, and options come by a descriptor, not as arguments that all may read.

Everything that leads in is closed by construction: the environment is empty before bubblewrap starts (``/proc/1/
environ`` shows its own), and descriptors are handed over one by one; every process inside can read ``/proc/1/cmdline``.
Measured on Linux 6.18 with bubblewrap 0.8 and 0.11.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO

from bugkit.box import isolation, seccomp
from bugkit.box.bwrap import Tool

# bubblewrap's --die-with-parent follows the thread that started it: this one lives as long as the program.
_starter = ThreadPoolExecutor(1, thread_name_prefix="bugkit-box")


def launched(
    tool: Tool,
    command: Sequence[str],
    descriptors: Sequence[int],
    *,
    trusted: bool = False,
    info: int | None = None,
    stream: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """A command behind the walls with these descriptors; bubblewrap tells of it through ``info``.

    It reads from ``stream`` and writes to it. What is trusted sees the same files, and is neither apart from other
    processes nor under the filter of calls.
    """
    with _handed(_fonts()) as fonts, _handed(seccomp.program() or b"") as filters:
        given = [*descriptors, fonts.fileno()]
        options = isolation.options(fonts.fileno(), trusted=trusted)
        if not trusted:
            options += ["--seccomp", str(filters.fileno())]
            given.append(filters.fileno())
        if info is not None:
            options += ["--info-fd", str(info)]
            given.append(info)
        with _handed("\0".join(options).encode()) as arguments:
            argv = [tool.path, "--args", str(arguments.fileno()), "--", *command]
            return _starter.submit(_popen, argv, [*given, arguments.fileno()], stream).result()


def last_words(process: subprocess.Popen[bytes]) -> list[str]:
    """The end of what it wrote to stderr; it is ended for it."""
    process.kill()
    process.wait()
    assert process.stderr is not None
    return os.read(process.stderr.fileno(), 1 << 12).decode(errors="replace").strip().splitlines()[-3:]


def _fonts() -> bytes:
    name = isolation.font_list()
    return name.read_bytes() if name else b""


def _handed(text: bytes) -> IO[bytes]:
    """A file without a name, to be read from its start by whoever is given its descriptor."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(text)
    file.seek(0)
    return file


def _popen(argv: list[str], given: Sequence[int], stream: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        argv,
        env={},
        cwd="/",
        pass_fds=given,
        stdin=stream,
        stdout=stream,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
