"""What was handed in: every notebook is found, or it is said why not, and nothing is written anywhere."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from bugkit.classroom import files
from bugkit.classroom.files import files_in
from bugkit.errors import UsageError

ONE = b'{"nbformat": 4}'


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return out.getvalue()


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def places(found: files.SubmittedFiles) -> list[str]:
    return [str(file.place) for file in found.notebooks]


def reasons(found: files.SubmittedFiles) -> dict[str, str]:
    return {str(place): reason for place, reason in found.unread}


def test_a_folder_is_read_in_order_with_what_else_is_in_it(tmp_path):
    for name in ("bob/hw/toy01.ipynb", "ada/hw/toy01.IPYNB", "ada/hw/notes.txt", "ada/data.csv"):
        written(tmp_path / name, ONE)
    os.utime(tmp_path / "bob/hw/toy01.ipynb", (1_700_000_000, 1_700_000_000))
    found = files_in(tmp_path)
    assert places(found) == ["ada/hw/toy01.IPYNB", "bob/hw/toy01.ipynb"]
    assert found.notebooks[1].at == "2023-11-14T22:13:20+00:00"
    assert found.notebooks[0].content == ONE
    assert ([str(place) for place in found.others], found.unread) == (["ada/data.csv", "ada/hw/notes.txt"], [])


def test_a_place_that_is_not_there_is_a_slip_of_the_pen(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        files_in(tmp_path / "nowhere")


def test_zip_files_count_as_folders_wherever_they_are(tmp_path):
    inner = zipped({"deep/toy02.ipynb": b"two"})
    written(tmp_path / "ada.zip", zipped({"toy01.ipynb": b"one", "more.zip": inner}))
    found = files_in(tmp_path)
    assert {str(file.place): file.content for file in found.notebooks} == {
        "ada/toy01.ipynb": b"one",
        "ada/more/deep/toy02.ipynb": b"two",
    }
    whole = files_in(written(tmp_path / "course.zip", zipped({"Ada_1_x/toy01.ipynb": b"one", "bob.zip": inner})))
    assert {str(file.place): file.content for file in whole.notebooks} == {
        "Ada_1_x/toy01.ipynb": b"one",
        "bob/deep/toy02.ipynb": b"two",
    }


def test_the_third_zip_file_in_each_other_is_told(tmp_path):
    third = zipped({"toy01.ipynb": ONE})
    written(tmp_path / "a.zip", zipped({"b.zip": zipped({"c.zip": third})}))
    found = files_in(tmp_path)
    assert (places(found), reasons(found)) == ([], {"a/b/c.zip": "it is a zip file in a zip file in a zip file"})


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("../../mallory/toy01.ipynb", "up/mallory/toy01.ipynb"),
        ("/etc/toy01.ipynb", "up/etc/toy01.ipynb"),
        ("//host/share/toy01.ipynb", "up/host/share/toy01.ipynb"),
        ("..\\..\\bob\\toy01.ipynb", "up/bob/toy01.ipynb"),
        ("a/./b/toy01.ipynb", "up/a/b/toy01.ipynb"),
    ],
)
def test_names_that_lead_out_of_a_zip_file_are_only_names(tmp_path, name, place):
    written(tmp_path / "up.zip", zipped({name: ONE}))
    found = files_in(tmp_path)
    assert places(found) == [place]
    assert found.notebooks[0].content == ONE
    assert [path.name for path in tmp_path.iterdir()] == ["up.zip"]


def test_two_files_of_one_name_in_a_zip_file_are_two(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("toy01.ipynb", b"first")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("toy01.ipynb", b"second")
    written(tmp_path / "ada.zip", out.getvalue())
    assert [file.content for file in files_in(tmp_path).notebooks] == [b"first", b"second"]


@pytest.mark.parametrize(
    "content", [b"", b"no zip file", zipped({"toy01.ipynb": ONE})[:-9], b"PK\x05\x06" + b"\xff" * 18]
)
def test_a_broken_zip_file_is_told(tmp_path, content):
    written(tmp_path / "ada.zip", content)
    written(tmp_path / "bob/toy01.ipynb", ONE)
    found = files_in(tmp_path)
    assert places(found) == ["bob/toy01.ipynb"]
    assert reasons(found)["ada.zip"].startswith("it cannot be read as a zip file (")


def test_damage_inside_a_zip_file_is_an_exception_of_its_one_file(tmp_path):
    whole = zipped({"toy01.ipynb": os.urandom(99) * 50, "toy02.ipynb": ONE})
    damaged = whole[:60] + bytes(byte ^ 0x55 for byte in whole[60:90]) + whole[90:]
    written(tmp_path / "ada.zip", damaged)
    first, second = files_in(tmp_path).notebooks
    with pytest.raises(Exception):  # noqa: B017, PT011 - which one it is depends on where the damage is
        _ = first.content
    assert second.content == ONE


def test_a_zip_bomb_is_not_blown_up(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr(files, "MOST_ZIPPED", 1 << 20)
    bomb = zipped({"toy01.ipynb": bytes(4 << 20)})
    written(tmp_path / "ada.zip", bomb)
    written(tmp_path / "bob.zip", zipped({"inner.zip": bytes(4 << 20)}))
    written(tmp_path / "eve/toy01.ipynb", bytes(2 << 20))
    found = files_in(tmp_path)
    assert "larger than 1 MiB" in reasons(found)["bob/inner.zip"]
    for file in found.notebooks:
        with pytest.raises(OSError, match="larger than 1 MiB"):
            _ = file.content


def test_zip_files_of_too_many_files_cost_only_themselves(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_MEMBERS", 10)
    written(tmp_path / "ada.zip", zipped({f"{number}.txt": b"" for number in range(11)}))
    written(tmp_path / "bob/toy01.ipynb", ONE)
    found = files_in(tmp_path)
    assert "zip files hold 11 files, more than 10" in reasons(found)["ada.zip"]
    assert [str(file.place) for file in found.notebooks] == ["bob/toy01.ipynb"]


def test_files_are_counted_over_zip_files_in_zip_files(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_MEMBERS", 10)
    inner = {f"{name}.zip": zipped({f"toy{number}.ipynb": ONE for number in range(4)}) for name in "abc"}
    written(tmp_path / "all.zip", zipped(inner))
    found = files_in(tmp_path)
    assert len(found.notebooks) == 4
    assert [place for place, why in reasons(found).items() if "more than 10" in why] == ["all/b.zip", "all/c.zip"]


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_may_inflate_at_one_stroke_is_not_unpacked(tmp_path, way):
    written(tmp_path / "bob.zip", zipped({"inner.zip": bytes(64), "toy01.ipynb": bytes(64)}, way))
    found = files_in(tmp_path)
    assert "packed otherwise" in reasons(found)["bob/inner.zip"]
    with pytest.raises(OSError, match="packed otherwise"):
        _ = found.notebooks[0].content


def test_an_archive_is_opened_once_for_all_its_notebooks(tmp_path, monkeypatch):
    written(tmp_path / "all.zip", zipped({f"{number}/toy01.ipynb": ONE for number in range(50)}))
    opened = []
    real = files._Archive
    monkeypatch.setattr(files, "_Archive", lambda file: opened.append(file) or real(file))
    assert {file.content for file in files_in(tmp_path).notebooks} == {ONE}
    assert len(opened) == 1


def test_an_archive_that_is_changed_is_opened_anew(tmp_path):
    written(tmp_path / "all.zip", zipped({"ada/toy01.ipynb": ONE}))
    (file,) = files_in(tmp_path).notebooks
    assert file.content == ONE
    written(tmp_path / "all.zip", zipped({"ada/toy01.ipynb": b"another one"}))
    assert file.content == b"another one"


@pytest.mark.parametrize("date", [(1980, 0, 0, 0, 0, 0), (2026, 2, 31, 0, 0, 0)])
def test_a_time_that_is_none_does_no_harm(tmp_path, date):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("toy01.ipynb")
        info.date_time = date
        archive.writestr(info, ONE)
    written(tmp_path / "ada.zip", out.getvalue())
    assert [file.at for file in files_in(tmp_path).notebooks] == [files.EARLIEST]


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ("2026-03-01 10:00:00.123456 UTC\n", "2026-03-01T10:00:00+00:00"),  # nbgrader's exchange
        ("2026-03-01 10:00:00 UTC", "2026-03-01T10:00:00+00:00"),  # nbgrader's zip_collect
        ("2026-03-01 10:00:00+02:00", "2026-03-01T08:00:00+00:00"),
        ("2026-03-01 10:00:00.5 CET", "2026-03-01T10:00:00+00:00"),  # so nbgrader reads it
        ("2026-03-01 10:00:00 America/New_York", "2026-03-01T10:00:00+00:00"),
        ("2026-03-01 10:00:00", "2026-03-01T10:00:00+00:00"),
        ("0001-01-01 00:00:00+02:00", None),
        ("yesterday", None),
        ("\x00" * 10_000, None),
        ("", None),
    ],
)
def test_nbgrader_tells_when_it_was_handed_in(tmp_path, told, at):
    for place in ("ada/hw/toy01.ipynb", "ada/other/toy02.ipynb"):
        os.utime(written(tmp_path / place, ONE), (1_700_000_000, 1_700_000_000))
    written(tmp_path / "ada/hw/timestamp.txt", told.encode())
    changed = "2023-11-14T22:13:20+00:00"
    found = files_in(tmp_path)
    assert [file.at for file in found.notebooks] == [at or changed, changed]
    assert found.others == []
    assert [str(place) for place, _ in found.unread] == ([] if at else ["ada/hw/timestamp.txt"])


def test_a_time_that_cannot_be_read_is_not_waited_for(tmp_path):
    written(tmp_path / "ada/hw/toy01.ipynb", ONE)
    os.mkfifo(tmp_path / "ada/hw/timestamp.txt")
    assert places(files_in(tmp_path)) == ["ada/hw/toy01.ipynb"]


def test_what_a_browser_named_otherwise_is_told(tmp_path):
    written(tmp_path / "ada/toy01.ipynb.txt", ONE)
    written(tmp_path / "ada/.ipynb_checkpoints/toy01.ipynb.txt", ONE)
    assert reasons(files_in(tmp_path)) == {"ada/toy01.ipynb.txt": "its name does not end in .ipynb"}


def test_an_empty_folder_is_something_that_was_handed_in(tmp_path):
    (tmp_path / "bob" / "hw").mkdir(parents=True)
    assert [place.parts[:2] for place in files_in(tmp_path).others] == [("bob", "hw")]
    assert files_in(tmp_path / "bob" / "hw").others == []


def test_one_notebook_may_be_all(tmp_path):
    path = written(tmp_path / "toy01_ada.ipynb", ONE)
    assert places(files_in(path)) == ["toy01_ada.ipynb"]
    assert files_in(path).notebooks[0].content == ONE


@pytest.mark.parametrize("name", ["notes.txt", "grades.db", "broken.zip"])
def test_what_holds_no_submissions_is_a_slip_of_the_pen(tmp_path, name):
    with pytest.raises(UsageError, match="neither a folder nor a zip file"):
        files_in(written(tmp_path / name, ONE))


def test_links_are_not_followed(tmp_path):
    secret = written(tmp_path / "outside/toy01.ipynb", b"secret")
    folder = tmp_path / "class"
    written(folder / "bob/toy01.ipynb", ONE)
    (folder / "ada").mkdir()
    (folder / "ada/toy01.ipynb").symlink_to(secret)
    (folder / "eve").symlink_to(secret.parent)
    info = zipfile.ZipInfo("toy01.ipynb")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(folder / "mallory.zip", "w") as archive:
        archive.writestr(info, str(secret))
    found = files_in(folder)
    assert places(found) == ["bob/toy01.ipynb"]
    assert set(reasons(found)) == {"ada/toy01.ipynb", "eve", "mallory/toy01.ipynb"}
    assert set(reasons(found).values()) == {"it is a symbolic link"}


def swapped_for_link(folder, secret):
    (folder / "ada").rename(folder / "mine")
    (folder / "ada").symlink_to(secret, target_is_directory=True)


def swapped_for_pipe(folder, _secret):
    for path in (folder / "ada").iterdir():
        path.unlink()
        os.mkfifo(path)


def swapped_for_links(folder, secret):
    for path in (folder / "ada").iterdir():
        path.unlink()
        path.symlink_to(secret / path.name)


@pytest.mark.parametrize("swapped", [swapped_for_link, swapped_for_pipe, swapped_for_links])
def test_what_is_exchanged_after_the_listing_is_not_read(tmp_path, swapped):
    folder, secret = tmp_path / "class", tmp_path / "solutions"
    for place in (folder / "ada", secret):
        written(place / "toy01.ipynb", ONE)
        written(place / "more.zip", zipped({"toy02.ipynb": ONE}))
    found = files_in(folder).notebooks
    files._opened.cache_clear()
    assert len(found) == 2
    swapped(folder, secret)
    for file in found:
        with pytest.raises(OSError, match=r"symbolic|not a regular file|[Nn]ot a directory"):
            _ = file.content


def test_what_other_programs_leave_is_passed_over_and_what_is_hidden_is_told(tmp_path):
    for name in ("ada/.ipynb_checkpoints/toy01-checkpoint.ipynb", "ada/._toy01.ipynb", "__MACOSX/ada/toy01.ipynb"):
        written(tmp_path / name, ONE)
    written(tmp_path / "ada/.hidden/toy01.ipynb", ONE)
    written(tmp_path / ".bob/toy01.ipynb", ONE)
    found = files_in(tmp_path)
    assert (places(found), found.copies, found.others) == ([], 3, [])
    assert set(reasons(found)) == {"ada/.hidden/toy01.ipynb", ".bob/toy01.ipynb"}


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "ada.zip")
    os.mkfifo(tmp_path / "bob.ipynb")
    (tmp_path / "eve.ipynb").mkdir()
    found = files_in(tmp_path)
    assert "not a regular file" in reasons(found)["ada.zip"]
    (bob,) = found.notebooks
    with pytest.raises(OSError, match="not a regular file"):
        _ = bob.content


def test_names_that_no_database_can_hold_are_written_otherwise(tmp_path):
    written(tmp_path / os.fsdecode(b"ad\xff") / "toy01.ipynb", ONE)
    (found,) = files_in(tmp_path).notebooks
    assert found.place == PurePosixPath("ad\\udcff/toy01.ipynb")
    assert found.content == ONE


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_told(tmp_path):
    written(tmp_path / "ada/toy01.ipynb", ONE)
    (tmp_path / "ada").chmod(0)
    try:
        assert list(reasons(files_in(tmp_path))) == ["ada"]
    finally:
        (tmp_path / "ada").chmod(0o700)


@pytest.mark.parametrize("nested", [False, True])
def test_nbgraders_time_is_read_in_zip_files_too(tmp_path, nested):
    members = {
        "ada/hw/toy01.ipynb": ONE,
        "ada/hw/timestamp.txt": b"2026-03-01 12:00:00.000000 UTC",
        "bob/hw/toy01.ipynb": ONE,
        "bob/hw/timestamp.txt": b"yesterday",
    }
    inner = zipped(members)
    written(tmp_path / "all.zip", zipped({"inner.zip": inner}) if nested else inner)
    found = files_in(tmp_path / "all.zip")
    at = {file.place.parts[-3]: file.at for file in found.notebooks}
    assert at["ada"] == "2026-03-01T12:00:00+00:00"
    assert at["bob"] != at["ada"]
    assert [why for place, why in reasons(found).items() if "bob" in place] == [
        "it tells no time; for its notebooks, when they were last saved is taken"
    ]
    assert found.others == []
