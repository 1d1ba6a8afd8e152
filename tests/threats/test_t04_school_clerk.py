"""T04: a clerk of one school reads or decides requests of another school."""

import dataclasses
from typing import Any

import pytest
import sqlalchemy as sa

from app.actor import Grant, Staff
from app.audit.models import AuditEntry
from app.directory.models import Contact, Guardianship, School, Student
from app.vocabulary import Feature, Rights
from graphql_schema.ids import Kind, global_id
from tests.asking import Ask, mutate
from tests.authz.custody import Custody, Person, id_of
from tests.authz.watch import all_rows
from tests.world import a_guardianship, a_student

pytestmark = pytest.mark.threat("T04")
QUEUE = (
    "query ($filter: ReviewFilter, $district: ID) { viewer { desk(district: $district) "
    "{ changeRequests(filter: $filter) { nodes { id } edges { node { id } } } } } }"
)
BY_ID = "query ($id: ID!) { node(id: $id) { id } }"


def queue(ask: Ask, clerk: Staff, *, district: str | None = None, **filter: Any) -> set[str]:
    body = ask(clerk, QUEUE, filter=filter, district=district)
    shown = body["data"]["viewer"]["desk"]["changeRequests"]
    ids = {request["id"] for request in shown["nodes"]}
    assert ids == {edge["node"]["id"] for edge in shown["edges"]}
    return ids


def decide(ask: Ask, clerk: Staff, person: Person, **said: Any) -> dict[str, Any]:
    return mutate(
        ask,
        clerk,
        "decideContactChange",
        "changeRequest { id status }",
        changeRequestId=id_of(person.request),
        **{"version": 1, "decision": "APPROVE"} | said,
    )


def is_told(ask: Ask, clerk: Staff, person: Person) -> bool:
    """The request in the queue and by its id, the contact by hers, a decision: all, or none.

    The decision is a rejection without a reason: INVALID for who may decide.
    """
    request, contact = id_of(person.request), id_of(person.contact)
    answered = decide(ask, clerk, person, decision="REJECT")["errors"][0]["code"]
    told = {
        "in the queue": request in queue(ask, clerk),
        "by its id": ask(clerk, BY_ID, id=request)["data"]["node"] is not None,
        "the contact": ask(clerk, BY_ID, id=contact)["data"]["node"] is not None,
        "to decide": {"INVALID": True, "NOT_FOUND": False}[answered],
    }
    assert len(set(told.values())) == 1, told
    return told["in the queue"]


def a_reviewer(custody: Custody, *schools: School | None) -> Staff:
    grants = [
        Grant(custody.world.district.id, Feature.REVIEW_CHANGES, school and school.id)
        for school in schools
    ]
    return dataclasses.replace(custody.clerk, grants=tuple(grants))


def test_a_clerk_sees_and_decides_what_is_tied_to_her_schools_alone(custody: Custody, ask: Ask):
    north, south = custody.world.north, custody.world.south
    anna, ben, nora, cleo = custody.anna, custody.ben, custody.nora, custody.cleo
    for clerk, expected in (
        (a_reviewer(custody, north), [anna, ben]),
        (a_reviewer(custody, south), [nora]),
        (a_reviewer(custody, north, south), [anna, ben, nora]),
        (a_reviewer(custody, None), [anna, ben, nora]),
        (custody.other_clerk, [cleo]),
    ):
        assert [one for one in (anna, ben, nora, cleo) if is_told(ask, clerk, one)] == expected


def test_grants_of_two_districts_and_of_other_features_do_not_add_up(custody: Custody, ask: Ask):
    """Requests of North here and of South there; all of both for features that show none."""
    here, there = custody.world, custody.elsewhere
    clerk = dataclasses.replace(
        custody.clerk,
        grants=(
            Grant(here.district.id, Feature.REVIEW_CHANGES, here.north.id),
            Grant(here.district.id, Feature.EXPORT),
            Grant(there.district.id, Feature.REVIEW_CHANGES, there.south.id),
            Grant(there.district.id, Feature.MANAGE_SETTINGS),
        ),
    )
    anna, ben, cleo = custody.anna, custody.ben, custody.cleo
    assert queue(ask, clerk, district=anna.ids[Kind.DISTRICT]) == {
        id_of(anna.request),
        id_of(ben.request),
    }
    assert queue(ask, clerk, district=cleo.ids[Kind.DISTRICT]) == set()
    for strange in (custody.nora, cleo):
        assert decide(ask, clerk, strange)["errors"][0]["code"] == "NOT_FOUND"


