"""The SIS says a third value, neither what was approved nor what that replaced: staff settle it.

The item's `base` is what the SIS says, its `after` the approved value.
"""

import sqlalchemy as sa

from app.actor import Actor
from app.changes.apply import AS_REMOVED, announce
from app.changes.edits import stand
from app.changes.fields import OF_CONTACT, REMOVES, value_held
from app.changes.models import ChangeItem, ChangeRequest, ContactEdit
from app.database import Db
from app.directory.holding import let_go
from app.directory.models import Contact, Link


def value_in_sis(db: Db, contact: Contact, item: ChangeItem) -> str | None:
    """What the SIS says now; of a number, None once it is gone again."""
    if item.field in OF_CONTACT:
        said: str | None = contact.sis.get(item.field)
        return said
    return value_held(db, item.district_id, item.link_id) if item.link_id else None


def settle_sis_conflict(
    db: Db, actor: Actor, contact: Contact, request: ChangeRequest, item: ChangeItem
) -> None:
    """Accepted: the approved value stands, now over the third one too. Else the SIS's holds."""
    edit = db.session.scalar(
        sa.select(ContactEdit).where(
            ContactEdit.district_id == request.district_id,
            ContactEdit.conflict_request_id == request.id,
            ContactEdit.ended_at.is_(None),
        )
    )
    if edit is None:
        return  # meanwhile the SIS has brought the approved value
    edit.conflict_request_id = None
    if not item.accepted:
        edit.ended_at = db.now
    if item.field in OF_CONTACT:
        _settle_field(contact, edit, item)
    else:
        _settle_destination(db, actor, contact, edit, item)
    if item.accepted:
        announce(db, item)
    contact.version += 1


def _settle_field(contact: Contact, edit: ContactEdit, item: ChangeItem) -> None:
    if item.accepted:
        edit.before = item.base
    else:
        setattr(contact, OF_CONTACT[item.field], item.base)


def _settle_destination(
    db: Db, actor: Actor, contact: Contact, edit: ContactEdit, item: ChangeItem
) -> None:
    """One of the two goes: the number in the SIS's slot, or the approved one."""
    if item.accepted:
        gone = db.get(Link, item.district_id, item.link_id) if item.link_id else None
    else:
        gone = _link_of(db, edit)
    if gone is None or gone.retired_at is not None:
        return
    if item.accepted:
        field = AS_REMOVED[REMOVES[item.field]]
        stand(db, contact, item, field, after=edit.after, link=gone, replaces=edit.item_id)
    let_go(db, actor, gone)


def _link_of(db: Db, edit: ContactEdit) -> Link | None:
    return db.session.scalar(
        sa.select(Link).where(
            Link.district_id == edit.district_id,
            Link.contact_id == edit.contact_id,
            Link.destination_id == edit.destination_id,
        )
    )
