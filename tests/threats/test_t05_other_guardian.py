"""T05: a guardian looks for the other guardian through the child, the phone, the mailbox."""

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_composite_type

from app.actor import Guardian
from app.consent import record
from app.consent.ledger import Saying
from app.database import Db
from app.directory.models import Destination, Link
from app.optouts.models import OptOutReport
from app.vocabulary import Channel, OptOutReportStatus, OptOutScope, Source
from graphql_schema.ids import Kind
from tests.asking import Ask, mutate
from tests.authz.custody import MARK, SHARED_PHONE, Custody, Person, id_of
from tests.authz.examples import shown_disclosure
from tests.authz.questions import Questions
from tests.authz.walk import OBJECTS, SDL, concrete_types
from tests.world import a_broadcast, a_message, an_account

pytestmark = pytest.mark.threat("T05")
LEADS_TO_A_CONTACT = {
    "Query.node",  # found by her own id only: T01, T03
    "Query.nodes",
    "Viewer.contacts",
    "ChangeRequest.contact",
    "PauseMessagesPayload.contact",
}
ABOUT_PEOPLE = ("Contact", "ChangeRequest", "ChangeItem", "Viewer", "StaffDesk")


# The schema has no way


def test_only_these_fields_lead_to_a_contact():
    """A new field that answers a contact fails here until somebody has looked whose it is."""
    contact = SDL.type_map["Contact"]
    leading = {
        f"{owner.name}.{name}"
        for owner in OBJECTS
        for name, field in owner.fields.items()
        if is_composite_type(get_named_type(field.type))
        and contact in concrete_types(get_named_type(field.type))
    }
    assert leading == LEADS_TO_A_CONTACT


@pytest.mark.parametrize(
    ("start", "reached"),
    [
        ("Student", {"School"}),
        ("School", set()),
        ("District", {"School", "BroadcastType"}),
        ("BroadcastType", set()),
        ("Disclosure", set()),
        ("ConsentEvent", {"BroadcastType", "Disclosure"}),
        ("Decision", {"ConsentEvent", "BroadcastType", "Disclosure"}),
        ("Delivery", {"Decision", "ConsentEvent", "BroadcastType", "Disclosure"}),
    ],
)
def test_from_what_parents_share_the_schema_leads_to_these_types_alone(start, reached):
    assert types_below(start) == reached


@pytest.mark.parametrize("start", ["Message", "Phone", "Mailbox", "Device"])
def test_from_a_message_or_a_number_no_way_leads_back_to_people(start):
    assert types_below(start).isdisjoint(ABOUT_PEOPLE)
    assert "Student" not in types_below(start) or start == "Message"


def types_below(start: str) -> set[str]:
    reached: set[str] = set()
    waiting = [SDL.type_map[start]]
    while waiting:
        owner = waiting.pop()
        assert isinstance(owner, GraphQLObjectType)
        for field in owner.fields.values():
            below = get_named_type(field.type)
            for each in concrete_types(below) if is_composite_type(below) else ():
                if each.name not in {*reached, start}:
                    reached.add(each.name)
                    waiting.append(each)
    return reached


# The data have no way


def bens_private_life(custody: Custody, ask: Ask) -> None:
    """Everything he may do for himself, on the shared phone too, and what the school answers."""
    ben = custody.ben
    kind = ben.ids[Kind.BROADCAST_TYPE]

    def does(name: str, **input: Any) -> dict[str, Any]:
        done = mutate(ask, ben.guardian, name, "", **input)
        assert done["errors"] == []
        return done

    for link in (0, 1):
        on = {"destinationId": id_of(ben.links[link]), "channel": "SMS"}
        for wanted in (False, None, False):
            does("setPreferences", preferences=[{**on, "broadcastTypeId": kind, "wanted": wanted}])
        does("setQuietHours", **on, **{"from": "20:15", "to": "06:45"})
    does("pauseMessages", contactId=ben.ids[Kind.CONTACT], until="2026-11-29T00:00:00Z")
    does("markMessagesRead", messageIds=[ben.ids[Kind.MESSAGE]])
    own_phone = {"destinationId": id_of(ben.links[0]), "channel": "VOICE"}
    does("optOut", **own_phone, scope="NON_EMERGENCY")
    does("revokeConsent", **own_phone)
    _ask_and_be_answered(custody, ask, "REJECT")
    _ask_and_be_answered(custody, ask, "APPROVE")
    with custody.world.database.write(custody.world.service) as db:
        _on_file(db, custody)


