"""The stage of the attack suite: a sandboxed grader, canaries around it, and what has to be well after an attack."""

from __future__ import annotations

import math
import os
import re
import secrets
import shutil
import socket
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import psutil
import pytest

from bugkit.box import job, start
from bugkit.box.bwrap import Missing, find
from bugkit.box.isolation import FIRST_USER, USERS
from bugkit.box.sandbox import Sandboxed
from bugkit.exercise import Exercise
from bugkit.grader import Grader
from bugkit.notebook import Cell, Notebook, read, rebuild
from bugkit.verdict import RunResult

HERE = Path(__file__).parent
PACK = HERE.parent / "pack"
ROOT = HERE.parents[1]
KINDS = ("forge", "theft", "exhaust", "survive", "broken", "honest", "limit")
WORDS = {"passed", "failed", "raised", "timed_out", "out_of_memory", "killed", "too_much_output", "ended_early"}
WORDS |= {"no_answer"}
HEADER = re.compile(r"# ([a-z]+): (.+)\n")
SECONDS, MEMORY_MIB = 8, 2048
WALL_TIMES = 4  # what sleeps is not waited for ten times as long; a machine that does other things as well is
REPLY_SECONDS = 5  # the interpreter's answers; attacks that stop it are waited for so long
PATIENCE = 150  # seconds for one run, of which none should ever need so many
GROWTH_MIB, LARGEST_MIB = 100, 250  # of this process
MOST_DESCRIPTORS = 12  # more than before: those of one or two warm boxes


@dataclass(frozen=True)
class Attack:
    """One file of ``cells``: its header, and the cell below."""

    name: str
    source: str
    row: str  # of the list of attacks, or "-"
    kind: str
    place: str  # "before everything", "after training" or "replaces CELL"
    allowed: frozenset[str]  # how its run may end: "passed", "failed", or a status that is not ok
    tries: str
    exercise: str = "toy"  # "toy", "drawn" (a new task for every run) or one of the catalog
    seconds: int = SECONDS
    memory: int = MEMORY_MIB
    again: str = ""  # run once more by "the same person" or "another person"
    promised: str = ""  # of a limit: what SECURITY.md says of it

    @property
    def fixed(self) -> bool:
        """Whether it is put into the solution; what wants to pass is put into the notebook with the bug."""
        return self.kind not in ("forge", "limit")


@dataclass(frozen=True)
class Ended:
    """How one run ended, and every word of it that is shown to somebody."""

    word: str
    said: str


def attack_of(path: Path) -> Attack:
    """The attack in a file."""
    head, _, source = path.read_text(encoding="utf-8").partition("\n\n")
    found = dict(HEADER.findall(head + "\n"))
    numbers = {name: int(found.pop(name)) for name in ("seconds", "memory") if name in found}
    allowed = frozenset(found.pop("allowed").split(", "))
    attack = Attack(path.stem, source, kind=found.pop("class"), allowed=allowed, **numbers, **found)
    assert attack.kind in KINDS, path
    assert attack.allowed <= WORDS, path
    return attack