def test_a_filter_never_widens_the_queue(custody: Custody, ask: Ask):
    """The other school's filter leaves who is tied to both."""
    clerk, world = custody.north_clerk, custody.world
    south = global_id(Kind.SCHOOL, world.district.id, world.south.id)
    assert queue(ask, clerk, schoolId=south) == set()
    with world.database.write(world.service) as db:
        a_guardianship(db, custody.ben.contact, a_student(db, world.south))
    assert queue(ask, clerk, schoolId=south) == {id_of(custody.ben.request)}
    assert queue(ask, clerk, status="PENDING") == queue(ask, clerk)
    assert queue(ask, clerk, status="APPROVED") == set()


@pytest.mark.parametrize("ended", [Guardianship, Student])
def test_what_has_ended_ties_nobody_to_a_school(custody: Custody, ask: Ask, ended: type):
    """The district's clerk goes on seeing her."""
    nora, world = custody.nora, custody.world
    assert is_told(ask, custody.south_clerk, nora)
    with world.database.write(world.service) as db:
        db.execute(
            sa.update(ended)
            .where((ended.id if ended is Student else ended.student_id) == nora.student.id)
            .values(retired_at=db.now)
        )
    assert not is_told(ask, custody.south_clerk, nora)
    assert is_told(ask, custody.clerk, nora)


def test_nobody_decides_for_a_contact_who_has_left(custody: Custody, ask: Ask):
    nora, world = custody.nora, custody.world
    with world.database.write(world.service) as db:
        db.execute(
            sa.update(Contact).where(Contact.id == nora.contact.id).values(retired_at=db.now)
        )
    assert not is_told(ask, custody.south_clerk, nora)
    assert not is_told(ask, custody.clerk, nora)


def test_a_parent_without_rights_is_still_known_to_the_school(custody: Custody, ask: Ask):
    """The school of the child decides about him, though he sees nothing of her."""
    nora, world = custody.nora, custody.world
    with world.database.write(world.service) as db:
        db.execute(
            sa.update(Guardianship)
            .where(Guardianship.contact_id == nora.contact.id)
            .values(rights=Rights.NO_RIGHTS)
        )
    assert is_told(ask, custody.south_clerk, nora)


def test_a_decision_out_of_scope_changes_nothing(custody: Custody, ask: Ask):
    world = custody.world
    with world.database.read(world.service) as db:
        before = all_rows(db)
    for decision in ("APPROVE", "REJECT", "PER_ITEM"):
        said = {"decision": decision, "reason": "No."}
        refused = decide(ask, custody.south_clerk, custody.anna, **said)
        assert [error["code"] for error in refused["errors"]] == ["NOT_FOUND"]
        assert refused["changeRequest"] is None
    with world.database.read(world.service) as db:
        assert all_rows(db) == before


def test_nobody_decides_about_her_own_contact(custody: Custody, ask: Ask):
    """Neither as the contact's holder nor as who asked; and the attempt is on record."""
    anna, world = custody.anna, custody.world
    key = (anna.contact.district_id, anna.contact.id)
    holder = dataclasses.replace(custody.north_clerk, own_contacts=(key,))
    asker = dataclasses.replace(custody.north_clerk, account_id=anna.guardian.account_id)
    for clerk in (holder, asker):
        refused = decide(ask, clerk, anna)
        assert [error["__typename"] for error in refused["errors"]] == ["NotAllowed"]
    assert decide(ask, holder, custody.ben)["errors"] == []
    with world.database.read(world.service) as db:
        attempts = db.all(sa.select(AuditEntry).where(AuditEntry.action == "mutation.refused"))
        assert {entry.actor for entry in attempts} == {
            f"staff:{clerk.account_id}" for clerk in (holder, asker)
        }
    outside = dataclasses.replace(custody.south_clerk, own_contacts=(key,))
    assert decide(ask, outside, anna)["errors"][0]["code"] == "NOT_FOUND"


def test_a_decision_that_takes_the_contact_out_of_sight_is_still_answered(
    custody: Custody, ask: Ask
):
    """The child is not hers, South agrees: the contact is South's no more, and no error says so."""
    nora = custody.nora
    asked = mutate(
        ask,
        nora.guardian,
        "submitContactChange",
        "changeRequest { id }",
        contactId=nora.ids[Kind.CONTACT],
        items=[{"field": "NOT_MY_CHILD", "studentId": nora.ids[Kind.STUDENT]}],
    )["changeRequest"]["id"]
    said = {"changeRequestId": asked, "version": 1, "decision": "APPROVE"}
    for _ in range(2):
        decided = mutate(
            ask,
            custody.south_clerk,
            "decideContactChange",
            "changeRequest { id }",
            clientMutationId="once",
            **said,
        )
        assert decided == {"changeRequest": None, "clientMutationId": "once", "errors": []}
    assert not is_told(ask, custody.south_clerk, nora)
    status = "query ($id: ID!) { node(id: $id) { ... on ChangeRequest { status } } }"
    assert ask(nora.guardian, status, id=asked)["data"]["node"] == {"status": "APPROVED"}