def _ask_and_be_answered(custody: Custody, ask: Ask, decision: str) -> None:
    ben = custody.ben
    asked = mutate(
        ask,
        ben.guardian,
        "submitContactChange",
        "changeRequest { id }",
        contactId=ben.ids[Kind.CONTACT],
        note=f"Do not tell Anna: {MARK}",
        items=[
            {"field": "ADD_EMAIL", "after": f"new.{MARK}@example.org", "label": MARK},
            {"field": "FAMILY_NAME", "after": f"Other {MARK}"},
        ],
    )["changeRequest"]["id"]
    decided = mutate(
        ask,
        custody.clerk,
        "decideContactChange",
        "",
        changeRequestId=asked,
        version=1,
        decision=decision,
        reason=f"Reason {MARK}",
    )
    assert decided["errors"] == []


def _on_file(db: Db, custody: Custody) -> None:
    """His login, and a message to him by the shared phone."""
    ben, world = custody.ben, custody.world
    an_account(db, f"login.{MARK}@example.org", opens=[ben.contact])
    sent = a_broadcast(db, world.survey, subject=f"Ben {MARK}", body=f"To {MARK} alone")
    shared = _shared_phone(db, custody)
    a_message(db, sent, ben.contact, about=[ben.student], to=[(shared, Channel.SMS)])


def _shared_phone(db: Db, custody: Custody) -> Destination:
    shared = db.get(Link, custody.ben.links[1].district_id, custody.ben.links[1].id)
    assert shared is not None
    phone = db.lock(Destination, shared.district_id, shared.destination_id)
    assert phone is not None
    assert phone.value == SHARED_PHONE
    return phone


def bens_words_for_the_shared_phone(custody: Custody, ask: Ask) -> None:
    """What counts for the number, whoever says it: by him, by a text, a key press, the school."""
    ben = custody.ben
    on = {"destinationId": id_of(ben.links[1])}
    version = shown_disclosure(ask, ben)
    for name, said in (
        ("grantConsent", {"channel": "SMS", "disclosureVersion": version}),
        ("revokeConsent", {"channel": "VOICE"}),
        ("optOut", {"channel": "SMS", "scope": "NON_EMERGENCY"}),
    ):
        assert mutate(ask, ben.guardian, name, "", **on, **said)["errors"] == []
    world = custody.world
    with world.database.write(world.service) as db:
        phone = _shared_phone(db, custody)
        told = {"evidence": {"text": f"please stop {MARK}", "from": SHARED_PHONE}}
        stop = Saying(world.number(Source.SMS), db.now, Source.SMS, **told)
        event = record.revoke(db, phone, Channel.SMS, stop)
        by_staff = Saying(custody.clerk, db.now, Source.STAFF, **told)
        record.block(db, phone, Channel.VOICE, f"Call from {MARK}", by_staff)
        db.add(
            OptOutReport(
                district_id=phone.district_id,
                destination_id=phone.id,
                channel=Channel.SMS,
                scope=OptOutScope.NON_EMERGENCY,
                input=f"leave me alone {MARK}",
                source=Source.SMS,
                received_at=db.now,
                due_at=db.now + timedelta(days=14),
                status=OptOutReportStatus.PENDING,
                note=f"Heard by {MARK}",
                event_id=event.id,
            )
        )


def canaries(custody: Custody) -> Iterator[str]:
    """What must never stand in an answer to Anna."""
    yield MARK
    yield from ("5559876", "555-9876", "217.555.0100", "login.")
    ben = custody.ben
    private = [ben.contact, *ben.links, ben.message, ben.request, ben.event]
    for row in private:
        yield id_of(row)
        yield from (str(row.id), row.id.hex)
    yield str(ben.guardian.account_id)


def guesses(custody: Custody) -> list[str]:
    """Every id that Anna knows or was told by somebody who should not have."""
    people = (custody.anna, custody.ben, custody.nora)
    links = [id_of(link) for person in people for link in person.links]
    return [*links, *(one for person in people for one in person.ids.values())]


def questions(custody: Custody, rng: random.Random) -> Questions:
    return Questions(rng, guesses(custody), [MARK, "Ben", "%kanarie%", "+12175559876"])


@pytest.mark.timeout(1_800)
def test_nothing_of_the_other_guardian_stands_in_any_answer(
    custody: Custody, ask: Ask, rng: random.Random, scale: Callable[[int], int]
):
    """Questions and changes at random while he lives his life: not one canary."""
    bens_words_for_the_shared_phone(custody, ask)
    bens_private_life(custody, ask)
    asking, never = questions(custody, rng), list(canaries(custody))
    answered = 0
    half = scale(20_000) // 2  # the other half is asked of the other database
    for _ in range(half):
        question = asking.question()
        body = ask(custody.anna.guardian, question)
        asking.learn(body.get("data"))
        answered += body.get("data") is not None
        said = str(body)
        assert not [canary for canary in never if canary in said], question
    assert answered > half * 0.6


