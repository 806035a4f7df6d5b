"""What stands around a sandboxed box, as bubblewrap's options: namespaces, a read-only system, sized scratch.

Each group of options is one line; what is not named here does not exist inside.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from bugkit.box.unsandboxed import PACKAGE, environment

CODE = "/opt/bugkit"  # where the box finds this package, or the part of it that it may see
HOME = "/home/learner"
FIRST_USER, USERS = 61184, 4096  # systemd's range of users that exist only while a service runs
SEEN = ("__init__.py", "errors.py", "box", "data")  # no held-out data, no solutions, no grader
SIZES = {"/dev/shm": 64 << 20, "/tmp": 256 << 20, HOME: 256 << 20}

Options = Iterator[list[str]]


def options(fonts: int, *, trusted: bool = False) -> list[str]:
    """All options; ``fonts`` is the descriptor of matplotlib's list of fonts. What is trusted sees the same files."""
    first = _rights() if trusted else namespaces()
    lines = [*first, *_system(), *_scratch(fonts), *_interpreter(), *_closed(), *_variables()]
    return [word for line in lines for word in line]


def namespaces() -> Options:
    """Namespaces. Root drops its user for real: with a mapped one /proc/sys would stay the host's to write."""
    if os.geteuid() == 0:
        yield ["--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        yield ["--cap-drop", "ALL", *(w for c in ("SETUID", "SETGID", "SETPCAP") for w in ("--cap-add", f"CAP_{c}"))]
    else:
        yield ["--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL"]
    yield ["--die-with-parent", "--new-session", "--clearenv", "--hostname", "box"]


def _rights() -> Options:
    """Of the zygote, which runs no notebook: no namespaces of its own but the files', and what it needs to move."""
    kept = ("SYS_ADMIN", "SYS_CHROOT", "SETUID", "SETGID", "SETPCAP")
    yield ["--cap-drop", "ALL", *(word for name in kept for word in ("--cap-add", f"CAP_{name}"))]
    yield ["--die-with-parent", "--new-session", "--clearenv"]


def dropped(user: int) -> list[str]:
    """What comes before the command when root starts it."""
    if os.geteuid() != 0:
        return []
    who = ["--reuid", str(user), "--regid", str(user), "--clear-groups"]
    return ["setpriv", *who, "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"]


def _system() -> Options:
    yield ["--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/sbin", "/lib", "/lib64"):
        path = Path(name)
        if path.is_symlink():
            yield ["--symlink", str(path.readlink()), name]
        elif path.exists():
            yield ["--ro-bind", name, name]
    for name in ("/etc/ld.so.cache", "/etc/fonts", "/nix/store"):
        yield ["--ro-bind-try", name, name]
    yield ["--proc", "/proc", "--dev", "/dev"]


def _interpreter() -> Options:
    """Python, its packages, and of this one what a box may see."""
    roots = _roots()
    for folder in dict.fromkeys(parent for root in (*roots, Path(CODE, "bugkit", "box")) for parent in _above(root)):
        yield ["--perms", "0755", "--dir", str(folder)]
    for root in roots:
        yield ["--ro-bind", str(root), str(root)]
    if any(PACKAGE.is_relative_to(root) for root in (*roots, Path("/usr"))):
        yield ["--tmpfs", str(PACKAGE), "--remount-ro", str(PACKAGE)]
    for name in SEEN:
        yield ["--ro-bind", str(PACKAGE / name), f"{CODE}/bugkit/{name}"]


def _scratch(fonts: int) -> Options:
    """Folders in memory; Python may well lie below one of them, and is mounted after."""
    for folder, size in SIZES.items():
        yield ["--perms", "1777", "--size", str(size), "--tmpfs", folder]
    yield ["--perms", "1777", "--dir", f"{HOME}/.cache", "--perms", "1777", "--dir", f"{HOME}/.cache/matplotlib"]
    known = font_list()  # without it every box would look through all fonts again
    name = known.name if known else "fontlist-unknown"  # a descriptor that is not asked for would stay open inside
    yield ["--perms", "0444", "--ro-bind-data", str(fonts), f"{HOME}/.cache/matplotlib/{name}"]


def _closed() -> Options:
    """What was needed to mount all this is read-only from now on."""
    yield ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME]


def _variables() -> Options:
    paths = {
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "HOME": HOME,
        "PYTHONPATH": os.pathsep.join([CODE, *_packages()]),
    }
    who = {"USER": "learner", "LANG": "C.UTF-8", "PYTHONNOUSERSITE": "1", "TMPDIR": "/tmp"}
    for name, value in (environment() | paths | who).items():
        yield ["--setenv", name, value]


def _roots() -> list[Path]:
    """The folders that hold Python and its packages, none inside another, none in /usr, which is there anyway."""
    real = Path(sys.executable).resolve().parent.parent
    places = [sys.base_prefix, str(real), *_packages()]
    found = {Path(place).resolve() for place in places if Path(place).is_dir()}
    found.add(Path(sys.prefix))
    found = {p for p in found if not p.is_relative_to("/usr") and p != Path("/")}
    return sorted(p for p in found if not any(p != q and p.is_relative_to(q) for q in found))


def _packages() -> list[str]:
    """Where Python finds packages now, in its order."""
    return [
        place for place in sys.path if Path(place).name in ("site-packages", "dist-packages") and Path(place).is_dir()
    ]


def _above(path: Path) -> list[Path]:
    """The folders on the way to a path, outermost first, without the root."""
    return [parent for parent in reversed(path.parents) if parent != Path("/")]


def font_list() -> Path | None:
    """Where matplotlib keeps its list of this machine's fonts; making it again takes a second."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"
    return max(cache.glob("fontlist-v*.json"), default=None)
