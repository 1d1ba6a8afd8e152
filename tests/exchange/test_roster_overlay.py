"""What was approved stands over the SIS until the SIS agrees; the import's half of it."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from app.changes.models import ChangeItem, ChangeRequest
from app.changes.requests import Asked
from app.directory.models import Contact, Guardianship, Link
from app.exchange.roster.held import HeldEdit
from app.exchange.roster.overlay import Overlay, overlay
from app.exchange.roster.report import Noun, Outcome
from app.vocabulary import ChangeRequestStatus, ContactField
from tests.changes.steps import all_of, ask, contact_now, decide, held, link_of, open_edits
from tests.exchange.files import Sis
from tests.world import World, a_link, a_phone

MOBILE, HOME, NEW, THIRD = "+12175550101", "+12175550100", "+12175550170", "+12175550180"

SAID = [
    # the SIS says, the edit's before and after, and so
    ("Simpson", "Simpson", "Bouvier", Overlay.NOT_YET),
    ("Bouvier", "Simpson", "Bouvier", Overlay.TAKEN),
    ("Smith", "Simpson", "Bouvier", Overlay.CONFLICT),
    ("Bouvier", None, "Bouvier", Overlay.TAKEN),
    ("Smith", None, "Bouvier", Overlay.CONFLICT),
    (None, None, "Bouvier", Overlay.NOT_YET),
    ("", None, "Bouvier", Overlay.NOT_YET),
    (None, "Simpson", "Bouvier", Overlay.CONFLICT),
    (None, "Simpson", None, Overlay.TAKEN),
]


@pytest.mark.parametrize(("said", "before", "after", "verdict"), SAID)
def test_the_old_value_waits_the_new_one_ends_a_third_is_for_staff(
    said: str | None, before: str | None, after: str | None, verdict: Overlay
) -> None:
    nothing = Contact().id
    edit = HeldEdit(
        nothing, nothing, ContactField.FAMILY_NAME, None, None, None, before, after, None
    )
    assert overlay(said, edit) is verdict
    assert overlay(said, None) is Overlay.NONE


@pytest.fixture
def sis(world: World, tmp_path: Path) -> Sis:
    sis = Sis(world, tmp_path / "roster")
    sis.brings()
    return sis


@pytest.fixture
def marge(world: World, sis: Sis) -> Contact:
    (marge,) = all_of(world, Contact, Contact.source_id == "c-1")
    assert isinstance(marge, Contact)
    return marge


def approved(world: World, marge: Contact, *items: Asked) -> None:
    decide(world, ask(world, marge, *items))


def family_name(world: World, marge: Contact) -> str:
    return contact_now(world, marge).family_name


def conflicts(world: World) -> list[ChangeRequest]:
    return all_of(world, ChangeRequest, ChangeRequest.account_id.is_(None))


def test_a_name_stands_until_the_sis_brings_it_and_then_follows_the_sis_again(
    world: World, sis: Sis, marge: Contact
) -> None:
    approved(world, marge, Asked(ContactField.FAMILY_NAME, after="Bouvier"))
    assert sis.brings().count(Outcome.UPDATED, Noun.CONTACTS) == 0
    assert family_name(world, marge) == "Bouvier"
    sis.change("contacts.csv", "c-1,Marge,Simpson", "c-1,Marge,Bouvier")
    sis.brings()
    assert open_edits(world, marge) == []
    sis.change("contacts.csv", "c-1,Marge,Bouvier", "c-1,Marge,Smith")
    sis.brings()
    assert family_name(world, marge) == "Smith"
    assert conflicts(world) == []


def test_a_third_name_is_put_before_staff_once(world: World, sis: Sis, marge: Contact) -> None:
    approved(world, marge, Asked(ContactField.FAMILY_NAME, after="Bouvier"))
    sis.change("contacts.csv", "c-1,Marge,Simpson", "c-1,Marge,Smith")
    report = sis.brings()
    assert report.as_json()["conflicts"] == 1
    assert sis.brings().as_json()["conflicts"] == 0
    assert family_name(world, marge) == "Bouvier"
    assert contact_now(world, marge).sis[ContactField.FAMILY_NAME] == "Smith"
    (request,) = conflicts(world)
    assert request.status is ChangeRequestStatus.PENDING
    assert request.due_at > request.submitted_at
    (item,) = all_of(world, ChangeItem, ChangeItem.request_id == request.id)
    assert (item.field, item.before, item.base, item.after) == (
        ContactField.FAMILY_NAME,
        "Smith",
        "Smith",
        "Bouvier",
    )


def test_what_the_file_does_not_say_settles_nothing(world: World, sis: Sis, marge: Contact) -> None:
    approved(world, marge, Asked(ContactField.LANGUAGE, after="es"))
    sis.change("contacts.csv", "c-1,Marge,Simpson,en", "c-1,Marge,Simpson,")
    sis.brings()
    assert contact_now(world, marge).language == "es"
    assert len(open_edits(world, marge)) == 1


def test_an_added_number_stays_and_becomes_the_source_s_when_it_brings_it(
    world: World, sis: Sis, marge: Contact
) -> None:
    approved(world, marge, Asked(ContactField.ADD_PHONE, after=NEW, label="work"))
    sis.brings()
    link = held(world, marge)[NEW]
    assert (link.brought_by, link.label) == (None, "work")
    sis.add("phones.csv", "c-1,(217) 555-0170,office,,,3")
    report = sis.brings()
    assert open_edits(world, marge) == []
    same = held(world, marge)[NEW]
    assert (same.id, same.brought_by, same.label) == (link.id, "sis", "office")
    assert report.count(Outcome.CREATED, Noun.PHONES) == 0
    sis.change("phones.csv", "c-1,(217) 555-0170,office,,,3\n", "")
    sis.brings()
    assert NEW not in held(world, marge)


def test_a_removed_number_stays_away_while_the_sis_has_it_and_may_come_back_later(
    world: World, sis: Sis, marge: Contact
) -> None:
    link = link_of(world, marge, HOME)
    approved(world, marge, Asked(ContactField.REMOVE_PHONE, link_key=link))
    sis.brings()
    assert HOME not in held(world, marge)
    assert len(open_edits(world, marge)) == 1
    line = "c-1,217-555-0100,home,,LANDLINE,2\n"
    sis.change("phones.csv", line, "")
    sis.brings()
    assert open_edits(world, marge) == []
    sis.add("phones.csv", line.strip())
    sis.brings()
    assert held(world, marge)[HOME].id == link[1]


def test_a_removal_does_not_end_by_a_row_that_cannot_be_read(
    world: World, sis: Sis, marge: Contact
) -> None:
    link = link_of(world, marge, HOME)
    approved(world, marge, Asked(ContactField.REMOVE_PHONE, link_key=link))
    sis.change("phones.csv", "c-1,217-555-0100,home,,LANDLINE,2", "c-1,217-555-0100,home,,LAND")
    sis.brings()
    sis.change("phones.csv", "c-1,217-555-0100,home,,LAND", "c-1,217-555-0100")
    sis.brings()
    assert HOME not in held(world, marge)
    assert len(open_edits(world, marge)) == 1


def test_a_replaced_number_waits_for_the_sis_and_ends_with_it(
    world: World, sis: Sis, marge: Contact
) -> None:
    link = link_of(world, marge, MOBILE)
    approved(world, marge, Asked(ContactField.REPLACE_PHONE, link_key=link, after=NEW))
    sis.brings()
    assert set(held(world, marge)) == {NEW, HOME, "marge@example.org"}
    assert len(open_edits(world, marge)) == 2
    sis.change("phones.csv", "c-1,217-555-0101", "c-1,217-555-0170")
    report = sis.brings()
    assert set(held(world, marge)) == {NEW, HOME, "marge@example.org"}
    assert open_edits(world, marge) == []
    assert report.as_json()["conflicts"] == 0


def test_a_third_number_in_the_replaced_slot_is_put_before_staff_once(
    world: World, sis: Sis, marge: Contact
) -> None:
    link = link_of(world, marge, MOBILE)
    approved(world, marge, Asked(ContactField.REPLACE_PHONE, link_key=link, after=NEW))
    sis.change("phones.csv", "c-1,217-555-0101", "c-1,217-555-0180")
    assert sis.brings().as_json()["conflicts"] == 1
    assert sis.brings().as_json()["conflicts"] == 0
    assert {NEW, THIRD} < set(held(world, marge))
    (request,) = conflicts(world)
    (item,) = all_of(world, ChangeItem, ChangeItem.request_id == request.id)
    assert (item.field, item.base, item.after) == (ContactField.REPLACE_PHONE, THIRD, NEW)
    assert item.link_id == held(world, marge)[THIRD].id


def test_a_fourth_number_does_not_ask_twice_while_staff_have_not_answered(
    world: World, sis: Sis, marge: Contact
) -> None:
    link = link_of(world, marge, MOBILE)
    approved(world, marge, Asked(ContactField.REPLACE_PHONE, link_key=link, after=NEW))
    sis.add("phones.csv", "c-1,217-555-0101,old,,,4")  # so that its removal goes on
    sis.change("phones.csv", "c-1,217-555-0101,mobile", "c-1,217-555-0180,mobile")
    sis.brings()
    sis.change("phones.csv", "c-1,217-555-0180,mobile", "c-1,217-555-0181,mobile")
    assert sis.brings().as_json()["conflicts"] == 0
    assert len(conflicts(world)) == 1


def test_another_number_in_another_slot_is_no_conflict(
    world: World, sis: Sis, marge: Contact
) -> None:
    link = link_of(world, marge, MOBILE)
    approved(world, marge, Asked(ContactField.REPLACE_PHONE, link_key=link, after=NEW))
    sis.add("phones.csv", "c-1,217-555-0180,work,,,3")
    assert sis.brings().as_json()["conflicts"] == 0
    assert {NEW, THIRD} < set(held(world, marge))


def test_a_child_who_is_not_hers_stays_away_while_the_sis_says_so(
    world: World, sis: Sis, marge: Contact
) -> None:
    (student,) = (
        each.student_id
        for each in all_of(world, Guardianship, Guardianship.contact_id == marge.id)[:1]
    )
    approved(
        world, marge, Asked(ContactField.NOT_MY_CHILD, student_key=(marge.district_id, student))
    )
    sis.brings()
    of_her = Guardianship.contact_id == marge.id
    standing = Guardianship.retired_at.is_(None)
    assert len(all_of(world, Guardianship, of_her, standing)) == 1
    lines = sis.text("guardianships.csv")
    sis.files["guardianships.csv"] = "\n".join(
        line for line in lines.splitlines() if ",c-1," not in line
    )
    sis.brings()
    assert open_edits(world, marge) == []
    sis.files["guardianships.csv"] = lines
    sis.brings()
    assert len(all_of(world, Guardianship, of_her, standing)) == 2


def test_what_a_request_added_returns_with_a_contact_who_was_away(
    world: World, sis: Sis, marge: Contact
) -> None:
    approved(world, marge, Asked(ContactField.ADD_PHONE, after=NEW, label="work"))
    line = "c-1,Marge,Simpson,en\n"
    sis.change("contacts.csv", line, "")
    sis.brings()
    assert held(world, marge) == {}
    sis.add("contacts.csv", line.strip())
    sis.brings()
    assert set(held(world, marge)) == {MOBILE, HOME, NEW, "marge@example.org"}


def test_an_import_retires_only_what_the_same_source_brought(
    world: World, sis: Sis, marge: Contact
) -> None:
    with world.database.write(world.service) as db:
        other = a_phone(db, world.district, THIRD)
        a_link(db, marge, other, brought_by="athletics")
    report = sis.brings()
    assert report.count(Outcome.RETIRED, Noun.PHONES) == 0
    sis.files = {
        "schools.csv": "source_id,name\nsch-8,South\n",
        "students.csv": "source_id,given_name,family_name,school\ns-8,Rod,Flanders,sch-8\n",
        "contacts.csv": "source_id,given_name,family_name\nc-8,Ned,Flanders\n",
        "guardianships.csv": "student,contact,relation,rights\ns-8,c-8,father,FULL\n",
    }
    report = sis.brings(source="athletics")
    assert report.count(Outcome.CREATED, Noun.GUARDIANSHIPS) == 1
    assert [
        count for (outcome, _), count in report.tally.items() if outcome is Outcome.RETIRED
    ] == []
    with world.database.read(world.service) as db:
        brought = sa.select(Link.brought_by).where(Link.contact_id == marge.id).distinct()
        assert set(db.session.scalars(brought)) == {"sis", "athletics"}
