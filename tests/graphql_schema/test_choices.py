"""What a parent chooses for her numbers, and what she gets for bad input."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.consent.models import ConsentEvent
from graphql_schema.ids import Kind, global_id
from tests.changes.steps import all_of
from tests.everything import everything
from tests.graphql_schema.home import (
    Home,
    choice,
    elsewhere,
    grant,
    id_of,
    now,
    one_choice,
    pause,
    quiet,
    sms,
)
from tests.world import SetClock, a_link, a_phone

LONG = "x" * 100_000
Case = tuple[str, Callable[[Home], dict[str, Any]], str, list[str], str]
NOT_HERE = "There is nothing here under this id."
NOT_THAT_WAY = "This destination cannot be reached that way."


BAD: dict[str, Case] = {
    "grant: an id that is none": (
        "grantConsent", lambda h: grant(h, destinationId="nonsense"),
        "NOT_FOUND", ["destinationId"], NOT_HERE,
    ),
    "grant: the id of something else": (
        "grantConsent", lambda h: grant(h, destinationId=h.type()),
        "NOT_FOUND", ["destinationId"], NOT_HERE,
    ),
    "grant: somebody else's phone": (
        "grantConsent", lambda h: grant(h, destinationId=id_of(h.his_phone)),
        "NOT_FOUND", ["destinationId"], NOT_HERE,
    ),
    "grant: mail to a phone": (
        "grantConsent", lambda h: grant(h, channel="EMAIL"), "INVALID", ["channel"], NOT_THAT_WAY,
    ),
    "grant: a text to a mailbox": (
        "grantConsent", lambda h: grant(h, destinationId=id_of(h.mailbox)),
        "INVALID", ["channel"], NOT_THAT_WAY,
    ),
    "grant: a text nobody was shown": (
        "grantConsent", lambda h: grant(h, disclosureVersion="0" * 16),
        "INVALID", ["disclosureVersion"], "This is not a text we have shown.",
    ),
    "grant: the text of another channel": (
        "grantConsent", lambda h: grant(h, disclosureVersion=h.text("VOICE")),
        "INVALID", ["disclosureVersion"], "This is not a text we have shown.",
    ),
    "grant: a version of 100 KB": (
        "grantConsent", lambda h: grant(h, disclosureVersion=LONG),
        "INVALID", ["disclosureVersion"], "This is not a text we have shown.",
    ),
    "grant: a version that has passed": (
        "grantConsent", lambda h: grant(h, version=7),
        "CONFLICT", ["version"], "This has changed since you looked.",
    ),
    "grant: a version that never was": (
        "grantConsent", lambda h: grant(h, version=-1),
        "CONFLICT", ["version"], "This has changed since you looked.",
    ),
    "grant: an empty key": (
        "grantConsent", lambda h: grant(h, clientMutationId=""),
        "INVALID", ["clientMutationId"], "A key has 1 to 200 characters.",
    ),
    "revoke: a key of 100 KB": (
        "revokeConsent", lambda h: sms(h, clientMutationId=LONG),
        "INVALID", ["clientMutationId"], "A key has 1 to 200 characters.",
    ),
    "revoke: an empty id": (
        "revokeConsent", lambda h: sms(h, destinationId=""),
        "NOT_FOUND", ["destinationId"], NOT_HERE,
    ),
    "revoke: a notice to a phone": (
        "revokeConsent", lambda h: sms(h, channel="PUSH"), "INVALID", ["channel"], NOT_THAT_WAY,
    ),
    "opt out: a type that is none": (
        "optOut", lambda h: sms(h, scope="BROADCAST_TYPE", broadcastTypeId="?"),
        "NOT_FOUND", ["broadcastTypeId"], NOT_HERE,
    ),
    "opt out: a type no longer sent": (
        "optOut", lambda h: sms(h, scope="BROADCAST_TYPE", broadcastTypeId=h.retired_type),
        "NOT_FOUND", ["broadcastTypeId"], NOT_HERE,
    ),
    "opt out: no type": (
        "optOut", lambda h: sms(h, scope="BROADCAST_TYPE"),
        "INVALID", ["broadcastTypeId"], "Say which type of message.",
    ),
    "opt out: a type too many": (
        "optOut", lambda h: sms(h, scope="NON_EMERGENCY", broadcastTypeId=h.type()),
        "INVALID", ["broadcastTypeId"], "Only an opt-out from one type names a type.",
    ),
    "opt out: a type with everything": (
        "optOut", lambda h: sms(h, scope="ALL", broadcastTypeId=h.type()),
        "INVALID", ["broadcastTypeId"], "Only an opt-out from one type names a type.",
    ),
    "opt out: somebody else's phone": (
        "optOut", lambda h: sms(h, scope="ALL", destinationId=id_of(h.his_phone)),
        "NOT_FOUND", ["destinationId"], NOT_HERE,
    ),
    "lift: everything": (
        "liftOptOut", lambda h: sms(h, scope="ALL"),
        "INVALID", ["scope"], "To be reached again here, use grantConsent.",
    ),
    "lift: a type that is none": (
        "liftOptOut", lambda h: sms(h, scope="BROADCAST_TYPE", broadcastTypeId=id_of(h.phone)),
        "NOT_FOUND", ["broadcastTypeId"], NOT_HERE,
    ),
    "lift: mail to a phone": (
        "liftOptOut", lambda h: sms(h, scope="NON_EMERGENCY", channel="EMAIL"),
        "INVALID", ["channel"], NOT_THAT_WAY,
    ),
    "choose: nothing": (
        "setPreferences", lambda h: {"preferences": []},
        "INVALID", ["preferences"], "Choose 1 to 200 at once.",
    ),
    "choose: too much": (
        "setPreferences", lambda h: {"preferences": [choice(h)] * 201},
        "INVALID", ["preferences"], "Choose 1 to 200 at once.",
    ),
    "choose: a type that is none": (
        "setPreferences", one_choice(broadcastTypeId="nonsense"),
        "NOT_FOUND", ["preferences", "0", "broadcastTypeId"], NOT_HERE,
    ),
    "choose: another district's type": (
        "setPreferences", lambda h: {"preferences": [choice(h, broadcastTypeId=elsewhere(h))]},
        "NOT_FOUND", ["preferences", "0", "broadcastTypeId"], NOT_HERE,
    ),
    "choose: a type no longer sent": (
        "setPreferences", lambda h: {"preferences": [choice(h, broadcastTypeId=h.retired_type)]},
        "NOT_FOUND", ["preferences", "0", "broadcastTypeId"], NOT_HERE,
    ),
    "choose: somebody else's phone": (
        "setPreferences", lambda h: {"preferences": [choice(h, destinationId=id_of(h.his_phone))]},
        "NOT_FOUND", ["preferences", "0", "destinationId"], NOT_HERE,
    ),
    "choose: an id that is none": (
        "setPreferences", one_choice(destinationId="nonsense"),
        "NOT_FOUND", ["preferences", "0", "destinationId"], NOT_HERE,
    ),
    "choose: mail to a phone": (
        "setPreferences", one_choice(channel="EMAIL"),
        "INVALID", ["preferences", "0", "channel"], NOT_THAT_WAY,
    ),
    "choose: a version that has passed": (
        "setPreferences", one_choice(version=3),
        "CONFLICT", ["preferences", "0", "version"], "This has changed since you looked.",
    ),
    "choose: off where it is locked": (
        "setPreferences",
        lambda h: {
            "preferences": [choice(h, broadcastTypeId=h.type(h.world.survey), wanted=False)]
        },
        "INVALID", ["preferences", "0", "wanted"],
        "You can't turn this off. Questions? Call the school office.",
    ),
    **{
        f"quiet hours from {begins!r} to {ends!r}": (
            "setQuietHours", lambda h, b=begins, e=ends: quiet(h, b, e),
            "INVALID", [place], said,
        )
        for begins, ends, place, said in (
            ("21:00", "21:00", "to", "Quiet hours must end at another time than they begin."),
            ("9 pm", "07:00", "from", "Write a time of day like 21:30."),
            ("21:00", "24:00", "to", "Write a time of day like 21:30."),
            ("21:60", "07:00", "from", "Write a time of day like 21:30."),
            ("21:00", "7:00", "to", "Write a time of day like 21:30."),
            ("21:00:00", "07:00", "from", "Write a time of day like 21:30."),
            ("-1:00", "07:00", "from", "Write a time of day like 21:30."),
            ("²¹:00", "07:00", "from", "Write a time of day like 21:30."),
            ("", "", "from", "Write a time of day like 21:30."),
            (LONG, "07:00", "from", "Write a time of day like 21:30."),
            ("21:00", None, "from", "Say both when it begins and when it ends, or neither."),
            (None, "07:00", "from", "Say both when it begins and when it ends, or neither."),
        )
    },
    "quiet hours: for mail": (
        "setQuietHours",
        lambda h: quiet(h, "21:00", "07:00", destinationId=id_of(h.mailbox), channel="EMAIL"),
        "INVALID", ["channel"], "Quiet hours are for calls, texts and notices.",
    ),
    "quiet hours: a version that has passed": (
        "setQuietHours", lambda h: quiet(h, "21:00", "07:00", version=2),
        "CONFLICT", ["version"], "This has changed since you looked.",
    ),
    "quiet hours: somebody else's phone": (
        "setQuietHours", lambda h: quiet(h, "21:00", "07:00", destinationId=id_of(h.his_phone)),
        "NOT_FOUND", ["destinationId"], NOT_HERE,
    ),
    **{
        f"pause: until {name}": (
            "pauseMessages", lambda h, w=wait: pause(h, now(h) + w),
            "INVALID", ["until"], "A pause ends in the future, within a year.",
        )
        for name, wait in (
            ("yesterday", timedelta(days=-1)),
            ("now", timedelta(0)),
            ("in ten years", timedelta(days=3650)),
        )
    },
    "pause: a contact that is none": (
        "pauseMessages", lambda h: pause(h, None, contactId="nonsense"),
        "NOT_FOUND", ["contactId"], NOT_HERE,
    ),
    "pause: somebody else": (
        "pauseMessages",
        lambda h: pause(h, None, contactId=global_id(Kind.CONTACT, h.homer.district_id, h.homer.id)),
        "NOT_FOUND", ["contactId"], NOT_HERE,
    ),
    "read: a message that is none": (
        "markMessagesRead", lambda h: {"messageIds": [h.message, "nonsense"]},
        "NOT_FOUND", ["messageIds", "1"], NOT_HERE,
    ),
    "read: the id of something else": (
        "markMessagesRead", lambda h: {"messageIds": [h.type(), h.message]},
        "NOT_FOUND", ["messageIds", "0"], NOT_HERE,
    ),
    "read: too much": (
        "markMessagesRead", lambda h: {"messageIds": [h.message] * 101},
        "INVALID", ["messageIds"], "At most 100 messages at once.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_bad_input_gets_a_code_a_place_and_a_sentence_and_changes_nothing(home: Home, case: Case):
    name, said, code, path, sentence = case
    given = said(home)
    before = everything(home.world.database)
    answer = home.change(name, **given)
    told = [(error["code"], error["path"], error["message"]) for error in answer["errors"]]
    assert told == [(code, path, sentence)]
    assert everything(home.world.database) == before


UNREADABLE: dict[str, tuple[str, Callable[[Home], dict[str, Any]]]] = {
    "a channel that is none": ("revokeConsent", lambda h: sms(h, channel="FAX")),
    "a scope that is none": ("optOut", lambda h: sms(h, scope="SOME")),
    "no channel": ("revokeConsent", lambda h: {"destinationId": id_of(h.phone)}),
    "no key": ("revokeConsent", lambda h: sms(h, clientMutationId=None)),
    "a version that is text": ("grantConsent", lambda h: grant(h, version="1")),
    "a version that is no whole number": ("grantConsent", lambda h: grant(h, version=1.5)),
    "a version beyond all numbers": ("grantConsent", lambda h: grant(h, version=2**31)),
    "a field nobody knows": ("revokeConsent", lambda h: sms(h, status="GRANTED")),
    "a wish that is text": ("setPreferences", one_choice(wanted="yes")),
    "a list that is none": ("setPreferences", lambda h: {"preferences": "all"}),
    **{
        f"until {until!r}": ("pauseMessages", lambda h, u=until: pause(h, None) | {"until": u})
        for until in (
            "tomorrow",
            "2026-12-01",
            "2026-12-01T00:00:00",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "2026-13-01T00:00:00Z",
            1764547200,
        )
    },
}


@pytest.mark.parametrize("case", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_input_of_another_shape_is_refused_before_anything_runs(home: Home, case: Any):
    name, said = case
    given = {"clientMutationId": "k"} | said(home)
    document = (
        f"mutation ($input: {name[0].upper()}{name[1:]}Input!) "
        f"{{ {name}(input: $input) {{ clientMutationId }} }}"
    )
    before = everything(home.world.database)
    body = home.ask(home.parent, document, input=given)
    assert "data" not in body
    assert {error["extensions"]["code"] for error in body["errors"]} == {"INVALID"}
    assert all(error["message"] for error in body["errors"])
    assert everything(home.world.database) == before


def test_of_many_choices_the_good_ones_stand_and_each_bad_one_is_told_in_its_place(home: Home):
    answer = home.change(
        "setPreferences",
        preferences=[
            choice(home),
            choice(home),
            choice(home, broadcastTypeId="nonsense"),
            choice(home, broadcastTypeId=home.type(home.world.events), version=9),
            choice(home, channel="VOICE"),
        ],
    )
    assert [one["wanted"] for one in answer["preferences"]] == [True, True]
    assert [(e["code"], e["path"], e["message"]) for e in answer["errors"]] == [
        ("INVALID", ["preferences", "1"], "The same setting stands here twice."),
        ("NOT_FOUND", ["preferences", "2", "broadcastTypeId"], NOT_HERE),
        ("CONFLICT", ["preferences", "3", "version"], "This has changed since you looked."),
    ]
    assert len(all_of(home.world, ConsentEvent)) == 2


def test_two_hundred_choices_go_in_at_once(home: Home):
    with home.world.database.write(home.world.service) as db:
        links = [a_link(db, home.marge, a_phone(db, home.world.district)) for _ in range(25)]
    kinds = [home.world.attendance, home.world.emergency, home.world.survey, home.world.events]
    answer = home.change(
        "setPreferences",
        preferences=[
            choice(home, destinationId=id_of(link), broadcastTypeId=home.type(kind), channel=way)
            for link in links
            for kind in kinds
            for way in ("SMS", "VOICE")
        ],
    )
    assert answer["errors"] == []
    assert len(answer["preferences"]) == len(all_of(home.world, ConsentEvent)) == 200


def test_saying_the_same_again_writes_no_line(home: Home):
    until = now(home) + timedelta(days=3)
    opt_out = sms(home, channel="VOICE", scope="NON_EMERGENCY")
    mail = sms(home, destinationId=id_of(home.mailbox), channel="EMAIL")
    for _ in range(2):
        assert home.change("setPreferences", preferences=[choice(home)])["errors"] == []
        assert home.change("setQuietHours", **quiet(home, "21:00", "07:00"))["errors"] == []
        assert home.change("pauseMessages", **pause(home, until))["errors"] == []
        assert home.change("optOut", **opt_out)["errors"] == []
        assert home.change("revokeConsent", **mail)["errors"] == []
    assert len(all_of(home.world, ConsentEvent)) == 5
    for _ in range(2):
        assert home.change("setQuietHours", **quiet(home, None, None))["errors"] == []
        assert home.change("pauseMessages", **pause(home, None))["errors"] == []
        assert home.change("liftOptOut", **opt_out)["errors"] == []
        assert home.change("setPreferences", **one_choice(wanted=None)(home))["errors"] == []
    assert len(all_of(home.world, ConsentEvent)) == 9


# --- quiet hours through a night on which the clock jumps --------------------------------------


@pytest.mark.parametrize(
    ("night", "asked_at", "ends"),
    [
        ("spring", datetime(2027, 3, 14, 7, 50, tzinfo=UTC), "2027-03-14T08:00:00"),
        ("autumn", datetime(2027, 11, 7, 6, 50, tzinfo=UTC), "2027-11-07T07:30:00"),
    ],
)
def test_quiet_hours_end_at_an_instant_that_exists(
    home: Home, clock: SetClock, night: str, asked_at: datetime, ends: str
):
    """In Chicago 02:30 does not exist in March, and 01:30 comes twice in November."""
    clock.now = asked_at
    until = "02:30" if night == "spring" else "01:30"
    assert home.change("setQuietHours", **quiet(home, "22:00", until))["errors"] == []
    query = """query ($id: ID!) { node(id: $id) { ... on Phone { channels { channel preferences {
        broadcastType { code } decision { reason notBefore } } } } } }"""
    channels = home.ask(home.parent, query, id=id_of(home.phone))["data"]["node"]["channels"]
    [decision] = [
        one["decision"]
        for channel in channels
        for one in channel["preferences"]
        if (channel["channel"], one["broadcastType"]["code"]) == ("SMS", "ATTENDANCE")
    ]
    assert decision["reason"] == "QUIET_HOURS"
    assert decision["notBefore"].startswith(ends)
