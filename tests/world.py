"""Small factories: the rows a test needs, and who acts in it.

Each takes the open transaction first, adds its row with plausible values, and gives it back;
any column can be said by name. Nothing here runs a use case.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.actor import Grant, Guardian, Number, Service, Staff
from app.database import Base, Database, Db
from app.directory.models import (
    BroadcastType,
    Contact,
    Destination,
    District,
    Guardianship,
    Link,
    School,
    Student,
)
from app.messages.models import Broadcast, Delivery, Message, MessageStudent
from app.messages.search import searchable
from app.vocabulary import (
    Channel,
    ContactEditMode,
    DeliveryStatus,
    DestinationKind,
    Feature,
    LineType,
    OptOutHandling,
    Rights,
    Source,
)
from auth.models import AccessGrant, Account, Binding

SOURCE = "sis"
Row = TypeVar("Row", bound=Base)
_count = itertools.count(1)


class SetClock:
    """Stands still until told: `clock.now = ...` or `clock.advance(timedelta(days=1))`."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


def a_number() -> str:
    """A valid number nobody else in this run has."""
    return f"+1217555{next(_count) % 10_000:04}"


def an_address() -> str:
    return f"person{next(_count)}@example.org"


def a_district(db: Db, key: str = "springfield", **columns: Any) -> District:
    plausible = {
        "key": key,
        "name": f"{key.title()} Public Schools",
        "timezone": "America/Chicago",
        "region": "US",
        "opt_out_handling": OptOutHandling.REVIEW,
        "consent_required": [],
        "contact_edit": ContactEditMode.REQUEST,
        "voice_stop_covers": [Channel.VOICE],
        "quiet_hours": {},
    }
    return _added(db, District(**plausible | columns))


def a_school(db: Db, district: District, name: str = "North School", **columns: Any) -> School:
    plausible = {
        "district_id": district.id,
        "source_id": f"sch-{next(_count)}",
        "name": name,
        "brought_by": SOURCE,
    }
    return _added(db, School(**plausible | columns))


def a_broadcast_type(
    db: Db, district: District, code: str = "ATTENDANCE", *, emergency: bool = False, **columns: Any
) -> BroadcastType:
    plausible = {
        "district_id": district.id,
        "code": code,
        "name": {"en": code.title()},
        "description": {"en": f"Messages about {code.lower()}."},
        "emergency": emergency,
        "default": {channel.value: True for channel in Channel},
        "locked": [],
        "position": next(_count),
    }
    return _added(db, BroadcastType(**plausible | columns))


def a_student(db: Db, school: School, given_name: str = "Lisa", **columns: Any) -> Student:
    plausible = {
        "district_id": school.district_id,
        "source_id": f"s-{next(_count)}",
        "school_id": school.id,
        "given_name": given_name,
        "family_name": "Simpson",
        "grade": "02",
        "brought_by": SOURCE,
    }
    return _added(db, Student(**plausible | columns))


def a_contact(
    db: Db,
    district: District,
    *,
    with_phone: str | Sequence[str] = (),
    with_email: str | Sequence[str] = (),
    **columns: Any,
) -> Contact:
    """A person; the numbers and addresses become destinations, shared if already there."""
    plausible = {
        "district_id": district.id,
        "source_id": f"c-{next(_count)}",
        "given_name": "Marge",
        "family_name": "Simpson",
        "language": "en",
        "address": None,
        "brought_by": SOURCE,
    }
    contact = _added(db, Contact(**plausible | columns))
    for number in _each(with_phone):
        a_link(db, contact, a_phone(db, district, number))
    for address in _each(with_email):
        a_link(db, contact, a_mailbox(db, district, address), label="email")
    return contact


def a_guardianship(
    db: Db, contact: Contact, student: Student, *, rights: Rights = Rights.FULL, **columns: Any
) -> Guardianship:
    plausible = {
        "district_id": contact.district_id,
        "contact_id": contact.id,
        "student_id": student.id,
        "relation": "parent",
        "rights": rights,
        "brought_by": SOURCE,
    }
    return _added(db, Guardianship(**plausible | columns))


def a_phone(db: Db, district: District, value: str | None = None, **columns: Any) -> Destination:
    """The phone with this number (E.164) in the district, made if it is not there."""
    plausible = {"line_type": LineType.MOBILE}
    return _destination(
        db, district, DestinationKind.PHONE, value or a_number(), plausible | columns
    )


def a_mailbox(db: Db, district: District, value: str | None = None, **columns: Any) -> Destination:
    return _destination(db, district, DestinationKind.MAILBOX, value or an_address(), columns)


def a_link(
    db: Db, contact: Contact, destination: Destination, label: str = "mobile", **columns: Any
) -> Link:
    plausible = {
        "district_id": contact.district_id,
        "contact_id": contact.id,
        "destination_id": destination.id,
        "label": label,
        "display": destination.value,
        "brought_by": SOURCE,
    }
    return _added(db, Link(**plausible | columns))


def links_of(db: Db, contact: Contact) -> list[Link]:
    """Hers, phones before mailboxes."""
    statement = (
        sa.select(Link)
        .join(
            Destination,
            (Destination.district_id == Link.district_id) & (Destination.id == Link.destination_id),
        )
        .where(Link.district_id == contact.district_id, Link.contact_id == contact.id)
        .order_by(Destination.kind.desc(), Link.id)
    )
    return list(db.session.scalars(statement))


def an_account(
    db: Db, email: str | None = None, *, opens: Iterable[Contact] = (), **columns: Any
) -> Account:
    """A login; each contact it opens gets a mailbox of the same address if she has none."""
    plausible = {"email": email or an_address(), "created_at": db.now}
    account = _added(db, Account(**plausible | columns))
    for contact in opens:
        a_binding(db, account, contact)
    return account


