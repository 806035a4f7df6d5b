"""Manifests are strict and say what they want; exercises are found by a unique beginning."""

from __future__ import annotations

from pathlib import Path

import pytest

from bugkit.errors import ManifestError, UsageError
from bugkit.exercise import Catalog
from bugkit.exercise.catalog import installed, locate
from bugkit.exercise.manifest import Bugs, Manifest, load

MANIFEST = """
format_version = 1
title = "Stuck"
track = "classics"
difficulty = 1
minutes = 10
concepts = ["logits"]
[run]
max_steps = 1000
names = ["model"]
[converge]
measure = "heldout_loss"
unit = "nats"
below = 0.8
[[hint]]
text = "one"
[[hint]]
text = "two"
[[hint]]
text = "three"
"""
BUGS = """
[[bug]]
id = "softmax-twice"
symptom = "floor"
cell = "model"
find = "a"
replace = "b"
why = "because"
also = [{ cell = "loss", find = "c", replace = "d" }]
"""
FOLDERS = ["aa01_first_things", "aa02_second_things", "aa10_last_words"]


def manifest(folder: Path, text: str) -> Manifest:
    path = folder / "exercise.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, Manifest)


def evidence(folder: Path, text: str, record: type[Manifest] | type[Bugs] = Manifest) -> str:
    """The one line of evidence that a broken manifest gives; the file is always named."""
    path = folder / "exercise.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        load(path, record)
    assert caught.value.what.startswith(f"{path}: ")
    assert len(caught.value.evidence) == 1
    return caught.value.evidence[0]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    for folder in FOLDERS:
        (tmp_path / "exercises" / folder).mkdir(parents=True)
        (tmp_path / "exercises" / folder / "exercise.toml").write_text(MANIFEST, encoding="utf-8")
    (tmp_path / "exercises" / "notes.txt").write_text("no exercise")
    (tmp_path / "exercises" / "Drafts").mkdir()
    return Catalog(tmp_path)


def test_a_short_manifest_has_sensible_limits(tmp_path: Path) -> None:
    found = manifest(tmp_path, MANIFEST)
    assert (found.run.seeds, found.run.seconds, found.run.memory_mib) == ([0, 1, 2], 60, 4096)
    assert (found.run.arrays, found.run.data) == ("torch", None)
    assert (found.converge.above, found.converge.at_start) == (0.0, None)
    assert [hint.text for hint in found.hint] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("loss", "inside"), [(0.0, True), (0.79, True), (0.8, False), (-0.1, False), (float("nan"), False), (None, False)]
)
def test_the_band_has_two_sides(tmp_path: Path, loss: float | None, inside: bool) -> None:
    assert manifest(tmp_path, MANIFEST).converge.holds(loss) is inside


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("max_steps", "max_step", "run.max_step: unknown key; the nearest known key is 'max_steps'"),
        ("title", "titel", "titel: unknown key; the nearest known key is 'title'"),
        ("below", "belov", "converge.belov: unknown key; the nearest known key is 'below'"),
    ],
)
def test_an_unknown_key_names_the_nearest_known_one(tmp_path: Path, old: str, new: str, wanted: str) -> None:
    with pytest.raises(ManifestError) as caught:
        manifest(tmp_path, MANIFEST.replace(old, new, 1))
    missing = wanted.partition(":")[0].replace(new, old)
    assert set(caught.value.evidence) == {wanted, f"{missing}: missing; it is required"}


def test_an_unknown_key_in_a_list_is_named_with_its_place(tmp_path: Path) -> None:
    text = MANIFEST.replace('text = "two"', 'text = "two"\ntexts = "more"')
    assert evidence(tmp_path, text) == "hint[2].texts: unknown key; the nearest known key is 'text'"


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("difficulty = 1", "difficulty = 6", "difficulty: found 6, expected less than or equal to 5"),
        ("difficulty = 1", 'difficulty = "1"', "difficulty: found '1', expected a whole number"),
        ("minutes = 10", "minutes = 0", "minutes: found 0, expected greater than 0"),
        ("format_version = 1", "format_version = 2", "format_version: found 2, expected 1"),
        ("[run]", '[run]\narrays = "jax"', "run.arrays: found 'jax', expected 'torch' or 'numpy'"),
        ("[run]", "[run]\nseeds = [0, true]", "run.seeds[2]: found True, expected a whole number"),
        ("[run]", "[run]\nmemory_mib = 1", "run.memory_mib: found 1, expected greater than or equal to 512"),
        ('["model"]', '["my model"]', "run.names[1]: found 'my model', expected"),
        ("below = 0.8", "below = -1", "converge: above = 0 is not less than below = -1"),
        ("below = 0.8", "below = nan", "converge: above = 0 is not less than below = nan"),
        ('text = "one"', 'text = ""', "hint[1].text: found 0 letters, expected at least 1"),
    ],
)
def test_a_wrong_value_says_key_found_and_wanted(tmp_path: Path, old: str, new: str, wanted: str) -> None:
    assert evidence(tmp_path, MANIFEST.replace(old, new, 1)).startswith(wanted)


def test_two_hints_are_too_few(tmp_path: Path) -> None:
    assert evidence(tmp_path, MANIFEST.replace('[[hint]]\ntext = "three"', "")).startswith("hint: found ")


@pytest.mark.parametrize(
    "content",
    [b"title = ", b"\xff\xfe", b"a = 1\na = 2", b"a = " + b"9" * 5000, b"a = " + b"[" * 100_000],
    ids=["cut off", "not UTF-8", "a key twice", "an endless number", "nested without end"],
)
def test_what_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "exercise.toml").write_bytes(content)
    with pytest.raises(ManifestError, match="this is not TOML"):
        load(tmp_path / "exercise.toml", Manifest)


