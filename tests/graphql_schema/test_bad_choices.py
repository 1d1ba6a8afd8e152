"""What a parent gets for a choice that cannot be: a code, a place, a sentence, and no change."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from graphql_schema.ids import Kind, global_id
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
