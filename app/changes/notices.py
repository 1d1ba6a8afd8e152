"""What a family is told when the school has decided, in her language.

No mail names a number, an address or a child: mailboxes are shared and read over shoulders.
"""

from collections.abc import Iterable

import sqlalchemy as sa

from app.changes.models import ChangeRequest
from app.database import Db
from app.directory.models import Contact, Destination, District, Link
from app.outbox.queue import enqueue_mail
from app.translation import say
from app.vocabulary import ChangeRequestStatus, DestinationKind
from auth.models import Account

SAID = {
    ChangeRequestStatus.APPROVED: "Your school has made the change you asked for.",
    ChangeRequestStatus.PARTLY_APPROVED: "Your school has made a part of the change you asked for.",
    ChangeRequestStatus.REJECTED: "Your school has not made the change you asked for.",
}
NEW_ADDRESS = (
    "A new e-mail address now stands in your contact data at {district}. If you did not ask for "
    "this, please call the school office."
)
MAILBOXES = (
    sa.select(Destination.value)
    .join(
        Link,
        sa.and_(Link.district_id == Destination.district_id, Link.destination_id == Destination.id),
    )
    .where(
        Link.district_id == sa.bindparam("district"),
        Link.contact_id == sa.bindparam("contact"),
        Link.retired_at.is_(None),
        Destination.kind == DestinationKind.MAILBOX,
    )
)


def mailboxes_of(db: Db, contact: Contact) -> frozenset[str]:
    """The addresses the contact has now."""
    rows = db.all(MAILBOXES, district=contact.district_id, contact=contact.id)
    return frozenset(row.value for row in rows)


def tell_decision(db: Db, request: ChangeRequest, contact: Contact) -> None:
    """A mail to the account that asked."""
    account = db.session.get(Account, request.account_id) if request.account_id else None
    if account is None or account.disabled_at is not None:
        return
    district = db.session.get_one(District, request.district_id)
    language = contact.language
    said = say(language, SAID[request.status])
    reason = say(language, "Their reason: {reason}", reason=request.reason or "")
    enqueue_mail(
        db,
        kind="change-decided",
        recipient=account.email,
        subject=say(language, "Your request to {district}", district=district.name),
        text="\n\n".join([said, reason] if request.reason else [said]),
        district_id=district.id,
    )


def tell_new_address(db: Db, contact: Contact, addresses: Iterable[str]) -> None:
    """To those that were on file before, one that is replaced included: whoever slipped in an
    address of her own cannot do so unseen.
    """
    district = db.session.get_one(District, contact.district_id)
    language = contact.language
    for address in sorted(addresses):
        enqueue_mail(
            db,
            kind="address-added",
            recipient=address,
            subject=say(language, "Your contact data at {district}", district=district.name),
            text=say(language, NEW_ADDRESS, district=district.name),
            district_id=district.id,
        )
