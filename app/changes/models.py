"""Tables of what families ask the school to correct, and what of it still overlays the SIS."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, DistrictRow, within_district, words
from app.vocabulary import ChangeRequestStatus, ContactField


class ChangeRequest(DistrictRow, Base):
    """Contact data a parent asks the school to correct (or a conflict an import has found)."""

    __tablename__ = "change_request"
    __table_args__ = (
        within_district("contact_id", "contact"),
        sa.CheckConstraint(
            "status NOT IN ('APPROVED', 'PARTLY_APPROVED', 'REJECTED')"
            " OR (decided_by IS NOT NULL AND decided_at IS NOT NULL)",
            name="a_decision_has_a_decider",
        ),
        sa.CheckConstraint(
            "status NOT IN ('REJECTED', 'PARTLY_APPROVED') OR reason IS NOT NULL",
            name="a_rejection_has_a_reason",
        ),
        sa.Index("ix_change_request_queue", "district_id", "status", "submitted_at", "id"),
        sa.Index(None, "district_id", "contact_id", "submitted_at", "id"),
    )

    contact_id: Mapped[UUID]
    account_id: Mapped[UUID | None] = mapped_column(comment="who asked; NULL = an import")
    status: Mapped[ChangeRequestStatus] = mapped_column(words(ChangeRequestStatus))
    note: Mapped[str | None]
    reason: Mapped[str | None] = mapped_column(comment="the school's, for the parent to read")
    submitted_at: Mapped[datetime]
    due_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(comment="account")
    decider: Mapped[str | None] = mapped_column(comment="the decider's name, for colleagues")
    version: Mapped[int] = mapped_column(default=1)


class ChangeItem(DistrictRow, Base):
    """One asked correction. `before` is what the parent saw, `base` what staff decide upon."""

    __tablename__ = "change_item"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "request_id", "position"),
        within_district("request_id", "change_request"),
        within_district("link_id", "link"),
        within_district("student_id", "student"),
    )

    request_id: Mapped[UUID]
    position: Mapped[int]
    field: Mapped[ContactField] = mapped_column(words(ContactField))
    link_id: Mapped[UUID | None]
    student_id: Mapped[UUID | None]
    before: Mapped[str | None]
    base: Mapped[str | None]
    after: Mapped[str | None]
    label: Mapped[str | None]
    corrected: Mapped[str | None] = mapped_column(comment="what staff put in its place")
    verified_at: Mapped[datetime | None]
    accepted: Mapped[bool | None]


class ContactEdit(DistrictRow, Base):
    """An approved value that stands over what the SIS says, until the SIS brings it."""

    __tablename__ = "contact_edit"
    __table_args__ = (
        within_district("contact_id", "contact"),
        within_district("item_id", "change_item"),
        within_district("destination_id", "destination"),
        within_district("conflict_request_id", "change_request"),
        sa.Index(
            "ix_contact_edit_open",
            "district_id",
            "contact_id",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    contact_id: Mapped[UUID]
    item_id: Mapped[UUID]
    field: Mapped[ContactField] = mapped_column(words(ContactField))
    destination_id: Mapped[UUID | None] = mapped_column(comment="added or removed")
    slot: Mapped[str | None] = mapped_column(comment="where the SIS held the replaced value")
    before: Mapped[str | None]
    after: Mapped[str | None]
    approved_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(comment="the SIS agrees, or staff gave way")
    conflict_request_id: Mapped[UUID | None]
