"""Transactions, keys and instants on both databases."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, StatementError
from uuid_utils.compat import uuid7

from app.actor import Service, Visitor
from app.database import Database
from app.directory.models import Contact, Destination, District
from tests.conftest import on_postgresql, on_sqlite, opened
from tests.world import (
    SetClock,
    World,
    a_contact,
    a_guardianship,
    a_link,
    a_phone,
    a_student,
    a_world,
)

CONTACTS = sa.select(sa.func.count()).select_from(Contact)
DISTRICTS_SET = sa.text("SELECT current_setting('app.districts', true)")


def contacts_in(database: Database) -> int:
    with database.read(Visitor()) as db:
        return int(db.scalar(CONTACTS))


# --- one transaction ---------------------------------------------------------------------


def test_what_a_transaction_wrote_is_there_afterwards(world: World, database: Database):
    with database.write(world.service) as db:
        marge = a_contact(db, world.district, with_phone="+12175550123")
    with database.read(world.service) as db:
        kept = db.get(Contact, world.district.id, marge.id)
    assert kept is not None
    assert kept.given_name == "Marge"


def test_a_changed_row_is_written_at_the_end_without_being_asked(world: World, database: Database):
    with database.write(world.service) as db:
        db.session.get_one(District, world.district.id).name = "Shelbyville"
    with database.read(world.service) as db:
        assert db.scalar(sa.select(District.name)) == "Shelbyville"


def test_whoever_reads_sees_one_instant(world: World, database: Database):
    with database.read(world.service) as reading:
        assert reading.scalar(CONTACTS) == 0
        with database.write(world.service) as db:
            a_contact(db, world.district)
        assert reading.scalar(CONTACTS) == 0
    assert contacts_in(database) == 1


def test_a_transaction_that_fails_leaves_nothing(world: World, database: Database):
    with pytest.raises(RuntimeError), database.write(world.service) as db:
        a_contact(db, world.district)
        raise RuntimeError
    assert contacts_in(database) == 0


def test_a_failed_item_loses_only_itself(world: World, database: Database):
    with database.write(world.service) as db:
        for source_id in ("c-1", "c-2", "c-1", "c-3"):
            with contextlib.suppress(IntegrityError), db.savepoint():
                a_contact(db, world.district, source_id=source_id)
    with database.read(world.service) as db:
        kept = [row.source_id for row in db.all(sa.select(Contact.source_id).order_by("source_id"))]
    assert kept == ["c-1", "c-2", "c-3"]


def test_the_time_of_a_transaction_is_that_of_the_clock(database: Database, clock: SetClock):
    with database.read(Visitor()) as db:
        before = db.now
    clock.advance(timedelta(hours=1))
    with database.read(Visitor()) as db:
        assert db.now - before == timedelta(hours=1)


# --- instants ----------------------------------------------------------------------------


def test_an_instant_without_a_zone_is_refused(world: World, database: Database):
    with pytest.raises(StatementError, match="time zone"), database.write(world.service) as db:
        a_contact(db, world.district, paused_until=datetime(2026, 11, 20))
    assert contacts_in(database) == 0


def test_an_instant_comes_back_in_utc_to_the_microsecond(world: World, database: Database):
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    there = datetime(2026, 11, 20, 20, 45, 0, 123456, tzinfo=kathmandu)
    with database.write(world.service) as db:
        a_contact(db, world.district, paused_until=there)
    with database.read(world.service) as db:
        back = db.scalar(sa.select(Contact.paused_until))
    assert back == datetime(2026, 11, 20, 15, 0, 0, 123456, tzinfo=UTC)
    assert back.utcoffset() == timedelta(0)


def test_instants_sort_as_time_does_whatever_their_zone(world: World, database: Database):
    noon = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    zones = [timezone(timedelta(hours=hours)) for hours in (9, -8, 0, 5)]
    instants = [
        (noon + timedelta(microseconds=step)).astimezone(zone)
        for step, zone in enumerate(zones, start=-1)
    ]
    with database.write(world.service) as db:
        for instant in reversed(instants):
            a_contact(db, world.district, paused_until=instant)
    with database.read(world.service) as db:
        rows = db.all(sa.select(Contact.paused_until).order_by(Contact.paused_until))
    assert [row.paused_until for row in rows] == instants


# --- keys --------------------------------------------------------------------------------


def test_a_row_cannot_point_at_what_is_not_there(world: World, database: Database):
    with pytest.raises(IntegrityError), database.write(world.service) as db:
        marge = a_contact(db, world.district)
        a_link(db, marge, Destination(district_id=world.district.id, id=uuid7(), value="?"))


def test_a_row_cannot_point_into_another_district(world: World, database: Database):
    shelbyville = a_world(database, "shelbyville")
    both = Service("test", frozenset({world.district.id, shelbyville.district.id}))
    with database.write(both) as db:
        phone = a_phone(db, shelbyville.district)
        milhouse = a_student(db, shelbyville.north)
        marge = a_contact(db, world.district)
    with pytest.raises(IntegrityError), database.write(both) as db:
        a_link(db, marge, phone)
    with pytest.raises(IntegrityError), database.write(both) as db:
        a_guardianship(db, marge, milhouse)


@on_sqlite
def test_every_key_between_rows_of_a_district_carries_the_district(database: Database):
    inspector = sa.inspect(database.engine)
    districts = {
        table
        for table in inspector.get_table_names()
        if inspector.get_pk_constraint(table)["constrained_columns"] == ["district_id", "id"]
    }
    assert {"contact", "consent", "link", "access_grant"} <= districts
    for table in districts:
        for key in inspector.get_foreign_keys(table):
            if key["referred_table"] in districts:
                assert key["constrained_columns"][0] == "district_id", (table, key)


@on_sqlite
def test_every_table_with_a_district_is_keyed_by_it_or_belongs_to_all(database: Database):
    inspector = sa.inspect(database.engine)
    keyed_otherwise = {
        table
        for table in inspector.get_table_names()
        if "district_id" in {column["name"] for column in inspector.get_columns(table)}
        and inspector.get_pk_constraint(table)["constrained_columns"] != ["district_id", "id"]
    }
    assert keyed_otherwise == {"outbox_item"}, "a code goes out before any district is known"


# --- the two databases -------------------------------------------------------------------


@on_sqlite
def test_sqlite_waits_for_the_disk_and_checks_keys(own_database: Database):
    with own_database.read(Visitor()) as db:
        said = {
            pragma: db.scalar(sa.text(f"PRAGMA {pragma}"))
            for pragma in ("journal_mode", "synchronous", "foreign_keys")
        }
    full = 2
    assert said == {"journal_mode": "wal", "synchronous": full, "foreign_keys": 1}


@on_postgresql
@pytest.mark.parametrize("way", ["read", "write"])
def test_postgresql_knows_the_actors_districts_for_one_transaction(database: Database, way: str):
    districts = {uuid7(), uuid7()}
    with getattr(database, way)(Service("test", frozenset(districts))) as db:
        assert set(db.scalar(DISTRICTS_SET).split(",")) == {str(each) for each in districts}
    with database.engine.connect() as connection:
        assert connection.scalar(DISTRICTS_SET) == ""


@on_postgresql
def test_tests_use_postgresql_as_one_who_is_no_superuser(database: Database):
    with database.read(Visitor()) as db:
        assert db.scalar(sa.text("SHOW is_superuser")) == "off"


# --- several at once ---------------------------------------------------------------------


def test_writers_at_once_all_land(world: World, database: Database):
    def write(number: int) -> None:
        with database.write(world.service) as db:
            a_contact(db, world.district, source_id=f"c-{number}")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(40)))
    assert contacts_in(database) == 40


def test_two_processes_on_one_database_both_land(world: World, database: Database):
    other = opened(database.engine.url, database.clock)

    def write(through: Database) -> None:
        for _ in range(10):
            with through.write(world.service) as db:
                a_contact(db, world.district)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(write, (database, other)))
    other.dispose()
    assert contacts_in(database) == 20


def test_a_locked_row_is_counted_up_without_losing_one(world: World, database: Database):
    with database.write(world.service) as db:
        marge = a_contact(db, world.district)

    def count(_: int) -> None:
        with database.write(world.service) as db:
            row = db.lock(Contact, world.district.id, marge.id)
            assert row is not None
            row.version += 1

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count, range(40)))
    with database.read(world.service) as db:
        assert db.scalar(sa.select(Contact.version)) == 41


def test_a_reader_sees_nothing_of_an_unfinished_write(world: World, database: Database):
    with database.write(world.service) as db:
        a_contact(db, world.district)
        with ThreadPoolExecutor(1) as threads:
            assert threads.submit(contacts_in, database).result() == 0
    assert contacts_in(database) == 1
