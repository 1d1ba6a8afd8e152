"""A page costs the same number of statements whether it shows one thing or fifty."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event as sql_event

from app.actor import Actor, Staff
from app.changes.requests import Asked
from app.consent.choices import opt_out, revoke_consent
from app.consent.models import ConsentEvent
from app.consent.preferences import Choice, set_preferences, set_quiet_hours
from app.database import Database
from app.directory.links import Key
from app.directory.models import Contact
from app.vocabulary import Channel, ContactField, OptOutScope
from graphql_schema.ids import Kind, global_id
from tests.asking import Ask, asker
from tests.changes.steps import ask as ask_school
from tests.world import (
    World,
    a_broadcast,
    a_contact,
    a_delivery,
    a_guardianship,
    a_link,
    a_mailbox,
    a_message,
    a_phone,
    a_student,
    links_of,
)

FEW, MANY = 1, 50
OF_THE_TRANSACTION = ("BEGIN", "SELECT set_config")
SETTINGS = """
  __typename id label version summary verifiedAt
  ... on Phone { number display extension lineType } ... on Mailbox { address }
  channels { channel disclosure { version text language }
    consent { status since source pendingOptIn version }
    optOuts { scope held since source broadcastType { code } }
    preferences { wanted locked version broadcastType { id code name description }
      decision { allowed reason explanation notBefore event { id sequence action actor
        disclosure { text } } } }
    quietHours { from to version } }
"""
MESSAGE = """
  id subject body snippet sentAt readAt removedAt audioUrl school { name }
  broadcastType { code name } students { givenName familyName grade school { name } }
  deliveries { channel sentTo status at why { reason explanation event { action actor } } }
"""
HOME = f"""query Home {{ viewer {{ email language features
  contacts {{ id givenName familyName language address version pausedUntil
    district {{ id name optOutHandling schools {{ id name }} broadcastTypes {{ id code name }} }}
    students {{ id givenName familyName grade school {{ name }} }}
    destinations {{ {SETTINGS} }} }}
  messages(first: 5) {{ nodes {{ {MESSAGE} }} }}
}} }}"""
MESSAGES = f"""query Messages {{ viewer {{ messages(first: 50) {{
  edges {{ cursor node {{ {MESSAGE} }} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"""
OF_ONE_CONTACT = f"""query OfOneContact($id: ID!) {{ node(id: $id) {{ ... on Contact {{
  messages(first: 50) {{ nodes {{ {MESSAGE} }} }} }} }} }}"""
NESTED = f"""query Nested {{ viewer {{ contacts {{ givenName
  messages(first: 3) {{ nodes {{ {MESSAGE} }} }}
  changeRequests(first: 3, status: PENDING) {{ nodes {{ status items {{ field current }} }} }}
  destinations {{ label history(first: 3) {{ nodes {{ action actor disclosure {{ text }} }} }} }}
}} }} }}"""
PAGES = {HOME: 13, MESSAGES: 7, NESTED: 12}  # statements
QUEUE = """query Queue { viewer { desk { district { name } changeRequests(first: 50) {
  edges { node { id status note submittedAt dueAt version sisConflict
    contact { givenName students { givenName school { name } } district { name } }
    items { field before after current conflict verified accepted student { givenName }
      destination { id label summary channels { channel consent { status } } } } } }
  pageInfo { endCursor } } } } }"""


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that run meanwhile."""
    statements: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    sql_event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sql_event.remove(database.engine, "before_cursor_execute", note)


@pytest.fixture
def ask(world: World) -> Ask:
    return asker(world.database)


def a_family(world: World, *, numbers: int, messages: int, children: int = 1) -> Contact:
    """Somebody with so many phones, each with all that can be said for it, and as many mails."""
    with world.database.write(world.service) as db:
        contact = a_contact(db, world.district)
        students = [a_student(db, world.north) for _ in range(children)]
        for student in students:
            a_guardianship(db, contact, student)
        phones = [a_phone(db, world.district) for _ in range(numbers)]
        links = [a_link(db, contact, phone, verified_at=db.now) for phone in phones]
        for _ in range(numbers):
            a_link(db, contact, a_mailbox(db, world.district), label="email")
    ask_school(world, contact, Asked(ContactField.ADDRESS, after="742 Elm St"))
    say_everything(world, contact, [(link.district_id, link.id) for link in links])
    with world.database.write(world.service) as db:
        event = db.session.scalars(sa.select(ConsentEvent)).first()
        assert event is not None
        for _ in range(messages):
            broadcast = a_broadcast(db, world.attendance, school_id=world.north.id)
            message = a_message(db, broadcast, contact, about=students)
            for phone in phones[:3]:
                a_delivery(db, message, phone, Channel.SMS, **because_of(event))
    return contact


def because_of(event: ConsentEvent) -> dict[str, Any]:
    return {"why_allowed": False, "why_reason": "CONSENT_REVOKED", "why_event_id": event.id}


def say_everything(world: World, contact: Contact, links: Sequence[Key]) -> None:
    actor = world.guardian(contact)
    kind = (world.district.id, world.attendance.id)
    with world.database.write(actor) as db:
        for link in links:
            revoke_consent(db, actor, link, Channel.SMS)
            opt_out(db, actor, link, Channel.VOICE, OptOutScope.NON_EMERGENCY)
            set_quiet_hours(db, actor, link, Channel.VOICE, ("21:00", "07:00"))
        choices = [Choice(link, Channel.VOICE, kind, wanted=False) for link in links]
        set_preferences(db, actor, choices)


def a_queue(world: World, length: int) -> Staff:
    for _ in range(length):
        with world.database.write(world.service) as db:
            contact = a_contact(db, world.district, with_phone="+12175550143")
            a_guardianship(db, contact, a_student(db, world.north))
            [link] = links_of(db, contact)
        ask_school(
            world,
            contact,
            Asked(ContactField.REMOVE_PHONE, link_key=(link.district_id, link.id)),
            Asked(ContactField.FAMILY_NAME, after="Bouvier"),
        )
    return world.clerk(email="clerk@school.example")


def statements(world: World, ask: Ask, actor: Actor, document: str, **variables: Any) -> int:
    with counted(world.database) as ran:
        body = ask(actor, document, **variables)
    assert "errors" not in body, body["errors"]
    return len([text for text in ran if not text.startswith(OF_THE_TRANSACTION)])


@pytest.mark.parametrize("size", [FEW, MANY])
def test_a_page_costs_the_same_for_one_number_and_message_as_for_fifty(
    world: World, ask: Ask, size: int
):
    parent = world.guardian(a_family(world, numbers=size, messages=size, children=min(size, 5)))
    assert [statements(world, ask, parent, page) for page in PAGES] == list(PAGES.values())


def test_a_page_costs_the_same_for_fifty_contacts(world: World, ask: Ask):
    parent = world.guardian(*(a_family(world, numbers=1, messages=2) for _ in range(MANY)))
    assert [statements(world, ask, parent, page) for page in PAGES] == list(PAGES.values())


def test_a_contacts_own_messages_cost_no_more_than_all(world: World, ask: Ask):
    contact = a_family(world, numbers=2, messages=MANY)
    named = {"id": global_id(Kind.CONTACT, contact.district_id, contact.id)}
    assert statements(world, ask, world.guardian(contact), OF_ONE_CONTACT, **named) == 8


@pytest.mark.parametrize("length", [FEW, MANY])
def test_the_desks_queue_costs_the_same_for_one_request_as_for_fifty(
    world: World, ask: Ask, length: int
):
    assert statements(world, ask, a_queue(world, length), QUEUE) == 9
