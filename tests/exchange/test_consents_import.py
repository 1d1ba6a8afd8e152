"""Consents on file come in: only where nobody has spoken, with method, date and operator."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.consent import record
from app.consent.ledger import Saying
from app.consent.models import Consent, ConsentEvent, ConsentGiver, Evidence, OptOut
from app.directory.models import Contact, Destination, Link
from app.errors import Forbidden, Invalid
from app.exchange.consents import import_consents
from app.exchange.intake import LinesReport
from app.exchange.roster.report import Code
from app.optouts.models import OptOutReport
from app.vocabulary import (
    Channel,
    ConsentAction,
    ConsentStatus,
    Feature,
    OptOutReportStatus,
    OptOutScope,
    Source,
)
from tests.world import World, a_contact, a_number, links_of

PHONE, MAIL = "+12175550143", "marge@example.org"
HEADER = "contact,to,channel,method,date,disclosure"
GIVEN = datetime(2025, 8, 20, 5, 0, tzinfo=UTC)  # midnight in Chicago
ROW = f"c-7,{PHONE},SMS,enrolment form,2025-08-20,form 2025"


@pytest.fixture
def marge(world: World) -> Contact:
    with world.database.write(world.service) as db:
        return a_contact(db, world.district, with_phone=PHONE, with_email=MAIL, source_id="c-7")


@pytest.fixture
def bring(world: World, tmp_path: Path) -> Any:
    """`bring(row, ...)`: the report of a file with these rows."""

    def bring(*rows: str | bytes, header: str = HEADER, **more: Any) -> LinesReport:
        file = tmp_path / "consents.csv"
        lines = [header, *rows]
        file.write_bytes(
            b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
        )
        return import_consents(
            world.database,
            more.get("actor", world.service),
            world.district.key,
            more.get("file", file),
            more.get("evidence", "Paper forms, office cabinet 3"),
            more.get("operator", "Edna Krabappel"),
        )

    return bring


def counts(report: LinesReport) -> dict[str, int]:
    return {name: count for name, count in report.counts().items() if count}


def told(report: LinesReport) -> list[tuple[int, str, tuple[str, ...]]]:
    return [(problem.line, problem.code, problem.path) for problem in report.errors]


def rows(world: World, model: Any) -> list[Any]:
    with world.database.read(world.service) as db:
        return list(db.session.scalars(sa.select(model).order_by(model.id)))


def say(
    world: World, act: Any, *what: Any, at: datetime = GIVEN, to: str = PHONE, **more: Any
) -> None:
    """Something is said about a number at that time."""
    with world.database.write(world.service) as db:
        found = db.session.scalar(sa.select(Destination).where(Destination.value == to))
        assert found is not None
        destination = db.lock(Destination, found.district_id, found.id)
        act(db, destination, *what, Saying(world.service, at, Source.APP), **more)


def test_a_consent_on_file_counts_with_its_date_method_and_operator(
    world: World, marge: Contact, bring: Any
) -> None:
    assert counts(bring(ROW)) == {"granted": 1}
    [consent] = rows(world, Consent)
    assert (consent.channel, consent.status) == (Channel.SMS, ConsentStatus.GRANTED)
    assert (consent.since, consent.source, consent.contact_id) == (GIVEN, Source.IMPORT, marge.id)
    [event] = rows(world, ConsentEvent)
    assert (event.action, event.at) == (ConsentAction.GRANTED, GIVEN)
    [evidence] = rows(world, Evidence)
    assert evidence.content == {
        "method": "enrolment form",
        "disclosure": "form 2025",
        "operator": "Edna Krabappel",
        "text": "Paper forms, office cabinet 3",
    }
    assert [giver.given_at for giver in rows(world, ConsentGiver)] == [GIVEN]


def test_every_channel_and_every_way_to_write_is_read(
    world: World, marge: Contact, bring: Any
) -> None:
    report = bring(
        "form,c-7,voice,(217) 555-0143,2025-08-20T12:00:00-05:00",
        "web,c-7,EMAIL,Marge@Example.ORG,2025-08-20T17:00:00Z",
        header="Method,Contact,Channel,To,Date",
    )
    assert counts(report) == {"granted": 2}
    noon = GIVEN + timedelta(hours=12)
    assert {(consent.channel, consent.since) for consent in rows(world, Consent)} == {
        (Channel.VOICE, noon),
        (Channel.EMAIL, noon),
    }


def test_the_same_file_twice_grants_once(world: World, marge: Contact, bring: Any) -> None:
    bring(ROW)
    assert counts(bring(ROW, ROW)) == {"standing": 2}
    assert len(rows(world, ConsentEvent)) == 1


# Only upwards from UNKNOWN


@pytest.mark.parametrize("at", [GIVEN - timedelta(days=900), GIVEN + timedelta(days=9)])
def test_a_stop_stays_a_stop_whenever_it_was(
    world: World, marge: Contact, bring: Any, at: datetime
) -> None:
    say(world, record.revoke, Channel.SMS, at=at)
    report = bring(ROW)
    assert counts(report) == {"revoked": 1}
    assert [(problem.line, problem.code) for problem in report.skipped] == [(2, "REVOKED")]
    assert rows(world, Consent)[0].status is ConsentStatus.REVOKED


def test_an_opt_out_from_all_but_emergencies_is_not_raised(
    world: World, marge: Contact, bring: Any
) -> None:
    say(world, record.add_opt_out, Channel.SMS, OptOutScope.NON_EMERGENCY, None)
    assert counts(bring(ROW)) == {"opted_out": 1}
    assert rows(world, Consent) == []


def test_an_opt_out_from_one_type_stays_beside_the_consent(
    world: World, marge: Contact, bring: Any
) -> None:
    survey = world.survey.id
    say(world, record.add_opt_out, Channel.SMS, OptOutScope.BROADCAST_TYPE, survey)
    assert counts(bring(ROW)) == {"granted": 1}
    assert [opt_out.broadcast_type_id for opt_out in rows(world, OptOut)] == [survey]


def test_while_the_school_has_not_decided_nothing_is_raised(
    world: World, marge: Contact, bring: Any
) -> None:
    with world.database.write(world.service) as db:
        db.add(
            OptOutReport(
                district_id=world.district.id,
                destination_id=links_of(db, marge)[0].destination_id,
                channel=Channel.SMS,
                scope=OptOutScope.ALL,
                input="please no more",
                source=Source.SMS,
                received_at=db.now,
                due_at=db.now,
                status=OptOutReportStatus.PENDING,
            )
        )
    assert counts(bring(ROW)) == {"held": 1}


@pytest.mark.parametrize(
    ("lapsed", "outcome"), [(timedelta(days=1), "lapsed"), (timedelta(days=-1), "granted")]
)
def test_a_consent_that_ended_when_the_number_moved_does_not_come_back(
    world: World, marge: Contact, bring: Any, lapsed: timedelta, outcome: str
) -> None:
    say(world, record.lapse, Channel.SMS, at=GIVEN + lapsed)
    assert counts(bring(ROW)) == {outcome: 1}


def test_another_holder_of_the_number_changes_nothing_where_consent_stands(
    world: World, marge: Contact, bring: Any
) -> None:
    with world.database.write(world.service) as db:
        a_contact(db, world.district, with_phone=PHONE, source_id="c-8")
    assert counts(bring(ROW, ROW.replace("c-7", "c-8"))) == {"granted": 1, "standing": 1}


SAID_BEFORE = st.lists(st.sampled_from(["revoked", "opted out", "granted"]), max_size=3)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(before=SAID_BEFORE)
def test_an_import_never_turns_a_no_into_a_yes(world: World, bring: Any, before: list[str]) -> None:
    number = a_number()
    with world.database.write(world.service) as db:
        contact = a_contact(db, world.district, with_phone=number)
        link = links_of(db, contact)[0]
    for word in before:
        match word:
            case "revoked":
                say(world, record.revoke, Channel.SMS, to=number)
            case "opted out":
                scope = OptOutScope.NON_EMERGENCY
                say(world, record.add_opt_out, Channel.SMS, scope, None, to=number)
            case "granted":
                say(world, record.grant, Channel.SMS, to=number, link=link)
    was = standing(world, link)
    bring(ROW.replace("c-7", contact.source_id).replace(PHONE, number))
    assert standing(world, link) == (was if before else ([ConsentStatus.GRANTED], 0))


def standing(world: World, link: Link) -> tuple[list[ConsentStatus], int]:
    """The consents and the number of opt-outs of what it links to."""
    here = link.destination_id
    return (
        [row.status for row in rows(world, Consent) if row.destination_id == here],
        sum(row.destination_id == here for row in rows(world, OptOut)),
    )


# Faults

BAD: dict[str, tuple[str | bytes, Code, tuple[str, ...]]] = {
    "an unknown contact": (
        f"c-9,{PHONE},SMS,form,2025-08-20,",
        Code.UNKNOWN_REFERENCE,
        ("contact",),
    ),
    "a number she does not hold": (
        "c-7,+12175550199,SMS,form,2025-08-20,",
        Code.UNKNOWN_REFERENCE,
        ("to",),
    ),
    "somebody else's number": (
        "c-7,+12175550188,SMS,form,2025-08-20,",
        Code.UNKNOWN_REFERENCE,
        ("to",),
    ),
    "no number": ("c-7,ask me,SMS,form,2025-08-20,", Code.NUMBER, ("to",)),
    "no address": ("c-7,ask me,EMAIL,form,2025-08-20,", Code.ADDRESS, ("to",)),
    "no method": (f"c-7,{PHONE},SMS,,2025-08-20,", Code.MISSING, ("method",)),
    "an unknown channel": (f"c-7,{PHONE},FAX,form,2025-08-20,", Code.UNKNOWN_WORD, ("channel",)),
    "a push": ("c-7,c-7,PUSH,form,2025-08-20,", Code.UNKNOWN_WORD, ("channel",)),
    "no date": (f"c-7,{PHONE},SMS,form,,", Code.MISSING, ("date",)),
    "an American date": (f"c-7,{PHONE},SMS,form,8/20/2025,", Code.UNKNOWN_WORD, ("date",)),
    "no such day": (f"c-7,{PHONE},SMS,form,2025-02-30,", Code.UNKNOWN_WORD, ("date",)),
    "a time without zone": (
        f"c-7,{PHONE},SMS,form,2025-08-20T10:00:00,",
        Code.UNKNOWN_WORD,
        ("date",),
    ),
    "tomorrow": (f"c-7,{PHONE},SMS,form,2026-11-21,", Code.UNKNOWN_WORD, ("date",)),
    "too few cells": (f"c-7,{PHONE}", Code.COLUMNS, ()),
    "Latin-1": (
        "c-7,+12175550143,SMS,formulaire signé,2025-08-20,".encode("latin-1"),
        Code.ENCODING,
        ("method",),
    ),
    "a NUL": (f"c-7,{PHONE},SMS,fo\0rm,2025-08-20,", Code.NUL, ("method",)),
}


@pytest.mark.threat("T54")
@pytest.mark.parametrize("name", BAD)
def test_a_row_that_cannot_be_used_is_named_and_the_others_count(
    world: World, marge: Contact, bring: Any, name: str
) -> None:
    with world.database.write(world.service) as db:
        a_contact(db, world.district, with_phone="+12175550188")
    row, code, path = BAD[name]
    report = bring(ROW, row, ROW.replace("SMS", "VOICE"))
    assert told(report) == [(3, code, path)]
    assert counts(report) == {"granted": 2, "error_count": 1}


def test_a_link_or_a_contact_that_ended_raises_nothing(
    world: World, marge: Contact, bring: Any
) -> None:
    with world.database.write(world.service) as db:
        db.execute(sa.update(Link).values(retired_at=db.now))
    assert told(bring(ROW)) == [(2, Code.UNKNOWN_REFERENCE, ("to",))]
    with world.database.write(world.service) as db:
        db.execute(sa.update(Contact).values(retired_at=db.now))
    assert told(bring(ROW)) == [(2, Code.UNKNOWN_REFERENCE, ("contact",))]


def test_a_file_that_cannot_be_read_is_refused_whole(
    world: World, marge: Contact, bring: Any, tmp_path: Path
) -> None:
    with pytest.raises(Invalid) as refused:
        bring(ROW, header="contact,to,channel,date")
    assert refused.value.path == ("consents.csv", "method")
    with pytest.raises(Invalid):
        bring(ROW, file=tmp_path / "nowhere.csv")
    assert rows(world, Consent) == []


@pytest.mark.parametrize("missing", ["evidence", "operator"])
def test_somebody_must_vouch_and_say_where_the_proof_is(
    world: World, marge: Contact, bring: Any, missing: str
) -> None:
    with pytest.raises(Invalid) as refused:
        bring(ROW, **{missing: " "})
    assert refused.value.path == (missing,)
    assert rows(world, Consent) == []


def test_only_who_may_import_brings_consents_in(world: World, marge: Contact, bring: Any) -> None:
    for actor in (world.guardian(marge), world.clerk([Feature.EDIT_PREFERENCES])):
        with pytest.raises(Forbidden):
            bring(ROW, actor=actor)
    assert counts(bring(ROW, actor=world.clerk([Feature.IMPORT_DATA]))) == {"granted": 1}
