"""An approved value stands over what the SIS says, until the SIS brings it or staff give way."""

from uuid import UUID

import sqlalchemy as sa

from app.changes.models import ChangeItem, ContactEdit
from app.database import Db
from app.directory.models import Contact, Link
from app.vocabulary import ContactField


def stand(
    db: Db,
    contact: Contact,
    item: ChangeItem,
    field: ContactField,
    *,
    after: str | None,
    link: Link | None = None,
    replaces: UUID | None = None,
) -> None:
    """Write the edit of an approved item; an earlier one about the same thing ends.

    An addition and a removal of one item are a replacement. `replaces` names the item of another
    addition to pair with.
    """
    destination_id = link.destination_id if link else None
    db.execute(
        sa.update(ContactEdit)
        .where(
            ContactEdit.district_id == contact.district_id,
            ContactEdit.contact_id == contact.id,
            ContactEdit.ended_at.is_(None),
            _about_the_same(item, field, destination_id),
        )
        .values(ended_at=db.now)
    )
    db.add(
        ContactEdit(
            district_id=contact.district_id,
            contact_id=contact.id,
            item_id=replaces or item.id,
            field=field,
            destination_id=destination_id,
            slot=link.slot if link else None,
            before=item.base,
            after=after,
            approved_at=db.now,
        )
    )


def _about_the_same(
    item: ChangeItem, field: ContactField, destination_id: UUID | None
) -> sa.ColumnElement[bool]:
    """A destination is added or removed; any other field is said anew, for each student apart."""
    if destination_id is not None:
        return ContactEdit.destination_id == destination_id
    if item.student_id is None:
        return ContactEdit.field == field
    return ContactEdit.item_id.in_(
        sa.select(ChangeItem.id).where(
            ChangeItem.district_id == item.district_id, ChangeItem.student_id == item.student_id
        )
    )
