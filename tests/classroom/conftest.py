"""A small class on toys, and a PostgreSQL server of the tests' own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.pack import packed
from bugkit.exercise import Catalog
from bugkit.notebook import Notebook, read
from bugkit.templates import template

PACK = Path(__file__).parents[1] / "pack"
HIDDEN = '''
def check_what_nobody_is_told(run):
    """A hidden secret: zeros give the bias."""
    x = run.rng.normal(size=(4, 3)) * 1e-9
    assert abs(float(run.predict(x)[0]) - 3) < 0.1, "the hidden secret does not hold"
'''


@dataclass(frozen=True)
class Toys:
    """The toy catalog, and notebooks of its exercises as bytes."""

    catalog: Catalog

    @property
    def pack(self) -> bytes:
        return packed(list(self.catalog))

    def shipped(self, name: str = "toy01") -> Notebook:
        return template(self.catalog.find(name))

    def right(self, name: str = "toy01") -> Notebook:
        if name == "toy01":
            return read(self.catalog.find(name).solution)
        return self.changed({"training": ("1e-7", "0.1")}, name)

    def changed(self, edits: dict[str, tuple[str, str]], name: str = "toy01") -> Notebook:
        """The shipped notebook with another text in some cells."""
        cells = [
            cell.with_source(cell.source.replace(*edits[cell.id])) if cell.id in edits else cell
            for cell in self.shipped(name).cells
        ]
        assert cells != list(self.shipped(name).cells)
        return Notebook(tuple(cells))

    def doing(self, source: str, name: str = "toy01") -> bytes:
        """The right notebook, which does something before it trains."""
        cells = [
            cell.with_source(f"{source}\n{cell.source}") if cell.id == "training" else cell
            for cell in self.right(name).cells
        ]
        return as_bytes(Notebook(tuple(cells)))


def as_bytes(notebook: Notebook) -> bytes:
    return notebook.to_json().encode()


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Toys:
    """The toy catalog with a hidden check for the first exercise."""
    folder = tmp_path_factory.mktemp("class") / "pack"
    shutil.copytree(PACK, folder, ignore=shutil.ignore_patterns(".bugkit", "__pycache__"))
    (folder / "solutions" / "toy01_too_big" / "hidden_checks.py").write_text(HIDDEN)
    return Toys(Catalog(folder))


def hand_in(folder: Path, place: str, content: bytes | Notebook, at: int | None = None) -> Path:
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else as_bytes(content))
    if at is not None:
        os.utime(path, (at, at))
    return path


@pytest.fixture(scope="session")
def put():
    """Writes one notebook below a folder."""
    return hand_in


# PostgreSQL


def programs() -> Path | None:
    """The folder with the server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts[-3].zfill(4))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The folder with the socket of a server that was started for the tests."""
    bin_folder = programs()
    if bin_folder is None:
        pytest.skip("PostgreSQL is not installed here")
    as_user = []
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if os.geteuid() == 0:  # the server refuses to run as root
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        shutil.chown(folder, "postgres", "postgres")
    try:
        data = folder / "data"
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        initdb = [*as_user, bin_folder / "initdb", "-D", data, "-U", "bugkit", "-A", "trust", "-E", "UTF8", "-N"]
        control = [*as_user, bin_folder / "pg_ctl", "-D", data, "-w", "-t", "300"]
        for command in (initdb, [*control, "-l", folder / "log", "-o", options, "start"]):
            subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            yield str(folder)
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a gradebook that is not there yet."""
    if request.param == "sqlite":
        return str(tmp_path / "grades.db")
    import psycopg

    folder = request.getfixturevalue("postgres")
    name = f"test_{os.urandom(6).hex()}"
    with psycopg.connect(host=folder, user="bugkit", dbname="postgres", autocommit=True) as db:
        db.execute(f"create database {name}")
    return f"postgresql+psycopg://bugkit@/{name}?host={folder}"


@pytest.fixture
def book(url: str) -> Iterator[Gradebook]:
    with Gradebook(url, salt="salt") as opened:
        yield opened


@pytest.fixture
def small_book(tmp_path: Path) -> Iterator[Gradebook]:
    """A gradebook for tests that are not about databases."""
    with Gradebook(str(tmp_path / "small.db"), salt="salt") as opened:
        yield opened


def with_metadata(notebook: Notebook, metadata: object) -> bytes:
    document = json.loads(notebook.to_json())
    document["metadata"]["bugkit"] = metadata
    return json.dumps(document).encode()


@pytest.fixture(scope="session")
def saying():
    """A notebook's bytes with something under our key of its metadata."""
    return with_metadata
