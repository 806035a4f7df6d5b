"""Where a resident listens, and what it is of. Only its user can reach it."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

MINUTES = "BUGKIT_WARM_MINUTES"  # for which it stays; 0 for not at all
DEFAULT_MINUTES = 10.0
LONGEST = 100  # bytes of a socket's path; the system takes 107
SURROUNDINGS = ("OMP_NUM_THREADS", "PYTHONPATH", "CUDA_VISIBLE_DEVICES", "TMPDIR")  # which a run may depend on
VERSIONS = ("torch", "numpy", "ipython")


def minutes() -> float:
    """How long a resident stays unused; 0 where it is not wanted, as on a machine of continuous integration."""
    try:
        return max(float(os.environ[MINUTES]), 0.0)
    except (KeyError, ValueError):
        return 0.0 if os.environ.get("CI") else DEFAULT_MINUTES


def stamp() -> str:
    """What a resident is made of: where any of it differs, it is another program."""
    package = Path(__file__).resolve().parents[1]
    files = sorted(package.rglob("*.py"))
    told = [f"{path.relative_to(package)} {path.stat().st_mtime_ns}" for path in files]
    told += [f"{name}={os.environ.get(name, '')}" for name in SURROUNDINGS]
    told += [_version(name) for name in VERSIONS]
    return hashlib.sha256("\0".join([sys.version, sys.executable, *told]).encode()).hexdigest()[:16]


def folder() -> Path | None:
    """The user's own folder for sockets, made where it is missing; None where there is no safe one."""
    for parent in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir() if _has_temporary() else None):
        if parent:
            place = Path(parent) / f"bugkit-{os.getuid()}"
            if len(os.fsencode(place)) < LONGEST - 20 and _is_private(place):
                return place
    return None


def socket_of(workspace: Path) -> Path | None:
    """The socket of this workspace's resident; None where there can be none."""
    if not hasattr(os, "fork") or (place := folder()) is None:
        return None
    return place / hashlib.sha256(os.fsencode(workspace.resolve())).hexdigest()[:12]


def _is_private(place: Path) -> bool:
    """Make it, and see that it is nobody else's and no link."""
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        found = place.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) == 0o700


def _has_temporary() -> bool:
    try:
        return bool(tempfile.gettempdir())
    except FileNotFoundError:
        return False


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
