"""A list inside a list shows of each thing what it would show alone."""

from datetime import timedelta
from typing import Any

import pytest

from app.changes.requests import Asked
from app.consent.choices import grant_consent, opt_out, revoke_consent
from app.consent.disclosures import disclosure_for
from app.consent.preferences import pause_messages, set_quiet_hours
from app.directory.models import Contact
from app.directory.policy import load_policies
from app.vocabulary import Channel, ContactField, OptOutScope
from tests.asking import Ask, asker
from tests.changes.steps import ask as ask_school
from tests.changes.steps import decide
from tests.world import (
    SetClock,
    World,
    a_broadcast,
    a_contact,
    a_message,
    links_of,
)

MESSAGES = "messages(first: $first) { nodes { id subject } pageInfo { hasNextPage endCursor } }"
REQUESTS = "changeRequests(first: $first) { nodes { id items { after } } pageInfo { hasNextPage } }"
HISTORY = (
    "history(first: $first) { nodes { id sequence action } pageInfo { hasNextPage endCursor } }"
)
TOGETHER = f"""query ($first: Int) {{ viewer {{ contacts {{
    id {MESSAGES} {REQUESTS} destinations {{ id {HISTORY} }} }} }} }}"""
OF_CONTACT = f"query ($id: ID!, $first: Int) {{ node(id: $id) {{ ... on Contact {{ {MESSAGES} {REQUESTS} }} }} }}"
OF_DESTINATION = (
    f"query ($id: ID!, $first: Int) {{ node(id: $id) {{ ... on Destination {{ {HISTORY} }} }} }}"
)


@pytest.fixture
def ask(world: World) -> Ask:
    return asker(world.database)


@pytest.fixture
def people(world: World, clock: SetClock) -> list[Contact]:
    """Three contacts of one parent who share a phone, each with a past of her own."""
    with world.database.write(world.service) as db:
        contacts = [
            a_contact(db, world.district, with_phone=["+12175550143", f"+1217555020{n}"])
            for n in range(3)
        ]
        for link in (link for contact in contacts for link in links_of(db, contact)):
            link.verified_at = db.now
    for many, contact in enumerate(contacts):
        live(world, clock, contact, many)
    return contacts


def live(world: World, clock: SetClock, contact: Contact, many: int) -> None:
    actor = world.guardian(contact)
    with world.database.read(actor) as db:
        links = [(link.district_id, link.id) for link in links_of(db, contact)]
        policy = load_policies(db, [world.district.id])[world.district.id]
    agreed = disclosure_for(policy, Channel.SMS, "en").version
    for turn in range(many * 2):
        clock.advance(timedelta(minutes=1))
        with world.database.write(actor) as db:
            a_message(db, a_broadcast(db, world.attendance, subject=f"{many}.{turn}"), contact)
            pause_messages(db, actor, (contact.district_id, contact.id), db.now + timedelta(days=1))
            for link in links:
                grant_consent(db, actor, link, Channel.SMS, agreed)
                set_quiet_hours(db, actor, link, Channel.VOICE, ("21:00", f"0{turn}:30"))
                opt_out(db, actor, link, Channel.VOICE, OptOutScope.NON_EMERGENCY)
                revoke_consent(db, actor, link, Channel.SMS)
        request = ask_school(
            world, contact, Asked(ContactField.ADDRESS, after=f"{turn} Elm St of {many}")
        )
        if turn % 2:
            decide(world, request)


@pytest.mark.parametrize("first", [0, 1, 2, 3, 7, 100])
def test_contacts_and_destinations_side_by_side_show_what_each_shows_alone(
    world: World, ask: Ask, people: list[Contact], first: int
):
    parent = world.guardian(*people)
    contacts = ask(parent, TOGETHER, first=first)["data"]["viewer"]["contacts"]
    assert len(contacts) == 3
    seen: list[Any] = []
    for contact in contacts:
        alone = ask(parent, OF_CONTACT, id=contact["id"], first=first)["data"]["node"]
        assert {name: contact[name] for name in alone} == alone
        for destination in contact["destinations"]:
            line = ask(parent, OF_DESTINATION, id=destination["id"], first=first)["data"]["node"]
            assert destination["history"] == line["history"]
            seen += line["history"]["nodes"]
    assert bool(seen) is (first > 0)


def test_the_second_page_goes_on_where_the_first_ended(
    world: World, ask: Ask, people: list[Contact]
):
    parent = world.guardian(*people)
    page = """query ($id: ID!, $first: Int, $after: String) { node(id: $id) {
        ... on Destination { history(first: $first, after: $after) {
            nodes { id at } pageInfo { hasNextPage endCursor } } } } }"""
    destination = ask(parent, TOGETHER, first=1)["data"]["viewer"]["contacts"][2]["destinations"][0]
    whole = ask(parent, page, id=destination["id"], first=100)["data"]["node"]["history"]["nodes"]
    found: list[Any] = []
    after = None
    while True:
        part = ask(parent, page, id=destination["id"], first=3, after=after)["data"]["node"]
        found += part["history"]["nodes"]
        after = part["history"]["pageInfo"]["endCursor"]
        if not part["history"]["pageInfo"]["hasNextPage"]:
            break
    assert found == whole
    assert len(found) > 6
