"""The ledger: what a line says, and that no two writers ever break a chain."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.config import Settings
from app.consent.ledger import (
    BEFORE_THE_FIRST,
    canonical_line,
    chain_name,
    evidence_hash,
    line_hash,
)
from app.consent.models import Evidence
from app.consent.record import revoke
from app.consent.record_choices import pause
from app.consent.verify import verify_district
from app.directory.models import Contact, Destination
from app.exchange.models import FeedLine
from app.vocabulary import Channel, ConsentAction, Source
from tests.consent.ledgers import Act, Family, Speech, lines_of, present
from tests.world import World

STOP, SECRET_STOP = Act("revoke", 0, 0, 0, 0), Act("revoke", 0, 0, 0, 1)
CHOICE, HOMERS = Act("choose", 0, 0, 0, 1), Act("choose", 1, 0, 0, 1)
THREADS, WAIT = 8, 60

A_LINE = SimpleNamespace(
    action=ConsentAction.REVOKED,
    actor="number",
    actor_contact_id=None,
    at=datetime(2026, 11, 20, 9, 5, tzinfo=UTC),
    broadcast_type_id=None,
    channel=Channel.SMS,
    contact_id=None,
    destination_id=UUID(int=2),
    detail={"für": [1, None, "ä\n"], "a": True},
    disclosure_language=None,
    disclosure_version=None,
    district_id=UUID(int=1),
    evidence_hash="e" * 64,
    id=UUID(int=3),
    link_id=None,
    previous_hash=BEFORE_THE_FIRST,
    scope=None,
    sequence=1,
    source=Source.SMS,
)
ITS_BYTES = (
    '{"action":"REVOKED","actor":"number","actor_contact":null,'
    '"at":"2026-11-20T09:05:00.000000Z","broadcast_type":null,'
    '"chain":"destination:00000000-0000-0000-0000-000000000002","channel":"SMS",'
    '"detail":{"a":true,"für":[1,null,"ä\\n"]},'
    '"disclosure_language":null,"disclosure_version":null,'
    '"district":"00000000-0000-0000-0000-000000000001",'
    f'"evidence":"{"e" * 64}","id":"00000000-0000-0000-0000-000000000003",'
    '"link":null,"scope":null,"sequence":1,"source":"SMS"}'
)


# What a line is


def test_a_line_has_one_form_in_bytes_for_ever():
    """If this fails, every ledger that exists no longer verifies."""
    assert canonical_line(A_LINE) == ITS_BYTES.encode()
    covered = f"{'0' * 64}\n{ITS_BYTES}".encode()
    assert line_hash(A_LINE) == hashlib.sha256(covered).hexdigest()
    assert evidence_hash("salt", {"b": 1, "a": "é"}) == (
        hashlib.sha256('salt\n{"a":"é","b":1}'.encode()).hexdigest()
    )


def test_a_line_reads_back_as_it_was_hashed(family: Family):
    family.act([SECRET_STOP, CHOICE, Act("pause", 0, 0, 0, 1), Act("opt_out", 0, 0, 0, 2)])
    assert all(line.hash == line_hash(line) for line in lines_of(family.world))


def test_a_line_holds_no_personal_value(family: Family):
    family.act([SECRET_STOP, CHOICE, Act("block", 0, 0, 0, 1)])
    with family.world.database.read(family.world.service) as db:
        values = [row.value for row in db.all(sa.select(Destination.value))]
        evidence = db.all(sa.select(Evidence.__table__).order_by(Evidence.id))
    said = b"".join(canonical_line(line) for line in lines_of(family.world)).decode()
    assert not [value for value in values if value in said]
    assert "by letter" not in said
    assert [kept.content["from"] in values for kept in evidence] == [True] * 3
    assert evidence[2].content["note"] == "by letter"


def test_the_same_evidence_twice_has_two_hashes(family: Family):
    """So that nobody recognises a number by its hash."""
    family.act([SECRET_STOP, SECRET_STOP])
    first, second = lines_of(family.world)
    assert first.evidence_hash != second.evidence_hash


def test_every_line_waits_for_its_number_in_the_feed(family: Family):
    family.act([STOP, CHOICE])
    with family.world.database.read(family.world.service) as db:
        waiting = db.all(sa.select(FeedLine.subject_id).where(FeedLine.position.is_(None)))
    assert {row.subject_id for row in waiting} == {line.id for line in lines_of(family.world)}


# Chains


def test_each_number_and_each_person_has_a_chain_of_its_own(family: Family):
    family.act([STOP, CHOICE, HOMERS, Act("revoke", 2, 0, 0, 0), STOP, CHOICE])
    chains = [chain_name(line).split(":")[0] for line in lines_of(family.world)]
    assert chains == ["destination"] * 3 + ["contact"] * 3
    assert [line.sequence for line in lines_of(family.world)] == [1, 2, 1, 1, 2, 1]


def test_what_a_failed_transaction_said_is_not_in_the_ledger(family: Family, settings: Settings):
    family.act([STOP])
    with pytest.raises(ZeroDivisionError), family.world.database.write(family.world.service) as db:
        Speech(db, family.world, family.links, STOP).say()
        _ = 1 / 0
    family.act([STOP])
    assert [line.sequence for line in lines_of(family.world)] == [1, 2]
    assert verify_district(family.world.database, settings, family.world.district).fault is None


def test_an_item_that_failed_leaves_no_gap_in_the_chain(family: Family, settings: Settings):
    world = family.world
    with world.database.write(world.service) as db:
        Speech(db, world, family.links, CHOICE).say()
        with pytest.raises(ZeroDivisionError), db.savepoint():
            Speech(db, world, family.links, CHOICE).say()
            _ = 1 / 0
        Speech(db, world, family.links, CHOICE).say()
    assert [line.sequence for line in lines_of(world)] == [1, 2]
    assert verify_district(world.database, settings, world.district).fault is None


def test_locking_again_forgets_nothing_that_was_said(family: Family):
    world = family.world
    with world.database.write(world.service) as db:
        speech = Speech(db, world, family.links, Act("pause", 0, 0, 0, 1))
        speech.say()
        again = present(db.lock(Contact, world.district.id, speech.contact.id))
        assert again.paused_until is not None
        pause(db, again, None, speech.saying)
    with world.database.read(world.service) as db:
        assert db.scalar(sa.select(Contact.paused_until).where(Contact.id == again.id)) is None


# Many at once


def test_many_who_speak_at_once_make_one_chain(family: Family, settings: Settings):
    world = family.world

    def speak() -> None:
        for act in (STOP, CHOICE, HOMERS, Act("grant", 1, 0, 0, 0)):
            family.act([act, act])

    with ThreadPoolExecutor(THREADS) as threads:
        for speaker in [threads.submit(speak) for _ in range(THREADS)]:
            speaker.result(WAIT)
    report = verify_district(world.database, settings, world.district)
    assert report.fault is None
    assert (report.lines, report.chains) == (THREADS * 8, 3)


def test_whoever_reads_the_head_before_it_is_hers_waits_for_the_lock(world: World, family: Family):
    """Read first, lock then: what somebody else wrote in between is seen."""
    with world.database.read(world.service) as db:
        phone = present(db.session.scalars(sa.select(Destination)).first())

    def say_stop() -> None:
        with world.database.write(world.service) as db:
            present(db.get(Destination, world.district.id, phone.id))
            mine = present(db.lock(Destination, world.district.id, phone.id))
            revoke(db, mine, Channel.SMS, Speech(db, world, family.links, STOP).saying)

    with ThreadPoolExecutor(THREADS) as threads:
        for speaker in [threads.submit(say_stop) for _ in range(THREADS)]:
            speaker.result(WAIT)
    assert [line.sequence for line in lines_of(world)] == list(range(1, THREADS + 1))
