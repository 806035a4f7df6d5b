"""An own exercise for each student: equal, known again, and never somebody else's."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from bugkit.classroom.fresh import LEDGER, Ledger, assigned, columns, read_ledger
from bugkit.classroom.identity import Person
from bugkit.classroom.naming import file_name
from bugkit.classroom.release import release_fresh
from bugkit.cli.app import run
from bugkit.errors import UsageError
from bugkit.fresh.desk import restored
from bugkit.fresh.evidence import matrix
from bugkit.notebook import read
from bugkit.notebook.files import write_notebook

KINDS = Counter(one.recipe.bugs[0][0] for one in matrix().alone)
COMMON = [kind for kind, _ in KINDS.most_common(2)]
CLASS = [Person(name, name, email=f"{name}@x.org") for name in ("Ada", "Bob", "Cid", "Dee")]


@pytest.fixture
def ledger() -> Ledger:
    return assigned(CLASS, COMMON, 2, seed=4)


def hand_in(out: Path, subs: Path, ledger: Ledger, person: str, task: str, *, of: str = "", right: bool = False) -> str:
    """Hand in somebody's notebook for a task: their own, or one of another; as it is, or solved."""
    code = ledger.codes[of or person][task]
    document = json.loads((out / "people" / file_name(of or person) / "fresh" / code / f"{code}.ipynb").read_text())
    if right:
        solution = read(restored(code, out).solution)
        for cell in document["cells"]:
            same = solution.cell(cell["id"])
            cell["source"] = same.source.splitlines(keepends=True) if same else cell["source"]
    write_notebook(subs / person / f"{code}.ipynb", document)
    return code


def test_everybody_has_an_equal_exercise_and_neighbors_another_one(ledger: Ledger) -> None:
    known = matrix().by_code()
    for task in ledger.tasks:
        codes = [ledger.codes[one.id][task.id] for one in CLASS]
        proofs = [known[code] for code in codes]
        assert {one.recipe.bugs[0][0] for one in proofs} == {task.kind}
        assert {one.is_loud for one in proofs} == {task.is_loud}
        assert {restored(code, Path()).manifest.difficulty for code in codes} == {task.difficulty}
        assert all(one != other for one, other in pairwise(codes))


def test_the_same_seed_gives_the_same_and_no_kind_comes_twice_by_itself(ledger: Ledger) -> None:
    assert assigned(CLASS, COMMON, 2, seed=4) == ledger
    free = assigned(CLASS, [], 3, seed=1)
    assert len({task.kind for task in free.tasks}) == 3


def test_a_title_does_not_tell_the_kind(ledger: Ledger, tmp_path: Path) -> None:
    release_fresh(tmp_path / "out", ledger)
    texts = [path.read_text() for path in (tmp_path / "out" / "people").rglob("*") if path.is_file()]
    assert not any(task.kind in text for task in ledger.tasks for text in texts)
    assert not any(task.kind in task.title for task in ledger.tasks)


def test_what_there_is_not_enough_of_is_told() -> None:
    rare = min(KINDS, key=lambda kind: KINDS[kind])
    with pytest.raises(UsageError):
        assigned(CLASS, [rare] if KINDS[rare] < 3 else ["no-such-kind"], 1, seed=0)
    with pytest.raises(UsageError, match="nobody"):
        assigned([], COMMON, 1, seed=0)


@pytest.mark.parametrize("text", ["", "[]", '{"format": 9}', '{"format": 1, "tasks": [{}], "people": [], "codes": {}}'])
def test_a_file_that_does_not_say_who_has_which(tmp_path: Path, text: str) -> None:
    (tmp_path / LEDGER).write_text(text)
    with pytest.raises(UsageError):
        read_ledger(tmp_path / LEDGER)


def test_the_ledger_is_read_as_it_was_written(ledger: Ledger, tmp_path: Path) -> None:
    release_fresh(tmp_path / "out", ledger)
    again = read_ledger(tmp_path / "out" / LEDGER)
    assert (again.tasks, again.codes) == (ledger.tasks, ledger.codes)
    assert [one.id for one in again.people] == [one.id for one in CLASS]
    with pytest.raises(UsageError):
        release_fresh(tmp_path / "out", ledger)


def test_a_column_knows_each_ones_own_exercise(ledger: Ledger, tmp_path: Path) -> None:
    for column in columns(ledger, tmp_path):
        for person in CLASS:
            own = column.of(person.id)
            assert own
            assert own.id == ledger.codes[person.id][column.id]
        assert column.of("nobody") is None
        assert column.heading.title == column.task.title


def test_a_class_from_release_to_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "roster.csv").write_text("name\n" + "".join(f"{one.name}\n" for one in CLASS))
    kinds = ",".join(COMMON)
    assert run(["class", "release", "out", "--fresh", "--roster", "roster.csv", "--kinds", kinds, "--seed", "4"]) == 0
    ledger, subs = read_ledger(Path("out") / LEDGER), Path("subs")
    hand_in(Path("out"), subs, ledger, "Ada", "fresh1", right=True)
    hand_in(Path("out"), subs, ledger, "Bob", "fresh1")
    taken = hand_in(Path("out"), subs, ledger, "Cid", "fresh1", of="Bob", right=True)
    assert run(["class", "grade", "subs", "--assigned", f"out/{LEDGER}", "--seeds", "1"]) == 1  # somebody is to decide
    assert run(["class", "export", "grades.csv"]) == 0
    rows = {
        (row["person"], row["exercise"]): row for row in csv.DictReader(io.StringIO(Path("grades.csv").read_text()))
    }
    assert set(rows) == {(one.id, task) for one in CLASS for task in ("fresh1", "fresh2")}
    outcomes = {person: rows[person, "fresh1"]["outcome"] for person in ("Ada", "Bob", "Cid", "Dee")}
    assert outcomes == {"Ada": "passed", "Bob": "failed", "Cid": "", "Dee": ""}
    assert rows["Cid", "fresh1"]["state"] == "nothing handed in"
    assert run(["class", "report", "report"]) == 0
    page = Path("report/index.html").read_text()
    assert f"it is the exercise of Bob; that of Cid is {ledger.codes['Cid']['fresh1']}" in page
    assert taken not in Path("report/people", f"{file_name('Cid')}.html").read_text()
    assert "no catalog here has it" not in page


@pytest.mark.parametrize(
    "words",
    [["--fresh"], ["--fresh", "--roster", "r.csv", "--exercises", "ex01"], ["--kinds", "x"], ["--count", "2"]],
)
def test_what_does_not_go_together_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.csv").write_text("Ada\n")
    assert run(["class", "release", "out", *words]) == 2
    assert "next: " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
