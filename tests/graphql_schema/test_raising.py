"""Turning up the volume is harder than turning it down: who may raise what was lowered how."""

from datetime import timedelta
from typing import Any

import pytest

from app.consent import record
from app.consent.ledger import Saying
from app.consent.models import ConsentEvent
from app.directory.models import Destination, Link
from app.optouts.models import OptOutReport
from app.vocabulary import Channel, OptOutScope, Source
from tests.changes.steps import all_of
from tests.everything import everything
from tests.graphql_schema.home import Home, choice, grant, id_of, one_choice, pause, quiet, sms
from tests.world import SetClock

SMS, VOICE, EMAIL = Channel.SMS, Channel.VOICE, Channel.EMAIL


def lowered(home: Home, source: Source, channel: Channel, scope: OptOutScope) -> None:
    """As somebody does who holds the phone or the mailbox, without signing in."""
    actor = home.world.number(source)
    link = home.mailbox if channel is EMAIL else home.phone
    with home.world.database.write(actor) as db:
        destination = db.lock(Destination, link.district_id, link.destination_id)
        assert destination is not None
        saying = Saying(actor, db.now, source)
        if scope is OptOutScope.ALL:
            record.revoke(db, destination, channel, saying)
        else:
            record.add_opt_out(db, destination, channel, scope, None, saying)


def prove(home: Home, *links: Link) -> None:
    with home.world.database.write(home.world.service) as db:
        for link in links:
            row = db.get(Link, link.district_id, link.id)
            assert row is not None
            row.verified_at = db.now


def raise_again(home: Home, channel: Channel, scope: OptOutScope, **more: Any) -> dict[str, Any]:
    link = home.mailbox if channel is EMAIL else home.phone
    said = {"destinationId": id_of(link), "channel": channel} | more
    if scope is OptOutScope.ALL:
        return home.change(
            "grantConsent", **grant(home, **said, disclosureVersion=home.text(channel))
        )
    return home.change("liftOptOut", **said, scope=scope)


def refusal(answer: dict[str, Any]) -> str | None:
    for error in answer["errors"]:
        assert (error["__typename"], error["code"]) == ("NotAllowed", "FORBIDDEN")
        return str(error["message"])
    return None


def test_a_stop_by_text_waits_seven_days_for_a_yes_from_that_phone(home: Home, clock: SetClock):
    lowered(home, Source.SMS, SMS, OptOutScope.ALL)
    prove(home, home.phone)
    answer = raise_again(home, SMS, OptOutScope.ALL)
    assert answer["errors"] == []
    assert answer["consent"] == {"status": "REVOKED", "pendingOptIn": True, "version": 2}
    [line] = all_of(home.world, ConsentEvent, ConsentEvent.action == "OPT_IN_PENDING")
    assert line.detail["until"].startswith("2026-11-27")
    clock.advance(timedelta(days=7))
    query = """query ($id: ID!) { node(id: $id) { ... on Phone {
        channels { channel consent { status pendingOptIn } } } } }"""
    channels = home.ask(home.parent, query, id=id_of(home.phone))["data"]["node"]["channels"]
    assert channels[1]["consent"] == {"status": "REVOKED", "pendingOptIn": False}


def test_whoever_waits_for_a_yes_may_think_again(home: Home):
    lowered(home, Source.SMS, SMS, OptOutScope.ALL)
    raise_again(home, SMS, OptOutScope.ALL)
    answer = home.change("revokeConsent", **sms(home))
    assert answer["consent"] == {"status": "REVOKED", "pendingOptIn": False, "version": 3}
    again = raise_again(home, SMS, OptOutScope.ALL)
    assert again["consent"]["pendingOptIn"], "it is still the phone's own stop"


def test_an_opt_out_by_text_is_lifted_by_text_alone(home: Home):
    lowered(home, Source.SMS, SMS, OptOutScope.NON_EMERGENCY)
    prove(home, home.phone)
    said = refusal(raise_again(home, SMS, OptOutScope.NON_EMERGENCY))
    assert said == "This phone sent STOP. To start again, text YES to us from this phone."


