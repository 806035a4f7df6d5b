"""The bank: ``*.toml`` beside this file, as validated records, and questions drawn from them."""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from bugkit.exercise.manifest import Name, Record, Slug, Text, load

FOLDER = Path(__file__).resolve().parent
TOLERANCE = 0.01  # relative; of what is asked for as a number that is no whole one
EXACT = 1_000  # whole numbers below it have no tolerance
NEEDED = {
    "number": "a number needs `answer` and `verified`",
    "shape": "a shape needs `answer` and `verified`",
    "choice": "a choice needs `right`, and two others in `wrong`",
    "open": "an open question needs two `points`",
}
NUMBERS = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.IGNORECASE)
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)|(?<=\d)_(?=\d)")
WORDS = {name: getattr(math, name) for name in dir(math) if not name.startswith("_")} | {
    word.__name__: word for word in (abs, int, len, max, min, range, round, sum)
}


class Question(Record):
    """One question. Texts may hold {names} of its parameters, which are drawn by seed."""

    id: Slug
    topic: Slug
    kind: Literal["number", "shape", "choice", "open"]
    difficulty: Annotated[int, Field(ge=1, le=3)]
    text: Text
    code: str = ""  # shown below the text
    parameters: dict[Name, Annotated[list[int | float], Field(min_length=2)]] = Field(default_factory=dict)
    answer: str = ""  # of a number, an expression of the parameters; of a shape, several, with commas
    unit: str = ""  # of a number
    tolerance: Annotated[float, Field(gt=0, lt=0.5)] = TOLERANCE
    verified: str = ""  # Python that computes `found` in another way, for the tests; of a choice, prints it
    right: str = ""  # of a choice
    wrong: list[Text] = Field(default_factory=list)  # what people really answer
    points: list[Text] = Field(default_factory=list)  # of an open one: what a good answer has
    why: Text  # three lines at most
    source: Text

    @model_validator(mode="after")
    def _has_an_answer(self) -> Question:
        wanted = {
            "number": bool(self.answer and self.verified),
            "shape": bool(self.answer and self.verified),
            "choice": bool(self.right and len(self.wrong) >= 2 and self.right not in self.wrong),
            "open": len(self.points) >= 2,
        }
        if not wanted[self.kind]:
            raise ValueError(NEEDED[self.kind])
        return self


class Bank(Record):
    """One file."""

    question: Annotated[list[Question], Field(min_length=1)]


@dataclass(frozen=True)
class Asked:
    """A question with its parameters drawn."""

    question: Question
    values: dict[str, int | float]
    options: tuple[str, ...] = ()  # of a choice, in the order in which they are shown

    @property
    def text(self) -> str:
        """What is asked."""
        return self.filled(self.question.text)

    @property
    def code(self) -> str:
        """What is shown below it, "" for nothing."""
        return self.filled(self.question.code)

    @property
    def why(self) -> str:
        """The explanation, with the numbers that were drawn."""
        return self.filled(self.question.why)

    @property
    def right(self) -> str:
        """The answer in words."""
        if self.question.kind == "choice":
            return self.filled(self.question.right)
        if self.question.kind == "open":
            return ""
        told = ", ".join(f"{value:.6g}" for value in self.expected)
        return f"({told})" if self.question.kind == "shape" else f"{told} {self.question.unit}".strip()

    @property
    def expected(self) -> tuple[float, ...]:
        """The numbers of the answer."""
        value = eval(self.question.answer, {"__builtins__": {}}, {**WORDS, **self.values})
        return tuple(map(float, value)) if isinstance(value, tuple) else (float(value),)

    def is_right(self, answer: str) -> bool:
        """Whether an answer as it was typed is right: numbers in any notation, an option by its letter."""
        if self.question.kind == "choice":
            letter = answer.strip().lower()[:1]
            number = ord(letter) - ord("a") if letter else -1
            return 0 <= number < len(self.options) and self.options[number] == self.right
        if self.question.kind == "number":
            found = [float(number) for number in NUMBERS.findall(THOUSANDS.sub("", answer))][:1]
        else:
            found = [float(number) for number in NUMBERS.findall(answer.replace("x", " "))]
        pairs = zip(found, self.expected, strict=False)
        return len(found) == len(self.expected) and all(self._near(a, b) for a, b in pairs)

    def filled(self, text: str) -> str:
        """A text with its parameters."""
        return re.sub(r"\{(\w+)\}", lambda hole: f"{self.values.get(hole[1], hole[0])}", text)

    def _near(self, found: float, expected: float) -> bool:
        if expected == int(expected) and abs(expected) < EXACT:
            return found == expected
        return abs(found - expected) <= self.question.tolerance * abs(expected)


@cache
def questions() -> tuple[Question, ...]:
    """All of them, file by file."""
    return tuple(one for path in sorted(FOLDER.glob("*.toml")) for one in load(path, Bank).question)


def ask(question: Question, seed: int) -> Asked:
    """A question with parameters, and options in an order, that the seed says."""
    draw = random.Random(f"{question.id} {seed}")
    values: dict[str, Any] = {name: draw.choice(some) for name, some in question.parameters.items()}
    asked = Asked(question, values)
    options = [asked.filled(one) for one in (question.right, *question.wrong)] if question.kind == "choice" else []
    draw.shuffle(options)
    return Asked(question, values, tuple(options))
