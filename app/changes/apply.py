"""An approved item becomes data, and an edit that stands over the SIS until it agrees."""

import sqlalchemy as sa

from app.actor import Actor
from app.changes.fields import ADDS, OF_CONTACT, REMOVES
from app.changes.models import ChangeItem, ChangeRequest, ContactEdit
from app.database import Db
from app.directory.holding import let_go, take
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


def apply_item(db: Db, actor: Actor, contact: Contact, item: ChangeItem) -> None:
    """Carry out one accepted item on its contact (locked)."""
    after = item.corrected or item.after
    if item.field in OF_CONTACT:
        setattr(contact, OF_CONTACT[item.field], after)
        _edit(db, contact, item, item.field, after=after)
    old = _remove(db, actor, contact, item, after) if item.field in REMOVES else None
    if item.field in ADDS and after is not None:
        _add(db, contact, item, after, old)
    if item.field is ContactField.NOT_MY_CHILD:
        _end_guardianship(db, contact, item)
    contact.version += 1
    db.add(FeedLine(district_id=item.district_id, kind=FEED_KIND, subject_id=item.id, at=db.now))


def _remove(
    db: Db, actor: Actor, contact: Contact, item: ChangeItem, after: str | None
) -> Link | None:
    link = db.get(Link, item.district_id, item.link_id) if item.link_id else None
    if link is None or link.retired_at is not None:
        return None
    kind = REMOVES[item.field]
    _edit(db, contact, item, AS_REMOVED[kind], after=after, link=link)
    let_go(db, actor, link)
    return link


def _add(db: Db, contact: Contact, item: ChangeItem, after: str, old: Link | None) -> None:
    kind = ADDS[item.field]
    label = item.label or (old.label if old else "")
    if kind is DestinationKind.PHONE:
        number = parse_number(after, "ZZ")
        link = take(
            db,
            contact,
            kind,
            number.value,
            label=label,
            display=number.display,
            extension=number.extension,
            line_type=number.line_type,
            verified_at=item.verified_at,
        )
    else:
        link = take(
            db, contact, kind, after, label=label, display=after, verified_at=item.verified_at
        )
    _edit(db, contact, item, AS_ADDED[kind], after=after, link=link)


def _edit(
    db: Db,
    contact: Contact,
    item: ChangeItem,
    field: ContactField,
    *,
    after: str | None,
    link: Link | None = None,
) -> None:
    """The newest edit of a field or a destination stands; those before it end."""
    destination_id = link.destination_id if link else None
    same = (
        ContactEdit.destination_id == destination_id
        if link
        else sa.and_(ContactEdit.field == field, ContactEdit.destination_id.is_(None))
    )
    db.execute(
        sa.update(ContactEdit)
        .where(
            ContactEdit.district_id == contact.district_id,
            ContactEdit.contact_id == contact.id,
            ContactEdit.ended_at.is_(None),
            same,
        )
        .values(ended_at=db.now)
    )
    db.add(
        ContactEdit(
            district_id=contact.district_id,
            contact_id=contact.id,
            item_id=item.id,
            field=field,
            destination_id=destination_id,
            slot=link.slot if link else None,
            before=item.base,
            after=after,
            approved_at=db.now,
        )
    )


def _end_guardianship(db: Db, contact: Contact, item: ChangeItem) -> None:
    guardianship = db.session.scalar(
        sa.select(Guardianship).where(
            Guardianship.district_id == contact.district_id,
            Guardianship.contact_id == contact.id,
            Guardianship.student_id == item.student_id,
        )
    )
    if guardianship is not None:
        guardianship.retired_at = db.now
        _edit(db, contact, item, ContactField.NOT_MY_CHILD, after=None)


def settle_sis_conflict(
    db: Db, actor: Actor, contact: Contact, request: ChangeRequest, item: ChangeItem
) -> None:
    """Approved: our value stands, now over the SIS's third one. Rejected: the SIS's holds."""
    edit = db.session.scalar(
        sa.select(ContactEdit).where(
            ContactEdit.district_id == request.district_id,
            ContactEdit.conflict_request_id == request.id,
            ContactEdit.ended_at.is_(None),
        )
    )
    if edit is None:
        return
    edit.conflict_request_id = None
    if item.accepted:
        edit.before = item.before
        return
    edit.ended_at = db.now
    if item.field in OF_CONTACT:
        setattr(contact, OF_CONTACT[item.field], item.before)
        contact.version += 1
