"""A plan becomes rows, in one transaction that the caller opened."""

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from app.exchange.roster.report import EVERY, Progress
from app.exchange.roster.statements import OF_THESE, chunks, load_contacts
from app.optouts.deadline import end_of_business_day
from app.vocabulary import ChangeRequestStatus
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


def apply_plan(db: Db, actor: Actor, district: District, plan: Plan, progress: Progress) -> None:
    """Write everything. Contacts that somebody changed since the comparison are compared anew."""
    Writing(db, actor, district, plan, progress).run()


@dataclass(slots=True)
class Writing:
    """One plan on its way into the tables."""

    db: Db
    actor: Actor
    district: District
    plan: Plan
    progress: Progress
    written: int = 0
    total: int = 0

    def run(self) -> None:
        self._compare_moved()
        self.total = self.plan.new_rows
        changes = self.plan.contacts
        self._write(School, self.plan.schools)
        self._write(Student, self.plan.students)
        self._write_contacts(changes)
        self._write(Guardianship, self.plan.guardianships)
        self._write_links(changes)
        leaving = _all(change.retired_links for change in changes)
        self._lock_destinations(leaving)
        self._update(Destination, {key: {"line_type": k} for key, k in self.plan.retyped.items()})
        self._retire_links(leaving)
        ended = {*self.plan.ended_edits, *_all(change.ended_edits for change in changes)}
        self._update(ContactEdit, {key: {"ended_at": self.db.now} for key in ended})
        for change in changes:
            for conflict in change.conflicts:
                self._ask_staff(change.id, conflict)

    def _compare_moved(self) -> None:
        """Lock every contact that will be written, and see whether it is still as it was."""
        moved = {c.id: c.version for c in self.plan.contacts if c.version is not None}
        for some in chunks(sorted(moved)):
            for row in self.db.all(LOCKED_CONTACTS, district=self.district.id, ids=some):
                if moved[row.id] == row.version:
                    del moved[row.id]
        if not moved:
            return
        kept = [change for change in self.plan.contacts if change.id not in moved]
        for change in self.plan.contacts:
            if change.id in moved:
                self.plan.tally -= change.tally
        for held in load_contacts(self.db, self.district.id, moved):
            change = self.plan.contact_diff.compare(held.source_id, held)
            self.plan.tally += change.tally
            if change:
                kept.append(change)
        self.plan.contacts = kept

    def _write(self, model: type[Base], changes: RowChanges[Any]) -> None:
        self._insert(model, changes.created)
        self.db.update_many(model, self.district.id, [*changes.updated, *changes.returned])
        self._update(model, {key: {"retired_at": self.db.now} for key in changes.retired})

    def _write_contacts(self, changes: Sequence[ContactChange]) -> None:
        self._insert(
            Contact,
            (
                {"id": change.id, "source_id": change.source_id, **change.values}
                for change in changes
                if change.version is None
            ),
        )
        self._update(Contact, {c.id: c.values for c in changes if c.version is not None})

    def _write_links(self, changes: Sequence[ContactChange]) -> None:
        on_file = self.plan.destinations
        points = {link.point for change in changes for link in change.new_links}
        ids = ChainMap(self._made(point for point in points if point not in on_file), on_file)
        self._insert(
            Link,
            (
                {
                    "id": link.id,
                    "contact_id": change.id,
                    "destination_id": ids[link.point],
                    **link.values,
                }
                for change in changes
                for link in change.new_links
            ),
        )
        self._update(Link, dict(_all(change.set_links for change in changes)))

    def _made(self, points: Iterable[Point]) -> dict[Point, UUID]:
        """Destinations for these, unless somebody was quicker; a text may have come from one."""
        missing = sorted(points)
        self.db.insert_missing(
            Destination,
            (
                {
                    "district_id": self.district.id,
                    "kind": kind,
                    "value": value,
                    "line_type": self.plan.line_types[kind, value],
                }
                for kind, value in missing
            ),
        )
        return {
            (row.kind, row.value): row.id
            for some in chunks([value for _, value in missing])
            for row in self.db.all(DESTINATION_IDS, district=self.district.id, values=some)
        }

    def _lock_destinations(self, leaving: Sequence[UUID]) -> None:
        """In the order of all who lock several, so that nobody waits in a circle."""
        ids = set(self.plan.retyped)
        for some in chunks(leaving):
            left = self.db.all(LEFT, district=self.district.id, ids=some)
            ids |= {row.destination_id for row in left}
        for some in chunks(sorted(ids)):
            self.db.all(LOCKED_DESTINATIONS, district=self.district.id, ids=some)

    def _retire_links(self, leaving: Sequence[UUID]) -> None:
        """Consents and access that rest on a link end with it; most links have neither."""
        for some in chunks(leaving):
            found = self.db.all(RELIED_ON, district=self.district.id, ids=some)
            relied_on = {row.link_id for row in found}
            for key in relied_on:
                link = self.db.get(Link, self.district.id, key)
                assert link is not None, "a link is never deleted"
                let_go(self.db, self.actor, link)
            gone = {"retired_at": self.db.now, "verified_at": None}
            self._update(Link, {key: gone for key in some if key not in relied_on})

    def _ask_staff(self, contact_id: UUID, conflict: SisConflict) -> None:
        """The SIS has a third value: staff say which one holds. Asked once for each edit."""
        db, district = self.db, self.district
        request = ChangeRequest(
            district_id=district.id,
            id=uuid7(),
            contact_id=contact_id,
            account_id=None,
            status=ChangeRequestStatus.PENDING,
            submitted_at=db.now,
            due_at=end_of_business_day(db.now, DAYS_TO_ANSWER, ZoneInfo(district.timezone)),
        )
        db.add(request)
        db.flush()
        item = ChangeItem(
            district_id=district.id,
            request_id=request.id,
            position=0,
            field=conflict.field,
            link_id=conflict.link_id,
            before=conflict.now,
            base=conflict.now,
            after=conflict.approved,
        )
        db.add(item)
        self._update(ContactEdit, {conflict.edit_id: {"conflict_request_id": request.id}})

    def _insert(self, model: type[Base], rows: Iterable[Row]) -> None:
        self.db.insert_many(model, self._counted(rows))

    def _counted(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            yield {"district_id": self.district.id, **row}
            self.written += 1
            if self.written % EVERY == 0:
                self.progress("writing", self.written, self.total)

    def _update(self, model: type[Base], values: Mapping[UUID, Row]) -> None:
        rows = [{"id": key, **columns} for key, columns in values.items()]
        self.db.update_many(model, self.district.id, rows)


def _all(lists: Iterable[Sequence[Any]]) -> list[Any]:
    return list(chain.from_iterable(lists))
