"""Approved items become data, and leave by the feed so that nobody types them again."""

from collections.abc import Sequence

import sqlalchemy as sa

from app.actor import Actor
from app.changes.edits import stand
from app.changes.fields import ADDS, OF_CONTACT, REMOVES
from app.changes.models import ChangeItem
from app.database import Db
from app.directory.holding import Claimed, Wanted, claim, let_go, take
from app.directory.models import Contact, Guardianship, Link
from app.directory.numbers import parse_number
from app.exchange.models import FeedLine
from app.vocabulary import ContactField, DestinationKind

FEED_KIND = "contact-change"
AS_ADDED = {
    DestinationKind.PHONE: ContactField.ADD_PHONE,
    DestinationKind.MAILBOX: ContactField.ADD_EMAIL,
}
AS_REMOVED = {
    DestinationKind.PHONE: ContactField.REMOVE_PHONE,
    DestinationKind.MAILBOX: ContactField.REMOVE_EMAIL,
}


def apply_items(db: Db, actor: Actor, contact: Contact, items: Sequence[ChangeItem]) -> None:
    """Carry out accepted items on their contact (locked)."""
    wanted = {item.id: _wanted(item) for item in items if item.field in ADDS}
    leaving = [item.link_id for item in items if item.field in REMOVES and item.link_id]
    claimed = claim(db, contact.district_id, wanted.values(), leaving)
    for item in items:
        _apply(db, actor, contact, item, wanted.get(item.id), claimed)
        announce(db, item)
    if items:
        contact.version += 1


def announce(db: Db, item: ChangeItem) -> None:
    """The feed tells senders and the SIS about an accepted item."""
    db.add(FeedLine(district_id=item.district_id, kind=FEED_KIND, subject_id=item.id, at=db.now))


def approved_value(item: ChangeItem) -> str | None:
    return item.corrected or item.after


def _apply(
    db: Db,
    actor: Actor,
    contact: Contact,
    item: ChangeItem,
    wanted: Wanted | None,
    claimed: Claimed,
) -> None:
    if item.field in OF_CONTACT:
        after = approved_value(item)
        setattr(contact, OF_CONTACT[item.field], after)
        stand(db, contact, item, item.field, after=after)
    old = _remove(db, actor, contact, item) if item.field in REMOVES else None
    if wanted:
        _add(db, contact, item, wanted, claimed, old)
    if item.field is ContactField.NOT_MY_CHILD:
        _end_guardianship(db, contact, item)


def _wanted(item: ChangeItem) -> Wanted:
    after = approved_value(item)
    assert after is not None, "an addition was read with its value"
    kind = ADDS[item.field]
    if kind is DestinationKind.MAILBOX:
        return Wanted(kind, after, display=after)
    number = parse_number(after, "ZZ")
    return Wanted(kind, number.value, number.display, number.extension, number.line_type)


def _remove(db: Db, actor: Actor, contact: Contact, item: ChangeItem) -> Link | None:
    link = db.get(Link, item.district_id, item.link_id) if item.link_id else None
    if link is None or link.retired_at is not None:
        return None
    stand(db, contact, item, AS_REMOVED[REMOVES[item.field]], after=approved_value(item), link=link)
    let_go(db, actor, link)
    return link


def _add(
    db: Db,
    contact: Contact,
    item: ChangeItem,
    wanted: Wanted,
    claimed: Claimed,
    old: Link | None,
) -> None:
    label = item.label or (old.label if old else "")
    link = take(
        db, contact, wanted, claimed[wanted.point], label=label, verified_at=item.verified_at
    )
    stand(db, contact, item, AS_ADDED[wanted.kind], after=approved_value(item), link=link)


def _end_guardianship(db: Db, contact: Contact, item: ChangeItem) -> None:
    db.execute(
        sa.update(Guardianship)
        .where(
            Guardianship.district_id == contact.district_id,
            Guardianship.contact_id == contact.id,
            Guardianship.student_id == item.student_id,
            Guardianship.retired_at.is_(None),
        )
        .values(retired_at=db.now)
    )
    stand(db, contact, item, ContactField.NOT_MY_CHILD, after=None)