ATTACKS = [attack_of(path) for path in sorted((HERE / "cells").glob("*.py"))]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for ``attack`` is run with each."""
    if "attack" in metafunc.fixturenames:
        metafunc.parametrize("attack", [pytest.param(a, id=a.name, marks=_marks(a)) for a in ATTACKS])


def _marks(attack: Attack) -> list[pytest.MarkDecorator]:
    return [pytest.mark.slow] if attack.exercise not in ("toy", "drawn") else []


class Walls(Sandboxed):
    """A sandbox that is remembered after its end, and with it who outlived it."""

    started: ClassVar[list[Walls]] = []
    stopped = False
    survivors: tuple[int, ...] = ()

    def start(self, words, descriptor):
        process = super().start(words, descriptor)
        self.outer, self.namespace = process.pid, namespace_of(self._init)
        self.started.append(self)
        return process

    def stop(self, process):
        before = time.clock_gettime(time.CLOCK_BOOTTIME)
        super().stop(process)
        if not self.stopped:
            self.survivors = tuple(inhabitants(self.namespace, before))
        self.stopped = True


def namespace_of(pid: int) -> str | None:
    """The process namespace that a process lives in; None once it is gone."""
    with suppress(OSError):
        return os.readlink(f"/proc/{pid}/ns/pid")  # noqa: PTH115 - a link of the kernel's
    return None


def inhabitants(namespace: str | None, born_before: float = math.inf) -> Iterator[int]:
    """Every process of a namespace; younger ones may live in another one, since the kernel gives numbers out again."""
    for pid in psutil.pids():
        if namespace and namespace_of(pid) == namespace and _born(pid) < born_before:
            yield pid


def _born(pid: int) -> float:
    """Seconds from the machine's start to the process'; infinity once it is gone, or waits to be buried by init."""
    with suppress(OSError):
        state, *fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return math.inf if state == b"Z" else int(fields[18]) / os.sysconf("SC_CLK_TCK")
    return math.inf


class Canaries:
    """What an attack is told of and must not get: files, a word of the environment, and ears for whoever calls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.word = f"canary-{secrets.token_hex(8)}"
        self.files = self._written()
        self._ears = dict(self._listening())
        for ear in self._ears.values():
            ear.setblocking(False)
        self.rest()

    @property
    def host(self) -> dict[str, object]:
        """All that an attacker could ever find out beforehand."""
        ports = {name: ear.getsockname()[1] for name, ear in self._ears.items() if name[:3] in ("tcp", "udp")}
        places = {"unix": str(self.folder / "socket"), "abstract": self.word}
        files = [str(path) for path in self.files]
        return {"files": files, "folder": self.folder.name, "word": self.word, "pid": os.getpid(), **ports, **places}

    def rest(self) -> None:
        """Set all files' times of reading back, so that the next read shows (even where only the first is noted)."""
        for path in self.files:
            os.utime(path, (1, path.stat().st_mtime))

    def troubles(self) -> Iterator[str]:
        """What was read, changed or heard."""
        for path, (text, mode) in self.files.items():
            if not path.exists():
                yield f"{path} is gone"
            elif path.stat().st_atime > 1:
                yield f"{path} was read"
            elif path.stat().st_mode != mode or path.read_bytes() != text:
                yield f"{path} was changed"
        self.rest()
        for name, ear in self._ears.items():
            with suppress(BlockingIOError):
                yield f"{name} heard {ear.recvfrom(100) if ear.type == socket.SOCK_DGRAM else ear.accept()[0].close()}"

    def close(self) -> None:
        for ear in self._ears.values():
            ear.close()

    def _written(self) -> dict[Path, tuple[bytes, int]]:
        """Readable and writable for everybody, so that nothing but the walls keeps them."""
        folder = self.folder
        names = ("solutions/toy01.ipynb", "heldout/labels.npz", "submissions/ada/toy01.ipynb", "verdicts.db", "host")
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"{self.word} in {name}")
        (folder / "verdicts.db").unlink()
        with sqlite3.connect(folder / "verdicts.db") as base:
            base.execute("CREATE TABLE verdict (person, outcome)")
            base.execute("INSERT INTO verdict VALUES (?, 'passed')", (self.word,))
        base.close()
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o777)
        return {folder / name: ((folder / name).read_bytes(), (folder / name).stat().st_mode) for name in names}

    def _listening(self) -> Iterator[tuple[str, socket.socket]]:
        yield "tcp", socket.create_server(("127.0.0.1", 0))
        with suppress(OSError):
            yield "tcp6", socket.create_server(("::1", 0), family=socket.AF_INET6)
        for name, family, kind, address in (
            ("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            ("unix", socket.AF_UNIX, socket.SOCK_STREAM, str(self.folder / "socket")),
            ("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{self.word}"),
        ):
            ear = socket.socket(family, kind)
            ear.bind(address)
            if kind == socket.SOCK_STREAM:
                ear.listen()
            yield name, ear
        (self.folder / "socket").chmod(0o777)


class Stage:
    """Runs attacks as persons of their own beside a neighbor, and tells what is not well afterwards."""

    def __init__(self, folder: Path, canaries: Canaries, grader: Grader) -> None:
        self.canaries = canaries
        self.grader = grader
        self._folder = folder
        self._persons = 0
        self._exercises: dict[tuple[str, int, int], Exercise] = {}
        self._scratch = _scratch()
        self._resident = 0
        self._descriptors = 0
        self._others = {child.pid for child in psutil.Process().children()}  # other tests' in this process

    def run(self, attack: Attack) -> list[Ended]:
        """Run it; on leaving, its persons have left."""
        exercise = self.exercise(attack.exercise, attack.seconds, attack.memory)
        notebook = self.notebook(exercise, attack)
        persons = [self._person()] * (2 if attack.again == "the same person" else 1)
        persons += [self._person()] if attack.again == "another person" else []
        self._resident = peak_mib(new=True)
        self._descriptors = psutil.Process().num_fds()
        try:
            return [self.ended(exercise, notebook, seed, person) for seed, person in enumerate(persons)]
        finally:
            for person in set(persons):
                self.grader.leave(person)

    def ended(self, exercise: Exercise, notebook: Notebook, seed: int, person: str) -> Ended:
        """One run by one person."""
        redraw = 77 + seed if exercise.path.parent.parent.name.startswith("drawn") else None
        future = self.grader.submit(exercise, notebook, seed, person=person, redraw=redraw)
        try:
            result = future.result(PATIENCE)
        except TimeoutError:
            return Ended("hung", f"no result within {PATIENCE} s")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a crash of the trusted side
            return Ended("crashed", f"{type(error).__name__}: {error}")
        judged = "passed" if result.passed else "failed"
        return Ended(judged if result.status == "ok" else result.status, said(result))

    def notebook(self, exercise: Exercise, attack: Attack) -> Notebook:
        """The notebook with the attack in it, as a file goes through the reader."""
        learner = planted(read(exercise.solution if attack.fixed else exercise.notebook), attack, self.canaries.host)
        path = self._folder / "handed in.ipynb"
        path.write_text(learner.to_json(), encoding="utf-8")
        return rebuild(read(exercise.notebook), read(path)).notebook

    def exercise(self, name: str = "toy", seconds: int = SECONDS, memory_mib: int = MEMORY_MIB) -> Exercise:
        """A copy with these limits, in a folder with a blank; or one of the catalog as it is."""
        key = (name, seconds, memory_mib)
        if key not in self._exercises:
            copy = copied if name in ("toy", "drawn") else of_catalog
            self._exercises[key] = copy(self._folder / f"{name} {seconds} {memory_mib}", *key)
        return self._exercises[key]

    def neighbor_passes(self) -> Ended:
        """Another person's honest notebook, in a box that stood beside the attack."""
        exercise = self.exercise()
        return self.ended(exercise, read(exercise.solution), 0, "neighbor")

    def troubles(self) -> list[str]:
        """What is not well around the grader."""
        alive = [wall for wall in Walls.started if not wall.stopped]
        known = [box._wall for box in self._boxes()]
        out = [f"survivors: {wall.survivors}" for wall in Walls.started if wall.survivors]
        Walls.started[:] = alive
        out += [f"the box {wall.outer} was forgotten" for wall in alive if wall not in known]
        zygotes = (zygote._process.pid for zygote in self.grader._supply._zygotes.values())
        ours = {*self._others, *(wall.outer for wall in alive), *zygotes}
        for child in psutil.Process().children():
            if child.pid not in ours:
                out.append(f"a child is left: {child}")
        out += self.canaries.troubles()
        out += [f"{path} appeared" for path in _scratch() - self._scratch]
        peak = peak_mib()
        limit = self._resident + GROWTH_MIB
        if peak > (min(limit, LARGEST_MIB) if self._resident < LARGEST_MIB - GROWTH_MIB else limit):
            out.append(f"the grader grew from {self._resident} to {peak} MiB")
        if psutil.Process().num_fds() > self._descriptors + MOST_DESCRIPTORS:
            out.append(f"the grader has {psutil.Process().num_fds()} files open, and had {self._descriptors}")
        return out

    def _boxes(self):
        return [
            *self.grader._supply._boxes.values(),
            *(b for pool in self.grader._supply._pools.values() for b in pool._waiting),
        ]

    def _person(self) -> str:
        self._persons += 1
        return f"person {self._persons}"


def said(result: RunResult) -> str:
    """Every text of a result that came, or may have come, from the notebook."""
    return "\n".join([result.detail, str(result.error or ""), *(check.message for check in result.checks)])


def planted(notebook: Notebook, attack: Attack, host: dict[str, object]) -> Notebook:
    """The notebook with the attack's cell where it belongs."""
    told = f"HOST = {host!r}\n" if "HOST" in attack.source else ""
    cell = Cell(f"attack-{attack.name.replace('_', '-')}", "code", told + attack.source)
    if attack.place == "before everything":
        return Notebook((cell, *notebook.cells))
    word, _, name = attack.place.partition(" ")
    number = next(i for i, one in enumerate(notebook.cells) if one.id == name)
    if word == "replaces":
        here = (notebook.cells[number].with_source(cell.source),)
    else:
        assert word == "after", attack.place
        here = (notebook.cells[number], cell)
    return Notebook((*notebook.cells[:number], *here, *notebook.cells[number + 1 :]))


def copied(root: Path, name: str, seconds: int, memory_mib: int) -> Exercise:
    """The toy with other limits; "drawn" gets its data from the grader, with other weights in every run."""
    shutil.copytree(PACK, root)
    exercise = Exercise(root / "exercises/toy01_too_big", root / "solutions/toy01_too_big")
    edits = [("seconds = 20", f"seconds = {seconds}"), ("memory_mib = 2048", f"memory_mib = {memory_mib}")]
    if name == "drawn":
        edits += [('arrays = "numpy"', 'arrays = "numpy"\ndata = "wines"')]
        shutil.copy(HERE / "drawn_checks.py", exercise.checks)
        for path in (exercise.notebook, exercise.solution):
            _draw_data(path)
    manifest = exercise.path / "exercise.toml"
    text = manifest.read_text()
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    manifest.write_text(text)
    return exercise


def _draw_data(path: Path) -> None:
    notebook = read(path)
    source = "from bugkit.data import wines\n\nx, y = wines()"
    cells = (replace(cell, source=source) if cell.id == "data" else cell for cell in notebook.cells)
    path.write_text(Notebook(tuple(cells)).to_json())


def of_catalog(_root: Path, name: str, *_limits: int) -> Exercise:
    """One of the exercises that bugkit ships."""
    path = next((ROOT / "exercises").glob(f"{name}_*"))
    return Exercise(path, ROOT / "solutions" / path.name)


def peak_mib(*, new: bool = False) -> int:
    """The most memory that this process has held since the peak was last made new."""
    if new:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) >> 10


