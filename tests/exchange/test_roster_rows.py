"""A bad row is named by file, line and column; it costs only itself, and retires nobody."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.directory.models import Contact, Destination, Guardianship, Link, Student
from app.errors import Invalid
from app.exchange.roster import RosterReport
from app.exchange.roster.report import Code, Noun, Outcome
from app.vocabulary import DestinationKind, LineType, Rights
from tests.exchange.files import Sis
from tests.exchange.rosters import a_town, write_folder
from tests.world import World

A_MEGABYTE = "x" * 1_000_000


@pytest.fixture
def sis(world: World, tmp_path: Path) -> Sis:
    return Sis(world, tmp_path / "roster")


def problems(report: RosterReport) -> list[tuple[str, int, str | None, str]]:
    return [
        (error["file"], error["line"], error["column"], error["code"])
        for error in report.as_json()["errors"]
    ]


def standing(sis: Sis, column: Any) -> set[Any]:
    """A column of all rows that are not retired."""
    with sis.world.database.read(sis.world.service) as db:
        table = column.class_
        return set(db.session.scalars(sa.select(column).where(table.retired_at.is_(None))))


def contact(sis: Sis, source_id: str = "c-1") -> Contact:
    with sis.world.database.read(sis.world.service) as db:
        return db.session.scalars(sa.select(Contact).where(Contact.source_id == source_id)).one()


BAD_ROWS = [
    # file, the bad line, line, column, code
    ("contacts.csv", "", 6, None, None),
    ("contacts.csv", ",Ned,Flanders,en", 5, "source_id", Code.MISSING),
    ("contacts.csv", "c-9,,,en", 5, "given_name", Code.MISSING),
    ("contacts.csv", "c-1,Twice,Simpson,en", 5, "source_id", Code.DUPLICATE),
    ("contacts.csv", "c-9,Ned", 5, None, Code.COLUMNS),
    ("contacts.csv", "c-9,Ned\u202e,Flanders,en", 5, "given_name", Code.NAME),
    ("contacts.csv", "c-9,Ned\x07,Flanders,en", 5, "given_name", Code.NAME),
    ("contacts.csv", "c-9,Ned\0,Flanders,en", 5, "given_name", Code.NUL),
    ("contacts.csv", f"c-9,{'x' * 300},Flanders,en", 5, "given_name", Code.NAME),
    ("contacts.csv", f"c-9,{'x' * 3000},Flanders,en", 5, "given_name", Code.TOO_LONG),
    ("contacts.csv", f"c-9,{A_MEGABYTE},Flanders,en", 5, None, Code.TOO_LONG),
    ("contacts.csv", "c-9" + "," * 10_000, 5, None, Code.COLUMNS),
    ("contacts.csv", 'c-9,"Ned,Flanders,en', 5, None, Code.QUOTE),
    ("contacts.csv", 'c-9,"Ned"dy,Flanders,en', 5, None, Code.QUOTE),
    ("contacts.csv", "c-9,Ned,Flanders,Klingon!", 5, "language", Code.UNKNOWN_WORD),
    ("students.csv", "s-9,Rod,Flanders,03,sch-9", 4, "school", Code.UNKNOWN_REFERENCE),
    ("students.csv", "s-9,Rod,Flanders,03,", 4, "school", Code.MISSING),
    ("guardianships.csv", "s-9,c-1,mother,FULL", 6, "student", Code.UNKNOWN_REFERENCE),
    ("guardianships.csv", "s-1,c-9,uncle,FULL", 6, "student", Code.UNKNOWN_REFERENCE),
    ("guardianships.csv", "s-1,c-1,mother,FULL", 6, None, Code.DUPLICATE),
    ("guardianships.csv", "s-2,c-2,father,SOME", 6, "rights", Code.UNKNOWN_WORD),
    ("phones.csv", "c-9,217-555-0199,home,,,1", 7, "number", Code.UNKNOWN_REFERENCE),
    ("phones.csv", "c-1,,home,,,1", 7, "number", Code.MISSING),
    ("phones.csv", "c-1,call her,work,,,3", 7, "number", Code.NUMBER),
    ("phones.csv", "c-1,900-555-1234,work,,,3", 7, "number", Code.NUMBER),
    ("phones.csv", "c-1,(217) 555 0101,again,,,3", 7, "number", Code.DUPLICATE),
    ("phones.csv", "c-1,217-555-0199,home,,FAX,3", 7, "line_type", Code.UNKNOWN_WORD),
    ("phones.csv", "c-1,217-555-0199,home,,,first", 7, "priority", Code.UNKNOWN_WORD),
    ("emails.csv", "c-1,marge at example,home,1", 4, "address", Code.ADDRESS),
    ("emails.csv", "c-1,MARGE@example.org,home,1", 4, "address", Code.DUPLICATE),
]


@pytest.mark.parametrize(
    ("file", "bad", "line", "column", "code"),
    BAD_ROWS,
    ids=[f"{file}-{code}-{bad[:20]!r}" for file, bad, _, _, code in BAD_ROWS],
)
def test_a_bad_row_is_named_and_the_rest_goes_in(
    sis: Sis, file: str, bad: str, line: int, column: str | None, code: Code | None
) -> None:
    sis.add(file, bad)
    sis.add("contacts.csv", "c-last,Moe,Szyslak,en")
    report = sis.brings()
    assert problems(report) == ([(file, line, column, code)] if code else [])
    assert {"c-1", "c-2", "c-3", "c-last"} <= standing(sis, Contact.source_id)
    assert {"s-1", "s-2"} == standing(sis, Student.source_id)
    assert "+12175550101" in values(sis)
    for said in report.as_json()["errors"]:
        assert not bad or bad not in said["message"]


def values(sis: Sis) -> set[str]:
    with sis.world.database.read(sis.world.service) as db:
        statement = (
            sa.select(Destination.value)
            .join(Link, Link.destination_id == Destination.id)
            .where(Link.retired_at.is_(None))
        )
        return set(db.session.scalars(statement))


UNREADABLE = [
    ("contacts.csv", "c-2,Homer,Simpson,en", "c-2,Ho\u202emer,Simpson,en"),
    ("contacts.csv", "c-2,Homer,Simpson,en", "c-2,Homer,Simpson"),
    ("contacts.csv", "c-2,Homer,Simpson,en", 'c-2,"Homer,Simpson,en'),
    ("contacts.csv", "c-2,Homer,Simpson,en", ",Homer,Simpson,en"),
    ("contacts.csv", "c-2,Homer,Simpson,en", f"c-2,{A_MEGABYTE},Simpson,en"),
    ("students.csv", "s-2,Bart,Simpson,04,sch-1", "s-2,Bart,Simpson,04,sch-9"),
    ("students.csv", "s-2,Bart,Simpson,04,sch-1", "s-2,Bart\0,Simpson,04,sch-1"),
    ("guardianships.csv", "s-2,c-1,mother,FULL", "s-2,c-1,mother"),
    ("guardianships.csv", "s-2,c-1,mother,FULL", 's-2,"c-1,mother,FULL'),
    ("phones.csv", "c-2,217-555-0102,mobile,,MOBILE,1", "c-2,217-555-0102,mobile,,MOBILE"),
    ("emails.csv", "c-2,homer@example.org,home,1", "c-2,homer@example.org,ho\u200bme,1"),
]


@pytest.mark.parametrize(("file", "good", "bad"), UNREADABLE)
def test_a_row_that_became_unreadable_retires_nobody(
    sis: Sis, file: str, good: str, bad: str
) -> None:
    sis.brings()
    sis.change(file, good, bad)
    report = sis.brings()
    assert len(report.errors) >= 1
    assert {outcome for outcome, _ in +report.tally} == {Outcome.UNCHANGED}


def test_a_file_that_lost_all_its_rows_retires_nobody(sis: Sis) -> None:
    sis.brings()
    sis.files["phones.csv"] = sis.text("phones.csv").splitlines()[0] + "\n"
    report = sis.brings()
    assert problems(report) == [("phones.csv", 1, None, Code.EMPTY)]
    assert report.count(Outcome.RETIRED, Noun.PHONES) == 0


def test_a_file_that_is_not_there_says_nothing(sis: Sis) -> None:
    sis.brings()
    for gone in ("schools.csv", "students.csv", "contacts.csv", "emails.csv"):
        del sis.files[gone]
    sis.change("guardianships.csv", "s-1,c-2,father,FULL", "s-1,c-2,father,NO_RIGHTS")
    report = sis.brings()
    assert report.errors == []
    assert {
        key: count for key, count in report.tally.items() if key[0] is not Outcome.UNCHANGED
    } == {(Outcome.UPDATED, Noun.GUARDIANSHIPS): 1}


def test_latin_1_costs_only_the_rows_with_an_accent(sis: Sis) -> None:
    sis.add("contacts.csv", "c-4,José,Peña,es")
    sis.files["contacts.csv"] = sis.text("contacts.csv").encode("latin-1")
    report = sis.brings()
    assert problems(report) == [("contacts.csv", 5, "given_name", Code.ENCODING)]
    assert standing(sis, Contact.source_id) == {"c-1", "c-2", "c-3"}


def test_what_looks_like_a_formula_is_a_name_like_others(sis: Sis) -> None:
    sis.add("contacts.csv", '"c-4","=HYPERLINK(""x"")",+Simpson,en')
    assert sis.brings().errors == []
    assert contact(sis, "c-4").given_name == '=HYPERLINK("x")'
    assert contact(sis, "c-4").family_name == "+Simpson"


def test_what_is_no_number_and_no_address_is_kept_as_the_school_s_text(sis: Sis) -> None:
    sis.add("phones.csv", "c-1,call her sister,other,,,3")
    sis.add("emails.csv", "c-1,marge at work,work,2")
    sis.brings()
    marge = contact(sis)
    assert marge.unusable == [
        {"kind": DestinationKind.PHONE, "label": "other", "text": "call her sister"},
        {"kind": DestinationKind.MAILBOX, "label": "work", "text": "marge at work"},
    ]
    assert not any(value.isalpha() for value in values(sis))
    sis.change("phones.csv", "call her sister", "217-555-0188")
    report = sis.brings()
    assert [text["kind"] for text in contact(sis).unusable] == [DestinationKind.MAILBOX]
    assert contact(sis).version == marge.version + 1
    assert report.count(Outcome.UPDATED, Noun.CONTACTS) == 1


def test_unknown_rights_count_as_restricted_and_the_stricter_of_two_rows_counts(sis: Sis) -> None:
    sis.change("guardianships.csv", "s-1,c-2,father,FULL", "s-1,c-2,father,see file")
    sis.add("guardianships.csv", "s-2,c-1,mother,No rights")
    report = sis.brings()
    assert [code for _, _, _, code in problems(report)] == [Code.UNKNOWN_WORD, Code.DUPLICATE]
    with sis.world.database.read(sis.world.service) as db:
        statement = (
            sa.select(Contact.source_id, Student.source_id, Guardianship.rights)
            .join(Guardianship, Guardianship.contact_id == Contact.id)
            .join(Student, Student.id == Guardianship.student_id)
        )
        rights = {(row[0], row[1]): row[2] for row in db.all(statement)}
    assert rights == {
        ("c-1", "s-1"): Rights.FULL,
        ("c-1", "s-2"): Rights.NO_RIGHTS,
        ("c-2", "s-1"): Rights.RESTRICTED,
        ("c-3", "s-1"): Rights.RESTRICTED,
    }


def test_a_number_is_as_it_was_typed_with_its_extension_apart(sis: Sis) -> None:
    sis.add("phones.csv", 'c-3,"(217) 555-0150 ext 4",work,,,2')
    sis.add("phones.csv", "c-3,217-555-0151,work,Ext. 77,VOIP,3")
    sis.brings()
    with sis.world.database.read(sis.world.service) as db:
        statement = (
            sa.select(Destination.value, Link.display, Link.extension, Destination.line_type)
            .join(Link, Link.destination_id == Destination.id)
            .where(Link.label == "work")
            .order_by(Link.priority)
        )
        assert [tuple(row) for row in db.all(statement)] == [
            ("+12175550150", "(217) 555-0150", "4", LineType.UNKNOWN),
            ("+12175550151", "217-555-0151", "77", LineType.VOIP),
        ]


def test_the_school_corrects_a_line_type_and_the_one_that_reaches_more_counts(sis: Sis) -> None:
    sis.brings()
    sis.change("phones.csv", "c-2,217-555-0100,home,,LANDLINE,2", "c-2,217-555-0100,home,,MOBILE,2")
    report = sis.brings()
    assert report.count(Outcome.UPDATED, Noun.PHONES) == 2  # both hold it
    with sis.world.database.read(sis.world.service) as db:
        kind = sa.select(Destination.line_type).where(Destination.value == "+12175550100")
        assert db.scalar(kind) is LineType.MOBILE


REFUSED = [
    ("contacts.csv", b"source_id,given_name\nc-1,Marge\n", "contacts.csv: the column family_name"),
    ("guardianships.csv", b"student,contact,relation\ns-1,c-1,mother\n", "the column rights is"),
    ("phones.csv", b"", "phones.csv: the file is empty"),
    ("contacts.csv", "source_id,given_name,family_name\n".encode("utf-16"), "not UTF-8"),
]


@pytest.mark.parametrize(("file", "content", "says"), REFUSED)
def test_a_file_that_cannot_be_read_as_a_whole_refuses_the_import(
    sis: Sis, file: str, content: bytes, says: str
) -> None:
    sis.brings()
    sis.change("contacts.csv", "Marge", "Marjorie")
    sis.files[file] = content
    with pytest.raises(Invalid) as refusal:
        sis.brings()
    assert says in refusal.value.message
    assert contact(sis).given_name == "Marge"


def test_a_folder_that_is_no_roster_is_refused_by_what_was_found(sis: Sis) -> None:
    sis.files = {"users.csv": "id,name\n1,x\n", "letter.txt": "Dear school"}
    with pytest.raises(Invalid, match=r"not a roster in a known format; found users\.csv"):
        sis.brings()


USERS = [
    # what changes on one guardian's row of OneRoster 1.1, and what is said of it
    ("status", "tobedeleted", None, None),
    ("status", "active", None, "stays"),
    ("status", "gone", Code.UNKNOWN_WORD, "stays"),
    ("enabledUser", "false", None, None),
    ("role", "teacher", None, None),
    ("role", "", Code.MISSING, "stays"),
    ("givenName", "Ma\u202ege", Code.NAME, "stays"),
]


@pytest.mark.parametrize(("column", "value", "code", "stays"), USERS)
def test_a_oneroster_guardian_goes_or_stays_by_what_her_row_says(
    world: World, tmp_path: Path, column: str, value: str, code: Code | None, stays: str | None
) -> None:
    sis = Sis(world, tmp_path / "roster", _written("oneroster-1.1", tmp_path / "first"))
    sis.brings()
    before = standing(sis, Contact.source_id)
    sis.files["users.csv"] = _with_cell(sis.text("users.csv"), "c-2", column, value)
    report = sis.brings()
    assert [found for _, _, _, found in problems(report)] == ([code] if code else [])
    assert before - standing(sis, Contact.source_id) == (set() if stays else {"c-2"})


def test_a_disabled_student_is_a_student(world: World, tmp_path: Path) -> None:
    sis = Sis(world, tmp_path / "roster", _written("oneroster-1.1", tmp_path / "first"))
    sis.files["users.csv"] = _with_cell(sis.text("users.csv"), "s-1-0", "enabledUser", "false")
    sis.brings()
    assert "s-1-0" in standing(sis, Student.source_id)


def test_an_agent_who_is_nobody_is_named(world: World, tmp_path: Path) -> None:
    sis = Sis(world, tmp_path / "roster", _written("oneroster-1.1", tmp_path / "first"))
    users = _with_cell(sis.text("users.csv"), "c-1", "agentSourcedIds", "nobody")
    sis.files["users.csv"] = users
    ((file, _, column, code),) = problems(sis.brings())
    assert (file, column, code) == ("users.csv", "agentSourcedIds", Code.UNKNOWN_REFERENCE)


def test_a_role_that_has_ended_is_none(world: World, tmp_path: Path) -> None:
    sis = Sis(world, tmp_path / "roster", _written("oneroster-1.2", tmp_path / "first"))
    sis.brings()
    lines = sis.text("roles.csv").splitlines()
    ended = [
        line.replace(",,sch", ",2026-11-19,sch") if ",c-2," in line else line for line in lines
    ]
    sis.files["roles.csv"] = "\n".join(ended)
    sis.brings()
    assert "c-2" not in standing(sis, Contact.source_id)
    sis.files["roles.csv"] = "\n".join(line.replace("2026-11-19", "2026-11-20") for line in ended)
    sis.brings()
    assert "c-2" in standing(sis, Contact.source_id)


def test_a_user_without_a_role_is_named(world: World, tmp_path: Path) -> None:
    sis = Sis(world, tmp_path / "roster", _written("oneroster-1.2", tmp_path / "first"))
    lines = sis.text("roles.csv").splitlines()
    sis.files["roles.csv"] = "\n".join(line for line in lines if ",c-2," not in line)
    ((file, _, column, code),) = problems(sis.brings())
    assert (file, column, code) == ("users.csv", "sourcedId", Code.UNKNOWN_REFERENCE)


def test_relationships_may_stand_the_other_way_round(world: World, tmp_path: Path) -> None:
    sis = Sis(world, tmp_path / "roster", _written("school-data-sync-2.1", tmp_path / "first"))
    header, *lines = sis.text("relationships.csv").splitlines()
    turned = [
        ",".join((line.split(",")[1], line.split(",")[0], line.split(",")[2])) for line in lines
    ]
    sis.brings()
    sis.files["relationships.csv"] = "\n".join((header, *turned))
    report = sis.brings()
    assert report.errors == []
    assert {outcome for outcome, _ in +report.tally} == {Outcome.UNCHANGED}


@pytest.mark.parametrize(("role", "code"), [("doctor", None), ("friend", Code.UNKNOWN_WORD)])
def test_who_is_no_guardian_is_no_contact(
    world: World, tmp_path: Path, role: str, code: Code | None
) -> None:
    sis = Sis(world, tmp_path / "roster", _written("school-data-sync-2.1", tmp_path / "first"))
    lines = sis.text("relationships.csv").splitlines()
    changed = [f"{line.rsplit(',', 1)[0]},{role}" if ",c-2," in line else line for line in lines]
    sis.files["relationships.csv"] = "\n".join(changed)
    report = sis.brings()
    assert {found for _, _, _, found in problems(report)} == ({code} if code else set())
    assert "c-2" not in standing(sis, Contact.source_id)


def _written(style: str, folder: Path) -> dict[str, str]:
    write_folder(style, a_town(10), folder)
    return {file.name: file.read_text(encoding="utf-8-sig") for file in folder.iterdir()}


def _with_cell(text: str, source_id: str, column: str, value: str) -> str:
    """The file with one cell changed."""

    rows = list(csv.reader(io.StringIO(text, newline="")))
    at = rows[0].index(column)
    for row in rows:
        if row[0] == source_id:
            row[at] = value
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(rows)
    return stream.getvalue()
