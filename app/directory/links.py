"""The numbers and addresses a contact holds, as plain rows."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.database import Db
from app.directory.models import Contact, Destination, Link
from app.vocabulary import CHANNELS_OF, Channel, DestinationKind, LineType

Key = tuple[UUID, UUID]  # (district, id)


class Held(NamedTuple):
    """One link with its destination, and the pause of the contact who holds it."""

    district_id: UUID
    id: UUID
    contact_id: UUID
    destination_id: UUID
    kind: DestinationKind
    value: str
    line_type: LineType
    bounced_at: datetime | None
    label: str
    extension: str | None
    display: str
    verified_at: datetime | None
    version: int
    paused_until: datetime | None
    pause_event_id: UUID | None

    @property
    def key(self) -> Key:
        return (self.district_id, self.id)

    @property
    def channels(self) -> tuple[Channel, ...]:
        return CHANNELS_OF[self.kind]

    def reaches(self, channel: Channel) -> bool:
        """Whether a message on this channel can arrive: no text to a landline or an extension."""
        if self.bounced_at is not None:
            return False
        if channel is Channel.SMS:
            return self.line_type is not LineType.LANDLINE and self.extension is None
        return True


_HELD = (
    sa.select(
        Link.district_id,
        Link.id,
        Link.contact_id,
        Link.destination_id,
        Destination.kind,
        Destination.value,
        Destination.line_type,
        Destination.bounced_at,
        Link.label,
        Link.extension,
        Link.display,
        Link.verified_at,
        Link.version,
        Contact.paused_until,
        Contact.pause_event_id,
    )
    .join(
        Destination,
        sa.and_(Destination.district_id == Link.district_id, Destination.id == Link.destination_id),
    )
    .join(
        Contact,
        sa.and_(Contact.district_id == Link.district_id, Contact.id == Link.contact_id),
    )
    .where(Link.retired_at.is_(None), Contact.retired_at.is_(None))
    .order_by(Link.priority, Link.id)
)
BY_CONTACT = _HELD.where(
    sa.tuple_(Link.district_id, Link.contact_id).in_(sa.bindparam("contacts", expanding=True))
)
BY_ID = _HELD.where(sa.tuple_(Link.district_id, Link.id).in_(sa.bindparam("links", expanding=True)))


def links_of(db: Db, contacts: Iterable[Key]) -> list[Held]:
    """What these contacts hold, in one statement, each contact's in her school's order."""
    return [Held._make(row) for row in db.all(BY_CONTACT, contacts=list(contacts))]


def links_by_id(db: Db, links: Iterable[Key]) -> list[Held]:
    return [Held._make(row) for row in db.all(BY_ID, links=list(links))]
