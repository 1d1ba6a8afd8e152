"""A database that is gone, full or may only be read: nothing half done, and then it goes on."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from app.actor import Visitor
from app.database import Database, Db
from app.errors import Unavailable
from tests.conftest import on_postgresql, on_sqlite
from tests.postgresql import Cluster
from tests.sqlite import Files
from tests.test_database import CONTACTS, contacts_in
from tests.world import a_contact, a_world

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


@on_postgresql
def test_a_connection_lost_between_two_statements_is_unavailable(own_database: Database):
    """Not only when a transaction begins: a reader in the middle of its work is told too."""
    other = Database(own_database.engine.url.render_as_string(hide_password=False))
    with pytest.raises(Unavailable), own_database.read(Visitor()) as db:
        mine = db.scalar(sa.text("SELECT pg_backend_pid()"))
        with other.write(Visitor()) as killer:
            killer.scalar(sa.text("SELECT pg_terminate_backend(:pid)"), pid=mine)
        other.dispose()
        _require_unavailable(db)


def _require_unavailable(db: Db) -> None:
    """Told by the statement itself, so that a door can answer 503 wherever it stands."""
    with pytest.raises(Unavailable) as told:
        db.scalar(sa.text("SELECT 1"))
    raise told.value