def a_binding(db: Db, account: Account, contact: Contact, link: Link | None = None) -> Binding:
    link = link or _mailbox_link(db, contact, account.email)
    return _added(
        db,
        Binding(
            district_id=contact.district_id,
            account_id=account.id,
            contact_id=contact.id,
            link_id=link.id,
            bound_at=db.now,
        ),
    )


def a_grant(
    db: Db, account: Account, district: District, feature: Feature, school: School | None = None
) -> AccessGrant:
    return _added(
        db,
        AccessGrant(
            district_id=district.id,
            account_id=account.id,
            feature=feature,
            school_id=school.id if school else None,
            granted_by="service:test",
            granted_at=db.now,
        ),
    )


def a_broadcast(db: Db, type: BroadcastType, **columns: Any) -> Broadcast:
    plausible = {
        "district_id": type.district_id,
        "source_id": f"b-{next(_count)}",
        "broadcast_type_id": type.id,
        "subject": "School is closed today",
        "body": "Snow. Stay at home.",
        "language": "en",
        "sent_at": db.now,
    } | columns
    searched = searchable(f"{plausible['subject']} {plausible['body']}")
    return _added(db, Broadcast(searched=searched, **plausible))


def a_message(
    db: Db,
    broadcast: Broadcast,
    contact: Contact,
    *,
    about: Iterable[Student] = (),
    to: Iterable[tuple[Destination, Channel]] = (),
    **columns: Any,
) -> Message:
    """The broadcast as this contact received it: about whom, and by which deliveries."""
    plausible = {
        "district_id": contact.district_id,
        "broadcast_id": broadcast.id,
        "contact_id": contact.id,
        "sent_at": broadcast.sent_at,
    }
    message = _added(db, Message(**plausible | columns))
    for student in about:
        _added(
            db,
            MessageStudent(
                district_id=contact.district_id, message_id=message.id, student_id=student.id
            ),
        )
    for destination, channel in to:
        a_delivery(db, message, destination, channel)
    return message


def a_delivery(
    db: Db, message: Message, destination: Destination, channel: Channel, **columns: Any
) -> Delivery:
    plausible = {
        "district_id": message.district_id,
        "source_id": f"d-{next(_count)}",
        "message_id": message.id,
        "destination_id": destination.id,
        "channel": channel,
        "sent_to": destination.value,
        "status": DeliveryStatus.DELIVERED,
        "at": message.sent_at,
    }
    return _added(db, Delivery(**plausible | columns))


@dataclass(frozen=True, slots=True)
class World:
    """Springfield, and who acts there."""

    database: Database
    district: District
    north: School
    south: School
    attendance: BroadcastType
    emergency: BroadcastType
    survey: BroadcastType
    events: BroadcastType

    @property
    def service(self) -> Service:
        """A program that may do anything in the district: `database.write(world.service)`."""
        return Service("test", frozenset({self.district.id}))

    def guardian(self, *contacts: Contact, account: Account | None = None, **more: Any) -> Guardian:
        """The parent whose account opens these contacts, in any district."""
        return Guardian(
            account_id=account.id if account else uuid7(),
            contacts=tuple((contact.district_id, contact.id) for contact in contacts),
            **more,
        )

    def clerk(
        self,
        features: Iterable[Feature] = tuple(Feature),
        school: School | None = None,
        *,
        account: Account | None = None,
        **more: Any,
    ) -> Staff:
        """Staff of this district with these features, for all schools or for one."""
        at = school.id if school else None
        return Staff(
            account_id=account.id if account else uuid7(),
            grants=tuple(Grant(self.district.id, feature, at) for feature in features),
            **more,
        )

    def number(self, source: Source = Source.SMS) -> Number:
        """Whoever holds a phone or a mailbox on file in this district."""
        return Number(frozenset({self.district.id}), source)


def a_world(database: Database, key: str = "springfield") -> World:
    """A district with two schools and four types of message, committed."""
    district_id = uuid7()
    with database.write(Service("test", frozenset({district_id}))) as db:
        district = a_district(db, key, id=district_id)
        return World(
            database=database,
            district=district,
            north=a_school(db, district, "North School"),
            south=a_school(db, district, "South School"),
            attendance=a_broadcast_type(db, district, "ATTENDANCE"),
            emergency=a_broadcast_type(db, district, "EMERGENCY", emergency=True),
            survey=a_broadcast_type(db, district, "SURVEY"),
            events=a_broadcast_type(db, district, "EVENTS"),
        )


def _added(db: Db, row: Row) -> Row:
    db.add(row)
    db.flush()
    return row


def _each(values: str | Sequence[str]) -> Sequence[str]:
    return [values] if isinstance(values, str) else values


def _destination(
    db: Db, district: District, kind: DestinationKind, value: str, columns: dict[str, Any]
) -> Destination:
    there = db.session.scalars(
        sa.select(Destination).where(
            Destination.district_id == district.id,
            Destination.kind == kind,
            Destination.value == value,
        )
    ).one_or_none()
    if there is not None:
        return there
    return _added(db, Destination(district_id=district.id, kind=kind, value=value, **columns))


def _mailbox_link(db: Db, contact: Contact, address: str) -> Link:
    for link in links_of(db, contact):
        destination = db.get(Destination, link.district_id, link.destination_id)
        if destination is not None and destination.kind is DestinationKind.MAILBOX:
            return link
    district = db.session.get_one(District, contact.district_id)
    return a_link(db, contact, a_mailbox(db, district, address), label="email")
