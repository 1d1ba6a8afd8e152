"""A contact takes a number or an address, or lets it go: one at a time, with all that follows."""

from datetime import datetime

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.actor import Actor
from app.consent.record import release_link
from app.database import Db
from app.directory.models import Contact, Destination, Link
from app.vocabulary import DestinationKind, LineType
from auth.models import Binding


def take(
    db: Db,
    contact: Contact,
    kind: DestinationKind,
    value: str,
    *,
    label: str,
    display: str,
    extension: str | None = None,
    line_type: LineType = LineType.UNKNOWN,
    verified_at: datetime | None = None,
) -> Link:
    """The contact (locked) holds this destination from now on; hers again if it once was."""
    destination = _destination(db, contact, kind, value, line_type)
    link = db.session.scalar(
        sa.select(Link).where(
            Link.district_id == contact.district_id,
            Link.contact_id == contact.id,
            Link.destination_id == destination.id,
        )
    )
    if link is None:
        link = Link(
            district_id=contact.district_id,
            id=uuid7(),
            contact_id=contact.id,
            destination_id=destination.id,
            version=0,
        )
        db.add(link)
    link.label, link.display, link.extension = label, display, extension
    link.verified_at = verified_at or (None if link.retired_at else link.verified_at)
    link.retired_at = None
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


def _destination(
    db: Db, contact: Contact, kind: DestinationKind, value: str, line_type: LineType
) -> Destination:
    found = db.session.scalar(
        sa.select(Destination).where(
            Destination.district_id == contact.district_id,
            Destination.kind == kind,
            Destination.value == value,
        )
    )
    if found is None:
        found = Destination(
            district_id=contact.district_id,
            id=uuid7(),
            kind=kind,
            value=value,
            line_type=line_type,
        )
        db.add(found)
        db.flush()
    return found
