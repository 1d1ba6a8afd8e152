"""Reads what an import compares with: all of a district, or some of its contacts again."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from app.changes.models import ChangeItem, ContactEdit
from app.database import Db
from app.directory.models import Contact, Destination, Guardianship, Link, School, Student
from app.exchange.roster.held import (
    Held,
    HeldContact,
    HeldDestination,
    HeldEdit,
    HeldGuardianship,
    HeldLink,
    HeldSchool,
    HeldStudent,
)
from app.vocabulary import DestinationKind

AT_ONCE = 1_000  # ids in one statement
IN_PARTS = {"yield_per": 5_000}  # rows of a district, never all as rows and as data
POINT_KINDS = (DestinationKind.PHONE, DestinationKind.MAILBOX)
Value = TypeVar("Value")
Rows = Iterable[Any]

SCHOOLS = sa.select(
    School.id, School.source_id, School.name, School.brought_by, School.retired_at
).where(School.district_id == sa.bindparam("district"))
STUDENTS = sa.select(
    Student.id,
    Student.source_id,
    Student.school_id,
    Student.given_name,
    Student.family_name,
    Student.grade,
    Student.brought_by,
    Student.retired_at,
).where(Student.district_id == sa.bindparam("district"))
GUARDIANSHIPS = sa.select(
    Guardianship.id,
    Guardianship.student_id,
    Guardianship.contact_id,
    Guardianship.relation,
    Guardianship.rights,
    Guardianship.brought_by,
    Guardianship.retired_at,
).where(Guardianship.district_id == sa.bindparam("district"))
DESTINATIONS = sa.select(
    Destination.kind, Destination.value, Destination.id, Destination.line_type
).where(Destination.district_id == sa.bindparam("district"), Destination.kind.in_(POINT_KINDS))
CONTACTS = sa.select(
    Contact.id,
    Contact.source_id,
    Contact.given_name,
    Contact.family_name,
    Contact.language,
    Contact.address,
    Contact.sis,
    Contact.unusable,
    Contact.brought_by,
    Contact.retired_at,
    Contact.version,
).where(Contact.district_id == sa.bindparam("district"))
LINKS = (
    sa.select(
        Link.contact_id,
        Destination.kind,
        Destination.value,
        Link.id,
        Link.label,
        Link.extension,
        Link.display,
        Link.priority,
        Link.slot,
        Link.brought_by,
        Link.retired_at,
        Link.version,
    )
    .join(
        Destination,
        sa.and_(Destination.district_id == Link.district_id, Destination.id == Link.destination_id),
    )
    .where(Link.district_id == sa.bindparam("district"), Destination.kind.in_(POINT_KINDS))
)
EDITS = (
    sa.select(
        ContactEdit.contact_id,
        Destination.kind,
        Destination.value,
        ContactEdit.id,
        ContactEdit.item_id,
        ContactEdit.field,
        ChangeItem.student_id,
        ContactEdit.slot,
        ContactEdit.before,
        ContactEdit.after,
        ContactEdit.conflict_request_id,
    )
    .join(
        ChangeItem,
        sa.and_(
            ChangeItem.district_id == ContactEdit.district_id, ChangeItem.id == ContactEdit.item_id
        ),
    )
    .outerjoin(
        Destination,
        sa.and_(
            Destination.district_id == ContactEdit.district_id,
            Destination.id == ContactEdit.destination_id,
        ),
    )
    .where(ContactEdit.district_id == sa.bindparam("district"), ContactEdit.ended_at.is_(None))
    .order_by(ContactEdit.approved_at, ContactEdit.id)
)
OF_THESE: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
THESE_CONTACTS = CONTACTS.where(Contact.id.in_(OF_THESE))
THEIR_LINKS = LINKS.where(Link.contact_id.in_(OF_THESE))
THEIR_EDITS = EDITS.where(ContactEdit.contact_id.in_(OF_THESE))


def load_held(db: Db, district_id: UUID) -> Held:
    """Everything, in a few statements. Versions are read before what they guard."""
    contacts = _contacts(
        _stream(db, CONTACTS, district_id),
        _stream(db, LINKS, district_id),
        _stream(db, EDITS, district_id),
    )
    schools: Rows = _stream(db, SCHOOLS, district_id)
    students: Rows = _stream(db, STUDENTS, district_id)
    guardianships: Rows = _stream(db, GUARDIANSHIPS, district_id)
    destinations: Rows = _stream(db, DESTINATIONS, district_id)
    return Held(
        schools={row.source_id: HeldSchool(*row) for row in schools},
        students={row.source_id: HeldStudent(*row) for row in students},
        contacts={contact.source_id: contact for contact in contacts},
        guardianships={
            (row.student_id, row.contact_id): HeldGuardianship(*row) for row in guardianships
        },
        destinations={
            (kind, value): HeldDestination(key, line_type)
            for kind, value, key, line_type in destinations
        },
    )


def _stream(db: Db, statement: sa.Executable, district_id: UUID) -> Rows:
    return db.execute(statement.execution_options(**IN_PARTS), district=district_id)


def load_contacts(db: Db, district_id: UUID, ids: Iterable[UUID]) -> list[HeldContact]:
    """These contacts as they are now."""
    loaded: list[HeldContact] = []
    for some in chunks(list(ids)):
        loaded += _contacts(
            db.all(THESE_CONTACTS, district=district_id, ids=some),
            db.all(THEIR_LINKS, district=district_id, ids=some),
            db.all(THEIR_EDITS, district=district_id, ids=some),
        )
    return loaded


def chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Parts that fit into one statement."""
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))


def _contacts(contacts: Rows, links: Rows, edits: Rows) -> list[HeldContact]:
    held = {row.id: HeldContact(*row) for row in contacts}
    for contact_id, kind, value, *columns in links:
        if contact_id in held:
            held[contact_id].links[kind, value] = HeldLink(*columns)
    for contact_id, kind, value, key, item_id, name, *columns in edits:
        if contact_id in held:
            point = None if kind is None else (kind, value)
            held[contact_id].edits.append(HeldEdit(key, item_id, name, point, *columns))
    return list(held.values())
