"""Table of the opt-out report: every election that reached the district."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, DistrictRow, within_district, words
from app.vocabulary import Channel, OptOutReportStatus, OptOutScope, Source


class OptOutReport(DistrictRow, Base):
    """One election. While it is PENDING it is also the hold that keeps it."""

    __tablename__ = "opt_out_report"
    __table_args__ = (
        within_district("destination_id", "destination"),
        within_district("broadcast_type_id", "broadcast_type"),
        within_district("event_id", "consent_event"),
        sa.CheckConstraint(
            "(scope = 'BROADCAST_TYPE') = (broadcast_type_id IS NOT NULL)", name="type_named"
        ),
        sa.CheckConstraint(
            "(status = 'PENDING') = (settled_at IS NULL)", name="settled_when_not_pending"
        ),
        sa.Index(None, "district_id", "destination_id"),
        sa.Index(None, "district_id", "status", "due_at"),
    )

    destination_id: Mapped[UUID]
    channel: Mapped[Channel] = mapped_column(words(Channel))
    scope: Mapped[OptOutScope] = mapped_column(words(OptOutScope))
    broadcast_type_id: Mapped[UUID | None]
    input: Mapped[str] = mapped_column(comment="what was pressed or written")
    source: Mapped[Source] = mapped_column(words(Source))
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    status: Mapped[OptOutReportStatus] = mapped_column(words(OptOutReportStatus))
    settled_by: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    note: Mapped[str | None]
    event_id: Mapped[UUID | None] = mapped_column(comment="the ledger line of hold or effect")
    version: Mapped[int] = mapped_column(default=1)
