"""What the portal sends itself is written in the transaction of its cause, and sent later."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.database import Db
from app.directory.addresses import normalised_address
from app.directory.names import hidden_characters
from app.errors import Invalid
from app.outbox.models import OutboxItem
from app.vocabulary import Channel

SHOWN = 100
NEWEST = sa.select(OutboxItem).order_by(OutboxItem.id.desc()).limit(SHOWN)


def enqueue_mail(
    db: Db,
    *,
    kind: str,
    recipient: str,
    subject: str,
    text: str,
    district_id: UUID | None = None,
    not_before: datetime | None = None,
) -> UUID:
    """Have the worker send this plain text at least once; gives the id its Message-ID is made of.

    Raises Invalid for what is no address, and for a subject of more than one line: a line break
    there would begin a header of somebody else's choice.
    """
    if hidden_characters(subject):
        raise Invalid("A subject is one line of text.", path=("subject",))
    item = OutboxItem(
        id=uuid7(),
        district_id=district_id,
        channel=Channel.EMAIL,
        kind=kind,
        recipient=_deliverable(recipient),
        content={"subject": subject, "text": text},
        created_at=db.now,
        not_before=not_before or db.now,
    )
    db.add(item)
    return item.id


def newest_items(db: Db) -> list[OutboxItem]:
    """The last hundred, newest first."""
    return list(db.session.scalars(NEWEST))


def _deliverable(recipient: str) -> str:
    try:
        return normalised_address(recipient)
    except Invalid as error:
        raise error.under("recipient") from None
