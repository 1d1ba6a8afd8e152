"""A plan becomes rows, in one transaction that the caller opened."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.actor import Actor
from app.changes.models import ChangeItem, ChangeRequest, ContactEdit
from app.changes.requests import DAYS_TO_ANSWER
from app.consent.models import ConsentGiver
from app.database import Base, Db
from app.directory.holding import let_go
from app.directory.models import (
    Contact,
    Destination,
    District,
    Guardianship,
    Link,
    School,
    Student,
)
from app.exchange.roster.contact_diff import ContactChange, SisConflict
from app.exchange.roster.diff import Plan, RowChanges
from app.exchange.roster.held import Point
from app.exchange.roster.statements import OF_THESE, chunks, load_contacts
from app.optouts.deadline import end_of_business_day
from app.vocabulary import ChangeRequestStatus, LineType
from auth.models import Binding

Row = dict[str, Any]
# No foreign key waits for these locks.
LOCKED_CONTACTS = (
    sa.select(Contact.id, Contact.version)
    .where(Contact.district_id == sa.bindparam("district"), Contact.id.in_(OF_THESE))
    .order_by(Contact.id)
    .with_for_update(key_share=True)
)
LEFT = sa.select(Link.destination_id).where(
    Link.district_id == sa.bindparam("district"), Link.id.in_(OF_THESE)
)
LOCKED_DESTINATIONS = (
    sa.select(Destination.id)
    .where(Destination.district_id == sa.bindparam("district"), Destination.id.in_(OF_THESE))
    .order_by(Destination.id)
    .with_for_update(key_share=True)
)
RELIED_ON = sa.union(
    sa.select(ConsentGiver.link_id).where(
        ConsentGiver.district_id == sa.bindparam("district"), ConsentGiver.link_id.in_(OF_THESE)
    ),
    sa.select(Binding.link_id).where(
        Binding.district_id == sa.bindparam("district"), Binding.link_id.in_(OF_THESE)
    ),
)
DESTINATION_IDS = sa.select(Destination.kind, Destination.value, Destination.id).where(
    Destination.district_id == sa.bindparam("district"),
    Destination.value.in_(sa.bindparam("values", expanding=True)),
)


def apply_plan(db: Db, actor: Actor, district: District, plan: Plan) -> None:
    """Write everything. Contacts that somebody changed since the comparison are compared anew."""
    _compare_moved(db, district.id, plan)
    _write_rows(db, district.id, School, plan.schools)
    _write_rows(db, district.id, Student, plan.students)
    _write_contacts(db, district.id, plan.contacts)
    _write_rows(db, district.id, Guardianship, plan.guardianships)
    _write_links(db, district.id, plan)
    leaving = _all(change.retired_links for change in plan.contacts)
    _lock_destinations(db, district.id, plan.retyped, leaving)
    retyped = [{"id": key, "line_type": kind} for key, kind in plan.retyped.items()]
    db.update_many(Destination, district.id, retyped)
    _retire_links(db, actor, district.id, leaving)
    _end_edits(db, district.id, [*plan.ended_edits, *_all(c.ended_edits for c in plan.contacts)])
    for change in plan.contacts:
        for conflict in change.conflicts:
            _ask_staff(db, district, change.id, conflict)


def _compare_moved(db: Db, district_id: UUID, plan: Plan) -> None:
    """Lock every contact that will be written, and see whether it is still as it was."""
    versions = {c.id: c.version for c in plan.contacts if c.version is not None}
    for some in chunks(sorted(versions)):
        for row in db.all(LOCKED_CONTACTS, district=district_id, ids=some):
            if versions[row.id] == row.version:
                del versions[row.id]
    if not versions:
        return
    kept = [change for change in plan.contacts if change.id not in versions]
    for change in plan.contacts:
        if change.id in versions:
            plan.tally -= change.tally
    for held in load_contacts(db, district_id, versions):
        change = plan.contact_diff.compare(held.source_id, held)
        plan.tally += change.tally
        if change:
            kept.append(change)
    plan.contacts = kept


def _write_rows(db: Db, district_id: UUID, model: type[Base], changes: RowChanges[Any]) -> None:
    db.insert_many(model, ({"district_id": district_id, **row} for row in changes.created))
    db.update_many(model, district_id, [*changes.updated, *changes.returned])
    retired = [{"id": key, "retired_at": db.now} for key in changes.retired]
    db.update_many(model, district_id, retired)


def _write_contacts(db: Db, district_id: UUID, changes: Sequence[ContactChange]) -> None:
    db.insert_many(
        Contact,
        (
            {
                "district_id": district_id,
                "id": change.id,
                "source_id": change.source_id,
                **change.values,
            }
            for change in changes
            if change.version is None
        ),
    )
    there = [change for change in changes if change.version is not None]
    db.update_many(Contact, district_id, [{"id": c.id, **c.values} for c in there])


def _write_links(db: Db, district_id: UUID, plan: Plan) -> None:
    points = {link.point for change in plan.contacts for link in change.new_links}
    ids = plan.destinations | _made(
        db, district_id, points - plan.destinations.keys(), plan.line_types
    )
    db.insert_many(
        Link,
        (
            {
                "district_id": district_id,
                "id": link.id,
                "contact_id": change.id,
                "destination_id": ids[link.point],
                **link.values,
            }
            for change in plan.contacts
            for link in change.new_links
        ),
    )
    changed = _all(change.set_links for change in plan.contacts)
    db.update_many(Link, district_id, [{"id": key, **values} for key, values in changed])


def _made(
    db: Db, district_id: UUID, points: Iterable[Point], line_types: dict[Point, LineType]
) -> dict[Point, UUID]:
    """Destinations for these, unless somebody was quicker; a text may have come from one."""
    missing = sorted(points)
    db.insert_missing(
        Destination,
        (
            {
                "district_id": district_id,
                "kind": kind,
                "value": value,
                "line_type": line_types[kind, value],
            }
            for kind, value in missing
        ),
    )
    return {
        (row.kind, row.value): row.id
        for some in chunks(missing)
        for row in db.all(DESTINATION_IDS, district=district_id, values=[v for _, v in some])
    }


def _lock_destinations(
    db: Db, district_id: UUID, changed: Iterable[UUID], leaving: Sequence[UUID]
) -> None:
    """In the order of all who lock several, so that nobody waits in a circle."""
    ids = set(changed)
    for some in chunks(leaving):
        ids |= {row.destination_id for row in db.all(LEFT, district=district_id, ids=some)}
    for some in chunks(sorted(ids)):
        db.all(LOCKED_DESTINATIONS, district=district_id, ids=some)


def _retire_links(db: Db, actor: Actor, district_id: UUID, ids: Sequence[UUID]) -> None:
    """Consents and access that rest on a link end with it; most links have neither."""
    for some in chunks(ids):
        relied_on = {row.link_id for row in db.all(RELIED_ON, district=district_id, ids=some)}
        for key in relied_on:
            link = db.get(Link, district_id, key)
            assert link is not None, "a link is never deleted"
            let_go(db, actor, link)
        free = [key for key in some if key not in relied_on]
        db.update_many(
            Link,
            district_id,
            [{"id": key, "retired_at": db.now, "verified_at": None} for key in free],
        )


def _end_edits(db: Db, district_id: UUID, ids: Sequence[UUID]) -> None:
    db.update_many(ContactEdit, district_id, [{"id": key, "ended_at": db.now} for key in set(ids)])


def _ask_staff(db: Db, district: District, contact_id: UUID, conflict: SisConflict) -> None:
    """The SIS has a third value: staff say which one holds. Asked once for each edit."""
    request_id = uuid7()
    due = end_of_business_day(db.now, DAYS_TO_ANSWER, ZoneInfo(district.timezone))
    request = {
        "district_id": district.id,
        "id": request_id,
        "contact_id": contact_id,
        "account_id": None,
        "status": ChangeRequestStatus.PENDING,
        "submitted_at": db.now,
        "due_at": due,
    }
    item = {
        "district_id": district.id,
        "request_id": request_id,
        "position": 0,
        "field": conflict.field,
        "link_id": conflict.link_id,
        "before": conflict.now,
        "base": conflict.now,
        "after": conflict.approved,
    }
    db.insert_many(ChangeRequest, [request])
    db.insert_many(ChangeItem, [item])
    edit = {"id": conflict.edit_id, "conflict_request_id": request_id}
    db.update_many(ContactEdit, district.id, [edit])


def _all(lists: Iterable[Sequence[Any]]) -> list[Any]:
    return list(chain.from_iterable(lists))
