"""The quiz's bank: every answer that can be computed is computed in another way."""

from __future__ import annotations

import contextlib
import io
import math
from collections import Counter
from typing import Any

import pytest

from bugkit.quiz.bank import Question, ask, questions

SEEDS = range(3)
BANK = questions()
LINES, WIDTH = 3, 130  # of an explanation
named = pytest.mark.parametrize("question", BANK, ids=lambda question: question.id)


def computed(code: str, values: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The names after a piece of code, and what it printed."""
    import numpy as np
    import torch

    scope = {"torch": torch, "np": np, "math": math, "nn": torch.nn, "F": torch.nn.functional, **values}
    torch.manual_seed(0)
    with contextlib.redirect_stdout(io.StringIO()) as told:
        exec(code, scope)
    return scope, told.getvalue().strip()


def flat(found: Any) -> list[float]:
    return [float(one) for one in (found if isinstance(found, tuple | list) else [found])]


def test_the_bank_is_large_and_mixed() -> None:
    kinds = Counter("number" if q.kind == "shape" else q.kind for q in BANK)
    assert len(BANK) >= 150
    assert all(count >= 45 for count in kinds.values()), kinds
    assert len({q.id for q in BANK}) == len(BANK)
    assert max(Counter(q.topic for q in BANK).values()) <= 30


@pytest.mark.parametrize("question", [q for q in BANK if q.answer], ids=lambda question: question.id)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_formula_agrees_with_a_computation(question: Question, seed: int) -> None:
    asked = ask(question, seed)
    scope, _ = computed(question.verified, asked.values)
    found = flat(tuple(scope["found"]) if question.kind == "shape" else scope["found"])
    typed = ", ".join(f"{value:.8g}" for value in found)
    assert asked.is_right(typed), f"{asked.text}\ncomputed: {typed}, by the formula: {asked.right}"
    doubled = ", ".join(f"{2 * value + 1:.8g}" for value in found)
    assert not asked.is_right(doubled)


@pytest.mark.parametrize("question", [q for q in BANK if q.kind == "choice" and q.verified], ids=lambda q: q.id)
def test_a_choice_that_prints_prints_the_right_one(question: Question) -> None:
    asked = ask(question, 0)
    _, told = computed(asked.filled(question.verified), asked.values)
    assert told == asked.right


@pytest.mark.parametrize("question", [q for q in BANK if q.kind == "choice"], ids=lambda question: question.id)
@pytest.mark.parametrize("seed", SEEDS)
def test_exactly_one_letter_is_right(question: Question, seed: int) -> None:
    asked = ask(question, seed)
    letters = [chr(ord("a") + number) for number in range(len(asked.options))]
    assert sum(map(asked.is_right, letters)) == 1
    assert len(set(asked.options)) == len(asked.options)


@named
def test_it_reads_well(question: Question) -> None:
    asked = ask(question, 0)
    for text in (asked.text, asked.why, *asked.options):
        assert "{" not in text or question.code or question.kind == "choice", text
    assert len(asked.why) <= LINES * WIDTH, f"{len(asked.why)} characters"
    assert len(question.source) >= 12
    assert all(name in question.text + question.code for name in question.parameters), "a parameter is not told"


def test_a_parameter_changes_the_answer() -> None:
    for question in BANK:
        if question.parameters and question.answer:
            answers = {ask(question, seed).right for seed in range(12)}
            assert len(answers) > 1, question.id
