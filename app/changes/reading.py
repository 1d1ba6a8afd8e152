"""Requests as their readers see them: a parent her own, staff those in scope of their grant."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.actor import Actor, Guardian, Staff, require_staff
from app.changes.fields import OF_CONTACT
from app.changes.models import ChangeItem, ChangeRequest
from app.database import Db
from app.directory.links import Key
from app.directory.models import Contact, Destination, Link
from app.directory.reading import find_school
from app.directory.scope import tied_to_schools
from app.errors import NotFound
from app.paging import Page, page_size, position_of
from app.vocabulary import ChangeRequestStatus, ContactField, Feature

Requests = sa.Select[*tuple[Any, ...]]


class RequestRow(NamedTuple):
    district_id: UUID
    id: UUID
    contact_id: UUID
    account_id: UUID | None
    status: ChangeRequestStatus
    note: str | None
    reason: str | None
    submitted_at: datetime
    due_at: datetime
    decided_at: datetime | None
    version: int

    @property
    def key(self) -> Key:
        return (self.district_id, self.id)


class ItemRow(NamedTuple):
    """`current`: what stands there now, for the reader to compare with `before`; where an import
    asked, what the SIS says now.
    """

    district_id: UUID
    request_id: UUID
    position: int
    field: ContactField
    link_id: UUID | None
    student_id: UUID | None
    before: str | None
    after: str | None
    corrected: str | None
    verified_at: datetime | None
    accepted: bool | None
    current: str | None


# Who has left the district asks nothing; her requests wait for her.
_REQUESTS = sa.select(
    ChangeRequest.district_id,
    ChangeRequest.id,
    ChangeRequest.contact_id,
    ChangeRequest.account_id,
    ChangeRequest.status,
    ChangeRequest.note,
    ChangeRequest.reason,
    ChangeRequest.submitted_at,
    ChangeRequest.due_at,
    ChangeRequest.decided_at,
    ChangeRequest.version,
).where(
    sa.exists().where(
        Contact.district_id == ChangeRequest.district_id,
        Contact.id == ChangeRequest.contact_id,
        Contact.retired_at.is_(None),
    )
)
BY_ID = _REQUESTS.where(
    sa.tuple_(ChangeRequest.district_id, ChangeRequest.id).in_(
        sa.bindparam("requests", expanding=True)
    )
)
ITEMS = (
    sa.select(
        ChangeItem.district_id,
        ChangeItem.request_id,
        ChangeItem.position,
        ChangeItem.field,
        ChangeItem.link_id,
        ChangeItem.student_id,
        ChangeItem.before,
        ChangeItem.after,
        ChangeItem.corrected,
        ChangeItem.verified_at,
        ChangeItem.accepted,
        sa.case(
            *(
                (
                    ChangeItem.field == field,
                    sa.case(
                        (ChangeRequest.account_id.is_(None), Contact.sis[field].as_string()),
                        else_=getattr(Contact, column),
                    ),
                )
                for field, column in OF_CONTACT.items()
            ),
            (Link.retired_at.is_(None), Destination.value),
        ),
    )
    .join(
        ChangeRequest,
        sa.and_(
            ChangeRequest.district_id == ChangeItem.district_id,
            ChangeRequest.id == ChangeItem.request_id,
        ),
    )
    .join(
        Contact,
        sa.and_(
            Contact.district_id == ChangeRequest.district_id,
            Contact.id == ChangeRequest.contact_id,
        ),
    )
    .outerjoin(
        Link,
        sa.and_(Link.district_id == ChangeItem.district_id, Link.id == ChangeItem.link_id),
    )
    .outerjoin(
        Destination,
        sa.and_(Destination.district_id == Link.district_id, Destination.id == Link.destination_id),
    )
    .where(
        sa.tuple_(ChangeItem.district_id, ChangeItem.request_id).in_(
            sa.bindparam("requests", expanding=True)
        )
    )
    .order_by(ChangeItem.position)
)


def requests_of_contact(
    db: Db,
    actor: Actor,
    contact: Key,
    status: ChangeRequestStatus | None,
    first: int | None,
    after: str | None,
) -> Page[RequestRow]:
    """A contact's requests, newest first: to the parent what families asked, to staff who decide
    about them the school's own questions too. The caller may see the contact.
    """
    statement = _visible_to(actor, contact[0]).where(ChangeRequest.contact_id == contact[1])
    return _page(db, _with_status(statement, status), first, after, newest_first=True)


def first_pages(
    db: Db,
    actor: Actor,
    contacts: Iterable[Key],
    status: ChangeRequestStatus | None,
    first: int | None,
) -> dict[Key, Page[RequestRow]]:
    """As `requests_of_contact`, the newest of many contacts, in one statement a district."""
    size = page_size(first)
    rows: dict[Key, list[RequestRow]] = {key: [] for key in contacts}
    for district_id in {key[0] for key in rows}:
        of_district = [contact_id for district, contact_id in rows if district == district_id]
        statement = _visible_to(actor, district_id).where(ChangeRequest.contact_id.in_(of_district))
        for row in db.all(_newest_of_each(_with_status(statement, status), size + 1)):
            rows[district_id, row.contact_id].append(RequestRow._make(row[:-1]))
    return {key: Page.cut(found, size) for key, found in rows.items()}


def _newest_of_each(statement: Requests, size: int) -> Requests:
    place = sa.func.row_number().over(
        partition_by=ChangeRequest.contact_id,
        order_by=(ChangeRequest.submitted_at.desc(), ChangeRequest.id.desc()),
    )
    placed = statement.add_columns(place.label("place")).subquery()
    return sa.select(placed).where(placed.c.place <= size).order_by(placed.c.place)


def _visible_to(actor: Actor, district_id: UUID) -> Requests:
    """To a parent what families asked, to staff all within their grant."""
    statement = _REQUESTS.where(ChangeRequest.district_id == district_id)
    if isinstance(actor, Guardian):
        return statement.where(ChangeRequest.account_id.is_not(None))
    return _within_grant(statement, actor, district_id)


def review_queue(
    db: Db,
    actor: Actor,
    district_id: UUID,
    *,
    status: ChangeRequestStatus | None,
    school: Key | None,
    first: int | None,
    after: str | None,
) -> Page[RequestRow]:
    """The requests of people tied to the staff member's schools, oldest first.

    Raises NotFound for a `school` that is none of the district's.
    """
    statement = _within_grant(_REQUESTS, actor, district_id)
    statement = statement.where(ChangeRequest.district_id == district_id)
    if school:
        _require_school(db, actor, district_id, school)
        statement = statement.where(_asked_in(district_id, [school[1]]))
    return _page(db, _with_status(statement, status), first, after, newest_first=False)


def _require_school(db: Db, actor: Actor, district_id: UUID, school: Key) -> None:
    place = ("filter", "schoolId")
    try:
        found = find_school(db, actor, school)
    except NotFound:
        raise NotFound(path=place) from None
    if found.district_id != district_id:
        raise NotFound(path=place)


def _within_grant(statement: Requests, actor: Actor, district_id: UUID) -> Requests:
    """Raises Forbidden where there is no grant at all."""
    staff = require_staff(actor, Feature.REVIEW_CHANGES, district_id)
    schools = staff.schools(district_id, Feature.REVIEW_CHANGES)
    return statement if schools is None else statement.where(_asked_in(district_id, schools))


def _asked_in(district_id: UUID, schools: Iterable[UUID]) -> sa.ColumnElement[bool]:
    return tied_to_schools(district_id, ChangeRequest.contact_id.expression, schools)


def find_request(db: Db, actor: Actor, key: Key) -> RequestRow:
    """Her own request, or one in the staff member's queue. Raises NotFound."""
    rows = db.all(BY_ID, requests=[key]) if key[0] in actor.districts else []
    for row in map(RequestRow._make, rows):
        if isinstance(actor, Guardian) and _asked_by(actor, row):
            return row
        if isinstance(actor, Staff) and _reviews(db, actor, row):
            return row
    raise NotFound


