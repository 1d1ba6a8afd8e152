"""Table of what the portal itself sends; rows are written in the transaction of the effect."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from app.database import Base, words
from app.vocabulary import Channel


class OutboxItem(Base):
    """One mail or text to hand over; `sent_at` or `failed_at` ends it."""

    __tablename__ = "outbox_item"
    __table_args__ = (
        sa.Index(
            "ix_outbox_item_waiting",
            "not_before",
            sqlite_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    district_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("district.id"))
    channel: Mapped[Channel] = mapped_column(words(Channel))
    kind: Mapped[str] = mapped_column(comment="which notice: sign-in-code, change-decided, ...")
    recipient: Mapped[str]
    content: Mapped[dict[str, Any]] = mapped_column(comment="subject and text, as they will go")
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None] = mapped_column(comment="given up: the dead letter")
