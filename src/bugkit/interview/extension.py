"""Extensions: what a candidate is asked to add when the program works. Each is judged by what it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Annotated, Any

from pydantic import Field

from bugkit.errors import ManifestError
from bugkit.exercise.manifest import Name, Record, Task, Text, load
from bugkit.kinds.kind import Role
from bugkit.kinds.source import Source
from bugkit.notebook import Cell

FOLDER = Path(__file__).resolve().parent / "extensions"
TAG = "stage-2"
EXTENSION = ("about-extension", "extension")  # the ids of its cells


class ExtensionManifest(Record):
    """``extension.toml``. Texts may name the roles of a program in {braces}."""

    format_version: int
    title: Text
    tasks: list[Task] = Field(default_factory=list)  # for which it makes sense; all for none
    needs: list[Role] = Field(default_factory=list)  # roles that a program must have
    unless: list[Text] = Field(default_factory=list)  # words of programs for which it makes none
    names: Annotated[list[Name], Field(min_length=1)]  # that it asks for
    text: Text
    stub: Text  # what the candidate begins with
    solution: Text  # one way to write it, for a program with other names perhaps
    follow_up: Text  # an interviewer's question at the end
    answer: Text

    @property
    def told(self) -> str:
        """The answer to the question, and one way to write what was asked for; Markdown."""
        return f"{self.answer}\n\nOne way to write it; names may differ:\n\n```python\n{self.solution.strip()}\n```"


@dataclass(frozen=True)
class Extension:
    """One folder: the task, and the checks of what was added."""

    path: Path

    @property
    def id(self) -> str:
        """As a plan names it."""
        return self.path.name

    @cached_property
    def manifest(self) -> ExtensionManifest:
        """``extension.toml``."""
        return load(self.path / "extension.toml", ExtensionManifest)

    @property
    def check_names(self) -> list[str]:
        """Its checks, in order."""
        lines = (self.path / "checks.py").read_text(encoding="utf-8").splitlines()
        return [line.split("(")[0].removeprefix("def ") for line in lines if line.startswith("def check_")]

    def checks(self, roles: Mapping[str, str]) -> dict[str, Any]:
        """Its checks by name, which ask about the names of a program."""
        path = self.path / "checks.py"
        text = Template(path.read_text(encoding="utf-8"))
        names = {"__name__": f"{__name__}.{self.id}"}
        exec(compile(text.safe_substitute({n.upper(): code for n, code in roles.items()}), str(path), "exec"), names)
        return {name: names[name] for name in self.check_names}

    def cells(self, roles: Mapping[str, str]) -> tuple[Cell, Cell]:
        """The task and the cell to write in."""
        tags = {"tags": [TAG]}
        text = f"## Extension: {self.manifest.title}\n\n{self.manifest.text.format_map(roles).strip()}"
        return (
            Cell(EXTENSION[0], "markdown", text, tags),
            Cell(EXTENSION[1], "code", self.manifest.stub.format_map(roles).strip(), tags),
        )


def library() -> list[Extension]:
    """All of them, by their names."""
    return [Extension(path.parent) for path in sorted(FOLDER.glob("*/extension.toml"))]


def extension(name: str) -> Extension:
    """The one of this name; ManifestError where there is none."""
    path = FOLDER / name
    if not (path / "extension.toml").is_file():
        raise ManifestError(f"there is no extension {name!r}", next_command="bugkit interview")
    return Extension(path)


def fitting(program: Source) -> list[Extension]:
    """Those that make sense for a program."""
    code = "\n".join(cell.source for cell in program.notebook.cells if cell.runs)
    return [one for one in library() if _fits(one.manifest, program, code)]


def _fits(wanted: ExtensionManifest, program: Source, code: str) -> bool:
    roles = program.roles
    return (
        (not wanted.tasks or roles.task in wanted.tasks)
        and all(getattr(roles, role) for role in wanted.needs)
        and not any(word in code for word in wanted.unless)
        and program.manifest.run.arrays == "torch"
    )
