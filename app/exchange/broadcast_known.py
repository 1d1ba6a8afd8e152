"""What a batch of broadcasts speaks of, looked up in a handful of statements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.database import Db
from app.directory.models import Contact, Destination, Guardianship, School, Student
from app.exchange.broadcast_lines import SentBroadcast
from app.messages.models import Broadcast, Delivery, Message, MessageStudent
from app.vocabulary import Channel, DeliveryStatus, DestinationKind, Rights

AT_ONCE = 10_000  # a statement of SQLite takes 32,766 parameters
Pair = tuple[UUID, UUID]


class KnownBroadcast(NamedTuple):
    """The head of a broadcast that is there already."""

    id: UUID
    broadcast_type_id: UUID
    school_id: UUID | None
    subject: str
    body: str
    audio_url: str | None
    language: str
    sent_at: datetime
    removed_at: datetime | None


class KnownDelivery(NamedTuple):
    """A delivery that is there already."""

    id: UUID
    broadcast_id: UUID
    contact_id: UUID
    channel: Channel
    sent_to: str
    status: DeliveryStatus


@dataclass(frozen=True, slots=True)
class Known:
    """Rows by the sender's ids; retired people count, since they once got messages.

    `messages` are by (broadcast, contact), `about` are (message, student), `without_rights`
    (contact, student).
    """

    schools: dict[str, UUID]
    contacts: dict[str, UUID]
    students: dict[str, UUID]
    broadcasts: dict[str, KnownBroadcast]
    deliveries: dict[str, KnownDelivery]
    messages: dict[Pair, UUID]
    about: set[Pair]
    destinations: dict[tuple[DestinationKind, str], UUID]
    without_rights: set[Pair]


def load_known(db: Db, district_id: UUID, batch: Sequence[SentBroadcast]) -> Known:
    sent = [delivery for each in batch for delivery in each.deliveries]
    look = _Look(db, district_id)
    contacts = look.ids(CONTACTS, (delivery.contact for delivery in sent))
    heads = look.some(BROADCASTS, (each.id for each in batch))
    there = look.some(DELIVERIES, (delivery.id for delivery in sent))
    deliveries = {row.source_id: KnownDelivery._make(row[1:]) for row in there}
    new = [delivery for delivery in sent if delivery.id not in deliveries]
    receivers = {contacts[delivery.contact] for delivery in new if delivery.contact in contacts}
    messages = look.some(MESSAGES, (head.id for head in heads), contacts=list(receivers))
    destinations = look.some(DESTINATIONS, (delivery.value for delivery in new if delivery.value))
    return Known(
        schools=look.ids(SCHOOLS, (each.school for each in batch if each.school)),
        contacts=contacts,
        students=look.ids(
            STUDENTS, (student for delivery in sent for student in delivery.students)
        ),
        broadcasts={head.source_id: KnownBroadcast._make(head[1:]) for head in heads},
        deliveries=deliveries,
        messages={(row.broadcast_id, row.contact_id): row.id for row in messages},
        about=look.pairs(ABOUT, (row.id for row in messages)),
        destinations={(row.kind, row.value): row.id for row in destinations},
        without_rights=look.pairs(WITHOUT_RIGHTS, receivers),
    )


class _Look:
    """Runs a statement for some keys, not too many at once."""

    def __init__(self, db: Db, district_id: UUID) -> None:
        self.db = db
        self.district_id = district_id

    def some(self, statement: sa.Executable, keys: Iterable[Any], **more: Any) -> list[Any]:
        wanted = list(set(keys))
        rows: list[Any] = []
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            rows += self.db.all(statement, district=self.district_id, keys=some, **more)
        return rows

    def ids(self, statement: sa.Executable, keys: Iterable[str]) -> dict[str, UUID]:
        return {row.source_id: row.id for row in self.some(statement, keys)}

    def pairs(self, statement: sa.Executable, keys: Iterable[UUID]) -> set[Pair]:
        return {(row[0], row[1]) for row in self.some(statement, keys)}


def _keyed(statement: Any, district_id: Any, key: Any) -> Any:
    return statement.where(
        district_id == sa.bindparam("district"), key.in_(sa.bindparam("keys", expanding=True))
    )


def _by_source_id(table: Any, *columns: Any) -> Any:
    return _keyed(
        sa.select(table.source_id, table.id, *columns), table.district_id, table.source_id
    )


SCHOOLS = _by_source_id(School)
CONTACTS = _by_source_id(Contact)
STUDENTS = _by_source_id(Student)
BROADCASTS = _by_source_id(
    Broadcast,
    Broadcast.broadcast_type_id,
    Broadcast.school_id,
    Broadcast.subject,
    Broadcast.body,
    Broadcast.audio_url,
    Broadcast.language,
    Broadcast.sent_at,
    Broadcast.removed_at,
)
DELIVERIES = _by_source_id(
    Delivery,
    Message.broadcast_id,
    Message.contact_id,
    Delivery.channel,
    Delivery.sent_to,
    Delivery.status,
).join(
    Message,
    sa.and_(Message.district_id == Delivery.district_id, Message.id == Delivery.message_id),
)
MESSAGES = _keyed(
    sa.select(Message.broadcast_id, Message.contact_id, Message.id),
    Message.district_id,
    Message.broadcast_id,
).where(Message.contact_id.in_(sa.bindparam("contacts", expanding=True)))
ABOUT = _keyed(
    sa.select(MessageStudent.message_id, MessageStudent.student_id),
    MessageStudent.district_id,
    MessageStudent.message_id,
)
DESTINATIONS = _keyed(
    sa.select(Destination.kind, Destination.value, Destination.id),
    Destination.district_id,
    Destination.value,
)
WITHOUT_RIGHTS = _keyed(
    sa.select(Guardianship.contact_id, Guardianship.student_id),
    Guardianship.district_id,
    Guardianship.contact_id,
).where(Guardianship.rights == Rights.NO_RIGHTS)