def _scratch() -> set[str]:
    """What lies in the host's scratch folders and belongs to a box, to this grader or to an attack."""
    folders = {Path(folder) for folder in ("/tmp", "/dev/shm", tempfile.gettempdir())}
    return {str(path) for folder in folders for path in folder.iterdir() if _ours(path)}


def _ours(path: Path) -> bool:
    if path.parent == Path(tempfile.gettempdir()) != Path("/tmp"):
        return True
    with suppress(OSError):
        return "left-by-an-attack" in path.name or FIRST_USER <= path.lstat().st_uid < FIRST_USER + USERS
    return False


@pytest.fixture(scope="module")
def canaries() -> Iterator[Canaries]:
    """Canaries in a folder that everybody may enter."""
    with tempfile.TemporaryDirectory(prefix="course of ", dir="/tmp") as folder, pytest.MonkeyPatch.context() as patch:
        one = Canaries(Path(folder))
        patch.setenv("BUGKIT_CANARY", one.word)
        yield one
        one.close()


@pytest.fixture(scope="module")
def stage(canaries, tmp_path_factory) -> Iterator[Stage]:
    """One grader for all attacks of a module, with the next person's box warm."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bugkit.box.supply.Sandboxed", Walls)
        patch.setattr(start, "REPLY_SECONDS", REPLY_SECONDS)
        patch.setattr(job, "WALL_TIMES", WALL_TIMES)
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("scratch")))
        Walls.started.clear()
        yield from staged(tmp_path_factory.mktemp("exercises"), canaries)


def staged(folder: Path, canaries: Canaries) -> Iterator[Stage]:
    """A stage; whatever was started on it is ended with it."""
    if isinstance(find(), Missing):
        pytest.skip(find().reason)
    with Grader("fork", workers=1, sandbox=True, ahead=1) as grader:
        stage = Stage(folder, canaries, grader)
        _refuse_without_walls(stage)
        stage._scratch = _scratch()
        yield stage


def _refuse_without_walls(stage: Stage) -> None:
    """No attack is run before an innocent cell has seen that it is in a box."""
    source = "import os\nassert os.uname().nodename == 'box' and os.getuid() and not os.path.exists(HOST['files'][0])"
    probe = Attack("probe", source, "-", "honest", "after training", frozenset(["passed"]), "nothing")
    (ended,) = stage.run(probe)
    if ended.word != "passed":
        pytest.exit(f"the box has no walls, so no attack is run: {ended}")
    assert stage.neighbor_passes().word == "passed"


@pytest.fixture(scope="session")
def attacks() -> list[Attack]:
    """All attacks."""
    return ATTACKS
