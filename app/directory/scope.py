"""Which contacts a staff member may see and act on: those tied to her schools."""

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from app.actor import Staff
from app.database import Db
from app.directory.models import Contact, Guardianship, Student
from app.vocabulary import Feature


def tied_to_schools(
    district_id: UUID, contact_id: sa.ColumnElement[UUID], schools: Iterable[UUID]
) -> sa.ColumnElement[bool]:
    """SQL: the contact has a student, present today, at one of these schools."""
    return (
        sa.select(sa.literal(1))
        .select_from(Guardianship)
        .join(
            Student,
            sa.and_(
                Student.district_id == Guardianship.district_id,
                Student.id == Guardianship.student_id,
            ),
        )
        .where(
            Guardianship.district_id == district_id,
            Guardianship.contact_id == contact_id,
            Guardianship.retired_at.is_(None),
            Student.retired_at.is_(None),
            Student.school_id.in_(list(schools)),
        )
        .exists()
    )


def is_in_scope(db: Db, staff: Staff, feature: Feature, contact: Contact) -> bool:
    """Whether her grant of this feature covers the contact."""
    schools = staff.schools(contact.district_id, feature)
    if schools is None:
        return True
    tied = tied_to_schools(contact.district_id, sa.literal(contact.id, sa.Uuid()), schools)
    return bool(db.scalar(sa.select(tied)))
