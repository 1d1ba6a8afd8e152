"""Table of what other programs must learn; written unnumbered with its effect."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, DistrictRow


class FeedLine(DistrictRow, Base):
    """A pointer to what happened. `position` comes after commit, from the one sequencer."""

    __tablename__ = "feed_line"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "position"),
        sa.Index(
            "ix_feed_line_unnumbered",
            "id",
            sqlite_where=sa.text("position IS NULL"),
            postgresql_where=sa.text("position IS NULL"),
        ),
    )

    position: Mapped[int | None] = mapped_column(sa.BigInteger)
    kind: Mapped[str] = mapped_column(comment="consent-event, contact-change, opt-out-report")
    subject_id: Mapped[UUID]
    at: Mapped[datetime]
