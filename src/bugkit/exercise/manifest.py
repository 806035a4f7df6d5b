"""``exercise.toml`` and ``bugs.toml`` as validated records."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bugkit.errors import ManifestError

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Text = Annotated[str, Field(min_length=1)]


class Record(BaseModel):
    """A table of a manifest: immutable, and strict about keys and types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Limits(Record):
    """``[run]``: how a notebook is run, and what the checks may ask of it."""

    seeds: Annotated[list[int], Field(min_length=1)] = [0, 1, 2]
    seconds: Annotated[int, Field(gt=0)] = 60  # CPU time per seed
    memory_mib: Annotated[int, Field(ge=512)] = 4096
    max_steps: Annotated[int, Field(gt=0)]  # optimizer steps
    arrays: Literal["torch", "numpy"] = "torch"
    names: Annotated[list[Name], Field(min_length=1)]
    data: Name | None = None  # a data set of bugkit.data, whose held-out part the checks get

    def seeds_for(self, count: int | None) -> list[int]:
        """The exercise's own seeds, or its first ``count``, continued with the numbers that it does not name."""
        if count is None:
            return self.seeds
        more = (seed for seed in range(count + len(self.seeds)) if seed not in self.seeds)
        return [*self.seeds, *more][:count]


class Band(Record):
    """``[converge]``: where the honest held-out loss of a correct program lies."""

    measure: Name
    unit: Text
    below: float
    above: float = 0.0
    at_start: float | None = None

    @model_validator(mode="after")
    def _is_a_band(self) -> Band:
        if not self.above < self.below:
            raise ValueError(f"above = {self.above:g} is not less than below = {self.below:g}")
        return self

    def holds(self, loss: float | None) -> bool:
        """Whether a loss lies inside; NaN and a missing loss do not."""
        return loss is not None and self.above <= loss < self.below


class Hint(Record):
    """One ``[[hint]]``, the vague ones first."""

    text: Text


class Stage(Record):
    """One ``[[stage]]`` after the first: its cells carry the tag ``stage-2``, the next one's ``stage-3``."""

    title: Text
    checks: Annotated[list[Name], Field(min_length=1)]  # of checks.py, made from this stage on
    names: list[Name] = []  # that these checks ask for


Task = Literal[
    "classification",
    "regression",
    "tagging",
    "language-model",
    "generation",
    "reinforcement",
    "retrieval",
    "clustering",
]


class Roles(Record):
    """``[program]``: what the working notebook is, and which of its names play which part. Bugs can be put in then."""

    title: Text  # of a notebook made from it: what is learned
    about: Text  # what it does, without a symptom
    task: Task
    model: Name = "model"  # the module or function that is judged
    optimizer: Name | None = None
    loss: Name | None = None  # takes a batch, gives the loss that training follows
    step: Name | None = None  # takes a batch, and one step
    batch: Text | None = None  # an expression: one batch, as a tuple of what loss and step take
    outputs: Text | None = None  # of a `batch`, an expression: what the model says of it (..., C), with gradients
    targets: Text | None = None  # of a `batch`, an expression: what it is meant to say (...)
    sample: Name | None = None  # writes, or draws
    evaluate: Name | None = None  # the notebook's own measure

    @property
    def names(self) -> dict[str, str]:
        """The parts that it has, for texts with {names}."""
        parts = self.model_dump(exclude_none=True, exclude={"title", "about", "task"})
        return {part: str(name) for part, name in parts.items()}


class Judged(Record):
    """What is run and judged: an exercise, or a program that bugs can be put in."""

    format_version: Literal[1]
    title: Text
    track: Slug
    difficulty: Annotated[int, Field(ge=1, le=5)]
    minutes: Annotated[int, Field(gt=0)]
    concepts: Annotated[list[Text], Field(min_length=1)]
    curve_unit: Text | None = None  # of the recorded losses, where they are another quantity than what is measured
    run: Limits
    converge: Band


class ProgramManifest(Judged):
    """``program.toml``, of a program without an exercise."""

    program: Roles


class Manifest(Judged):
    """``exercise.toml``."""

    hint: Annotated[list[Hint], Field(min_length=3)]
    stage: list[Stage] = []  # after the first
    weights: dict[str, Annotated[float, Field(gt=0)]] = {}  # of checks, and of "convergence", in the score; else 1
    program: Roles | None = None  # where bugs of the library may be put in

    @property
    def stages(self) -> int:
        """How many there are."""
        return 1 + len(self.stage)

    def names_at(self, stage: int) -> list[str]:
        """What the checks up to a stage ask for."""
        return [*self.run.names, *(name for one in self.stage[: stage - 1] for name in one.names)]

    def later_checks(self, stage: int) -> set[str]:
        """The checks that are not made yet at a stage."""
        return {check for one in self.stage[stage - 1 :] for check in one.checks}


