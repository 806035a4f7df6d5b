"""`bugkit quiz`: questions in a terminal, and what comes back when."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bugkit.progress import Answer, Progress
from bugkit.progress.recall import AGAIN, GOOD, due_at, in_turn
from bugkit.progress.transfer import exported, merge
from bugkit.quiz.bank import Asked, Question, questions

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
Quiz = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def quiz(tmp_path: Path) -> Quiz:
    """Runs ``bugkit quiz`` in an empty folder, with lines typed into it."""

    def run(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bugkit", "quiz", *words]
        env = {**os.environ, "COLUMNS": "80"}
        return subprocess.run(
            command, cwd=tmp_path, input=typed, env=env, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def answers(*ratings: tuple[float, int]) -> list[Answer]:
    """Days after NOW, and how well it was known."""
    return [Answer("quiz:x", (NOW + timedelta(days=days)).isoformat(), rating, 3.0) for days, rating in ratings]


def question(**more: object) -> Question:
    base = {"id": "a", "topic": "t", "kind": "number", "difficulty": 1, "text": "?", "why": "!", "source": "a book"}
    return Question.model_validate({**base, **more})


# ---- answers as they are typed


@pytest.mark.parametrize("said", ["12", " 12 ", "12.0", "1.2e1", "12 MiB"])
def test_a_whole_number_in_any_notation_is_right(said: str) -> None:
    asked = Asked(question(answer="n * 4", verified="found = 12"), {"n": 3})
    assert asked.is_right(said)
    assert asked.right == "12"


@pytest.mark.parametrize(
    ("said", "right"), [("7,087,872", True), ("7_087_872", True), ("7087872", True), ("7,087", False)]
)
def test_large_numbers_may_have_commas(said: str, right: bool) -> None:
    assert Asked(question(answer="7087872", verified="found = 1"), {}).is_right(said) is right


@pytest.mark.parametrize("said", ["", "13", "12.1", "twelve", "-12"])
def test_another_number_is_wrong(said: str) -> None:
    assert not Asked(question(answer="n * 4", verified="found = 12"), {"n": 3}).is_right(said)


@pytest.mark.parametrize(("said", "right"), [("1.46", True), ("1.461", True), ("1.47", True), ("1.5", False)])
def test_other_numbers_are_right_within_a_hundredth(said: str, right: bool) -> None:
    assert Asked(question(answer="log(e + 9) - 1", verified="found = 1"), {}).is_right(said) is right


@pytest.mark.parametrize("said", ["(2, 8, 16)", "2 8 16", "2x8x16", "[2,8,16]", "torch.Size([2, 8, 16])"])
def test_a_shape_in_any_notation_is_right(said: str) -> None:
    asked = Asked(question(kind="shape", answer="b, h, 16", verified="found = 1"), {"b": 2, "h": 8})
    assert asked.is_right(said)
    assert not asked.is_right(said.replace("16", "17"))
    assert not asked.is_right("2, 8")


def test_a_choice_takes_its_letter() -> None:
    asked = Asked(question(kind="choice", right="yes", wrong=["no", "maybe"]), {}, ("no", "yes", "maybe"))
    assert [letter for letter in "abcd" if asked.is_right(letter)] == ["b"]
    assert asked.is_right("B)")
    assert not asked.is_right("")


# ---- what comes back


def test_what_was_not_known_comes_back_before_what_was() -> None:
    unknown, known = due_at(answers((0, AGAIN))), due_at(answers((0, GOOD), (1, GOOD)))
    assert unknown is not None
    assert known is not None
    assert unknown < NOW + timedelta(days=1) < known
    assert due_at([]) is None


def test_due_comes_first_then_new_then_the_rest() -> None:
    known = {"late": answers((-9, AGAIN)), "early": answers((0, GOOD), (0.1, GOOD))}
    assert in_turn(["early", "new", "late"], known, NOW + timedelta(hours=3)) == ["late", "new", "early"]


def test_answers_go_from_one_machine_to_another_once(tmp_path: Path) -> None:
    here, there = Progress(tmp_path / "a.db"), Progress(tmp_path / "b.db")
    here.answer("quiz:x", GOOD, 4.2)
    assert merge(there, exported(here)) == 1
    assert merge(there, exported(here)) == 0
    assert there.answers() == here.answers()


# ---- in a terminal


def test_the_same_seed_asks_the_same(quiz: Quiz) -> None:
    first, second, other = (quiz("--json", "--seed", seed).stdout for seed in ("3", "3", "4"))
    assert first == second != other
    document = json.loads(first)
    assert document["format"] == 1
    assert len(document["questions"]) == 5


def test_right_and_wrong_answers_are_told_and_kept(quiz: Quiz, tmp_path: Path) -> None:
    (topic,) = {one.topic for one in questions() if one.id == "heads-shape"} or {questions()[0].topic}
    asked = json.loads(quiz("--json", "--seed", "1", "--count", "3", "--topic", topic).stdout)["questions"]
    typed = ""
    for one in asked:
        if one["kind"] == "open":
            typed += "\n" + "y\n" * len(one["points"])
        elif one["kind"] == "choice":
            typed += "abcdefgh"[one["options"].index(one["answer"])] + "\n"
        else:
            typed += one["answer"] + "\n"
    result = quiz("--seed", "1", "--count", "3", "--topic", topic, typed=typed)
    assert result.returncode == 0, result.stderr
    assert "3 of 3 right" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 110
    skipped = quiz("--seed", "1", "--count", "3", "--topic", topic, typed="\n" * 30)
    assert "0 of 3 right" in skipped.stdout
    assert f"next: bugkit quiz --topic {topic}" in skipped.stdout
    kept = Progress.of_workspace(tmp_path).answers()
    assert [len(some) for some in kept.values()] == [2, 2, 2]
    assert "3 asked" in next(line for line in quiz("--topics").stdout.splitlines() if line.startswith(topic))


def test_an_unknown_topic_names_the_known(quiz: Quiz) -> None:
    result = quiz("--topic", "cooking")
    assert result.returncode == 2
    assert "known: " in result.stderr
    assert "next: bugkit quiz --topics" in result.stderr


def test_what_was_answered_before_the_input_ended_is_kept(quiz: Quiz, tmp_path: Path) -> None:
    numbers = [one.topic for one in questions() if one.kind == "number"]
    result = quiz("--seed", "2", "--count", "9", "--topic", numbers[0], typed="\n")
    assert result.returncode == 130
    assert len(Progress.of_workspace(tmp_path).answers()) <= 1
