"""What an account reaches, in every district at once.

These are the only reads made before an actor's districts are known; a wall between districts
in the database has to leave exactly this door open.
"""

from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from app.actor import Grant
from app.database import Db
from app.directory.models import Contact, Destination, Link
from app.vocabulary import DestinationKind
from auth.models import AccessGrant, Binding

OtherLink = aliased(Link)
OtherContact = aliased(Contact)


def _only_asked_for(link: Any) -> sa.ColumnElement[bool]:
    """Approved on request: no import brought it, and no code has proven it."""
    return sa.and_(link.brought_by.is_(None), link.verified_at.is_(None))


# Somebody else holds the mailbox too: then it proves nobody.
IS_SHARED = (
    sa.select(OtherLink.id)
    .join(
        OtherContact,
        (OtherContact.district_id == OtherLink.district_id)
        & (OtherContact.id == OtherLink.contact_id),
    )
    .where(
        OtherLink.district_id == Link.district_id,
        OtherLink.destination_id == Link.destination_id,
        OtherLink.contact_id != Link.contact_id,
        OtherLink.retired_at.is_(None),
        OtherContact.retired_at.is_(None),
        # What somebody merely asked for must not lock out whom the school or a code vouches for.
        sa.or_(~_only_asked_for(OtherLink), _only_asked_for(Link)),
    )
    .exists()
)

# A link that is current, with the contact who holds it.
CURRENT = (
    sa.select(Link.district_id, Link.contact_id, Link.id.label("link_id"), Contact.language)
    .join(Contact, (Contact.district_id == Link.district_id) & (Contact.id == Link.contact_id))
    .where(Link.retired_at.is_(None), Contact.retired_at.is_(None))
)

OPENED = (
    CURRENT.join(
        Binding,
        (Binding.district_id == Link.district_id)
        & (Binding.contact_id == Link.contact_id)
        & (Binding.link_id == Link.id),
    )
    .where(Binding.account_id == sa.bindparam("account_id"), ~IS_SHARED)
    .order_by(Link.district_id, Link.contact_id)
)

ON_MAILBOX = sa.and_(
    Destination.kind == DestinationKind.MAILBOX,
    Destination.value == sa.bindparam("address"),
)

HOLDERS = (
    CURRENT.add_columns(IS_SHARED.label("shared"))
    .join(
        Destination,
        (Destination.district_id == Link.district_id) & (Destination.id == Link.destination_id),
    )
    .where(ON_MAILBOX)
    .order_by(Link.district_id, Link.contact_id)
)

OWN = sa.union(
    sa.select(Binding.district_id, Binding.contact_id).where(
        Binding.account_id == sa.bindparam("account_id")
    ),
    sa.select(Link.district_id, Link.contact_id)
    .join(
        Destination,
        (Destination.district_id == Link.district_id) & (Destination.id == Link.destination_id),
    )
    .where(ON_MAILBOX),
)

GRANTS = (
    sa.select(AccessGrant.district_id, AccessGrant.feature, AccessGrant.school_id)
    .where(AccessGrant.account_id == sa.bindparam("account_id"))
    .order_by(AccessGrant.district_id, AccessGrant.feature, AccessGrant.school_id)
)


class Holder(NamedTuple):
    """A contact who holds a mailbox now; `shared` if somebody else holds it too."""

    district_id: UUID
    contact_id: UUID
    link_id: UUID
    language: str
    shared: bool


def opened_contacts(db: Db, account_id: UUID) -> tuple[tuple[UUID, UUID], ...]:
    """The (district, contact) pairs that this account's proven mailboxes open now.

    A mailbox that left the contact, or that another contact holds too, opens nothing.
    """
    rows = db.all(OPENED, account_id=account_id)
    return tuple((row.district_id, row.contact_id) for row in rows)


def own_contacts(db: Db, account_id: UUID, address: str) -> tuple[tuple[UUID, UUID], ...]:
    """Every contact who is, or may be, the person behind this account: for what she must not do.

    Wider than what she opens: a shared or former mailbox counts.
    """
    rows = db.all(OWN, account_id=account_id, address=address)
    return tuple((row.district_id, row.contact_id) for row in rows)


def held_grants(db: Db, account_id: UUID) -> tuple[Grant, ...]:
    rows = db.all(GRANTS, account_id=account_id)
    return tuple(Grant(row.district_id, row.feature, row.school_id) for row in rows)


def holders_of(db: Db, address: str) -> list[Holder]:
    """Everybody, in any district, whose mailbox this (normalised) address is now."""
    return [Holder._make(row) for row in db.all(HOLDERS, address=address)]


def districts_holding(db: Db, address: str) -> frozenset[UUID]:
    return frozenset(holder.district_id for holder in holders_of(db, address))
