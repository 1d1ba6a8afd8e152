"""T45: a parent and somebody else, or her two devices, change the same setting."""

from collections.abc import Callable
from functools import partial
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from app.actor import Guardian
from app.changes.requests import Asked
from app.consent.models import Preference
from app.database import Database
from app.directory.models import Contact
from app.vocabulary import ContactField
from graphql_schema.ids import Kind, global_id
from tests.asking import Ask, asker, mutate
from tests.changes.steps import all_of, decide, link_of
from tests.changes.steps import ask as ask_school
from tests.races.together import at_once
from tests.world import World, a_contact, a_world, links_of

pytestmark = pytest.mark.threat("T45")

SHARED = "+12175550143"
LOOK = """query Look($id: ID!) { node(id: $id) { ... on Phone { channels {
    channel disclosure { version }
    consent { status version }
    quietHours { from to version }
    preferences { wanted version broadcastType { code } }
} } } }"""
SPANS = [None, ("21:00", "07:00"), ("22:30", "06:00")]
CODES = ["ATTENDANCE", "SURVEY"]
DEVICES = ["phone", "tablet"]
EVERYBODY = [*DEVICES, "homer"]
Span = tuple[str, str] | None
Seen = dict[str, tuple[Any, int]]  # setting -> value and version


class Session:
    """One device: who holds it, and what it last saw of each setting."""

    def __init__(self, ask: Ask, actor: Guardian, destination: str) -> None:
        self.ask, self.actor, self.destination = ask, actor, destination
        self.seen: Seen = {}
        self.disclosure = ""

    def look(self) -> Seen:
        body = self.ask(self.actor, LOOK, id=self.destination)
        sms = next(c for c in body["data"]["node"]["channels"] if c["channel"] == "SMS")
        self.disclosure = sms["disclosure"]["version"]
        consent, quiet = sms["consent"], sms["quietHours"]
        span = (quiet["from"], quiet["to"]) if quiet else None
        seen: Seen = {
            "consent": (consent["status"], consent["version"]),
            "quiet": (span, quiet["version"] if quiet else 0),
        }
        for one in sms["preferences"]:
            seen[one["broadcastType"]["code"]] = (one["wanted"], one["version"])
        return seen

    def change(self, name: str, selection: str, **more: Any) -> list[dict[str, Any]]:
        more |= {"destinationId": self.destination, "channel": "SMS"}
        return mutate(self.ask, self.actor, name, selection, **more)["errors"]

    def choose(self, type_id: str, wanted: bool | None, version: int | None) -> list[Any]:
        choice = {
            "destinationId": self.destination,
            "channel": "SMS",
            "broadcastTypeId": type_id,
            "wanted": wanted,
            "version": version,
        }
        sent = mutate(
            self.ask, self.actor, "setPreferences", "preferences { wanted }", preferences=[choice]
        )
        return sent["errors"]

    def set_quiet_hours(self, span: Span, version: int | None) -> list[Any]:
        begins, ends = span or (None, None)
        return self.change(
            "setQuietHours", "destination { id }", **{"from": begins}, to=ends, version=version
        )

    def grant(self, version: int | None) -> list[Any]:
        return self.change(
            "grantConsent",
            "consent { status }",
            disclosureVersion=self.disclosure,
            version=version,
        )

    def revoke(self) -> list[Any]:
        return self.change("revokeConsent", "consent { status }")


def a_shared_phone(world: World, ask: Ask) -> dict[str, Session]:
    """Marge's phone and tablet, and Homer, who holds the same number; both have proven it."""
    with world.database.write(world.service) as db:
        people = [a_contact(db, world.district, with_phone=SHARED) for _ in range(2)]
        links = [links_of(db, each)[0] for each in people]
        for link in links:
            link.verified_at = db.now
    marge, homer = (world.guardian(each) for each in people)
    hers, his = (global_id(Kind.LINK, link.district_id, link.id) for link in links)
    return {
        "phone": Session(ask, marge, hers),
        "tablet": Session(ask, marge, hers),
        "homer": Session(ask, homer, his),
    }


