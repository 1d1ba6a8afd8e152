"""T07: somebody files a change that would overwrite what belongs to another guardian."""

from typing import Any

import pytest
import sqlalchemy as sa

from app.changes.models import ChangeRequest
from app.directory.models import Contact, Destination, Guardianship, Link, Student
from app.vocabulary import ChangeRequestStatus, ContactField
from graphql_schema.ids import Kind
from tests.asking import Ask, mutate
from tests.authz.custody import BENS_MAILBOX, BENS_PHONE, Custody, Person, id_of
from tests.authz.watch import all_rows

pytestmark = pytest.mark.threat("T07")
ABOUT_A_PHONE = ("REPLACE_PHONE", "REMOVE_PHONE", "NOT_MY_NUMBER")
ABOUT_A_MAILBOX = ("REPLACE_EMAIL", "REMOVE_EMAIL")
ABOUT_NOTHING = (
    "GIVEN_NAME",
    "FAMILY_NAME",
    "LANGUAGE",
    "ADDRESS",
    "ADD_PHONE",
    "ADD_EMAIL",
    "LINK_STUDENT",
)
SAID = {
    "GIVEN_NAME": "Anne",
    "FAMILY_NAME": "Jansen",
    "LANGUAGE": "es",
    "ADDRESS": "2 Hidden Lane",
    "ADD_PHONE": BENS_PHONE,
    "REPLACE_PHONE": BENS_PHONE,
    "ADD_EMAIL": BENS_MAILBOX,
    "REPLACE_EMAIL": BENS_MAILBOX,
    "LINK_STUDENT": "Lisa",
}


