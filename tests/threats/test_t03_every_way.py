"""T03: somebody asks by `node`, `nodes` or an edge because the direct way is closed."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from app.actor import Actor
from app.changes.models import ChangeRequest
from app.consent.models import ConsentEvent
from app.database import Db
from app.directory.models import BroadcastType, Contact, Guardianship, Link, School, Student
from app.messages.models import Message
from app.vocabulary import Feature, Rights
from graphql_schema.ids import Kind, global_id
from graphql_schema.viewer import FINDERS
from tests.asking import Ask, mutate
from tests.authz.custody import Custody, Person, id_of
from tests.authz.walk import NODE, NODE_TYPES, SDL, along, plain_values, ways_from
from tests.world import World

pytestmark = pytest.mark.threat("T03")
BY_NODE = f"query ($id: ID!) {{ node(id: $id) {{ {plain_values(NODE)} }} }}"
BY_NODES = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ {plain_values(NODE)} }} }}"
KIND_OF_TYPE = {
    "District": Kind.DISTRICT,
    "School": Kind.SCHOOL,
    "Student": Kind.STUDENT,
    "BroadcastType": Kind.BROADCAST_TYPE,
    "Contact": Kind.CONTACT,
    "Phone": Kind.LINK,
    "Mailbox": Kind.LINK,
    "Device": Kind.LINK,
    "ConsentEvent": Kind.CONSENT_EVENT,
    "Message": Kind.MESSAGE,
    "ChangeRequest": Kind.CHANGE_REQUEST,
}
Shown = dict[str, dict[str, Any]]  # id -> what was seen of it


def test_every_type_with_an_id_is_found_by_a_guarded_finder():
    """A new Node type fails here until it has a letter and a finder."""
    assert KIND_OF_TYPE.keys() == set(NODE_TYPES)
    assert set(KIND_OF_TYPE.values()) == set(Kind) == FINDERS.keys()


def objects_in(data: Any) -> Iterator[dict[str, Any]]:
    """Whatever has an id, however deep."""
    if isinstance(data, list):
        for each in data:
            yield from objects_in(each)
    if isinstance(data, dict):
        if "id" in data:
            yield data
        for each in data.values():
            yield from objects_in(each)


def note(shown: Shown, body: dict[str, Any]) -> None:
    """Whatever way leads to an object, it looks the same."""
    for found in objects_in(body["data"]):
        assert shown.setdefault(found["id"], found) == found


def seen_on_all_ways(ask: Ask, actor: Actor) -> Shown:
    """Everything that any way from the viewer shows."""
    shown: Shown = {}
    for way in ways_from(SDL.type_map["Viewer"]):
        note(shown, ask(actor, f"{{ viewer {{ {along(way)} }} }}"))
    return shown


def view_of(db: Db, world: World, people: Iterable[Contact], *, messages: bool) -> set[str]:
    """All ids that somebody who may see these contacts may see: read from the tables alone."""
    district = world.district.id

    def of(table: Any, *where: sa.ColumnElement[bool]) -> list[Any]:
        rows = sa.select(table).where(table.district_id == district, *where)
        return list(db.session.scalars(rows))

    contacts = [contact.id for contact in people]
    links = of(Link, Link.contact_id.in_(contacts), Link.retired_at.is_(None))
    fully = of(
        Guardianship,
        Guardianship.contact_id.in_(contacts),
        Guardianship.retired_at.is_(None),
        Guardianship.rights == Rights.FULL,
    )
    said = sa.or_(
        ConsentEvent.destination_id.in_([link.destination_id for link in links]),
        ConsentEvent.link_id.in_([link.id for link in links])
        & ConsentEvent.contact_id.in_(contacts),
    )
    rows = [
        *of(School, School.retired_at.is_(None)),
        *of(
            Student,
            Student.id.in_([guardianship.student_id for guardianship in fully]),
            Student.retired_at.is_(None),
        ),
        *of(Contact, Contact.id.in_(contacts)),
        *links,
        *of(ConsentEvent, said),
        *of(ChangeRequest, ChangeRequest.contact_id.in_(contacts)),
        *(of(Message, Message.contact_id.in_(contacts)) if messages else []),
    ]
    kinds = of(BroadcastType, BroadcastType.retired_at.is_(None))
    return {
        global_id(Kind.DISTRICT, district, district),
        *(global_id(Kind.BROADCAST_TYPE, district, kind.id) for kind in kinds),
        *map(id_of, rows),
    }


@pytest.fixture
def lively(custody: Custody, ask: Ask) -> Custody:
    """Both parents have spoken about the phone they share."""
    for person, name in ((custody.ben, "revokeConsent"), (custody.anna, "revokeConsent")):
        for channel in ("SMS", "VOICE"):
            shared = id_of(person.links[1])
            mutate(ask, person.guardian, name, "", destinationId=shared, channel=channel)
    return custody


def visible(custody: Custody, world: World, *people: Person, messages: bool) -> set[str]:
    with custody.world.database.read(world.service) as db:
        return view_of(db, world, [person.contact for person in people], messages=messages)


def test_whatever_way_a_parent_takes_she_sees_what_is_hers_alone(lively: Custody, ask: Ask):
    """Edges, nodes of a connection, `node` and `nodes` show the same objects, and them alike."""
    world, anna = lively.world, lively.anna
    shown = seen_on_all_ways(ask, anna.guardian)
    assert shown.keys() == visible(lively, world, anna, messages=True)
    for one, seen in shown.items():
        assert ask(anna.guardian, BY_NODE, id=one)["data"]["node"] == seen
    found = ask(anna.guardian, BY_NODES, ids=list(shown))["data"]["nodes"]
    assert found == list(shown.values())
    theirs = visible(lively, world, lively.ben, lively.nora, messages=True)
    theirs |= visible(lively, lively.elsewhere, lively.cleo, messages=True)
    strange = sorted(theirs - shown.keys())
    assert ask(anna.guardian, BY_NODES, ids=strange)["data"]["nodes"] == [None] * len(strange)


def test_what_hangs_on_a_node_is_what_hangs_on_an_edge(lively: Custody, ask: Ask):
    """From one of her objects of each kind, found by its id, two steps further on every way."""
    anna, shown = lively.anna, {}
    for type_name, kind in KIND_OF_TYPE.items():
        for way in ways_from(SDL.type_map[type_name], most=2):
            further = f"... on {type_name} {{ {along(way)} }}"
            document = f"query ($id: ID!) {{ node(id: $id) {{ {further} }} }}"
            note(shown, ask(anna.guardian, document, id=anna.ids[kind]))
    assert len(shown) > len(KIND_OF_TYPE)
    assert shown.keys() <= visible(lively, lively.world, anna, messages=True)
    found = ask(anna.guardian, BY_NODES, ids=list(shown))["data"]["nodes"]
    assert found == list(shown.values())


def test_whatever_way_a_clerk_takes_she_sees_who_is_in_scope_alone(lively: Custody, ask: Ask):
    """The clerk of North sees both parents of Lisa, no message, nobody of South.

    Students and lines of the ledger she meets on a contact only, not by their ids.
    """
    clerk = lively.north_clerk
    shown = seen_on_all_ways(ask, clerk)
    assert shown.keys() == visible(lively, lively.world, lively.anna, lively.ben, messages=False)
    for one, seen in shown.items():
        only_on_a_contact = seen["__typename"] in ("Student", "ConsentEvent")
        found = ask(clerk, BY_NODE, id=one)["data"]["node"]
        assert found == (None if only_on_a_contact else seen)


@pytest.mark.parametrize("feature", Feature)
def test_one_feature_opens_the_same_by_node_and_by_edge(
    lively: Custody, ask: Ask, feature: Feature
):
    """Who only sees contacts sees no request of theirs, by no way; others see nobody at all."""
    clerk = lively.world.clerk([feature])
    contact, request = lively.anna.ids[Kind.CONTACT], lively.anna.ids[Kind.CHANGE_REQUEST]
    sees_contact = feature in (Feature.VIEW_CONTACTS, Feature.REVIEW_CHANGES)
    sees_request = feature is Feature.REVIEW_CHANGES
    found = ask(clerk, BY_NODES, ids=[contact, request])["data"]["nodes"]
    assert [one is not None for one in found] == [sees_contact, sees_request]
    requests = "... on Contact { changeRequests { nodes { id } } }"
    by_edge = ask(clerk, f"query ($id: ID!) {{ node(id: $id) {{ {requests} }} }}", id=contact)
    if sees_request:
        assert by_edge["data"]["node"]["changeRequests"]["nodes"] == [{"id": request}]
    else:
        code = "FORBIDDEN" if sees_contact else "NOT_FOUND"
        assert [error["extensions"]["code"] for error in by_edge["errors"]] == [code]
        assert by_edge["data"] == {"node": None}
