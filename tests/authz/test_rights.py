"""What a parent sees of a child is what her rights say, on every way through the schema."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.directory.models import Guardianship
from app.vocabulary import Rights
from graphql_schema.ids import Kind, global_id
from tests.asking import Ask, mutate
from tests.authz.custody import Custody, Person, id_of
from tests.world import a_broadcast, a_guardianship, a_message, a_student

CHILD = "students { id givenName familyName grade school { id name } }"
MESSAGE = f"id subject school {{ id name }} {CHILD}"
VIEW = f"""query ($message: ID!, $student: ID!) {{
  viewer {{
    contacts {{ {CHILD} messages(first: 5) {{ nodes {{ {MESSAGE} }} }} }}
    messages(first: 5) {{ nodes {{ {MESSAGE} }} }}
  }}
  message: node(id: $message) {{ ... on Message {{ {MESSAGE} }} }}
  student: node(id: $student) {{ ... on Student {{ givenName familyName grade school {{ id name }} }} }}
}}"""
BY_CHILD = (
    "query ($filter: MessageFilter) { viewer { messages(filter: $filter) { nodes { id } } } }"
)


def give(custody: Custody, person: Person, **columns: Any) -> None:
    """Change what stands between a parent and her child."""
    world = custody.world
    with world.database.write(world.service) as db:
        db.execute(
            sa.update(Guardianship)
            .where(
                Guardianship.contact_id == person.contact.id,
                Guardianship.student_id == person.student.id,
            )
            .values(**columns)
        )


def view(ask: Ask, person: Person) -> dict[str, Any]:
    """Everything of the child, and of the message about her."""
    ids = person.ids
    body = ask(person.guardian, VIEW, message=ids[Kind.MESSAGE], student=ids[Kind.STUDENT])
    [contact] = body["data"]["viewer"]["contacts"]
    assert body["data"]["viewer"]["messages"] == contact["messages"]
    return {
        "students": contact["students"],
        "messages": contact["messages"]["nodes"],
        "message": body["data"]["message"],
        "student": body["data"]["student"],
    }


def refused_filters(ask: Ask, person: Person) -> list[str]:
    """Which filters answer NOT_FOUND, and not with her message."""
    refused = []
    for name, kind in (("studentId", Kind.STUDENT), ("schoolId", Kind.SCHOOL)):
        body = ask(person.guardian, BY_CHILD, filter={name: person.ids[kind]})
        if "errors" in body:
            refused.append(name)
    return refused


def ask_about_child(ask: Ask, person: Person) -> list[str]:
    asked = mutate(
        ask,
        person.guardian,
        "submitContactChange",
        "changeRequest { id }",
        contactId=person.ids[Kind.CONTACT],
        items=[{"field": "NOT_MY_CHILD", "studentId": person.ids[Kind.STUDENT]}],
    )
    return [error["code"] for error in asked["errors"]]


def test_with_full_rights_she_sees_the_child_her_school_and_every_message(
    custody: Custody, ask: Ask
):
    """What the others lose."""
    seen = view(ask, custody.nora)
    school = {"id": custody.nora.ids[Kind.SCHOOL], "name": "South School"}
    [student] = seen["students"]
    assert (student["familyName"], student["grade"], student["school"]) == ("Simpson", "02", school)
    [message] = seen["messages"]
    assert message == seen["message"]
    assert (message["school"], message["students"]) == (school, [student])
    assert {"id": student["id"], **seen["student"]} == student
    assert refused_filters(ask, custody.nora) == []
    assert ask_about_child(ask, custody.nora) == []


def test_without_rights_the_child_her_school_and_every_message_about_her_are_gone(
    custody: Custody, ask: Ask
):
    """At once, the history included; and what hung on no child stays without the school."""
    nora, world = custody.nora, custody.world
    with world.database.write(world.service) as db:
        to_all = a_broadcast(db, world.events, school_id=world.south.id, subject="To all")
        a_message(db, to_all, nora.contact)
    give(custody, nora, rights=Rights.NO_RIGHTS)
    seen = view(ask, nora)
    assert seen["students"] == []
    assert (seen["message"], seen["student"]) == (None, None)
    [left] = seen["messages"]
    assert (left["subject"], left["school"], left["students"]) == ("To all", None, [])
    assert refused_filters(ask, nora) == ["studentId"]
    read = mutate(ask, nora.guardian, "markMessagesRead", "", messageIds=[nora.ids[Kind.MESSAGE]])
    assert [error["code"] for error in read["errors"]] == ["NOT_FOUND"]
    assert ask_about_child(ask, nora) == ["NOT_FOUND"]


def test_with_restricted_rights_she_sees_the_messages_and_the_given_name_alone(
    custody: Custody, ask: Ask
):
    """No family name, no grade, and no way names the school where the child can be met."""
    nora = custody.nora
    give(custody, nora, rights=Rights.RESTRICTED)
    seen = view(ask, nora)
    nameless = {"id": global_id(Kind.SCHOOL, nora.contact.district_id, UUID(int=0)), "name": ""}
    [student] = seen["students"]
    assert student == {
        "id": nora.ids[Kind.STUDENT],
        "givenName": "Child of Nora",
        "familyName": "",
        "grade": None,
        "school": nameless,
    }
    assert {"id": student["id"], **seen["student"]} == student
    [message] = seen["messages"]
    assert message == seen["message"]
    assert (message["school"], message["students"]) == (None, [student])
    by_school = ask(nora.guardian, BY_CHILD, filter={"schoolId": nora.ids[Kind.SCHOOL]})
    assert by_school == {"data": {"viewer": {"messages": {"nodes": []}}}}
    assert ask_about_child(ask, nora) == ["NOT_FOUND"]


def test_another_child_at_the_school_keeps_the_school_in_sight(custody: Custody, ask: Ask):
    """With full rights to a brother she knows where he goes."""
    nora, world = custody.nora, custody.world
    give(custody, nora, rights=Rights.RESTRICTED)
    with world.database.write(world.service) as db:
        a_guardianship(db, nora.contact, a_student(db, world.south, "Brother"))
    [message] = view(ask, nora)["messages"]
    assert message["school"]["name"] == "South School"
    assert [student["familyName"] for student in message["students"]] == [""]


@pytest.mark.parametrize("rights", [Rights.FULL, Rights.RESTRICTED])
def test_a_guardianship_that_has_ended_leaves_the_old_messages_and_the_given_name(
    custody: Custody, ask: Ask, clock: Any, rights: Rights
):
    nora = custody.nora
    give(custody, nora, rights=rights, retired_at=clock.now)
    seen = view(ask, nora)
    assert (seen["students"], seen["student"]) == ([], None)
    [message] = seen["messages"]
    [student] = message["students"]
    assert (student["givenName"], student["familyName"]) == ("Child of Nora", "")
    assert refused_filters(ask, nora) == ["studentId"]
    assert ask_about_child(ask, nora) == ["NOT_FOUND"]


def test_the_rights_of_one_parent_are_not_those_of_the_other(custody: Custody, ask: Ask):
    """Ben loses Lisa; Anna, who shares her, sees what she saw, and no word of it."""
    before = view(ask, custody.anna)
    give(custody, custody.ben, rights=Rights.NO_RIGHTS)
    assert view(ask, custody.anna) == before
    assert view(ask, custody.ben)["students"] == []


def test_a_request_about_a_child_does_not_outlive_the_rights(custody: Custody, ask: Ask):
    """It was asked with full rights: afterwards it no longer shows whom it was about."""
    nora = custody.nora
    assert ask_about_child(ask, nora) == []
    items = "{ viewer { contacts { changeRequests { nodes { items { field student { givenName } } } } } } }"

    def children() -> list[Any]:
        [contact] = ask(nora.guardian, items)["data"]["viewer"]["contacts"]
        shown = [item for one in contact["changeRequests"]["nodes"] for item in one["items"]]
        return [item["student"] for item in shown if item["field"] == "NOT_MY_CHILD"]

    assert children() == [{"givenName": "Child of Nora"}]
    give(custody, nora, rights=Rights.NO_RIGHTS)
    assert children() == [None]
    assert id_of(nora.student) not in str(view(ask, nora))
