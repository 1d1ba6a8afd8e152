"""Transactions on both databases, and what happens when the database is in trouble."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError, StatementError
from uuid_utils.compat import uuid7

import auth.models
from app.actor import Service, Visitor
from app.database import Base, Database, DistrictRow
from app.directory.models import Contact, Destination, District
from app.errors import Unavailable
from tests.conftest import on_postgresql, on_sqlite, opened
from tests.postgresql import Cluster
from tests.sqlite import Files
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


def test_every_key_between_rows_of_a_district_carries_the_district():
    assert auth.models  # with the others, which the world imports
    tables = [
        Base.metadata.tables[str(mapper.local_table)]
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, DistrictRow)
    ]
    assert len(tables) > 20
    for table in tables:
        assert [column.name for column in table.primary_key] == ["district_id", "id"]
        for key in table.foreign_key_constraints:
            if "district_id" in key.referred_table.columns:
                assert key.column_keys[0] == "district_id", key


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


# --- a database in trouble ---------------------------------------------------------------

Server = Files | Cluster
Trouble = Callable[[Database, Server], contextlib.AbstractContextManager[None]]
FULL_DISK = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF (SELECT count(*) FROM contact) > 50 THEN
        RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON contact FOR EACH ROW EXECUTE FUNCTION full_disk()
"""


@contextlib.contextmanager
def gone(database: Database, server: Server) -> Iterator[None]:
    """The folder of the file is not mounted; the server takes no connection."""
    if isinstance(server, Cluster):
        allowing = f"ALTER DATABASE {database.engine.url.database} ALLOW_CONNECTIONS"
        with for_a_while(database, server, f"{allowing} false", f"{allowing} true"):
            yield
        return
    database.dispose()
    elsewhere = server.folder.rename(server.folder.with_name("not-mounted"))
    try:
        yield
    finally:
        elsewhere.rename(server.folder)


@contextlib.contextmanager
def read_only(database: Database, server: Server) -> Iterator[None]:
    """The file may only be read; the server is a standby."""
    if isinstance(server, Cluster):
        setting = f"ALTER DATABASE {database.engine.url.database} SET default_transaction_read_only"
        with for_a_while(database, server, f"{setting} = on", f"{setting} = off"):
            yield
    else:
        with each_connection_says(database, "PRAGMA query_only=ON"):
            yield


@contextlib.contextmanager
def full(database: Database, server: Server) -> Iterator[None]:
    """The file may not grow; the server says what it says when a table's file cannot."""
    if isinstance(server, Cluster):
        with for_a_while(
            database, server, FULL_DISK, "DROP TRIGGER full_disk ON contact", within=True
        ):
            yield
    else:
        with each_connection_says(database, "PRAGMA max_page_count=1"):  # = no more than it has
            yield


@contextlib.contextmanager
def for_a_while(
    database: Database, server: Cluster, first: str, afterwards: str, *, within: bool = False
) -> Iterator[None]:
    """Two statements of the superuser, outside the database or within it."""
    name = str(database.engine.url.database) if within else "postgres"
    database.dispose()
    server.run(first, database=name)
    try:
        yield
    finally:
        server.run(afterwards, database=name)
        database.dispose()


@contextlib.contextmanager
def each_connection_says(database: Database, pragma: str) -> Iterator[None]:
    def say(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(pragma)

    event.listen(database.engine, "checkout", say)
    try:
        yield
    finally:
        event.remove(database.engine, "checkout", say)
        database.dispose()


@pytest.mark.parametrize("trouble", [gone, read_only, full])
def test_a_database_in_trouble_keeps_nothing_and_recovers(
    own_database: Database, database_server: Server, trouble: Trouble
):
    world = a_world(own_database)
    written = 0
    with (
        trouble(own_database, database_server),
        pytest.raises(Unavailable),
        own_database.write(world.service) as db,
    ):
        for _ in range(2000):
            a_contact(db, world.district)
            written += 1
    assert (written > 0) == (trouble is full), "a full disk shows in the middle only"
    assert contacts_in(own_database) == 0
    with own_database.write(world.service) as db:
        a_contact(db, world.district)
    assert contacts_in(own_database) == 1


@on_postgresql
def test_a_server_that_stops_in_the_middle_keeps_nothing(
    own_database: Database, database_server: Cluster
):
    world = a_world(own_database)
    with pytest.raises(Unavailable), own_database.write(world.service) as db:
        a_contact(db, world.district)
        mine = db.scalar(sa.text("SELECT pg_backend_pid()"))
        database_server.run(f"SELECT pg_terminate_backend({mine})")
        a_contact(db, world.district)
    assert contacts_in(own_database) == 0


@on_sqlite
def test_a_file_that_is_no_database_is_unavailable(own_database: Database):
    own_database.dispose()
    Path(str(own_database.engine.url.database)).write_bytes(b"not a database at all" * 500)
    with pytest.raises(Unavailable), own_database.write(Visitor()) as db:
        db.scalar(CONTACTS)
