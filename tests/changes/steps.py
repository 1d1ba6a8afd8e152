"""What families and staff do with a request, as single steps of a story."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.actor import Guardian, Staff
from app.changes.models import ChangeItem, ChangeRequest, ContactEdit
from app.changes.requests import Asked, submit_change
from app.changes.review import ItemDecision, Outcome, decide_change
from app.consent.choices import grant_consent
from app.consent.disclosures import disclosure_for
from app.database import Base
from app.directory.links import Key
from app.directory.models import Contact, Destination, Link
from app.directory.policy import load_policies
from app.vocabulary import ChangeDecision, Channel
from tests.world import World

APPROVE, REJECT, PER_ITEM = ChangeDecision.APPROVE, ChangeDecision.REJECT, ChangeDecision.PER_ITEM


def ask(
    world: World,
    contact: Contact,
    *items: Asked,
    note: str | None = None,
    actor: Guardian | None = None,
) -> Key:
    """The parent asks for these corrections; gives the request's key."""
    actor = actor or world.guardian(contact)
    with world.database.write(actor) as db:
        request = submit_change(db, actor, (contact.district_id, contact.id), items, note)
    return request.district_id, request.id


def decide(
    world: World,
    request: Key,
    decision: ChangeDecision = APPROVE,
    *items: ItemDecision,
    reason: str | None = None,
    version: int = 1,
    clerk: Staff | None = None,
) -> Outcome:
    clerk = clerk or world.clerk(email="clerk@school.example")
    with world.database.write(clerk) as db:
        return decide_change(db, clerk, request, version, decision, items, reason)


def grant(world: World, contact: Contact, link: Key, channel: Channel = Channel.SMS) -> None:
    """The contact agrees to be reached on this number of hers."""
    actor = world.guardian(contact)
    with world.database.write(actor) as db:
        policy = load_policies(db, [world.district.id])[world.district.id]
        grant_consent(db, actor, link, channel, disclosure_for(policy, channel, "en").version)


def link_of(world: World, contact: Contact, value: str) -> Key:
    """Her link with this number or address, held now or before."""
    with world.database.read(world.service) as db:
        row = db.one(
            sa.select(Link.district_id, Link.id)
            .join(
                Destination,
                (Destination.district_id == Link.district_id)
                & (Destination.id == Link.destination_id),
            )
            .where(Link.contact_id == contact.id, Destination.value == value)
        )
    assert row is not None, "she never held it"
    return row.district_id, row.id


def held(world: World, contact: Contact) -> dict[str, Link]:
    """What she holds now, by number or address."""
    with world.database.read(world.service) as db:
        links = db.session.scalars(
            sa.select(Link).where(Link.contact_id == contact.id, Link.retired_at.is_(None))
        ).all()
        found = {}
        for link in links:
            destination = db.get(Destination, link.district_id, link.destination_id)
            assert destination is not None
            found[destination.value] = link
    return found


def contact_now(world: World, contact: Contact) -> Contact:
    with world.database.read(world.service) as db:
        row = db.get(Contact, contact.district_id, contact.id)
    assert row is not None
    return row


def request_now(world: World, request: Key) -> tuple[ChangeRequest, Sequence[ChangeItem]]:
    with world.database.read(world.service) as db:
        row = db.get(ChangeRequest, *request)
        items = db.session.scalars(
            sa.select(ChangeItem)
            .where(ChangeItem.request_id == request[1])
            .order_by(ChangeItem.position)
        ).all()
    assert row is not None
    return row, items


def open_edits(world: World, contact: Contact) -> list[ContactEdit]:
    with world.database.read(world.service) as db:
        return list(
            db.session.scalars(
                sa.select(ContactEdit)
                .where(ContactEdit.contact_id == contact.id, ContactEdit.ended_at.is_(None))
                .order_by(ContactEdit.id)
            )
        )


def all_of(world: World, model: type[Base], *where: Any) -> list[Any]:
    """Every row, oldest first."""
    with world.database.read(world.service) as db:
        order = model.__table__.c.get("position", model.__table__.c.id)
        return list(db.session.scalars(sa.select(model).where(*where).order_by(order)))
