"""What a parent chooses for her numbers: many at once, the same again, through odd nights."""

from datetime import UTC, datetime, timedelta

import pytest

from app.consent.models import ConsentEvent
from tests.changes.steps import all_of
from tests.graphql_schema.home import (
    Home,
    choice,
    id_of,
    now,
    one_choice,
    pause,
    quiet,
    sms,
)
from tests.world import SetClock, a_link, a_phone

NOT_HERE = "There is nothing here under this id."


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
