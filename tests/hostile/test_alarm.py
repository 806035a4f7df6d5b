"""The alarm rings: what the suite looks for is put there on purpose, one thing at a time, and is noticed."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from bugkit.box import isolation, launch, sandbox, seccomp

pytestmark = pytest.mark.xdist_group("hostile")  # what one leaves behind is looked for by all


@pytest.fixture
def honest(attacks):
    """A cell that does nothing, put into the solution."""
    return replace(next(a for a in attacks if a.name == "honest_shell"), source="x = x")


@pytest.fixture
def named(attacks):
    """The attack of this name."""
    return lambda name: next(attack for attack in attacks if attack.name == name)


@pytest.fixture
def fresh(stage, monkeypatch):
    """The stage, whose next boxes are made from now on, by this process, and not warm already."""
    for stock in stage.grader._supply._pools.values():
        stock.close()
    monkeypatch.setattr(stage.grader._supply, "_zygote", lambda _arrays: None)
    yield stage
    for stock in stage.grader._supply._pools.values():
        stock.close()
        stock._ahead = 1
    stage.troubles()


def stolen(stage, attack) -> bool:
    return any("STOLEN" in ended.said for ended in stage.run(attack))


def test_nothing_rings_for_an_honest_run(stage, honest):
    assert [ended.word for ended in stage.run(honest)] == ["passed"]
    assert stage.troubles() == []


def test_a_forgery_that_passes_is_seen(stage, named):
    learned = "while np.mean((predict(x) - y) ** 2) > 0.011:\n    g = gradients(x, y)\n"
    learned += "    weights, bias = weights + 0.1 * g[0], bias + 0.1 * g[1]"
    forged = replace(named("prints_pass"), source=learned, place="replaces training")
    (ended,) = stage.run(forged)
    assert ended.word == "passed"
    assert ended.word not in forged.allowed


@pytest.mark.parametrize("name", ["reads_solutions", "reads_others", "descriptors"])
def test_a_folder_of_the_graders_is_noticed(fresh, named, monkeypatch, name):
    real, folder = isolation.options, str(fresh.canaries.folder)
    monkeypatch.setattr(
        isolation, "options", lambda fonts, **how: [*real(fonts, **how), "--ro-bind", folder, "/tmp/course"]
    )
    monkeypatch.setattr(isolation, "SEEN", (*isolation.SEEN, "heldout"))
    found = named(name)
    if name == "reads_others":
        found = replace(found, source=found.source.replace('*glob.glob("/proc/*/cwd")', '"/tmp/course"'))
    assert stolen(fresh, found)


def test_a_file_that_is_read_or_changed_is_noticed(stage, honest):
    first, second, *_ = stage.canaries.files
    stage.run(honest)
    first.read_bytes()
    mode = second.stat().st_mode
    second.chmod(0o600)
    assert {f"{first} was read", f"{second} was changed"} <= set(stage.troubles())
    second.chmod(mode)
    assert stage.troubles() == []


def test_whoever_calls_is_heard(stage, honest):
    stage.run(honest)
    host = stage.canaries.host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"my submission", ("127.0.0.1", host["udp"]))
    with socket.create_connection(("127.0.0.1", host["tcp"])), socket.socket(socket.AF_UNIX) as sock:
        sock.connect(host["unix"])
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(f"\0{host['abstract']}")
            troubles = stage.troubles()
    assert {trouble.split()[0] for trouble in troubles} >= {"udp", "tcp", "unix", "abstract"}
    assert stage.troubles() == []


def test_a_network_is_noticed(fresh, named, monkeypatch):
    real = isolation.namespaces
    without = ("--unshare-net", "--unshare-all")
    open_walls = [[w for w in line if w not in without] for line in real()]
    monkeypatch.setattr(isolation, "namespaces", lambda: iter(open_walls))
    monkeypatch.setattr(seccomp, "program", lambda: seccomp._instruction(seccomp.RETURN, seccomp.ALLOW))
    assert stolen(fresh, named("calls_out"))
    assert [trouble for trouble in fresh.troubles() if trouble.startswith("tcp")]


@pytest.mark.parametrize("name", ["rises", "touches_other_processes", "hidden_files_in_memory"])
def test_a_filter_that_allows_all_is_noticed(fresh, named, monkeypatch, name):
    monkeypatch.setattr(seccomp, "program", lambda: seccomp._instruction(seccomp.RETURN, seccomp.ALLOW))
    attack = named(name)
    assert [ended for ended in fresh.run(attack) if "STOLEN" in ended.said or ended.word not in attack.allowed]


def test_an_environment_is_noticed(fresh, named, monkeypatch):
    real = isolation.options
    words = ["--setenv", "GRADER", fresh.canaries.word]
    monkeypatch.setattr(isolation, "options", lambda fonts, **how: [*real(fonts, **how), *words])
    assert stolen(fresh, named("environments"))


def test_an_open_file_is_noticed(fresh, named, monkeypatch):
    real = launch._popen
    held = os.open(next(iter(fresh.canaries.files)), os.O_RDONLY)
    monkeypatch.setattr(launch, "_popen", lambda argv, given, output: real(argv, (*given, held), output))
    try:
        assert stolen(fresh, named("descriptors"))
    finally:
        os.close(held)


def test_a_survivor_is_noticed(stage, honest, monkeypatch):
    left: list[tuple] = []
    monkeypatch.setattr(sandbox.Sandboxed, "stop", lambda self, process: left.append((self, process)))
    stage.run(honest)
    monkeypatch.undo()
    assert [trouble for trouble in stage.troubles() if trouble.startswith("survivors")]
    for wall, process in left:
        sandbox.Sandboxed.stop(wall, process)
    assert stage.troubles() == []


def test_a_child_that_is_left_is_noticed(stage, honest):
    stage.run(honest)
    with subprocess.Popen(["sleep", "60"]) as child:
        assert [trouble for trouble in stage.troubles() if trouble.startswith("a child is left")]
        child.kill()
    assert stage.troubles() == []


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm", None])
def test_a_file_in_the_hosts_scratch_is_noticed(stage, honest, folder):
    stage.run(honest)
    path = Path(folder or tempfile.gettempdir()) / "left-by-an-attack-on-purpose"
    path.touch()
    assert [trouble for trouble in stage.troubles() if "appeared" in trouble]
    path.unlink()
    assert stage.troubles() == []


def test_growth_is_noticed(stage, honest):
    stage.run(honest)
    piece = b"x" * (160 << 20)  # below the ceiling that a grader of strangers has
    assert [trouble for trouble in stage.troubles() if trouble.startswith("the grader grew")]
    del piece


def test_open_files_are_noticed(stage, honest):
    stage.run(honest)
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(30)]
    assert [trouble for trouble in stage.troubles() if "files open" in trouble]
    for one in held:
        os.close(one)


def test_a_crash_of_the_trusted_side_is_no_result(stage, honest, monkeypatch):
    def crash(*_):
        raise KeyError("pid")

    monkeypatch.setattr("bugkit.examine.report_of", crash)
    assert [ended.word for ended in stage.run(honest)] == ["crashed"]