@pytest.mark.parametrize("scope", [OptOutScope.ALL, OptOutScope.NON_EMERGENCY])
@pytest.mark.parametrize(("source", "channel"), [(Source.VOICE, VOICE), (Source.EMAIL, EMAIL)])
def test_what_a_key_or_a_link_in_a_mail_stopped_is_raised_by_a_proven_holder(
    home: Home, source: Source, channel: Channel, scope: OptOutScope
):
    lowered(home, source, channel, scope)
    before = everything(home.world.database, but=("audit_entry",))
    said = refusal(raise_again(home, channel, scope))
    assert said == "First show with a code that this phone or address is yours."
    assert everything(home.world.database, but=("audit_entry",)) == before
    prove(home, home.phone, home.mailbox)
    assert refusal(raise_again(home, channel, scope)) is None


@pytest.mark.parametrize("scope", [OptOutScope.ALL, OptOutScope.NON_EMERGENCY])
def test_what_she_switched_off_in_the_app_she_switches_on_another_holder_only_when_proven(
    home: Home, scope: OptOutScope
):
    homer = home.world.guardian(home.homer)

    def off() -> None:
        home.change("optOut", **sms(home, scope=scope, channel="VOICE"))

    def his(attempt: str) -> str | None:
        on_his = {"destinationId": id_of(home.his_phone), "channel": "VOICE"}
        more = (
            {"disclosureVersion": home.text("VOICE")}
            if scope is OptOutScope.ALL
            else {"scope": scope}
        )
        name = "grantConsent" if scope is OptOutScope.ALL else "liftOptOut"
        return refusal(home.change(name, actor=homer, **on_his, **more))

    off()
    assert refusal(raise_again(home, VOICE, scope)) is None
    off()
    assert his("unproven") is not None
    prove(home, home.his_phone)
    assert his("proven") is None


def test_nobody_but_the_school_lifts_a_block(home: Home):
    clerk = home.world.clerk()
    with home.world.database.write(clerk) as db:
        destination = db.lock(Destination, home.phone.district_id, home.phone.destination_id)
        assert destination is not None
        record.block(db, destination, None, "Wrong number.", Saying(clerk, db.now, clerk.source))
    prove(home, home.phone)
    assert raise_again(home, SMS, OptOutScope.ALL)["errors"] == []
    [one] = home.change("setPreferences", preferences=[choice(home)])["preferences"]
    assert one["decision"] == {"allowed": False, "reason": "BLOCKED"}


def test_a_choice_never_lifts_a_stop_it_names_how(home: Home):
    home.change("optOut", **sms(home, scope="NON_EMERGENCY"))
    [error] = home.change("setPreferences", preferences=[choice(home)])["errors"]
    assert "liftOptOut" in error["message"]
    emergency = choice(home, broadcastTypeId=home.type(home.world.emergency))
    assert home.change("setPreferences", preferences=[emergency])["errors"] == []
    home.change("revokeConsent", **sms(home))
    [error] = home.change("setPreferences", preferences=[choice(home)])["errors"]
    assert "grantConsent" in error["message"]
    assert home.change("setPreferences", **one_choice(wanted=False)(home))["errors"] == []


def test_staff_do_not_speak_for_a_parent(home: Home):
    before = everything(home.world.database, but=("audit_entry",))
    for name, said in (
        ("grantConsent", grant(home)),
        ("revokeConsent", sms(home)),
        ("optOut", sms(home, scope="ALL")),
        ("liftOptOut", sms(home, scope="NON_EMERGENCY")),
        ("setPreferences", {"preferences": [choice(home)]}),
        ("setQuietHours", quiet(home, "21:00", "07:00")),
        ("pauseMessages", pause(home, None)),
        ("markMessagesRead", {"messageIds": [home.message]}),
    ):
        assert refusal(home.change(name, actor=home.world.clerk(), **said)) is not None, name
    assert everything(home.world.database, but=("audit_entry",)) == before


def test_every_stop_of_a_parent_is_in_the_report_as_applied(home: Home):
    home.change("optOut", **sms(home, scope="BROADCAST_TYPE", broadcastTypeId=home.type()))
    home.change("optOut", **sms(home, scope="NON_EMERGENCY"))
    home.change("optOut", **sms(home, scope="ALL"))
    reports = all_of(home.world, OptOutReport)
    lines = {line.id: line.action for line in all_of(home.world, ConsentEvent)}
    assert [(each.scope, each.status, lines[each.event_id]) for each in reports] == [
        ("BROADCAST_TYPE", "APPLIED", "OPTED_OUT"),
        ("NON_EMERGENCY", "APPLIED", "OPTED_OUT"),
        ("ALL", "APPLIED", "REVOKED"),
    ]
