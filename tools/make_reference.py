"""Write ``docs/reference.md`` from the docstrings: ``python tools/make_reference.py``.

What an author's ``checks.py`` may use, each with a line of an exercise that uses it.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bugkit import audit, checks, data, invariants, questions, run, sequences

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference.md"
HEAD = """# What checks.py may use

Made from the docstrings by `python tools/make_reference.py`. Below each is a line of an exercise that uses it. How an
exercise is written is told in [CONTRIBUTING.md](../CONTRIBUTING.md).

Checks run on the trusted side, with numpy alone: what they are given and what they give back are numpy arrays. Each
starts from the state after the notebook's last cell, so that no check sees what another has done.
"""
OF_THE_LOADER = {"load", "measure", "perform", "perform_all", "rescaled"}  # of bugkit.checks, for the grader
LONGEST = 96  # letters of an example
Lines = dict[str, tuple[str, str]]  # by what is used: the exercise, and a line of it


def page() -> str:
    """The whole text."""
    lines = _lines()
    parts = [HEAD, *_section("`run`: the notebook, alive", run.Run, _of_run(), lines)]
    parts += _section("`run.audit`: how the model was trained", audit.Audit, _fields(audit.Audit), lines)
    parts += _section("`run.audit.calls`", audit.Call, _fields(audit.Call), lines)
    parts += _section("`run.moments`", audit.Moment, _fields(audit.Moment), lines)
    titles = {
        checks: "`bugkit.checks`: measures, and words of a check",
        invariants: "`bugkit.invariants`: checks for any exercise",
        questions: "`bugkit.questions`: what checks ask again and again",
        sequences: "`bugkit.sequences`: the same of models that read rows of symbols",
        data: "`bugkit.data`: sets of data that come with bugkit",
    }
    for module, title in titles.items():
        parts += _section(title, None, _functions(module), lines)
    return "\n".join(parts).rstrip() + "\n"


def _section(title: str, owner: Any, members: Iterator[tuple[str, str]], lines: Lines) -> list[str]:
    told = ["", f"## {title}", ""]
    if owner is not None:
        told += [_plain(owner), ""]
    for head, text in members:
        name = re.split(r"\W", head.removeprefix("run."))[0]
        name = name if owner is None else f".{name}"
        told += [f"**`{head}`** {text}", *_example(name, lines), ""]
    return told[:-1]


def _of_run() -> Iterator[tuple[str, str]]:
    yield "run.NAME(*arrays)", "calls the notebook's `NAME`; see above."
    for name, member in vars(run.Run).items():
        if name.startswith("_"):
            continue
        function = getattr(member, "fget", None) or getattr(member, "func", None)
        if function is not None:
            yield f"run.{name}", _plain(function)
        elif inspect.isfunction(member):
            yield f"run.{name}{_signature(member)}", _plain(member)
    yield "run.rng", "A generator of numpy's that is seeded with the run's seed: draw inputs from it."
    yield "run.seed", "The run's seed."
    yield "run.curve", "The losses (steps,) that the notebook recorded: shown, and never believed."


def _fields(record: Any) -> Iterator[tuple[str, str]]:
    """A dataclass' fields with the comments behind or above them, then its methods."""
    source = inspect.getsource(record).splitlines()
    for field in dataclasses.fields(record):
        number = next(n for n, line in enumerate(source) if re.match(rf"\s+{field.name}: ", line))
        inside = source[number].partition("#")[2].strip()
        above = source[number - 1].strip()
        after = source[number + 1].strip() if number + 1 < len(source) else ""
        more = after[1:].strip() if inside.endswith(";") and after.startswith("#") else ""
        told = f"{inside or (above[1:].strip() if above.startswith('#') else '')} {more}".strip()
        yield field.name, told.replace("``", "`")
    for name, member in vars(record).items():
        function = getattr(member, "fget", None) or member
        if not name.startswith("_") and inspect.isfunction(function):
            yield f"{name}{'' if function is not member else _signature(member)}", _plain(function)


def _functions(module: Any) -> Iterator[tuple[str, str]]:
    for name, member in vars(module).items():
        own = inspect.isfunction(member) and member.__module__ == module.__name__
        if own and not name.startswith("_") and not (module is checks and name in OF_THE_LOADER):
            if module is data and name in ("load", "put", "sets"):
                continue
            yield f"{name}{_signature(member)}", _plain(member)


def _signature(function: Callable[..., Any]) -> str:
    parameters = [one for one in inspect.signature(function).parameters.values() if one.name != "self"]
    names = ["*" if one.kind is one.KEYWORD_ONLY and n == 0 else "" for n, one in enumerate(parameters)]
    return f"({', '.join(filter(None, (*names, *(_named(one) for one in parameters))))})"


def _named(one: inspect.Parameter) -> str:
    stars = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
    default = "" if one.default is one.empty else f"={one.default!r}"
    return f"{stars}{one.name}{default}"


def _plain(documented: Any) -> str:
    """A docstring in one paragraph; what it marks as code stays code."""
    text = " ".join((inspect.getdoc(documented) or "").split())
    return text.replace("``", "`")


def _lines() -> Lines:
    """Every statement of the exercises' checks that fits a line, by what it uses: the shortest of each."""
    found: Lines = {}
    for path in sorted((ROOT / "exercises").glob("*/checks.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {
            one.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for one in node.names
        }  # others may have the same name
        for node in ast.walk(tree):
            text = ast.unparse(node) if isinstance(node, ast.Assign | ast.Return | ast.Expr | ast.Assert) else ""
            if text and "\n" not in text and len(text) <= LONGEST:
                for name in _used(node, imported):
                    found[name] = min(
                        found.get(name, ("", "x" * 200)), (path.parent.name.split("_")[0], text), key=_size
                    )
    return found


def _size(one: tuple[str, str]) -> int:
    return len(one[1])


def _used(node: ast.AST, imported: set[str]) -> Iterator[str]:
    """Functions of ours that are called by name, and attributes."""
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id in imported:
            yield one.func.id
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name | ast.Attribute | ast.Call):
            yield f".{one.attr}"


def _example(name: str, lines: Lines) -> Iterator[str]:
    if name in lines:
        where, text = lines[name]
        yield f"<br>{where}: `{text}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
