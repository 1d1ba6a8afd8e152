"""What an Actor may read of people: her own contacts with their students, or those in scope."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.actor import Actor, Guardian, Staff
from app.database import Db
from app.directory.links import Held, Key, links_by_id
from app.directory.models import Contact, Guardianship, School, Student
from app.directory.scope import is_in_scope
from app.errors import NotFound
from app.vocabulary import Feature, Rights

# Who decides about a contact's data sees them, on every way to her.
SHOWS_CONTACTS = (Feature.VIEW_CONTACTS, Feature.REVIEW_CHANGES)


class ContactRow(NamedTuple):
    district_id: UUID
    id: UUID
    given_name: str
    family_name: str
    language: str
    address: str | None
    version: int
    paused_until: datetime | None

    @property
    def key(self) -> Key:
        return (self.district_id, self.id)


class SchoolRow(NamedTuple):
    district_id: UUID
    id: UUID
    name: str


class StudentRow(NamedTuple):
    """A student as one contact may see her: RESTRICTED shows no more than the given name."""

    contact_id: UUID
    district_id: UUID
    id: UUID
    given_name: str
    family_name: str
    grade: str | None
    school: SchoolRow | None


CONTACTS = (
    sa.select(
        Contact.district_id,
        Contact.id,
        Contact.given_name,
        Contact.family_name,
        Contact.language,
        Contact.address,
        Contact.version,
        Contact.paused_until,
    )
    .where(
        sa.tuple_(Contact.district_id, Contact.id).in_(sa.bindparam("contacts", expanding=True)),
        Contact.retired_at.is_(None),
    )
    .order_by(Contact.district_id, Contact.id)
)
STUDENTS = (
    sa.select(
        Guardianship.contact_id,
        Guardianship.rights,
        Student.district_id,
        Student.id,
        Student.given_name,
        Student.family_name,
        Student.grade,
        Student.school_id,
        School.name.label("school_name"),
    )
    .join(
        Student,
        sa.and_(
            Student.district_id == Guardianship.district_id,
            Student.id == Guardianship.student_id,
        ),
    )
    .join(
        School,
        sa.and_(School.district_id == Student.district_id, School.id == Student.school_id),
    )
    .where(
        sa.tuple_(Guardianship.district_id, Guardianship.contact_id).in_(
            sa.bindparam("contacts", expanding=True)
        ),
        Guardianship.retired_at.is_(None),
        Guardianship.rights != Rights.NO_RIGHTS,
        Student.retired_at.is_(None),
    )
    .order_by(Student.given_name, Student.id)
)
SCHOOLS = (
    sa.select(School.district_id, School.id, School.name)
    .where(
        School.district_id.in_(sa.bindparam("districts", expanding=True)),
        School.retired_at.is_(None),
    )
    .order_by(School.name, School.id)
)


def own_contacts(db: Db, actor: Actor) -> list[ContactRow]:
    """Every contact a parent's account opens, in any district; staff have none here."""
    keys = actor.contacts if isinstance(actor, Guardian) else ()
    return contacts_by_key(db, keys) if keys else []


def contacts_by_key(db: Db, keys: Iterable[Key]) -> list[ContactRow]:
    return [ContactRow._make(row) for row in db.all(CONTACTS, contacts=list(keys))]


def students_of(db: Db, contacts: Iterable[Key]) -> list[StudentRow]:
    """The students of these contacts, as each of them may see them."""
    return [
        StudentRow(
            row.contact_id,
            row.district_id,
            row.id,
            row.given_name,
            row.family_name if row.rights is Rights.FULL else "",
            row.grade if row.rights is Rights.FULL else None,
            SchoolRow(row.district_id, row.school_id, row.school_name)
            if row.rights is Rights.FULL
            else None,
        )
        for row in db.all(STUDENTS, contacts=list(contacts))
    ]


def schools_of(db: Db, districts: Iterable[UUID]) -> Sequence[SchoolRow]:
    return [SchoolRow._make(row) for row in db.all(SCHOOLS, districts=list(districts))]


def find_contact(db: Db, actor: Actor, key: Key) -> ContactRow:
    """Her own contact, or one in the staff member's scope. Raises NotFound."""
    if not _reaches_contact(db, actor, key):
        raise NotFound
    rows = contacts_by_key(db, [key])
    if not rows:
        raise NotFound
    return rows[0]


def find_link(db: Db, actor: Actor, key: Key) -> Held:
    """A destination of a contact the actor may see. Raises NotFound."""
    rows = links_by_id(db, [key]) if key[0] in actor.districts else []
    if not rows or not _reaches_contact(db, actor, (key[0], rows[0].contact_id)):
        raise NotFound
    return rows[0]


def own_links(db: Db, actor: Actor, keys: Iterable[Key]) -> list[Held]:
    """Those of these destinations that belong to the parent's own contacts."""
    contacts = actor.contacts if isinstance(actor, Guardian) else ()
    return [
        held for held in links_by_id(db, keys) if (held.district_id, held.contact_id) in contacts
    ]


def find_student(db: Db, actor: Actor, key: Key) -> StudentRow:
    """A student of one of the parent's own contacts. Raises NotFound."""
    contacts = actor.contacts if isinstance(actor, Guardian) else ()
    for student in students_of(db, contacts) if contacts else ():
        if (student.district_id, student.id) == key:
            return student
    raise NotFound


def find_school(db: Db, actor: Actor, key: Key) -> SchoolRow:
    """A school of a district the actor belongs to. Raises NotFound."""
    if key[0] in actor.districts:
        for school in schools_of(db, [key[0]]):
            if school.id == key[1]:
                return school
    raise NotFound


def find_district(db: Db, actor: Actor, key: Key) -> UUID:
    """A district the actor belongs to. Raises NotFound."""
    if key[0] != key[1] or key[0] not in actor.districts:
        raise NotFound
    return key[0]


def _reaches_contact(db: Db, actor: Actor, key: Key) -> bool:
    if isinstance(actor, Guardian):
        return key in actor.contacts
    if not isinstance(actor, Staff) or key[0] not in actor.districts:
        return False
    contact = db.get(Contact, *key)
    return contact is not None and any(
        is_in_scope(db, actor, feature, contact) for feature in SHOWS_CONTACTS
    )