def test_a_file_that_is_not_there_or_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="there is no such file"):
        load(tmp_path / "exercise.toml", Manifest)
    with pytest.raises(ManifestError, match="cannot be read"):
        load(tmp_path, Manifest)


def test_a_bug_may_have_further_edits(tmp_path: Path) -> None:
    (tmp_path / "bugs.toml").write_text(BUGS)
    (bug,) = load(tmp_path / "bugs.toml", Bugs).bug
    assert [(edit.cell, edit.find, edit.replace) for edit in bug.edits] == [("model", "a", "b"), ("loss", "c", "d")]


def test_an_id_is_used_once(tmp_path: Path) -> None:
    twice = BUGS + BUGS.replace("[[bug]]", "[[wrong_fix]]").replace('symptom = "floor"\n', "")
    assert evidence(tmp_path, twice, Bugs) == "id 'softmax-twice' is used twice"


def test_an_unknown_key_of_a_further_edit_is_named(tmp_path: Path) -> None:
    text = BUGS.replace('replace = "d"', 'replace = "d", replaces = "e"')
    assert evidence(tmp_path, text, Bugs) == "bug[1].also[1].replaces: unknown key; the nearest known key is 'replace'"


def test_the_catalog_holds_the_exercises_in_order_and_nothing_else(catalog: Catalog) -> None:
    assert [exercise.folder for exercise in catalog] == FOLDERS
    assert [exercise.id for exercise in catalog] == ["aa01", "aa02", "aa10"]


@pytest.mark.parametrize("name", ["aa02", "aa02_second_things", "aa02_s"])
def test_an_exercise_is_found_by_a_unique_beginning(catalog: Catalog, name: str) -> None:
    assert catalog.find(name).folder == "aa02_second_things"


def test_a_beginning_that_fits_several_names_them(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="'aa0' fits 2 exercises") as caught:
        catalog.find("aa0")
    assert caught.value.evidence == tuple(FOLDERS[:2])


def test_an_exact_id_wins_over_longer_ones(catalog: Catalog) -> None:
    (catalog.root / "exercises" / "aa1_short").mkdir()
    assert Catalog(catalog.root).find("aa1").folder == "aa1_short"


@pytest.mark.parametrize("name", ["aa2", "AA02", "second_things", "aa02_second_thing_"])
def test_a_name_that_is_nearly_right_is_answered_with_near_names(catalog: Catalog, name: str) -> None:
    with pytest.raises(UsageError, match="there is no exercise") as caught:
        catalog.find(name)
    assert "aa02_second_things" in caught.value.evidence[0]
    assert caught.value.next_command == "bugkit list"


def test_a_name_like_no_other_is_answered_without_guesses(catalog: Catalog) -> None:
    with pytest.raises(UsageError) as caught:
        catalog.find("zzz")
    assert caught.value.evidence == ()


def test_a_catalog_without_solutions_works(catalog: Catalog) -> None:
    exercise = catalog.find("aa01")
    assert not exercise.has_solution
    assert exercise.manifest.title == "Stuck"
    with pytest.raises(ManifestError, match="there is no such file"):
        _ = exercise.bugs


@pytest.mark.usefixtures("catalog")
def test_a_catalog_is_found_from_below_and_by_name(tmp_path: Path) -> None:
    assert locate(tmp_path / "exercises" / FOLDERS[0]).root == tmp_path
    assert locate(Path("/"), [tmp_path]).root == tmp_path.resolve()
    assert list(locate(Path("/"))) == list(installed())
    together = locate(Path("/"), [Path("installed"), tmp_path])
    assert list(together) == [*installed(), *Catalog(tmp_path)]
    assert together.find(Catalog(tmp_path).exercises[0].id).path.is_relative_to(tmp_path)


def test_a_folder_that_is_no_catalog_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no catalog"):
        locate(tmp_path, [tmp_path])


def test_the_heading_is_that_of_the_manifest(tmp_path):
    (exercise,) = catalog_of(tmp_path, MANIFEST)
    heading = exercise.heading
    assert (heading.title, heading.track, heading.difficulty, heading.minutes) == ("Stuck", "classics", 1, 10)
    assert heading.concepts == exercise.manifest.concepts


def test_a_manifest_that_is_wrong_below_its_heading_is_still_listed(tmp_path):
    (exercise,) = catalog_of(tmp_path, MANIFEST.replace("max_steps = 1000", "max_steps = 'many'"))
    assert exercise.heading.title == "Stuck"
    with pytest.raises(ManifestError):
        _ = exercise.manifest


@pytest.mark.parametrize("wrong", ['title = "Stuck"', "difficulty = 1", 'concepts = ["logits"]'])
@pytest.mark.parametrize("instead", ["", "{key} = [[1]]", "{key} = true", "{key} = "])
def test_a_wrong_heading_says_what_is_wrong(tmp_path, wrong, instead):
    key = wrong.partition(" ")[0]
    (exercise,) = catalog_of(tmp_path, MANIFEST.replace(wrong, instead.format(key=key), 1))
    with pytest.raises(ManifestError):
        _ = exercise.heading


def catalog_of(folder: Path, text: str) -> Catalog:
    """A catalog of one exercise with this manifest."""
    place = folder / "exercises" / "aa01_first_things"
    place.mkdir(parents=True)
    (place / "exercise.toml").write_text(text, encoding="utf-8")
    return Catalog(folder)
