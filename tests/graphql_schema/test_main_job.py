"""The main job, end to end, as a parent and a clerk would live it."""

from datetime import timedelta

import pytest

from app.directory.models import Destination
from app.vocabulary import Channel
from tests.asking import Ask, asker, mutate
from tests.world import (
    World,
    a_broadcast,
    a_contact,
    a_guardianship,
    a_message,
    a_student,
    an_account,
    links_of,
)

HOME = """
query Home {
  viewer {
    email
    language
    contacts {
      id givenName familyName version pausedUntil
      district { name broadcastTypes { id code name } }
      students { id givenName school { name } }
      destinations {
        __typename id label version summary
        ... on Phone { number display lineType }
        ... on Mailbox { address }
        channels {
          channel
          disclosure { version text }
          consent { status pendingOptIn version source }
          optOuts { scope held broadcastType { code } }
          preferences {
            wanted locked version broadcastType { id code }
            decision { allowed reason explanation notBefore event { id action actor } }
          }
          quietHours { from to version }
        }
      }
    }
    messages(first: 5) {
      edges { cursor node { id subject snippet sentAt readAt students { givenName }
        school { name } broadcastType { code }
        deliveries { channel sentTo status why { reason explanation } } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""


@pytest.fixture
def ask(world: World) -> Ask:
    return asker(world.database)


@pytest.fixture
def family(world: World):
    """Marge, her phone and mailbox, Lisa at North School, one attendance message."""
    with world.database.write(world.service) as db:
        marge = a_contact(
            db, world.district, with_phone="+12175550143", with_email="marge@example.org"
        )
        lisa = a_student(db, world.north)
        a_guardianship(db, marge, lisa)
        account = an_account(db, "marge@example.org", opens=[marge])
        phone, _ = links_of(db, marge)
        destination = phone.destination_id
        broadcast = a_broadcast(db, world.attendance, school_id=world.north.id)
        number = db.get(Destination, world.district.id, destination)
        assert number is not None
        a_message(db, broadcast, marge, about=[lisa], to=[(number, Channel.SMS)])
    return world.guardian(marge, account=account, email="marge@example.org")


def test_a_parent_sees_her_numbers_her_child_and_her_messages(ask, family):
    """The home query answers everything the page shows."""
    body = ask(family, HOME)
    assert "errors" not in body, body
    viewer = body["data"]["viewer"]
    assert viewer["email"] == "marge@example.org"
    [contact] = viewer["contacts"]
    assert [student["givenName"] for student in contact["students"]] == ["Lisa"]
    phone, mailbox = contact["destinations"]
    assert (phone["number"], mailbox["address"]) == ("+12175550143", "marge@example.org")
    assert "You will get: Emergency (calls and texts)" in phone["summary"]
    [edge] = viewer["messages"]["edges"]
    assert edge["node"]["students"] == [{"givenName": "Lisa"}]
    assert edge["node"]["deliveries"][0]["status"] == "DELIVERED"


def test_a_parent_turns_texts_off_and_on_again(ask, family):
    """Revoking tells what it does; granting names the text she agreed to."""
    phone = ask(family, HOME)["data"]["viewer"]["contacts"][0]["destinations"][0]
    sms = phone["channels"][1]
    off = mutate(
        ask,
        family,
        "revokeConsent",
        "consent { status } destination { summary }",
        destinationId=phone["id"],
        channel="SMS",
    )
    assert off["consent"] == {"status": "REVOKED"}
    assert "Emergency (calls)" in off["destination"]["summary"]
    on = mutate(
        ask,
        family,
        "grantConsent",
        "consent { status pendingOptIn } destination { history { nodes { action actor disclosure "
        "{ text } } } }",
        destinationId=phone["id"],
        channel="SMS",
        disclosureVersion=sms["disclosure"]["version"],
    )
    assert on["consent"] == {"status": "GRANTED", "pendingOptIn": False}
    granted, revoked = on["destination"]["history"]["nodes"]
    assert (granted["action"], revoked["action"]) == ("GRANTED", "REVOKED")
    assert granted["actor"] == "you"
    assert "text STOP" in granted["disclosure"]["text"]


def test_a_parent_asks_for_a_new_number_and_the_school_decides(ask, family, world, clock):
    """Queue, decision, outcome with its reason, and the number is there."""
    contact = ask(family, HOME)["data"]["viewer"]["contacts"][0]
    asked = mutate(
        ask,
        family,
        "submitContactChange",
        "changeRequest { id status version }",
        contactId=contact["id"],
        items=[
            {"field": "ADD_PHONE", "after": "(217) 555-0199", "label": "work"},
            {"field": "FAMILY_NAME", "after": "Bouvier"},
        ],
    )
    assert asked["errors"] == []
    clerk = world.clerk(email="clerk@example.org")
    queue = ask(
        clerk,
        "{ viewer { desk { changeRequests(filter: {status: PENDING}) { nodes { id version "
        "contact { givenName } items { field before after current conflict } } } } } }",
    )
    [request] = queue["data"]["viewer"]["desk"]["changeRequests"]["nodes"]
    assert request["items"][0]["after"] == "+12175550199"
    clock.advance(timedelta(hours=1))
    decided = mutate(
        ask,
        clerk,
        "decideContactChange",
        "changeRequest { status reason }",
        changeRequestId=request["id"],
        version=request["version"],
        decision="PER_ITEM",
        items=[{"index": 0, "accept": True}, {"index": 1, "accept": False}],
        reason="Please bring your papers.",
    )
    assert decided["errors"] == []
    assert decided["changeRequest"]["status"] == "PARTLY_APPROVED"
    seen = ask(
        family,
        "{ viewer { contacts { familyName destinations { ... on Phone { number label } } "
        "changeRequests { nodes { status reason items { accepted } } } } } }",
    )["data"]["viewer"]["contacts"][0]
    assert {"number": "+12175550199", "label": "work"} in seen["destinations"]
    assert seen["familyName"] == "Simpson"
    [outcome] = seen["changeRequests"]["nodes"]
    assert outcome["reason"] == "Please bring your papers."
    assert [item["accepted"] for item in outcome["items"]] == [True, False]
