"""The rows an Actor may reach. What is not hers answers like what does not exist."""

import sqlalchemy as sa

from app.actor import Actor, Guardian, require_guardian
from app.database import Db
from app.directory.links import Key
from app.directory.models import Contact, Guardianship, Link, Student
from app.errors import NotFound
from app.vocabulary import Rights


def own_contact(db: Db, actor: Actor, key: Key) -> Contact:
    """The parent's own contact, locked. Raises NotFound."""
    guardian = require_guardian(actor)
    contact = db.lock(Contact, *key) if key in guardian.contacts else None
    if contact is None or contact.retired_at is not None:
        raise NotFound
    return contact


def own_link(db: Db, actor: Actor, key: Key) -> tuple[Contact, Link]:
    """A destination of one of the parent's own contacts, the contact locked. Raises NotFound.

    The contact is locked before anything that hangs on it or on the number, by everybody.
    """
    guardian = require_guardian(actor)
    link = db.get(Link, *key) if key[0] in guardian.districts else None
    if link is None or (link.district_id, link.contact_id) not in guardian.contacts:
        raise NotFound
    contact = own_contact(db, guardian, (link.district_id, link.contact_id))
    db.session.refresh(link)
    if link.retired_at is not None:
        raise NotFound
    return contact, link


def own_student(db: Db, actor: Guardian, contact: Contact, key: Key) -> Student:
    """A student of this contact about whom she may ask. Raises NotFound."""
    student = db.session.scalar(
        sa.select(Student)
        .join(
            Guardianship,
            sa.and_(
                Guardianship.district_id == Student.district_id,
                Guardianship.student_id == Student.id,
            ),
        )
        .where(
            Student.district_id == contact.district_id,
            Student.district_id == key[0],
            Student.id == key[1],
            Student.retired_at.is_(None),
            Guardianship.contact_id == contact.id,
            Guardianship.retired_at.is_(None),
            Guardianship.rights == Rights.FULL,
        )
    )
    if student is None:
        raise NotFound
    return student
