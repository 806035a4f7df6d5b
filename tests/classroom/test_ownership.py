"""Whose notebook it is: from every layout that is handed to graders, and never a wrong person's."""

from __future__ import annotations

import time
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bugkit.classroom.layout import around
from bugkit.classroom.ownership import LONGEST, exercise_named, name_of, namesakes, owner_of, told_apart

EXERCISES = ["toy01", "toy02"]


@pytest.mark.parametrize(
    ("place", "person"),
    [
        ("ada/toy01/toy01.ipynb", "ada"),  # nbgrader
        ("Ada Lovelace_1234567_assignsubmission_file_/toy01.ipynb", "Ada Lovelace"),  # Moodle
        ("Ada Lovelace_1234567_assignsubmission_file_toy01.ipynb", "Ada Lovelace"),
        ("Ada_L_12_assignsubmission_file_/toy01.ipynb", "Ada_L"),
        ("lovelaceada_1234_5678_toy01.ipynb", "lovelaceada"),  # Canvas
        ("lovelaceada_LATE_1234_5678_toy01-2.ipynb", "lovelaceada"),
        ("Homework 3_ada_attempt_2026-03-01-10-00-00_toy01.ipynb", "ada"),  # Blackboard
        ("submission_42/toy01.ipynb", "submission_42"),  # Gradescope
        ("toy01_ada.ipynb", "ada"),  # flat
        ("ada-toy01.ipynb", "ada"),
        ("ada lovelace toy01 (1).ipynb", "ada lovelace"),
        ("Ada.Toy01-Copy1.ipynb", "Ada"),
        ("toy01.ipynb", ""),
        ("toy01 (2).ipynb", ""),
        ("ada/lovelaceada_1234_5678_toy01.ipynb", ""),  # two names on one file: for a person to decide
        ("ada/Bob_12_assignsubmission_file_/toy01.ipynb", ""),
        ("ada/ada_1234_5678_toy01.ipynb", "ada"),
        ("Bob_12_assignsubmission_file_/eve_1_2_toy01.ipynb", "Bob"),  # the server's folder is no learner's to name
        ("Zoe\u0308/toy01.ipynb", "Zo\u00eb"),  # macOS' way to write it
        ("ad\u202ea/toy01.ipynb", ""),  # turns the rest of a line round
        ("ad\u200ba/toy01.ipynb", ""),  # cannot be told from ada
        ("ad\u200ca/toy01.ipynb", "ad\u200ca"),  # a joiner that Persian names have
        (f"{'a' * (LONGEST + 1)}/toy01.ipynb", ""),
    ],
)
def test_a_place_says_whose_it_is(place, person):
    assert owner_of(PurePosixPath(place), EXERCISES).name == person


def people(*places: str) -> list[str]:
    owners = [owner_of(PurePosixPath(place), EXERCISES) for place in places]
    return [told_apart(owner, namesakes(owners)) for owner in owners]


def test_two_people_of_one_name_are_told_apart_by_the_servers_numbers():
    assert people("jo_12_1_toy01.ipynb", "jo_13_2_toy01.ipynb", "ada_14_3_toy01.ipynb") == ["jo (12)", "jo (13)", "ada"]
    assert people("jo_12_1_toy01.ipynb", "jo_LATE_12_2_toy02.ipynb") == ["jo", "jo"]  # one person's two
    moodle = [f"Ada L_{number}_assignsubmission_file_/toy01.ipynb" for number in (1, 2)]
    assert people(*moodle, "Ada L/toy01.ipynb") == ["Ada L (1)", "Ada L (2)", "Ada L"]


def test_blackboard_tells_when_it_was_handed_in(monkeypatch):
    monkeypatch.setenv("TZ", "Etc/GMT-2")
    time.tzset()
    try:
        owner = owner_of(PurePosixPath("Homework 3_ada_attempt_2026-03-01-10-00-00_toy01.ipynb"), EXERCISES)
        assert (owner.name, owner.at) == ("ada", "2026-03-01T08:00:00+00:00")
        assert owner_of(PurePosixPath("Hw_ada_attempt_2026-13-41-10-00-00_x.ipynb"), EXERCISES).at == ""
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("places", "folders"),
    [
        (["submitted/ada/toy01/a.ipynb", "submitted/bob/toy01/a.ipynb"], 1),
        (["assignment_7_export/submission_1/a.ipynb"], 1),
        (["hw1/Ada_1_assignsubmission_file_/a.ipynb", "hw1/Bob_2_assignsubmission_file_/a.ipynb"], 1),
        (["hw1/ada_1_2_toy01.ipynb"], 0),  # perhaps it is all hw1's
        (["ada/toy01/a.ipynb", "ada/toy02/a.ipynb"], 0),
        (["ada/a.ipynb", "bob/a.ipynb"], 0),
        (["submitted/ada/a.ipynb", "eve.ipynb"], 0),
        ([f"class/{name}/toy01.ipynb" for name in ("ada", "bob", "eve")], 1),
        (["ada/first/toy01.ipynb", "ada/second/toy01.ipynb"], None),
        ([f"spring/class/{name}/x.ipynb" for name in ("ada", "bob", "eve")], 2),
        (["download/submissions/ada/a.ipynb", "download/submissions/bob/b.ipynb"], 2),
        ([f"class/toy01_{name}/a.ipynb" for name in ("ada", "bob", "eve")], 1),
        (["class/zoe/a.ipynb", "class/bob/b.ipynb"], 1),  # zoe is known
        (["zoe/one/a.ipynb", "zoe/two/a.ipynb"], 0),
        (["class/ada/a.ipynb", "class/bob/b.ipynb"], None),
        (["class/toy01_ada.ipynb", "class/toy01_bob.ipynb"], None),
        (["ada/toy01.ipynb", "ada/toy01-Copy1.ipynb"], 0),
        (["ada/toy01.ipynb", "ada/toy02.ipynb"], 0),
        (["ada/hw/toy01.ipynb", "ada/hw/toy02.ipynb"], 0),
        ([], 0),
    ],
)
def test_a_folder_around_everybody_is_nobody(places, folders):
    assert around([PurePosixPath(place) for place in places], EXERCISES, lambda name: name == "zoe") == folders


@pytest.mark.parametrize(
    ("place", "exercise"),
    [
        ("ada/hw/toy01.ipynb", "toy01"),
        ("ada/toy02_never_moves/final.ipynb", "toy02"),
        ("ada/toy02/toy01.ipynb", "toy01"),
        ("ada/toy01 or toy02.ipynb", None),
        ("ada/toy011.ipynb", None),
        ("ada/mytoy01.ipynb", None),
    ],
)
def test_a_name_may_tell_the_exercise(place, exercise):
    assert exercise_named(PurePosixPath(place), EXERCISES) == exercise


@given(st.text(max_size=30))
def test_a_name_stays_itself(text):
    name = name_of(text)
    assert name_of(name) == name
    assert name == name.strip()