def test_the_same_questions_show_him_to_himself(custody: Custody, ask: Ask, rng: random.Random):
    """Or else the canaries would prove nothing."""
    bens_private_life(custody, ask)
    asking = questions(custody, rng)
    answers = [str(ask(custody.ben.guardian, asking.query())) for _ in range(60)]
    assert sum(MARK in answer for answer in answers) > 5


@pytest.mark.timeout(1_800)
def test_not_a_byte_of_her_answers_depends_on_what_he_does_for_himself(
    custody: Custody, ask: Ask, rng: random.Random, scale: Callable[[int], int]
):
    """Versions, sequences, pages, searches: the same questions before and after."""
    bens_words_for_the_shared_phone(custody, ask)
    asking = questions(custody, rng)
    asked = [asking.query() for _ in range(scale(3_000))]
    before = [ask(custody.anna.guardian, question) for question in asked]
    bens_private_life(custody, ask)
    after = [ask(custody.anna.guardian, question) for question in asked]
    assert before == after


HISTORY = """query ($id: ID!) { node(id: $id) { ... on Phone {
  channels { channel consent { status version source } }
  history { nodes { sequence action actor source channel disclosure { language text } } }
} } }"""


def on_the_shared_phone(ask: Ask, person: Person, reader: Guardian) -> dict[str, Any]:
    shown: dict[str, Any] = ask(reader, HISTORY, id=id_of(person.links[1]))["data"]["node"]
    return shown


def test_of_what_he_says_for_the_shared_phone_she_sees_no_more_than_that_it_was_said(
    custody: Custody, ask: Ask
):
    """Not who, not in which language he agreed; he sees both of himself."""
    anna, ben = custody.anna, custody.ben
    bens_words_for_the_shared_phone(custody, ask)
    seen = on_the_shared_phone(ask, anna, anna.guardian)["history"]["nodes"]
    assert [(line["action"], line["actor"]) for line in seen] == [
        ("BLOCKED", "the school"),
        ("REVOKED", "this phone or address"),
        ("OPTED_OUT", "someone who uses this phone"),
        ("REVOKED", "someone who uses this phone"),
        ("GRANTED", "someone who uses this phone"),
    ]
    assert [line["disclosure"] for line in seen] == [None] * 5
    own = on_the_shared_phone(ask, ben, ben.guardian)["history"]["nodes"]
    [granted] = [line for line in own if line["action"] == "GRANTED"]
    assert granted["actor"] == "you"
    assert granted["disclosure"]["language"] == "en"


def test_versions_and_sequences_of_the_number_do_not_count_his_choices(custody: Custody, ask: Ask):
    """Ten private changes of his, then one word of hers for the number: it is the first."""
    bens_private_life(custody, ask)
    anna = custody.anna
    shared = id_of(anna.links[1])
    done = mutate(
        ask,
        anna.guardian,
        "revokeConsent",
        "consent { version }",
        destinationId=shared,
        channel="SMS",
    )
    assert done["consent"] == {"version": 1}
    shown = on_the_shared_phone(ask, anna, anna.guardian)
    assert [line["sequence"] for line in shown["history"]["nodes"]] == [1]


def test_a_conflict_over_the_shared_phone_does_not_say_with_whom(custody: Custody, ask: Ask):
    anna, ben = custody.anna, custody.ben
    version = shown_disclosure(ask, anna)
    shared = {"channel": "SMS", "disclosureVersion": version}
    granted = mutate(
        ask, ben.guardian, "grantConsent", "", destinationId=id_of(ben.links[1]), **shared
    )
    assert granted["errors"] == []
    refused = mutate(
        ask,
        anna.guardian,
        "grantConsent",
        "",
        destinationId=id_of(anna.links[1]),
        version=0,
        **shared,
    )
    [conflict] = refused["errors"]
    assert (conflict["code"], conflict["changedBy"]) == ("CONFLICT", None)
    assert not any(canary in str(refused) for canary in canaries(custody))


def test_a_key_that_he_has_used_is_new_for_her(custody: Custody, ask: Ask):
    """Whose clientMutationId was used cannot be tried out."""
    for person in (custody.ben, custody.anna):
        on = {"destinationId": id_of(person.links[0]), "channel": "SMS"}
        done = mutate(ask, person.guardian, "revokeConsent", "", clientMutationId="one", **on)
        assert done["errors"] == []