def submit(ask: Ask, person: Person, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    asked = {"contactId": person.ids[Kind.CONTACT], "items": list(items)} | more
    return mutate(
        ask, person.guardian, "submitContactChange", "changeRequest { id version }", **asked
    )


def item(field: str, **target: str) -> dict[str, Any]:
    return {"field": field, "after": SAID.get(field), **target}


def approve(custody: Custody, ask: Ask, request: dict[str, Any]) -> None:
    decided = mutate(
        ask,
        custody.clerk,
        "decideContactChange",
        "changeRequest { status }",
        changeRequestId=request["id"],
        version=request["version"],
        decision="APPROVE",
    )
    assert decided["errors"] == []


def bens(custody: Custody) -> dict[str, list[Any]]:
    """Ben, his links and his guardianship, with the numbers behind them and the child."""
    ben = custody.ben.contact
    numbers = sa.select(Link.destination_id).where(Link.contact_id == ben.id)
    tables: list[tuple[Any, sa.ColumnElement[bool]]] = [
        (Contact, Contact.id == ben.id),
        (Link, Link.contact_id == ben.id),
        (Guardianship, Guardianship.contact_id == ben.id),
        (Destination, Destination.id.in_(numbers)),
        (Student, Student.id == custody.ben.student.id),
    ]
    with custody.world.database.read(custody.world.service) as db:
        return {
            table.__tablename__: sorted(map(repr, db.all(sa.select(table.__table__).where(which))))
            for table, which in tables
        }


def test_every_correction_stands_in_these_tests():
    assert {*ABOUT_A_PHONE, *ABOUT_A_MAILBOX, *ABOUT_NOTHING, "NOT_MY_CHILD"} == set(ContactField)


@pytest.mark.parametrize("field", [*ABOUT_A_PHONE, *ABOUT_A_MAILBOX])
def test_nobody_names_a_number_of_somebody_else(custody: Custody, ask: Ask, field: str):
    """His own phone, his side of the shared one, a former or second self of hers: none."""
    first = 0 if field in ABOUT_A_PHONE else 2
    strangers = [id_of(link) for link in custody.ben.links[first : first + 2]]
    strangers += [id_of(custody.nora.links[first // 2]), *custody.hidden[Kind.LINK]]
    with custody.world.database.read(custody.world.service) as db:
        before = all_rows(db)
    for link in strangers:
        refused = submit(ask, custody.anna, item(field, destinationId=link))
        assert [(error["code"], error["path"]) for error in refused["errors"]] == [
            ("NOT_FOUND", ["items", "0", "destinationId"])
        ]
        assert refused["changeRequest"] is None
    with custody.world.database.read(custody.world.service) as db:
        assert all_rows(db) == before


@pytest.mark.parametrize("field", ABOUT_NOTHING)
def test_a_correction_of_her_own_data_takes_no_target(custody: Custody, ask: Ask, field: str):
    """Neither a number nor a child can be slipped in where none belongs."""
    for target in (
        {"destinationId": id_of(custody.ben.links[0])},
        {"studentId": custody.anna.ids[Kind.STUDENT]},
    ):
        refused = submit(ask, custody.anna, item(field, **target))
        assert [(error["code"], error["path"]) for error in refused["errors"]] == [
            ("INVALID", ["items", "0", *target])
        ]


def test_nobody_asks_in_the_name_of_another_contact(custody: Custody, ask: Ask):
    """Not of the other guardian of her child, not of a former self."""
    for contact in (id_of(custody.ben.contact), *custody.hidden[Kind.CONTACT]):
        refused = submit(ask, custody.anna, item("FAMILY_NAME"), contactId=contact)
        assert [(error["code"], error["path"]) for error in refused["errors"]] == [
            ("NOT_FOUND", ["contactId"])
        ]


def test_a_number_of_one_of_her_contacts_is_no_target_for_another(custody: Custody, ask: Ask):
    """Nora and Cleo are one person here, with a contact in each of two districts."""
    nora, cleo = custody.nora, custody.cleo
    both = custody.world.guardian(nora.contact, cleo.contact)
    for link in (id_of(cleo.links[0]), id_of(custody.anna.links[0])):
        refused = mutate(
            ask,
            both,
            "submitContactChange",
            "changeRequest { id }",
            contactId=nora.ids[Kind.CONTACT],
            items=[item("REMOVE_PHONE", destinationId=link)],
        )
        assert [error["code"] for error in refused["errors"]] == ["NOT_FOUND"]


@pytest.mark.parametrize("field", [*ContactField])
def test_what_the_school_approves_changes_nothing_of_his(custody: Custody, ask: Ask, field: str):
    """Her side of the shared phone and mailbox, his number and address, the child: all stay his."""
    target = {}
    if field in ABOUT_A_PHONE:
        target = {"destinationId": id_of(custody.anna.links[1])}
    elif field in ABOUT_A_MAILBOX:
        target = {"destinationId": id_of(custody.anna.links[4])}
    elif field == "NOT_MY_CHILD":
        target = {"studentId": custody.anna.ids[Kind.STUDENT]}
    before = bens(custody)
    asked = submit(ask, custody.anna, item(field, **target))
    assert asked["errors"] == []
    approve(custody, ask, asked["changeRequest"])
    assert bens(custody) == before


def test_he_cannot_take_back_what_she_asked(custody: Custody, ask: Ask):
    refused = mutate(
        ask,
        custody.ben.guardian,
        "withdrawContactChange",
        "changeRequest { id }",
        changeRequestId=custody.anna.ids[Kind.CHANGE_REQUEST],
    )
    assert [error["code"] for error in refused["errors"]] == ["NOT_FOUND"]
    status = "query ($id: ID!) { node(id: $id) { ... on ChangeRequest { status } } }"
    found = ask(custody.anna.guardian, status, id=custody.anna.ids[Kind.CHANGE_REQUEST])
    assert found["data"]["node"] == {"status": "PENDING"}


def test_what_the_school_asks_itself_is_not_hers_to_see_or_take_back(custody: Custody, ask: Ask):
    """An import has found a third value; staff decide about it."""
    anna, world = custody.anna, custody.world
    with world.database.write(world.service) as db:
        question = ChangeRequest(
            district_id=world.district.id,
            contact_id=anna.contact.id,
            status=ChangeRequestStatus.PENDING,
            submitted_at=db.now,
            due_at=db.now,
        )
        db.add(question)
        db.flush()
    found = "query ($id: ID!) { node(id: $id) { id } }"
    assert ask(anna.guardian, found, id=id_of(question))["data"]["node"] is None
    assert ask(custody.clerk, found, id=id_of(question))["data"]["node"] is not None
    hers = "{ viewer { contacts { changeRequests { nodes { id } } } } }"
    [contact] = ask(anna.guardian, hers)["data"]["viewer"]["contacts"]
    assert contact["changeRequests"]["nodes"] == [{"id": id_of(anna.request)}]
    refused = mutate(
        ask, anna.guardian, "withdrawContactChange", "", changeRequestId=id_of(question)
    )
    assert [error["code"] for error in refused["errors"]] == ["NOT_FOUND"]