def _asked_by(actor: Guardian, row: RequestRow) -> bool:
    return row.account_id is not None and (row.district_id, row.contact_id) in actor.contacts


def _reviews(db: Db, staff: Staff, row: RequestRow) -> bool:
    if Feature.REVIEW_CHANGES not in staff.features(row.district_id):
        return False
    schools = staff.schools(row.district_id, Feature.REVIEW_CHANGES)
    if schools is None:
        return True
    contact = sa.literal(row.contact_id, sa.Uuid())
    return bool(db.scalar(sa.select(tied_to_schools(row.district_id, contact, schools))))


def items_of(db: Db, requests: Iterable[Key]) -> Sequence[ItemRow]:
    """The items of many requests, in one statement."""
    return [ItemRow._make(row) for row in db.all(ITEMS, requests=list(requests))]


def _with_status(statement: Requests, status: ChangeRequestStatus | None) -> Requests:
    return statement if status is None else statement.where(ChangeRequest.status == status)


def _page(
    db: Db, statement: Requests, first: int | None, after: str | None, *, newest_first: bool
) -> Page[RequestRow]:
    size = page_size(first)
    keyset = (ChangeRequest.submitted_at, ChangeRequest.id)
    if after is not None:
        place = sa.tuple_(
            *(sa.literal(v, c.type) for v, c in zip(position_of(after), keyset, strict=True))
        )
        here = sa.tuple_(*keyset)
        statement = statement.where(here < place if newest_first else here > place)
    ordered = statement.order_by(*(c.desc() if newest_first else c.asc() for c in keyset))
    rows = db.all(ordered.limit(size + 1))
    return Page.cut([RequestRow._make(row) for row in rows], size)