class Edit(Record):
    """Replace ``find``, which stands once in the cell, by ``replace``; an empty ``find`` means the whole cell."""

    cell: Text
    find: str
    replace: str


class Patch(Edit):
    """An edit with a name and a reason, and further edits that belong to it."""

    id: Slug
    why: Text
    also: list[Edit] = []

    @property
    def edits(self) -> tuple[Edit, ...]:
        """All edits of this patch, in order."""
        return (self, *self.also)


class Bug(Patch):
    """A planted defect: a patch on the solution, and the symptom it shows."""

    symptom: Slug
    kind: Slug | None = None  # of the library, where this is one of a kind: what was hard comes back as another of it


class FixPatch(Patch):
    """What a learner may hand in: a patch on the notebook that is shipped or, where most is fixed, on the solution."""

    on: Literal["shipped", "solution"] = "shipped"


class Equivalent(Record):
    """A generated program that no behavior tells from a correct one, and why not."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[:-][a-z0-9]+)*$")]  # "half:gradients-pile-up:gradients-off"
    why: Text


class ValidFixes(Record):
    """``valid.toml``, of a program without an exercise: other ways to write it, as patches on it."""

    valid_fix: list[FixPatch] = []


class Bugs(Record):
    """``bugs.toml``."""

    bug: Annotated[list[Bug], Field(min_length=1)]
    wrong_fix: list[FixPatch] = []
    valid_fix: list[FixPatch] = []
    equivalent: list[Equivalent] = []

    @property
    def patches(self) -> tuple[Patch, ...]:
        """All of them."""
        return (*self.bug, *self.wrong_fix, *self.valid_fix)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Bugs:
        ids = [*(patch.id for patch in self.patches), *(one.id for one in self.equivalent)]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(f"id {twice[0]!r} is used twice")
        return self


R = TypeVar("R", bound=Record)
SIZES = {"too_short": ("item", "min_length"), "string_too_short": ("letter", "min_length")}
KINDS = {  # the validator's words in ours
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "datetime_type": "a date and a time",
}


def load(path: Path, record: type[R]) -> R:
    """Read and validate one TOML file, or raise ManifestError naming file, key, found, expected and nearest key."""
    try:
        return record.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ManifestError(f"{path}: there is no such file") from None
    except OSError as error:
        raise ManifestError(f"{path}: the file cannot be read", evidence=[str(error.strerror)]) from None
    except ValidationError as error:
        evidence = [_sentence(dict(problem), record) for problem in error.errors()]
        raise ManifestError(f"{path}: the manifest is not valid", evidence=evidence) from None
    except (ValueError, RecursionError) as error:  # TOML's own errors, UTF-8's, and those of endless numbers
        raise ManifestError(f"{path}: this is not TOML", evidence=[str(error)]) from None


def _sentence(problem: dict[str, Any], record: type[Record]) -> str:
    key = _dotted(problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = _known_keys(record, problem["loc"][:-1])
        near = difflib.get_close_matches(str(problem["loc"][-1]), known, n=1, cutoff=0.0)
        return f"{key}: unknown key; the nearest known key is {near[0]!r}" if near else f"{key}: unknown key"
    if problem["type"] == "missing":
        return f"{key}: missing; it is required"
    if problem["type"] in SIZES:
        what, least = SIZES[problem["type"]]
        found = len(problem["input"])
        return f"{key}: found {found} {what}{'' if found == 1 else 's'}, expected at least {problem['ctx'][least]}"
    wanted = problem["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    wanted = KINDS.get(problem["type"], wanted)
    if problem["type"] == "value_error":
        return f"{key}: {wanted}" if key else wanted
    return f"{key}: found {problem['input']!r}, expected {wanted}"


def _dotted(loc: tuple[str | int, ...]) -> str:
    text = ""
    for part in loc:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _known_keys(record: type[Record], loc: tuple[str | int, ...]) -> list[str]:
    """The keys of the table at ``loc``, found by walking the model's fields."""
    table: Any = record
    for part in loc:
        if isinstance(part, str):
            field = table.model_fields[part].annotation
            table = next((a for a in getattr(field, "__args__", ()) if isinstance(a, type)), field)
    return list(table.model_fields)
