"""A contact takes a number or an address, or lets it go: one at a time, with all that follows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.actor import Actor
from app.consent.record import release_link
from app.database import Db
from app.directory.models import Contact, Destination, Link
from app.vocabulary import DestinationKind, LineType
from auth.models import Binding

LEAVING = (
    sa.select(Destination.id)
    .join(
        Link,
        sa.and_(Link.district_id == Destination.district_id, Link.destination_id == Destination.id),
    )
    .where(
        Destination.district_id == sa.bindparam("district"),
        Link.id.in_(sa.bindparam("links", expanding=True)),
    )
    .order_by(Destination.id)
    .with_for_update(key_share=True, of=Destination)
)
ON_FILE = sa.select(Destination.id, Destination.kind, Destination.value).where(
    Destination.district_id == sa.bindparam("district"),
    Destination.value.in_(sa.bindparam("values", expanding=True)),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A number or an address that a contact shall hold; `value` is its normal form."""

    kind: DestinationKind
    value: str
    display: str
    extension: str | None = None
    line_type: LineType = LineType.UNKNOWN

    @property
    def point(self) -> tuple[DestinationKind, str]:
        return (self.kind, self.value)


Claimed = Mapping[tuple[DestinationKind, str], UUID]


def claim(db: Db, district_id: UUID, wanted: Iterable[Wanted], leaving: Iterable[UUID]) -> Claimed:
    """The destinations that a contact (locked) will take, made where they are missing; those of
    the links she will let go are locked.

    Everybody does so in one order, so that two families who swap numbers queue.
    """
    sought = sorted({each.point: each.line_type for each in wanted}.items())
    db.insert_missing(
        Destination,
        [
            {"district_id": district_id, "kind": kind, "value": value, "line_type": line_type}
            for (kind, value), line_type in sought
        ],
    )
    db.all(LEAVING, district=district_id, links=list(leaving))
    found = db.all(ON_FILE, district=district_id, values=[value for (_, value), _ in sought])
    return {(row.kind, row.value): row.id for row in found}


def take(
    db: Db,
    contact: Contact,
    wanted: Wanted,
    destination_id: UUID,
    *,
    label: str,
    verified_at: datetime | None = None,
) -> Link:
    """The contact (locked) holds this destination from now on; hers again if it once was."""
    link = db.session.scalar(
        sa.select(Link).where(
            Link.district_id == contact.district_id,
            Link.contact_id == contact.id,
            Link.destination_id == destination_id,
        )
    )
    if link is None:
        link = Link(
            district_id=contact.district_id,
            id=uuid7(),
            contact_id=contact.id,
            destination_id=destination_id,
            version=0,
        )
        db.add(link)
    elif link.retired_at is not None:
        link.brought_by = link.slot = link.retired_at = link.verified_at = None
    link.label, link.display, link.extension = label, wanted.display, wanted.extension
    link.verified_at = verified_at or link.verified_at
    link.version += 1
    db.flush()
    return link


def let_go(db: Db, actor: Actor, link: Link) -> None:
    """The contact (locked) no longer holds it: her grants lapse, and access that rested on
    this mailbox ends.
    """
    release_link(db, actor, link)
    db.execute(
        sa.delete(Binding).where(
            Binding.district_id == link.district_id, Binding.link_id == link.id
        )
    )
    link.retired_at = db.now
    link.verified_at = None
    link.version += 1
    db.flush()
