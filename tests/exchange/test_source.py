"""A roster comes as a folder or a zip; a bad zip is refused before anything is read from it."""

import struct
import zipfile
from pathlib import Path

import pytest

from app.errors import Invalid
from app.exchange.roster.source import load_files

WANTED = {"users.csv", "orgs.csv"}


def a_zip(path: Path, *members: tuple[str, str], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def test_a_folder_and_its_zip_say_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "roster"
    folder.mkdir()
    (folder / "Users.CSV").write_text("a\n1\n")
    (folder / "enrollments.csv").write_text("not wanted")
    zipped = a_zip(tmp_path / "r.zip", ("users.csv", "a\n1\n"), ("enrollments.csv", "not wanted"))
    assert load_files(folder, WANTED) == load_files(zipped, WANTED) == {"users.csv": b"a\n1\n"}


def test_files_may_stand_in_a_folder_of_the_zip_beside_what_a_mac_adds(tmp_path: Path) -> None:
    zipped = a_zip(
        tmp_path / "r.zip",
        ("export/", ""),
        ("export/users.csv", "a\n"),
        ("__MACOSX/export/._users.csv", "x"),
        ("export/.DS_Store", "x"),
    )
    assert load_files(zipped, WANTED) == {"users.csv": b"a\n"}


@pytest.mark.parametrize(
    "name",
    ["../users.csv", "/etc/users.csv", "a/../../users.csv", "..\\users.csv", "C:\\users.csv"],
)
def test_a_zip_that_leads_outside_itself_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Invalid, match="leads outside"):
        load_files(a_zip(tmp_path / "r.zip", (name, "a\n")), WANTED)


def test_a_zip_with_a_link_in_it_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("users.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "r.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(Invalid, match="holds a link"):
        load_files(tmp_path / "r.zip", WANTED)


def test_a_file_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    zipped = a_zip(tmp_path / "r.zip", ("a/users.csv", "a\n"), ("b/users.csv", "b\n"))
    with pytest.raises(Invalid, match=r"users\.csv: is there twice"):
        load_files(zipped, WANTED)


def test_a_zip_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    whole = a_zip(tmp_path / "r.zip", ("users.csv", "a\n" * 500)).read_bytes()
    cut = tmp_path / "cut.zip"
    for length in range(0, len(whole), 7):
        cut.write_bytes(whole[:length])
        with pytest.raises(Invalid, match="damaged"):
            load_files(cut, WANTED)


def test_a_zip_with_a_changed_byte_is_refused_or_whole(tmp_path: Path) -> None:
    whole = a_zip(tmp_path / "r.zip", ("users.csv", "a\n" * 500)).read_bytes()
    changed = tmp_path / "changed.zip"
    for place in range(len(whole)):
        changed.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            files = load_files(changed, WANTED)
        except Invalid:
            continue
        assert files in ({}, {"users.csv": b"a\n" * 500})


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    content = bytearray(a_zip(tmp_path / "r.zip", ("users.csv", "a\n")).read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", content, content.index(signature) + flags, 1)
    (tmp_path / "r.zip").write_bytes(content)
    with pytest.raises(Invalid, match="encrypted"):
        load_files(tmp_path / "r.zip", WANTED)


def test_a_zip_bomb_is_refused_after_what_fits(tmp_path: Path) -> None:
    bomb = a_zip(tmp_path / "r.zip", ("users.csv", "0" * 10_000_000))
    assert bomb.stat().st_size < 20_000
    with pytest.raises(Invalid, match="too large"):
        load_files(bomb, WANTED, most_bytes=1_000_000)


def test_several_files_count_together(tmp_path: Path) -> None:
    files = ("users.csv", "0" * 600), ("orgs.csv", "0" * 600)
    zipped = a_zip(tmp_path / "r.zip", *files)
    for name, content in files:
        (tmp_path / name).write_text(content)
    for path in (zipped, tmp_path):
        assert len(load_files(path, WANTED, most_bytes=1_200)) == 2
        with pytest.raises(Invalid, match="too large"):
            load_files(path, WANTED, most_bytes=1_199)


def test_what_is_not_there_and_what_is_no_zip_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"nothing\.zip: there is no such"):
        load_files(tmp_path / "nothing.zip", WANTED)
    (tmp_path / "users.csv").write_text("a\n")
    with pytest.raises(Invalid, match=r"users\.csv: the zip is damaged"):
        load_files(tmp_path / "users.csv", WANTED)
