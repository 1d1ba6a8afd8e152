"""Stops from the old system come in: they lower, keep their dates, and act once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from app.actor import Service
from app.consent import record
from app.consent.fold import fold
from app.consent.ledger import Saying
from app.consent.models import Consent, ConsentEvent, Evidence, OptOut
from app.directory.models import Contact, Destination
from app.errors import Forbidden
from app.exchange.intake import LinesReport
from app.exchange.models import FeedLine, HeardEvent
from app.exchange.ndjson import Fault
from app.exchange.optouts import import_optouts
from app.optouts.models import OptOutReport
from app.vocabulary import (
    Channel,
    ConsentAction,
    ConsentStatus,
    DestinationKind,
    Feature,
    LineType,
    OptOutReportStatus,
    OptOutScope,
    Source,
)
from tests.world import World, a_broadcast, a_contact, links_of

PHONE, MAIL = "+12175550143", "marge@example.org"
SAID = datetime(2026, 3, 5, 8, 30, tzinfo=UTC)


@pytest.fixture
def marge(world: World) -> Contact:
    with world.database.write(world.service) as db:
        return a_contact(db, world.district, with_phone=PHONE, with_email=MAIL)


def a_line(**said: Any) -> dict[str, Any]:
    plausible = {
        "id": "o-1",
        "to": PHONE,
        "channel": "SMS",
        "scope": "ALL",
        "input": "STOP",
        "at": SAID.isoformat(),
    }
    return {name: value for name, value in (plausible | said).items() if value is not None}


def bring(world: World, *lines: dict[str, Any] | bytes, **more: Any) -> LinesReport:
    return import_optouts(
        world.database,
        more.get("actor", world.service),
        world.district.key,
        [line if isinstance(line, bytes) else orjson.dumps(line) for line in lines],
    )


def counts(report: LinesReport) -> dict[str, int]:
    return {name: count for name, count in report.counts().items() if count}


def rows(world: World, model: Any) -> list[Any]:
    with world.database.read(world.service) as db:
        return list(db.session.scalars(sa.select(model).order_by(model.id)))


def say(world: World, act: Any, *what: Any, at: datetime, **more: Any) -> None:
    """Somebody says something about PHONE at that time."""
    with world.database.write(world.service) as db:
        found = db.session.scalar(sa.select(Destination).where(Destination.value == PHONE))
        assert found is not None
        destination = db.lock(Destination, found.district_id, found.id)
        act(db, destination, *what, Saying(world.service, at, Source.APP), **more)


def agree(world: World, contact: Contact, *, at: datetime) -> None:
    with world.database.read(world.service) as db:
        link = links_of(db, contact)[0]
    say(world, record.grant, Channel.SMS, at=at, link=link)


# What it does


def test_a_stop_revokes_with_its_own_date(world: World, marge: Contact) -> None:
    report = bring(world, a_line(provider="oldtel"))
    assert counts(report) == {"applied": 1}
    [consent] = rows(world, Consent)
    assert (consent.channel, consent.status) == (Channel.SMS, ConsentStatus.REVOKED)
    assert (consent.since, consent.source) == (SAID, Source.SMS)
    [event] = rows(world, ConsentEvent)
    assert (event.action, event.at, event.actor) == (ConsentAction.REVOKED, SAID, "service:test")
    [evidence] = rows(world, Evidence)
    assert evidence.content == {"id": "o-1", "provider": "oldtel", "input": "STOP"}
    assert len(rows(world, FeedLine)) == 1


def test_each_stop_is_a_line_of_the_opt_out_report(world: World, marge: Contact) -> None:
    bring(world, a_line())
    [line] = rows(world, OptOutReport)
    assert (line.status, line.scope, line.channel) == (
        OptOutReportStatus.APPLIED,
        OptOutScope.ALL,
        Channel.SMS,
    )
    assert (line.input, line.received_at, line.source) == ("STOP", SAID, Source.SMS)
    assert line.event_id == rows(world, ConsentEvent)[0].id


@pytest.mark.parametrize(
    ("said", "channel", "scope", "source"),
    [
        ({"channel": "VOICE"}, Channel.VOICE, OptOutScope.NON_EMERGENCY, Source.VOICE),
        ({"to": " Marge@Example.ORG", "channel": "EMAIL"}, Channel.EMAIL, None, Source.EMAIL),
        ({"to": "(217) 555-0143"}, Channel.SMS, None, Source.SMS),
    ],
)
def test_a_narrower_stop_becomes_an_opt_out(
    world: World,
    marge: Contact,
    said: dict[str, Any],
    channel: Channel,
    scope: OptOutScope | None,
    source: Source,
) -> None:
    bring(world, a_line(scope="NON_EMERGENCY", **said))
    [opt_out] = rows(world, OptOut)
    assert (opt_out.channel, opt_out.scope) == (channel, OptOutScope.NON_EMERGENCY)
    assert (opt_out.since, opt_out.source) == (SAID, source)
    assert rows(world, Consent) == []


def test_a_stop_to_one_type_names_the_type_or_the_broadcast(world: World, marge: Contact) -> None:
    with world.database.write(world.service) as db:
        a_broadcast(db, world.events, source_id="b-9")
    by_type = a_line(scope="BROADCAST_TYPE", type="SURVEY")
    by_broadcast = a_line(id="o-2", scope="BROADCAST_TYPE", broadcast="b-9", type=None)
    assert counts(bring(world, by_type, by_broadcast)) == {"applied": 2}
    types = {opt_out.broadcast_type_id for opt_out in rows(world, OptOut)}
    assert types == {world.survey.id, world.events.id}


def test_a_number_nobody_has_on_file_can_never_be_texted(world: World) -> None:
    bring(world, a_line(to="(217) 555-0199"))
    [destination] = rows(world, Destination)
    assert (destination.kind, destination.value) == (DestinationKind.PHONE, "+12175550199")
    assert destination.line_type is LineType.UNKNOWN
    with world.database.write(world.service) as db:
        homer = a_contact(db, world.district, with_phone="+12175550199")
        assert links_of(db, homer)[0].destination_id == destination.id
    assert rows(world, Consent)[0].status is ConsentStatus.REVOKED


def test_a_voice_stop_does_not_stop_texts(world: World, marge: Contact) -> None:
    with world.database.write(world.service) as db:
        district = db.session.merge(world.district)
        district.voice_stop_covers = ["VOICE", "SMS"]
    bring(world, a_line(channel="VOICE"))
    assert [consent.channel for consent in rows(world, Consent)] == [Channel.VOICE]


def test_the_tables_are_what_the_ledger_adds_up_to(world: World, marge: Contact) -> None:
    bring(
        world,
        a_line(),
        a_line(id="o-2", scope="NON_EMERGENCY"),
        a_line(id="o-3", scope="BROADCAST_TYPE", type="SURVEY", channel="VOICE"),
    )
    standing = fold(sorted(rows(world, ConsentEvent), key=lambda event: event.sequence))
    assert standing.consents == {Channel.SMS: ConsentStatus.REVOKED}
    assert standing.opt_outs == {
        (opt_out.channel, opt_out.scope, opt_out.broadcast_type_id)
        for opt_out in rows(world, OptOut)
    }
    assert len(standing.opt_outs) == 2


# Once, and only downwards


def test_the_same_file_twice_acts_once(world: World, marge: Contact) -> None:
    lines = [a_line(), a_line(id="o-2", scope="NON_EMERGENCY", channel="VOICE")]
    bring(world, *lines)
    before = len(rows(world, ConsentEvent))
    assert counts(bring(world, *lines)) == {"repeated": 2}
    assert len(rows(world, ConsentEvent)) == before == len(rows(world, OptOutReport))


@pytest.mark.threat("T31")
def test_a_replayed_stop_does_not_undo_what_came_after_it(world: World, marge: Contact) -> None:
    bring(world, a_line())
    agree(world, marge, at=SAID - timedelta(days=1))  # even one that claims to be older
    assert counts(bring(world, a_line(), a_line())) == {"repeated": 2}
    assert rows(world, Consent)[0].status is ConsentStatus.GRANTED


def test_the_ids_of_two_senders_are_two_things(world: World, marge: Contact) -> None:
    other = Service("other", frozenset({world.district.id}))
    bring(world, a_line())
    bring(world, a_line(channel="VOICE"), actor=other)
    bring(world, a_line(channel="EMAIL", to=MAIL, provider="oldtel"))
    bring(world, a_line(channel="EMAIL", to=MAIL, provider="oldtel"), actor=other)
    assert len(rows(world, Consent)) == 3
    assert {row.heard_from for row in rows(world, HeardEvent)} == {
        "service:test",
        "service:other",
        "oldtel",
    }


@pytest.mark.parametrize(
    "other", [{"to": "+12175550199"}, {"channel": "VOICE"}, {"scope": "NON_EMERGENCY"}]
)
def test_an_id_used_for_another_stop_is_an_error_and_not_passed_over(
    world: World, marge: Contact, other: dict[str, Any]
) -> None:
    report = bring(world, a_line(), a_line(**other))
    assert [(error.line, error.code, error.path) for error in report.errors] == [
        (2, Fault.CHANGED, ("id",))
    ]
    assert len(rows(world, ConsentEvent)) == 1


def test_what_stands_already_is_not_said_again(world: World, marge: Contact) -> None:
    report = bring(
        world,
        a_line(),
        a_line(id="o-2", at="2026-04-01T00:00:00Z"),
        a_line(id="o-3", scope="NON_EMERGENCY"),
        a_line(id="o-4", scope="NON_EMERGENCY", at="2026-02-01T00:00:00Z"),
    )
    assert counts(report) == {"applied": 2, "standing": 2}
    assert rows(world, Consent)[0].since == SAID


@pytest.mark.parametrize("scope", ["ALL", "NON_EMERGENCY"])
@pytest.mark.parametrize(
    ("agreed", "status", "outcome"),
    [
        (timedelta(seconds=-1), ConsentStatus.REVOKED, "applied"),
        (timedelta(0), ConsentStatus.REVOKED, "applied"),
        (timedelta(seconds=1), ConsentStatus.GRANTED, "superseded"),
    ],
)
def test_a_stop_older_than_a_consent_does_not_undo_it(
    world: World,
    marge: Contact,
    scope: str,
    agreed: timedelta,
    status: ConsentStatus,
    outcome: str,
) -> None:
    agree(world, marge, at=SAID + agreed)
    report = bring(world, a_line(scope=scope))
    assert counts(report) == {outcome: 1}
    assert report.error_count == 0
    assert [problem.line for problem in report.skipped] == [1] * (outcome == "superseded")
    if scope == "ALL":
        assert rows(world, Consent)[0].status is status
    assert len(rows(world, OptOut)) == (scope != "ALL" and outcome == "applied")


def test_a_stop_older_than_its_own_lifting_does_not_undo_it(world: World, marge: Contact) -> None:
    scope = OptOutScope.NON_EMERGENCY
    say(world, record.add_opt_out, Channel.SMS, scope, None, at=SAID)
    [opt_out] = rows(world, OptOut)
    with world.database.write(world.service) as db:
        standing = db.session.merge(opt_out)
        destination = db.lock(Destination, standing.district_id, standing.destination_id)
        assert destination is not None
        lifted = Saying(world.service, SAID + timedelta(days=2), Source.APP)
        record.lift_opt_out(db, destination, standing, lifted)
    older = a_line(scope=scope, at=(SAID + timedelta(days=1)).isoformat())
    newer = a_line(id="o-2", scope=scope, at=(SAID + timedelta(days=3)).isoformat())
    assert counts(bring(world, older)) == {"superseded": 1}
    assert counts(bring(world, newer)) == {"applied": 1}


def test_whatever_order_the_lines_stand_in_nothing_is_raised(world: World, marge: Contact) -> None:
    say(world, record.revoke, Channel.VOICE, at=SAID)
    lines = [
        a_line(
            id=f"o-{number}", channel=channel, scope=scope, at=f"2026-0{number + 1}-01T00:00:00Z"
        )
        for number, (channel, scope) in enumerate(
            (channel, scope) for channel in ("SMS", "VOICE") for scope in ("ALL", "NON_EMERGENCY")
        )
    ]
    bring(world, *reversed(lines))
    assert {consent.status for consent in rows(world, Consent)} == {ConsentStatus.REVOKED}
    assert len(rows(world, OptOut)) == 2


# Faults

BAD: dict[str, tuple[dict[str, Any] | bytes, Fault, tuple[str, ...]]] = {
    "cut in the middle": (b'{"id": "o-9", "to": "+1217', Fault.JSON, ()),
    "no id": ({"id": None}, Fault.MISSING, ("id",)),
    "no number": ({"to": "Marge"}, Fault.NUMBER, ("to",)),
    "no address": ({"channel": "EMAIL"}, Fault.ADDRESS, ("to",)),
    "a push": ({"channel": "PUSH"}, Fault.UNKNOWN_WORD, ("channel",)),
    "an unknown scope": ({"scope": "SOME"}, Fault.UNKNOWN_WORD, ("scope",)),
    "no type": ({"scope": "BROADCAST_TYPE"}, Fault.MISSING, ("type",)),
    "an unknown type": (
        {"scope": "BROADCAST_TYPE", "type": "WEATHER"},
        Fault.UNKNOWN_REFERENCE,
        ("type",),
    ),
    "an unknown broadcast": (
        {"scope": "BROADCAST_TYPE", "broadcast": "b-999"},
        Fault.UNKNOWN_REFERENCE,
        ("broadcast",),
    ),
    "a time without zone": ({"at": "2026-03-05T08:30:00"}, Fault.INSTANT, ("at",)),
    "next week": ({"at": "2026-11-27T00:00:00Z"}, Fault.INSTANT, ("at",)),
}


@pytest.mark.parametrize("name", BAD)
def test_a_line_that_cannot_be_used_is_named_and_the_others_act(
    world: World, marge: Contact, name: str
) -> None:
    said, code, path = BAD[name]
    bad = said if isinstance(said, bytes) else a_line(**{"id": "o-9", **said})
    report = bring(world, a_line(), bad, a_line(id="o-3", channel="VOICE"))
    assert [(error.line, error.code, error.path) for error in report.errors] == [(2, code, path)]
    assert counts(report) == {"applied": 2, "error_count": 1}
    assert len(rows(world, Destination)) == 2


def test_a_stop_is_not_refused_for_the_words_around_it(world: World, marge: Contact) -> None:
    bring(world, a_line(input="stop! " * 10_000))
    assert rows(world, Consent)[0].status is ConsentStatus.REVOKED
    assert len(rows(world, OptOutReport)[0].input) == 1000


def test_only_who_may_import_brings_stops_in(world: World) -> None:
    with pytest.raises(Forbidden):
        bring(world, a_line(), actor=world.clerk([Feature.VIEW_CONTACTS]))
    assert counts(bring(world, a_line(), actor=world.clerk([Feature.IMPORT_DATA]))) == {
        "applied": 1
    }


def test_a_shared_number_stops_for_everybody_who_holds_it(world: World, marge: Contact) -> None:
    with world.database.write(world.service) as db:
        homer = a_contact(db, world.district, with_phone=PHONE)
    agree(world, homer, at=SAID - timedelta(days=1))
    bring(world, a_line())
    assert [consent.status for consent in rows(world, Consent)] == [ConsentStatus.REVOKED]
