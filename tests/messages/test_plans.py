"""The history reads as many rows as it shows, whatever the size of the tables."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.actor import Guardian
from app.database import Db
from app.directory.models import Contact
from app.messages.history import MessageFilter, messages_of
from app.messages.models import Broadcast, Message
from app.paging import Position
from tests.world import World, a_contact

SENT = datetime(2026, 11, 1, tzinfo=UTC)
CONTACTS, BROADCASTS = 30, 100
EXPLAIN = {
    "sqlite": "EXPLAIN QUERY PLAN",
    "postgresql": "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)",
}
ROWS_READ = re.compile(r"Index Scan Backward using ix_message_history .*actual rows=(\d+)")
READ_IN_ORDER = re.compile(
    r"SEARCH message USING INDEX ix_message_history .*\n(?:(?!USE TEMP B-TREE).+\n)*?SCAN anon_"
)

FILTERS = {
    "nothing asked": MessageFilter(),
    "since": MessageFilter(since=SENT),
    "text": MessageFilter(text="snow"),
    "unread": MessageFilter(unread=True),
}


@pytest.fixture
def crowd(world: World) -> list[Contact]:
    """Thirty contacts who each got a hundred broadcasts, and fresh statistics."""
    with world.database.write(world.service) as db:
        contacts = [a_contact(db, world.district) for _ in range(CONTACTS)]
        broadcasts = [_broadcast(world, place) for place in range(BROADCASTS)]
        db.insert_many(Broadcast, broadcasts)
        db.insert_many(
            Message, [_message(each, contact) for each in broadcasts for contact in contacts]
        )
        db.execute(sa.text("ANALYZE"))
    return contacts


def _broadcast(world: World, place: int) -> dict[str, Any]:
    return {
        "district_id": world.district.id,
        "id": uuid7(),
        "source_id": f"b-{place}",
        "broadcast_type_id": world.attendance.id,
        "subject": "Snow",
        "body": "Stay at home.",
        "searched": "snow stay at home.",
        "language": "en",
        "sent_at": SENT + timedelta(hours=place),
    }


def _message(broadcast: dict[str, Any], contact: Contact) -> dict[str, Any]:
    return {
        "district_id": contact.district_id,
        "id": uuid7(),
        "broadcast_id": broadcast["id"],
        "contact_id": contact.id,
        "sent_at": broadcast["sent_at"],
    }


def plan_of(db: Db, guardian: Guardian, **asked: Any) -> str:
    """How the database goes about the one statement of a history page."""
    ran: list[tuple[str, Any]] = []

    def listen(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        ran.append((statement, parameters))

    engine = db.connection.engine
    sa.event.listen(engine, "before_cursor_execute", listen)
    try:
        messages_of(db, guardian, first=20, **asked)
    finally:
        sa.event.remove(engine, "before_cursor_execute", listen)
    [(statement, parameters)] = ran
    rows = db.connection.exec_driver_sql(f"{EXPLAIN[engine.dialect.name]} {statement}", parameters)
    return "\n".join(str(row[-1]) for row in rows)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("number", [1, 3])
def test_a_page_reads_the_index_backwards_and_no_further_than_it_shows(
    world: World, crowd: list[Contact], name: str, number: int
) -> None:
    guardian = world.guardian(*crowd[:number])
    after = Position(SENT + timedelta(hours=50), uuid7()).cursor
    with world.database.read(guardian) as db:
        plans = [
            plan_of(db, guardian, filter=FILTERS[name]),
            plan_of(db, guardian, filter=FILTERS[name], after=after),
        ]
    for plan in plans:
        if world.database.sqlite:
            assert len(READ_IN_ORDER.findall(plan)) == number, plan
        else:
            read = [int(rows) for rows in ROWS_READ.findall(plan)]
            assert len(read) == number, plan
            assert max(read) <= 21, plan
    begins_there = "(sent_at,id)<(?,?)" if world.database.sqlite else "(ROW(sent_at, id) < ROW("
    assert plans[1].count(begins_there) == number, plans[1]
