"""The house: imports go down only, each effect has one home, no exercise is known by name, rooms stay small."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "bugkit"
FILES = sorted(path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py"))
TEXTS = sorted(path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*") if path.suffix in {".py", ".txt"})

FLOORS = [  # from the ground; a room may use the rooms of the floors below its own
    ["errors"],
    ["exercise", "notebook", "data", "verdict", "audit"],
    ["heldout", "box", "quiz"],
    ["run", "symptoms"],
    ["checks"],
    ["examine", "questions", "sequences"],
    ["invariants"],
    ["kinds"],
    ["fresh"],
    ["spot", "templates", "judge", "progress", "report", "workspace"],
    ["grader"],
    ["attempt", "author", "interview", "magic", "watch", "classroom"],
    ["warm_grader"],
    ["lab", "resident"],
    ["cli"],
]
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
DOORS = ("__init__", "__main__")  # the package itself and `python -m bugkit` open rooms, and belong to no floor

HOMES = {  # a library, and where alone it may be imported
    "torch": ["box/inside/"],
    "IPython": ["box/inside/"],
    "nbclient": ["box/"],
    "nbformat": ["box/"],
    "jupyter_client": ["box/"],
    "subprocess": ["box/", "magic.py", "cli/start.py"],
    "resource": ["box/"],
    "sqlite3": ["progress/"],
    "watchfiles": ["watch.py"],
    "prompt_toolkit": ["watch.py", "cli/interview_room.py"],
    "sqlalchemy": ["classroom/gradebook.py", "classroom/database.py", "classroom/tables.py"],
    "distributed": ["classroom/cluster.py"],
    "libcst": ["author/", "kinds/"],
    "fsrs": ["progress/"],
    "jupyter_server": ["lab/"],
    "tornado": ["lab/"],
    "click": ["cli/"],
    "rich": ["cli/", "report/", "author/"],
    "jinja2": ["report/"],
    "markdown_it": ["report/"],
}
MAX_MODULE, MAX_FUNCTION = 300, 60

Rule = Callable[[str, ast.Module], Iterator[str]]


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported; ``from a import b`` is ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{'.' * node.level}{node.module}.{alias.name}") for alias in node.names)


def room_of(file: str) -> str:
    return file.partition("/")[0].removesuffix(".py")


def imports_go_down(file: str, tree: ast.Module) -> Iterator[str]:
    room = room_of(file)
    if room in DOORS:
        return
    if room not in FLOOR_OF:
        yield f"the room {room} stands on no floor"
    for line, name in imports(tree):
        if name.startswith("."):
            yield f"line {line}: {name} is a relative import"
        target = name.split(".")[1] if name.startswith("bugkit.") else room
        if target != room and target in FLOOR_OF and FLOOR_OF[target] >= FLOOR_OF.get(room, 0):
            yield f"line {line}: {room} imports {target}, which is not below it"


def libraries_stay_at_home(file: str, tree: ast.Module) -> Iterator[str]:
    for line, name in imports(tree):
        homes = HOMES.get(name.split(".")[0])
        if homes is not None and not file.startswith(tuple(homes)):
            yield f"line {line}: {name} belongs in {' and '.join(homes)}"


def only_the_box_forks(file: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "os.fork" and not file.startswith("box/"):
            yield f"line {node.lineno}: os.fork belongs in box/"


def only_cli_prints_and_exits(file: str, tree: ast.Module) -> Iterator[str]:
    if file.startswith("cli/"):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "exit", "quit", "sys.exit"}:
            yield f"line {node.lineno}: {ast.unparse(node.func)}() belongs in cli/"
        if isinstance(node, ast.Raise) and "SystemExit" in ast.unparse(node):
            yield f"line {node.lineno}: SystemExit belongs in cli/"


def functions_are_small(file: str, tree: ast.Module) -> Iterator[str]:
    del file
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION:
                yield f"line {node.lineno}: {node.name} has {lines} lines, over {MAX_FUNCTION}"


RULES: list[Rule] = [
    imports_go_down,
    libraries_stay_at_home,
    only_the_box_forks,
    only_cli_prints_and_exits,
    functions_are_small,
]


def broken(rule: Rule, file: str, source: str) -> list[str]:
    return [f"{file}: {what}" for what in rule(file, ast.parse(source))]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("file", FILES)
def test_the_house_is_in_order(file: str, rule: Rule) -> None:
    assert broken(rule, file, (SOURCE / file).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("file", FILES)
def test_modules_are_small(file: str) -> None:
    assert len((SOURCE / file).read_text(encoding="utf-8").splitlines()) <= MAX_MODULE


def names_in(text: str, folders: list[str]) -> list[str]:
    """The exercises that a text names, by folder or by id."""
    names = {name for folder in folders for name in (folder, folder.split("_")[0])}
    return sorted(name for name in names if re.search(rf"(?<![A-Za-z0-9]){name}(?![0-9])", text))


@pytest.mark.parametrize("file", TEXTS)
def test_no_exercise_is_known_by_name(file: str) -> None:
    folders = [path.name for path in (ROOT / "exercises").iterdir() if path.is_dir()]
    assert folders
    assert names_in((SOURCE / file).read_text(encoding="utf-8"), folders) == []


PLANTED: list[tuple[Rule, str, str]] = [
    (imports_go_down, "errors.py", "from bugkit.verdict import Verdict"),
    (imports_go_down, "notebook/read.py", "import bugkit.box.start"),
    (imports_go_down, "run.py", "def f():\n    from bugkit import grader"),
    (imports_go_down, "judge.py", "from bugkit.progress import Store"),
    (imports_go_down, "grader.py", "from .verdict import Verdict"),
    (imports_go_down, "utils.py", ""),
    (libraries_stay_at_home, "grader.py", "def f():\n    import torch.nn as nn"),
    (libraries_stay_at_home, "box/start.py", "import torch"),
    (libraries_stay_at_home, "magic.py", "from IPython.core import magic"),
    (libraries_stay_at_home, "notebook/read.py", "import nbformat"),
    (libraries_stay_at_home, "progress.py", "from rich.table import Table"),
    (libraries_stay_at_home, "report/html.py", "import sqlite3"),
    (libraries_stay_at_home, "grader.py", "import click, subprocess"),
    (libraries_stay_at_home, "attempt.py", "from tornado.web import HTTPError"),
    (imports_go_down, "attempt.py", "from bugkit.lab import server"),
    (libraries_stay_at_home, "magic.py", "def f():\n    from jinja2 import Template"),
    (only_the_box_forks, "grader.py", "import os\nif os.fork() == 0: pass"),
    (only_cli_prints_and_exits, "grader.py", "print(1)"),
    (only_cli_prints_and_exits, "grader.py", "import sys\nsys.exit(1)"),
    (only_cli_prints_and_exits, "grader.py", "raise SystemExit(1)"),
    (only_cli_prints_and_exits, "grader.py", "raise SystemExit"),
    (functions_are_small, "grader.py", "def f():\n" + "    x = 1\n" * MAX_FUNCTION),
]


@pytest.mark.parametrize(("rule", "file", "source"), PLANTED, ids=lambda part: str(getattr(part, "__name__", "")))
def test_each_rule_finds_what_is_planted(rule: Rule, file: str, source: str) -> None:
    found = broken(rule, file, source)
    assert found
    assert all(what.startswith(f"{file}: ") for what in found)


GOOD = [
    ("cli/check.py", "import click\nfrom rich.table import Table\nfrom bugkit import __version__, grader\nprint(1)"),
    ("box/inside/cells.py", "import torch, resource\nfrom bugkit.box.frames import pack\nfrom bugkit import errors"),
    ("checks.py", "from bugkit.run import Run\ndef f():\n" + "    x = 1\n" * (MAX_FUNCTION - 1)),
    ("__main__.py", "from bugkit.cli import main"),
    ("grader.py", "from bugkit import checks as authors\nwords = 'import torch; print(1)'"),
]


@pytest.mark.parametrize(("file", "source"), GOOD, ids=[file for file, _ in GOOD])
def test_no_rule_objects_to_what_is_allowed(file: str, source: str) -> None:
    assert [what for rule in RULES for what in broken(rule, file, source)] == []


def test_a_planted_name_of_an_exercise_is_found() -> None:
    folders = ["ex01_one", "ex02_two"]
    assert names_in("if exercise.id == 'ex01':", folders) == ["ex01"]
    assert names_in("solutions/ex02_two", folders) == ["ex02", "ex02_two"]
    assert names_in("hex01 ex010 exercise index", folders) == []


MODULES = """
import json, sys
try:
    {statement}
except SystemExit as end:
    assert not end.code, end.code
sys.stderr.write("\\n" + json.dumps(sorted({{name.split(".")[0] for name in sys.modules}})))
"""
LIST = "sys.argv = ['bugkit', 'list']; from bugkit.cli import main; main()"


@pytest.mark.parametrize("statement", ["import bugkit", LIST], ids=["import bugkit", "bugkit list"])
def test_what_is_light_stays_light(tmp_path: Path, statement: str) -> None:
    command = [sys.executable, "-c", MODULES.format(statement=statement)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert "bugkit" in loaded
    assert loaded & {"torch", "nbformat", "IPython", "matplotlib", "nbclient", "jupyter_client"} == set()


def test_the_list_of_loaded_modules_can_fail(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MODULES.format(statement="import nbformat")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    assert "nbformat" in json.loads(done.stderr.splitlines()[-1])
