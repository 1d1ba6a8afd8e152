"""Tables of what other programs must learn from us, and of what we have heard from them."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, DistrictRow, within_district


class FeedLine(DistrictRow, Base):
    """A pointer to what happened, written with its effect. `position` comes after commit, from
    the one sequencer.
    """

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


class HeardEvent(DistrictRow, Base):
    """An event of a provider or a client; kept as long as the ledger, so that a replay never
    acts.
    """

    __tablename__ = "heard_event"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "heard_from", "source_id"),
        within_district("event_id", "consent_event"),
    )

    heard_from: Mapped[str] = mapped_column(comment="a provider's name, or kind:id of the client")
    source_id: Mapped[str] = mapped_column(comment="the event's id there")
    heard_at: Mapped[datetime]
    fingerprint: Mapped[str] = mapped_column(comment="SHA-256 of what it said, without any number")
    event_id: Mapped[UUID | None] = mapped_column(comment="its ledger line; NULL = changed nothing")
