"""What the rules say, said by the database: what it takes once, never, and for ever."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from uuid_utils.compat import uuid7

from app.actor import Visitor
from app.changes.models import ChangeRequest
from app.consent import ledger
from app.consent.models import (
    Block,
    Checkpoint,
    Consent,
    ConsentEvent,
    Disclosure,
    OptOut,
    Preference,
    QuietHours,
)
from app.database import Base, Database, Db
from app.directory.models import Contact, Destination, Guardianship, Link, Student
from app.messages.models import Broadcast, Message
from app.optouts.models import OptOutReport
from app.vocabulary import (
    ChangeRequestStatus,
    Channel,
    ConsentAction,
    ConsentStatus,
    OptOutReportStatus,
    OptOutScope,
    Rights,
    Source,
)
from migrations.guards import APPEND_ONLY
from tests.conftest import on_postgresql, on_sqlite
from tests.world import (
    World,
    a_broadcast,
    a_contact,
    a_link,
    a_phone,
    a_student,
)


@dataclass(frozen=True)
class Place:
    """Marge with her phone in Springfield, and a line of the ledger to point at."""

    type_id: UUID
    marge: Contact
    phone: Destination
    link: Link
    line: ConsentEvent
    lisa: Student
    broadcast: Broadcast

    def row(self, model: type[Base], columns: dict[str, Any], changed: dict[str, Any]) -> Base:
        return model(**{"district_id": self.marge.district_id} | columns | changed)


@pytest.fixture
def place(world: World, database: Database) -> Place:
    with database.write(world.service) as db:
        marge = a_contact(db, world.district)
        phone = a_phone(db, world.district)
        return Place(
            type_id=world.survey.id,
            marge=marge,
            phone=phone,
            link=a_link(db, marge, phone),
            line=a_line(db, phone),
            lisa=a_student(db, world.north),
            broadcast=a_broadcast(db, world.survey),
        )


def a_line(db: Db, chain: Destination) -> ConsentEvent:
    saying = ledger.Saying(Visitor(), db.now, Source.IMPORT)
    return ledger.append(db, chain, ConsentAction.IMPORTED, saying)


def a_consent(place: Place, **changed: Any) -> Base:
    columns = {
        "destination_id": place.phone.id,
        "channel": Channel.SMS,
        "status": ConsentStatus.GRANTED,
        "since": place.line.at,
        "source": Source.APP,
        "event_id": place.line.id,
        "version": 1,
    }
    return place.row(Consent, columns, changed)


def an_opt_out(place: Place, **changed: Any) -> Base:
    columns = {
        "destination_id": place.phone.id,
        "channel": Channel.SMS,
        "scope": OptOutScope.BROADCAST_TYPE,
        "broadcast_type_id": place.type_id,
        "since": place.line.at,
        "source": Source.SMS,
        "event_id": place.line.id,
    }
    return place.row(OptOut, columns, changed)


def an_opt_out_of_all_but_emergencies(place: Place, **changed: Any) -> Base:
    wide = {"scope": OptOutScope.NON_EMERGENCY, "broadcast_type_id": None}
    return an_opt_out(place, **wide | changed)


def a_block(place: Place, **changed: Any) -> Base:
    columns = {
        "destination_id": place.phone.id,
        "channel": Channel.VOICE,
        "note": "asked for by phone",
        "since": place.line.at,
        "event_id": place.line.id,
    }
    return place.row(Block, columns, changed)


def a_block_of_every_channel(place: Place) -> Base:
    return a_block(place, channel=None)


def a_preference(place: Place, **changed: Any) -> Base:
    columns = {
        "link_id": place.link.id,
        "channel": Channel.SMS,
        "broadcast_type_id": place.type_id,
        "wanted": False,
        "event_id": place.line.id,
        "version": 1,
    }
    return place.row(Preference, columns, changed)


def quiet_hours(place: Place, **changed: Any) -> Base:
    columns = {
        "link_id": place.link.id,
        "channel": Channel.SMS,
        "from_minute": 21 * 60,
        "to_minute": 7 * 60,
        "event_id": place.line.id,
        "version": 1,
    }
    return place.row(QuietHours, columns, changed)


def a_ledger_line(place: Place, **changed: Any) -> Base:
    columns = {
        "destination_id": place.phone.id,
        "sequence": 2,
        "at": place.line.at,
        "action": ConsentAction.REVOKED,
        "source": Source.SMS,
        "actor": "number",
        "previous_hash": place.line.hash,
        "hash": "0" * 64,
    }
    return place.row(ConsentEvent, columns, changed)


def a_request(place: Place, **changed: Any) -> Base:
    columns = {
        "contact_id": place.marge.id,
        "status": ChangeRequestStatus.PENDING,
        "submitted_at": place.line.at,
        "due_at": place.line.at,
    }
    return place.row(ChangeRequest, columns, changed)


def a_decided_request(place: Place, **changed: Any) -> Base:
    decided = {
        "status": ChangeRequestStatus.REJECTED,
        "decided_by": uuid7(),
        "decided_at": place.line.at,
        "reason": "We need to see a paper.",
    }
    return a_request(place, **decided | changed)


def a_report(place: Place, **changed: Any) -> Base:
    columns = {
        "destination_id": place.phone.id,
        "channel": Channel.SMS,
        "scope": OptOutScope.ALL,
        "input": "STOP",
        "source": Source.SMS,
        "received_at": place.line.at,
        "due_at": place.line.at,
        "status": OptOutReportStatus.PENDING,
    }
    return place.row(OptOutReport, columns, changed)


def the_same_phone(place: Place, **changed: Any) -> Base:
    columns = {"kind": place.phone.kind, "value": "+12175559999"}
    return place.row(Destination, columns, changed)


def a_guardian(place: Place) -> Base:
    columns = {
        "contact_id": place.marge.id,
        "student_id": place.lisa.id,
        "relation": "mother",
        "rights": Rights.FULL,
        "brought_by": "sis",
    }
    return place.row(Guardianship, columns, {})


def a_received_message(place: Place) -> Base:
    columns = {
        "contact_id": place.marge.id,
        "broadcast_id": place.broadcast.id,
        "sent_at": place.line.at,
    }
    return place.row(Message, columns, {})


ONLY_ONCE: list[Callable[[Place], Base]] = [
    a_consent,
    an_opt_out,
    an_opt_out_of_all_but_emergencies,
    a_block,
    a_block_of_every_channel,
    a_preference,
    quiet_hours,
    a_ledger_line,
    the_same_phone,
    a_guardian,
    a_received_message,
]
NEVER: list[tuple[str, Callable[..., Base], dict[str, Any]]] = [
    ("an opt-out of one type names no type", an_opt_out, {"broadcast_type_id": None}),
    (
        "an opt-out of all but emergencies names a type",
        an_opt_out,
        {"scope": OptOutScope.NON_EMERGENCY},
    ),
    (
        "an opt-out of everything is a revoked consent instead",
        an_opt_out_of_all_but_emergencies,
        {"scope": OptOutScope.ALL},
    ),
    ("quiet hours are empty", quiet_hours, {"to_minute": 21 * 60}),
    ("quiet hours begin after the day", quiet_hours, {"from_minute": 24 * 60}),
    ("quiet hours end after the day", quiet_hours, {"to_minute": 24 * 60}),
    ("mail has quiet hours", quiet_hours, {"channel": Channel.EMAIL}),
    ("a ledger line stands in no chain", a_ledger_line, {"destination_id": None}),
    ("a decision has no decider", a_decided_request, {"decided_by": None}),
    ("a decision has no time", a_decided_request, {"decided_at": None}),
    (
        "an approval has no decider",
        a_decided_request,
        {"status": ChangeRequestStatus.APPROVED, "decided_by": None},
    ),
    ("a rejection has no reason", a_decided_request, {"reason": None}),
    (
        "a half rejection has no reason",
        a_decided_request,
        {"status": ChangeRequestStatus.PARTLY_APPROVED, "reason": None},
    ),
    ("a report of one type names no type", a_report, {"scope": OptOutScope.BROADCAST_TYPE}),
    ("a settled report has no time", a_report, {"status": OptOutReportStatus.APPLIED}),
]


@pytest.mark.parametrize("row", [*ONLY_ONCE, a_request, a_decided_request, a_report])
def test_the_database_takes_what_the_rules_allow(world: World, place: Place, row: Any):
    with world.database.write(world.service) as db:
        db.add(row(place))


@pytest.mark.parametrize("row", ONLY_ONCE)
def test_the_database_refuses_twice(world: World, place: Place, row: Any):
    with world.database.write(world.service) as db:
        db.add(row(place))
    with pytest.raises(IntegrityError), world.database.write(world.service) as db:
        db.add(row(place))


@pytest.mark.parametrize(("row", "fault"), [pytest.param(r, f, id=name) for name, r, f in NEVER])
def test_the_database_refuses_that(world: World, place: Place, row: Any, fault: dict[str, Any]):
    with pytest.raises(IntegrityError), world.database.write(world.service) as db:
        db.add(row(place, **fault))


def test_the_database_refuses_a_line_in_two_chains(world: World, place: Place):
    with pytest.raises(IntegrityError), world.database.write(world.service) as db:
        db.add(a_ledger_line(place, contact_id=place.marge.id))


def test_the_database_refuses_a_word_that_is_not_on_the_list(world: World, place: Place):
    with world.database.write(world.service) as db:
        db.add(a_consent(place))
    with pytest.raises(IntegrityError), world.database.write(world.service) as db:
        db.execute(sa.text("UPDATE consent SET status = 'PERHAPS'"))


# --- what is only ever added to ----------------------------------------------------------


def a_checkpoint(place: Place) -> Base:
    columns = {
        "number": 1,
        "at": place.line.at,
        "heads": [],
        "previous_hash": "",
        "hash": "",
        "signature": "",
        "public_key": "",
    }
    return place.row(Checkpoint, columns, {})


def a_disclosure(place: Place) -> Base:
    columns = {"version": "v1", "language": "en", "channel": Channel.SMS, "text": "You agree."}
    return place.row(Disclosure, columns, {})


@pytest.fixture
def guarded(world: World, place: Place) -> World:
    """A world with a row in each table that is only ever added to."""
    with world.database.write(world.service) as db:
        db.add(a_checkpoint(place), a_disclosure(place))
    return world


CHANGES = ["UPDATE {} SET district_id = district_id", "DELETE FROM {}"]


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", CHANGES)
def test_what_is_only_added_to_is_never_changed(guarded: World, table: str, change: str):
    with (
        pytest.raises(DBAPIError, match="append-only"),
        guarded.database.write(guarded.service) as db,
    ):
        db.execute(sa.text(change.format(table)))


@on_postgresql
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_is_only_added_to_is_never_emptied(guarded: World, table: str):
    with (
        pytest.raises(DBAPIError, match="append-only"),
        guarded.database.write(guarded.service) as db,
    ):
        db.execute(sa.text(f"TRUNCATE {table} CASCADE"))


@on_sqlite
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_is_only_added_to_is_never_replaced(guarded: World, table: str):
    with (
        pytest.raises(DBAPIError, match="append-only"),
        guarded.database.write(guarded.service) as db,
    ):
        db.execute(sa.text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"))
