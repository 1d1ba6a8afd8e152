"""Accounts: found by their address or made, and opened to the contacts it speaks for alone."""

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.actor import Actor
from app.audit.record import record
from app.config import Settings
from app.database import Db
from app.directory.models import Destination, Link
from app.outbox.queue import enqueue_mail
from app.vocabulary import DestinationKind
from auth.letters import opened_letter
from auth.models import Account, Binding
from auth.reach import Holder

BY_EMAIL = sa.select(Account).where(Account.email == sa.bindparam("email")).with_for_update()
OTHER_MAILBOXES = (
    sa.select(Destination.value)
    .join(
        Link,
        (Link.district_id == Destination.district_id) & (Link.destination_id == Destination.id),
    )
    .where(
        Link.district_id == sa.bindparam("district_id"),
        Link.contact_id == sa.bindparam("contact_id"),
        Link.id != sa.bindparam("link_id"),
        Link.retired_at.is_(None),
        Destination.kind == DestinationKind.MAILBOX,
    )
    .order_by(Destination.value)
)


def account_for(db: Db, address: str, language: str) -> Account:
    """The account of this (normalised) address, made if it is not there; held until the end."""
    found = db.session.scalar(BY_EMAIL, {"email": address})
    if found is not None:
        return found
    try:
        with db.savepoint():
            db.add(Account(email=address, language=language, created_at=db.now))
    except IntegrityError:  # somebody else made it in this moment
        pass
    return db.session.scalars(BY_EMAIL, {"email": address}).one()


def bind_contacts(
    db: Db, actor: Actor, settings: Settings, account: Account, holders: Iterable[Holder]
) -> None:
    """Open to the account every contact who alone holds its mailbox; tell her other mailboxes."""
    statement = sa.select(Binding).where(Binding.account_id == account.id)
    bound = {(row.district_id, row.contact_id): row for row in db.session.scalars(statement)}
    for holder in holders:
        binding = bound.get((holder.district_id, holder.contact_id))
        if binding is None:
            _bind(db, actor, settings, account.id, holder)
        elif binding.link_id != holder.link_id:
            binding.link_id, binding.bound_at = holder.link_id, db.now


def _bind(db: Db, actor: Actor, settings: Settings, account_id: UUID, holder: Holder) -> None:
    db.add(
        Binding(
            district_id=holder.district_id,
            account_id=account_id,
            contact_id=holder.contact_id,
            link_id=holder.link_id,
            bound_at=db.now,
        )
    )
    record(db, actor, holder.district_id, "contact.opened", holder.contact_id, account=account_id)
    letter = opened_letter(holder.language, settings.public_url)
    others = db.all(
        OTHER_MAILBOXES,
        district_id=holder.district_id,
        contact_id=holder.contact_id,
        link_id=holder.link_id,
    )
    for other in others:
        enqueue_mail(
            db,
            kind="contact-opened",
            recipient=other.value,
            subject=letter.subject,
            text=letter.text,
            district_id=holder.district_id,
        )
