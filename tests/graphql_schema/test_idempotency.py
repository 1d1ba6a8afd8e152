"""A mutation sent again: it acts once, and answers over its objects as they are now."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from app.actor import Guardian, identity
from app.changes.requests import Asked
from app.consent.models import ConsentEvent
from app.database import Database
from app.directory.models import Contact, Link
from app.errors import Invalid
from app.vocabulary import ContactField
from auth.idempotency import KEPT, forget_old_keys, remember, remembered
from auth.models import IdempotencyKey
from graphql_schema.ids import Kind, global_id
from tests.asking import Ask, asker, mutate
from tests.changes.steps import all_of, decide, request_now
from tests.changes.steps import ask as ask_school
from tests.races.together import PATIENCE, at_once, begun
from tests.world import SetClock, World, a_contact, a_world, links_of

SETTING = "consent { status version }"


@pytest.fixture
def ask(world: World) -> Ask:
    return asker(world.database)


@pytest.fixture
def marge(world: World) -> Contact:
    with world.database.write(world.service) as db:
        return a_contact(db, world.district, with_phone="+12175550143")


@pytest.fixture
def parent(world: World, marge: Contact) -> Guardian:
    return world.guardian(marge)


@pytest.fixture
def phone(world: World, marge: Contact) -> str:
    return phone_of(world, marge)


def phone_of(world: World, contact: Contact) -> str:
    with world.database.read(world.service) as db:
        [link] = links_of(db, contact)
    return global_id(Kind.LINK, link.district_id, link.id)


def lines(world: World) -> int:
    return len(all_of(world, ConsentEvent))


def keys(world: World) -> list[Any]:
    with world.database.read(world.service) as db:
        return list(db.session.query(IdempotencyKey.key))


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["errors"]]


@pytest.fixture
def revoke(ask: Ask, parent: Guardian, phone: str) -> Callable[..., dict[str, Any]]:
    def run(key: str, channel: str = "SMS", selection: str = SETTING) -> dict[str, Any]:
        return mutate(
            ask,
            parent,
            "revokeConsent",
            selection,
            clientMutationId=key,
            destinationId=phone,
            channel=channel,
        )

    return run


def test_the_same_again_gives_the_same_answer_and_does_nothing(world: World, revoke):
    answers = [revoke("tap") for _ in range(3)]
    assert answers[0]["consent"] == {"status": "REVOKED", "version": 1}
    assert answers == [answers[0]] * 3
    assert lines(world) == 1


def test_a_repeat_shows_what_has_become_of_it_since(
    world: World, ask: Ask, parent: Guardian, marge: Contact
):
    pause = {"contactId": global_id(Kind.CONTACT, marge.district_id, marge.id)}
    first = mutate(
        ask,
        parent,
        "pauseMessages",
        "contact { pausedUntil }",
        clientMutationId="first",
        until="2026-12-01T00:00:00Z",
        **pause,
    )
    assert first["contact"]["pausedUntil"].startswith("2026-12-01T00:00:00")
    mutate(ask, parent, "pauseMessages", "contact { id }", until=None, **pause)
    again = mutate(
        ask,
        parent,
        "pauseMessages",
        "contact { pausedUntil version }",
        clientMutationId="first",
        until="2026-11-30T18:00:00-06:00",
        **pause,
    )
    assert again["contact"] == {"pausedUntil": None, "version": 1}, "the same instant, said anew"
    assert lines(world) == 2


def test_another_input_under_the_same_key_is_refused_and_does_nothing(world: World, revoke):
    revoke("tap")
    answer = revoke("tap", channel="VOICE")
    [error] = answer["errors"]
    assert (error["code"], error["path"]) == ("IDEMPOTENCY_MISMATCH", ["clientMutationId"])
    assert answer["consent"] is None
    assert lines(world) == 1


def test_another_mutation_under_the_same_key_is_refused(
    world: World, ask: Ask, parent: Guardian, phone: str, revoke
):
    revoke("tap")
    answer = mutate(
        ask,
        parent,
        "optOut",
        "destination { id }",
        clientMutationId="tap",
        destinationId=phone,
        channel="SMS",
        scope="NON_EMERGENCY",
    )
    assert codes(answer) == ["IDEMPOTENCY_MISMATCH"]
    assert lines(world) == 1


def test_one_document_may_not_use_a_key_for_two_things(
    world: World, ask: Ask, parent: Guardian, phone: str
):
    document = """mutation ($id: ID!) {
      a: revokeConsent(input: {clientMutationId: "k", destinationId: $id, channel: SMS}) {
        errors { code } }
      b: revokeConsent(input: {channel: SMS, destinationId: $id, clientMutationId: "k"}) {
        errors { code } }
      c: revokeConsent(input: {clientMutationId: "k", destinationId: $id, channel: VOICE}) {
        errors { code } }
    }"""
    answers = ask(parent, document, id=phone)["data"]
    assert [codes(answers[name]) for name in "abc"] == [[], [], ["IDEMPOTENCY_MISMATCH"]]
    assert lines(world) == 1


def test_two_people_may_use_the_same_key(world: World, ask: Ask, parent: Guardian, revoke):
    revoke("1")
    with world.database.write(world.service) as db:
        homer = a_contact(db, world.district, with_phone="+12175550144")
    answer = mutate(
        ask,
        world.guardian(homer),
        "revokeConsent",
        SETTING,
        clientMutationId="1",
        destinationId=phone_of(world, homer),
        channel="SMS",
    )
    assert codes(answer) == []
    assert lines(world) == 2


def test_a_refusal_that_changed_nothing_keeps_no_key(
    world: World, ask: Ask, parent: Guardian, phone: str
):
    """The app corrects the input and sends the same key."""

    def quiet(begins: str) -> dict[str, Any]:
        span = {"from": begins, "to": "07:00"}
        return mutate(
            ask,
            parent,
            "setQuietHours",
            "destination { id }",
            clientMutationId="k",
            destinationId=phone,
            channel="SMS",
            **span,
        )

    assert codes(quiet("9 pm")) == ["INVALID"]
    assert keys(world) == []
    assert codes(quiet("21:00")) == []
    assert codes(quiet("22:00")) == ["IDEMPOTENCY_MISMATCH"]
    assert lines(world) == 1


def test_what_was_done_in_part_is_told_again_as_it_was(
    world: World, ask: Ask, parent: Guardian, phone: str
):
    """What was refused then might be good today; the key still stands for what happened."""

    def choose() -> dict[str, Any]:
        choices = [
            {
                "destinationId": phone,
                "channel": "SMS",
                "broadcastTypeId": global_id(Kind.BROADCAST_TYPE, kind.district_id, kind.id),
                "wanted": True,
                "version": version,
            }
            for kind, version in ((world.attendance, 0), (world.survey, 7))
        ]
        return mutate(
            ask,
            parent,
            "setPreferences",
            "preferences { wanted version broadcastType { code } }",
            clientMutationId="k",
            preferences=choices,
        )

    first = choose()
    assert [p["broadcastType"]["code"] for p in first["preferences"]] == ["ATTENDANCE"]
    assert [(e["code"], e["path"]) for e in first["errors"]] == [
        ("CONFLICT", ["preferences", "1", "version"])
    ]
    assert choose() == first
    assert lines(world) == 1


def test_a_stale_decision_is_told_again_and_moves_nothing_more(
    world: World, ask: Ask, marge: Contact
):
    request = ask_school(world, marge, Asked(ContactField.FAMILY_NAME, after="Bouvier"))
    with world.database.write(world.service) as db:
        row = db.lock(Contact, marge.district_id, marge.id)
        assert row is not None
        row.family_name = "Skinner"
    clerk = world.clerk()

    def approve() -> dict[str, Any]:
        return mutate(
            ask,
            clerk,
            "decideContactChange",
            "changeRequest { version }",
            clientMutationId="k",
            changeRequestId=global_id(Kind.CHANGE_REQUEST, *request),
            version=1,
            decision="APPROVE",
        )

    first = approve()
    assert codes(first) == ["STALE"]
    assert approve() == first
    assert request_now(world, request)[0].version == 2


def test_a_repeat_about_what_is_gone_answers_with_nothing_and_no_error(
    world: World, ask: Ask, parent: Guardian, marge: Contact, phone: str, revoke
):
    revoke("tap")
    request = ask_school(
        world,
        marge,
        Asked(ContactField.REMOVE_PHONE, link_key=(marge.district_id, link_id(world, marge))),
    )
    decide(world, request)
    answer = revoke("tap", selection="consent { status } destination { id }")
    assert (answer["consent"], answer["destination"], answer["errors"]) == (None, None, [])


def link_id(world: World, contact: Contact) -> Any:
    [link] = all_of(world, Link, Link.contact_id == contact.id)
    return link.id


def test_keys_are_forgotten_after_thirty_days(world: World, revoke, clock: SetClock):
    revoke("tap")
    for wait, kept in ((KEPT, True), (timedelta(seconds=1), False)):
        clock.advance(wait)
        with world.database.write(world.service) as db:
            forget_old_keys(db)
        assert bool(keys(world)) is kept


# --- at the same time ------------------------------------------------------------------------


def test_a_repeat_that_comes_while_the_first_still_runs_waits_for_its_answer(
    own_database: Database,
):
    world = a_world(own_database)
    ask = asker(own_database)
    with own_database.write(world.service) as db:
        marge = a_contact(db, world.district, with_phone="+12175550143")
    parent, phone = world.guardian(marge), phone_of(world, marge)
    for turn, name in enumerate(("revokeConsent", "grantConsent") * 3, start=1):
        sent: dict[str, Any] = {
            "clientMutationId": f"{name} {turn}",
            "destinationId": phone,
            "channel": "SMS",
        }
        if name == "grantConsent":
            sent["disclosureVersion"] = disclosure(ask, parent, phone)
        answers = at_once(
            *[lambda n=name, s=sent: mutate(ask, parent, n, SETTING, **s) for _ in range(6)]
        )
        assert answers == [answers[0]] * 6
        assert answers[0]["errors"] == []
        assert answers[0]["consent"]["version"] == lines(world) == turn


def disclosure(ask: Ask, parent: Guardian, phone: str) -> str:
    query = "query ($id: ID!) { node(id: $id) { ... on Phone { channels { disclosure { version } } } } }"
    channels = ask(parent, query, id=phone)["data"]["node"]["channels"]
    return channels[1]["disclosure"]["version"]


@pytest.mark.parametrize("first_is", ["kept", "undone"])
def test_a_waiting_repeat_answers_from_the_first_or_acts_itself(
    own_database: Database, first_is: str
):
    world = a_world(own_database)
    caller = identity(world.service)

    def repeat() -> Any:
        with own_database.write(world.service) as db:
            return remembered(db, caller, "k", "optOut", "hash")

    with ThreadPoolExecutor(1) as aside:
        with suppress(Invalid), own_database.write(world.service) as db:
            assert remembered(db, caller, "k", "optOut", "hash") is None
            remember(db, caller, "k", {"ids": {}})
            waiting = begun(aside, repeat)
            assert not waiting.done()
            if first_is == "undone":
                raise Invalid("No.")
        assert waiting.result(PATIENCE) == ({"ids": {}} if first_is == "kept" else None)
