"""The history reads as many rows as it shows, whatever the size of the tables."""

import itertools
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.database import Db
from app.directory.models import Contact, Student
from app.messages.history import MessageFilter, deliveries_of, messages_of, students_of
from app.messages.models import Broadcast, Delivery, Message, MessageStudent
from app.paging import Position
from app.vocabulary import Channel, DeliveryStatus
from tests.world import World, a_contact, a_student

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

FILTERS = (
    MessageFilter(),
    MessageFilter(since=SENT),
    MessageFilter(text="snow"),
    MessageFilter(unread=True),
)


@pytest.fixture
def crowd(world: World) -> list[Contact]:
    """Thirty contacts who each got a hundred broadcasts, and fresh statistics."""
    with world.database.write(world.service) as db:
        contacts = [a_contact(db, world.district) for _ in range(CONTACTS)]
        broadcasts = [_broadcast(world, place) for place in range(BROADCASTS)]
        db.insert_many(Broadcast, broadcasts)
        messages = [_message(each, contact) for each in broadcasts for contact in contacts]
        db.insert_many(Message, messages)
        db.insert_many(Delivery, [_delivery(message) for message in messages])
        lisa = a_student(db, world.north)
        db.insert_many(MessageStudent, [_about(message, lisa) for message in messages])
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


def _delivery(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "district_id": message["district_id"],
        "id": uuid7(),
        "source_id": str(message["id"]),
        "message_id": message["id"],
        "channel": Channel.SMS,
        "sent_to": "+12175550143",
        "status": DeliveryStatus.SENT,
        "at": SENT,
    }


def _about(message: dict[str, Any], student: Student) -> dict[str, Any]:
    return {
        "district_id": message["district_id"],
        "id": uuid7(),
        "message_id": message["id"],
        "student_id": student.id,
    }


def plan_of(db: Db, ask: Callable[[], Any]) -> str:
    """How the database goes about the one statement that answers."""
    ran: list[tuple[str, Any]] = []

    def listen(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        ran.append((statement, parameters))

    engine = db.connection.engine
    sa.event.listen(engine, "before_cursor_execute", listen)
    try:
        ask()
    finally:
        sa.event.remove(engine, "before_cursor_execute", listen)
    [(statement, parameters)] = ran
    rows = db.connection.exec_driver_sql(f"{EXPLAIN[engine.dialect.name]} {statement}", parameters)
    return "\n".join(str(row[-1]) for row in rows)


def test_a_page_reads_the_index_backwards_and_no_further_than_it_shows(
    world: World, crowd: list[Contact]
) -> None:
    after = Position(SENT + timedelta(hours=50), uuid7()).cursor
    begins_there = "(sent_at,id)<(?,?)" if world.database.sqlite else "(ROW(sent_at, id) < ROW("
    for number, wanted in itertools.product((1, 3), FILTERS):
        guardian = world.guardian(*crowd[:number])
        ask = partial(messages_of, actor=guardian, filter=wanted)
        with world.database.read(guardian) as db:
            newest = plan_of(db, partial(ask, db))
            further = plan_of(db, partial(ask, db, after=after))
        assert further.count(begins_there) == number, further
        for plan in (newest, further):
            assert_reads_little(world, plan, number)


def assert_reads_little(world: World, plan: str, contacts: int) -> None:
    """Each contact's index is read in its order; PostgreSQL also tells how far."""
    if world.database.sqlite:
        assert len(READ_IN_ORDER.findall(plan)) == contacts, plan
        return
    read = [int(rows) for rows in ROWS_READ.findall(plan)]
    assert len(read) == contacts, plan
    assert max(read) <= 21, plan


def test_what_hangs_on_a_page_is_read_by_its_keys(world: World, crowd: list[Contact]) -> None:
    guardian = world.guardian(*crowd[:2])
    with world.database.read(guardian) as db:
        keys = [row.key for row in messages_of(db, guardian).rows]
        plans = [
            plan_of(db, partial(deliveries_of, db, keys)),
            plan_of(db, partial(students_of, db, keys)),
        ]
    for plan, table in zip(plans, ("delivery", "message_student"), strict=True):
        assert re.search(rf"using (index )?\w*{table}_\w+", plan, re.IGNORECASE), plan
        assert not re.search(rf"\b(SCAN|Seq Scan on) {table}\b", plan), plan