class OneSettingManyHands(RuleBasedStateMachine):
    """What stands is what was written last by somebody who had seen what stood before."""

    world: World
    ask: Ask

    @initialize()
    def open(self) -> None:
        self.sessions = a_shared_phone(self.world, self.ask)
        self.types = {
            kind.code: global_id(Kind.BROADCAST_TYPE, kind.district_id, kind.id)
            for kind in (self.world.attendance, self.world.survey)
        }
        for session in self.sessions.values():
            session.seen = session.look()
        self.now = self.sessions["phone"].seen
        self.expected = {setting: value for setting, (value, _) in self.now.items()}

    def version_of(self, who: str, setting: str, versioned: bool) -> int | None:
        return self.sessions[who].seen[setting][1] if versioned else None

    def written(
        self, who: str, setting: str, value: Any, version: int | None, errors: list[Any]
    ) -> None:
        """Either it stands now, or the writer has the fresh value."""
        stood, standing = self.now[setting]
        if version in (None, standing):
            assert errors == []
            self.expected[setting] = value
            return
        [error] = errors
        assert (error["__typename"], error["code"]) == ("Conflict", "CONFLICT")
        assert (error["current"], error["currentVersion"]) == (text_of(stood), standing)
        assert (error["asked"], error["path"][-1]) == (text_of(value), "version")
        assert error["changedBy"] is None
        self.sessions[who].seen[setting] = (stood, standing)

    @rule(who=st.sampled_from(EVERYBODY))
    def look(self, who: str) -> None:
        self.sessions[who].seen = self.sessions[who].look()

    @rule(
        who=st.sampled_from(DEVICES),
        code=st.sampled_from(CODES),
        wanted=st.sampled_from([True, False, None]),
        versioned=st.booleans(),
    )
    def choose(self, who: str, code: str, wanted: bool | None, versioned: bool) -> None:
        version = self.version_of(who, code, versioned)
        errors = self.sessions[who].choose(self.types[code], wanted, version)
        if wanted is False:
            version = None  # turning down never conflicts
        if (
            wanted
            and self.expected["consent"] == "REVOKED"
            and version in (None, self.now[code][1])
        ):
            assert [error["code"] for error in errors] == ["INVALID"], "a choice lifts no stop"
            return
        self.written(who, code, wanted, version, errors)

    @rule(who=st.sampled_from(DEVICES), span=st.sampled_from(SPANS), versioned=st.booleans())
    def set_quiet_hours(self, who: str, span: Span, versioned: bool) -> None:
        version = self.version_of(who, "quiet", versioned)
        errors = self.sessions[who].set_quiet_hours(span, version)
        self.written(who, "quiet", span, version, errors)

    @rule(who=st.sampled_from(EVERYBODY), versioned=st.booleans())
    def grant(self, who: str, versioned: bool) -> None:
        version = self.version_of(who, "consent", versioned)
        self.written(who, "consent", "GRANTED", version, self.sessions[who].grant(version))

    @rule(who=st.sampled_from(EVERYBODY))
    def revoke(self, who: str) -> None:
        self.written(who, "consent", "REVOKED", None, self.sessions[who].revoke())

    @invariant()
    def nothing_stands_but_what_was_written(self) -> None:
        if not hasattr(self, "sessions"):
            return
        self.now, homers = (self.sessions[who].look() for who in ("phone", "homer"))
        assert {setting: value for setting, (value, _) in self.now.items()} == self.expected
        assert homers["consent"] == self.now["consent"], "the number is shared"
        assert all(homers[code] == (None, 0) for code in CODES), "his choices are his own"


def text_of(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "-".join(value) if isinstance(value, tuple) else value


@pytest.mark.timeout(1_800)  # in full
def test_no_update_is_lost_whoever_writes_in_whatever_order(
    own_database: Database, scale: Callable[[int], int]
):
    OneSettingManyHands.world = a_world(own_database)
    OneSettingManyHands.ask = staticmethod(asker(own_database))
    run_state_machine_as_test(
        OneSettingManyHands,
        settings=hypothesis.settings(
            max_examples=scale(120),
            stateful_step_count=20,
            phases=[hypothesis.Phase.generate],  # to shrink on a database takes minutes
        ),
    )


@pytest.mark.timeout(1_800)  # in full
def test_of_two_devices_that_raise_at_once_one_gets_the_fresh_value(
    own_database: Database, scale: Callable[[int], int]
):
    world, ask = a_world(own_database), asker(own_database)
    type_id = global_id(Kind.BROADCAST_TYPE, world.district.id, world.attendance.id)
    sessions = a_shared_phone(world, ask)
    version, wanted = 0, None
    for turn in range(scale(400)):
        asked = True if turn % 2 == 0 else None
        answers = at_once(
            *(partial(sessions[who].choose, type_id, asked, version) for who in DEVICES)
        )
        assert sorted(map(len, answers)) == [0, 1]
        [error] = [error for answer in answers for error in answer]
        wanted, version = sessions["phone"].look()["ATTENDANCE"]
        assert (error["code"], error["currentVersion"]) == ("CONFLICT", version)
        assert error["current"] == error["asked"] == text_of(wanted)


def test_turning_down_never_conflicts_however_many_do_it_at_once(own_database: Database):
    world, ask = a_world(own_database), asker(own_database)
    type_id = global_id(Kind.BROADCAST_TYPE, world.district.id, world.attendance.id)
    sessions = a_shared_phone(world, ask)
    for _ in range(5):
        assert sessions["phone"].choose(type_id, True, None) == []
        answers = at_once(
            *(partial(sessions[who].choose, type_id, False, 99) for who in DEVICES),
            *(partial(sessions[who].revoke) for who in ("tablet", "homer")),
        )
        assert answers == [[], [], [], []]
        seen = sessions["phone"].look()
        assert (seen["ATTENDANCE"][0], seen["consent"][0]) == (False, "REVOKED")
        assert sessions["phone"].grant(None) == []


def test_a_choice_for_a_number_that_staff_have_taken_away_meanwhile_is_refused_whole(
    own_database: Database,
):
    world, ask = a_world(own_database), asker(own_database)
    sessions = a_shared_phone(world, ask)
    sessions["phone"].seen = sessions["phone"].look()
    [marge] = [c for c in all_of(world, Contact) if (c.district_id, c.id) in phone_of(sessions)]
    link = link_of(world, marge, SHARED)
    decide(world, ask_school(world, marge, Asked(ContactField.REMOVE_PHONE, link_key=link)))
    type_id = global_id(Kind.BROADCAST_TYPE, world.district.id, world.attendance.id)
    for errors in (
        sessions["phone"].choose(type_id, True, 0),
        sessions["phone"].set_quiet_hours(SPANS[1], 0),
        sessions["phone"].revoke(),
    ):
        assert [error["code"] for error in errors] == ["NOT_FOUND"]
    assert all_of(world, Preference) == []


def phone_of(sessions: dict[str, Session]) -> tuple[tuple[Any, Any], ...]:
    return sessions["phone"].actor.contacts
