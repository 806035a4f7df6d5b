"""Who is who: rosters of every system are read by their headers, and nobody becomes somebody else."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.identity import AmbiguousError, Person, Register, display, folded
from bugkit.classroom.ownership import namesakes, owner_of, told_apart
from bugkit.classroom.roster import read_roster
from bugkit.cli.app import run
from bugkit.errors import UsageError

EXERCISES = ["toy01", "toy02"]
ADA = Person("ada@x", "Ada Müller", email="ada@x", number="77", server="1234", section="Lab 1")
CANVAS = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,toy01 Too big (98765),Final Score\n"
    ",,,,,Manual Posting,\n"
    "    Points Possible,,,,,20,(read only)\n"
    '"Müller, Anna",101,77001,amueller,"Lab 1",,\n'
    '"O\'Neil, Bob",102,77002,boneil,"Lab 1 and Lab 2",,\n'
    '"Student, Test",999,,,"Lab 1",,\n'
)
MOODLE = (
    '"First name","Last name","ID number","Email address",Groups,"Assignment: toy01 (Real)"\n'
    "Anna,Müller,77001,anna@uni.example,Lab 1,-\n"
    "Bob,O'Neil,77002,bob@uni.example,Lab 2,-\n"
)
WORKSHEET = (
    'Identifier,"Full name","Email address",Status,Grade\n'
    '"Participant 1234567","Anna Müller",anna@uni.example,Submitted,-\n'
    '"Participant 1234568","Anna Müller",anna2@uni.example,Submitted,-\n'
)
BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Last Access"\t"toy01 [Total Pts: 10 Score] |4711"\n'
    '"Müller"\t"Anna"\t"amueller"\t"77001"\t"2026-01-02"\t""\n'
)
GRADESCOPE = "First Name,Last Name,SID,Email,Role,Sections\nAnna,Müller,77001,anna@uni.example,Student,Lab 1\n"
GERMAN = "Nachname;Vorname\nName;E-Mail\n"


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "roster.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("text", "encoding", "system", "told"),
    [
        (CANVAS, "utf-8", "canvas", ("Anna Müller", "", "77001", "amueller", "101", "Lab 1")),
        (MOODLE, "utf-8", "moodle", ("Anna Müller", "anna@uni.example", "77001", "", "", "Lab 1")),
        (WORKSHEET, "utf-8", "moodle", ("Anna Müller", "anna@uni.example", "", "", "1234567", "")),
        (BLACKBOARD, "utf-16", "blackboard", ("Anna Müller", "", "77001", "amueller", "", "")),
        (GRADESCOPE, "utf-8", "csv", ("Anna Müller", "anna@uni.example", "77001", "", "", "Lab 1")),
        ("name;email;section\nAnna Müller;a@x;1\n", "utf-8-sig", "csv", ("Anna Müller", "a@x", "", "", "", "1")),
        ('"Müller, Anna"\n', "utf-8", "csv", ("Anna Müller", "", "", "", "", "")),
        ("Anna Müller,a@x\n", "utf-8", "csv", ("Anna Müller", "a@x", "", "", "", "")),
        ("username\namueller\n", "utf-8", "csv", ("amueller", "", "", "amueller", "", "")),
    ],
    ids=["canvas", "moodle", "worksheet", "blackboard", "gradescope", "semicolons", "quoted", "bare", "logins"],
)
def test_a_roster_is_read_by_its_headers(tmp_path, text, encoding, system, told):
    roster = read_roster(written(tmp_path, text, encoding), EXERCISES)
    first = roster.people[0]
    assert (first.name, first.email, first.number, first.login, first.server, first.section) == told
    assert roster.system == system
    assert not any("Points" in one.name or "Test" in one.name for one in roster.people)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (CANVAS, ("toy01 Too big (98765)", 20.0)),
        (MOODLE, ("Assignment: toy01 (Real)", None)),
        (BLACKBOARD, ("toy01 [Total Pts: 10 Score] |4711", 10.0)),
    ],
)
def test_the_columns_of_exercises_are_known_with_their_points(tmp_path, text, column):
    assert dict(read_roster(written(tmp_path, text), EXERCISES).columns) == {"toy01": column}


def test_a_list_of_names_may_begin_with_sid(tmp_path):
    assert [one.name for one in read_roster(written(tmp_path, "Sid\nNancy\n")).people] == ["Sid", "Nancy"]


@pytest.mark.parametrize("content", [b"\xff\xfe\xff", b"ada\xff\n", b"ada\nb\x07b\n"])
def test_a_roster_that_is_none_says_what_is_wanted(tmp_path, content):
    (tmp_path / "roster").write_bytes(content)
    with pytest.raises(UsageError) as error:
        read_roster(tmp_path / "roster")
    assert "expected: a CSV file" in str(error.value)


# files and rows against the people who are known


def owners(*places: str):
    found = [owner_of(PurePosixPath(place), EXERCISES) for place in places]
    return [(owner, told_apart(owner, namesakes(found)) if owner.name in namesakes(found) else "") for owner in found]


def ids(register: Register, *places: str) -> list[str]:
    return [register.owner(*one).id for one in owners(*places)]


@pytest.mark.parametrize(
    "place",
    [
        "Ada Müller_55_assignsubmission_file_/toy01.ipynb",
        "ada  mu\u0308ller/toy01.ipynb",
        "ADA MÜLLER/toy01.ipynb",
        "mullerada_1234_88_toy01.ipynb",
        "ada@x/toy01.ipynb",
        "77/toy01.ipynb",
    ],
)
def test_a_file_finds_who_is_on_the_roster(place):
    assert ids(Register([ADA, Person("bob", "Bob")]), place) == ["ada@x"]


def test_a_servers_number_tells_people_of_one_name_apart_for_ever():
    register = Register()
    assert ids(register, "jo_12_1_toy01.ipynb", "jo_13_2_toy01.ipynb") == ["jo (12)", "jo (13)"]
    assert ids(register, "jo_13_9_toy02.ipynb") == ["jo (13)"], "the next assignment, alone in it"
    assert ids(register, "jo_14_9_toy02.ipynb") == ["jo"], "somebody else"


def test_moodles_numbers_are_of_one_assignment():
    register = Register()
    first = "Ada L_1_assignsubmission_file_/toy01.ipynb"
    second = "Ada L_2_assignsubmission_file_/toy02.ipynb"
    assert ids(register, first) == ids(register, second) == ["Ada L"]


def test_where_several_have_the_name_nobody_is_guessed():
    register = Register([Person("a1", "Ada", number="1"), Person("a2", "Ada", number="2")])
    ((owner, apart),) = owners("Ada/toy01.ipynb")
    with pytest.raises(AmbiguousError):
        register.owner(owner, apart)
    with pytest.raises(UsageError, match="2 people are called ada"):
        register.named("ada")
    assert register.named("2").id == "a2"


def test_a_rosters_row_is_matched_by_numbers_then_by_name():
    register = Register([Person("lovelaceada", "lovelaceada", server="1234"), Person("Bob  Hall", "Bob  Hall")])
    row = Person("ada", "Ada Lovelace", server="1234", email="ada@x", login="ada")
    assert register.enrol(row).id == "lovelaceada"
    assert register["lovelaceada"].name == "Ada Lovelace"
    assert register.enrol(Person("bh", "bob hall", number="9")).id == "Bob  Hall"
    assert register.enrol(Person("bh", "Bob Hall", number="10")).id == "bh", "another number, another person"
    assert len(list(register)) == 3


def test_names_are_shown_with_ids_only_where_several_have_them():
    people = [Person("a1", "Ada"), Person("a2", "ada"), Person("bob", "Bob")]
    assert display(people) == {"a1": "Ada (a1)", "a2": "ada (a2)", "bob": "Bob"}
    assert folded("Müller,  Anna") == folded("anna mu\u0308ller")


# the command


@pytest.fixture
def people(toys, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def command(*words: object) -> tuple[int, str, str]:
        code = run(["--catalog", str(toys.catalog.root), "class", "people", *map(str, words)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def test_people_are_enrolled_listed_renamed_removed_and_brought_back(people, tmp_path):
    code, out, _ = people("enrol", written(tmp_path, CANVAS))
    assert (code, out) == (0, "2 people on the roster, 2 of them new\n")
    assert people("enrol", written(tmp_path, CANVAS))[1] == "2 people on the roster, 0 of them new\n"
    assert people("rename", "amueller", "Anna M.")[0] == 0
    code, out, _ = people()
    assert "amueller  Anna M.  77001  Lab 1  nothing handed in" in out
    assert people("remove", "77002")[0] == 0
    assert "boneil" not in people()[1]
    people("enrol", written(tmp_path, CANVAS))
    assert "boneil" in people("--missing")[1]
    assert people("rename", "nobody", "X")[0] == 2


def test_two_who_are_one_are_merged_and_nothing_is_lost(people, tmp_path):
    from bugkit.classroom.grades import Graded, Submission

    with Gradebook(str(tmp_path / "gradebook.db")) as book:
        for person, digest in (("ada", "d1"), ("Ada L", "d2")):
            book.hand_in(
                Submission(person, "toy01", digest, f"{person}/x.ipynb", f"2026-01-0{digest[1]}T00:00:00+00:00")
            )
            book.add(Graded(person, "toy01", digest, "key", "{}", "passed", 1.0, 1.0))
    assert people("merge", "Ada L", "Ada L")[0] == 2
    code, out, _ = people("merge", "Ada L", "ada")
    assert (code, out.startswith("Ada L is ada from now on")) == (0, True)
    with Gradebook(str(tmp_path / "gradebook.db")) as book:
        (grade,) = book.grades()
        assert (grade.submission.person, grade.submission.digest, grade.attempts) == ("ada", "d2", 2)
        assert [one.digest for one in book.history("ada", "toy01")] == ["d1", "d2"]
        ((owner, _),) = owners("Ada L/toy01.ipynb")
        assert book.register().owner(owner).id == "ada"
