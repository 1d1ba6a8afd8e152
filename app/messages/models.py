"""Tables of what was sent: broadcasts, the message each contact got, its deliveries."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, DistrictRow, within_district, words
from app.vocabulary import Channel, DecisionReason, DeliveryStatus


class Broadcast(DistrictRow, Base):
    """One message as the sending system sent it to many."""

    __tablename__ = "broadcast"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "source_id"),
        within_district("broadcast_type_id", "broadcast_type"),
        within_district("school_id", "school"),
        sa.Index(None, "district_id", "sent_at"),
    )

    source_id: Mapped[str]
    broadcast_type_id: Mapped[UUID]
    school_id: Mapped[UUID | None]
    subject: Mapped[str]
    body: Mapped[str]
    audio_url: Mapped[str | None]
    language: Mapped[str]
    sent_at: Mapped[datetime]
    searched: Mapped[str] = mapped_column(comment="subject and body as a search compares them")
    removed_at: Mapped[datetime | None] = mapped_column(comment="text removed by retention")


class Message(DistrictRow, Base):
    """One broadcast as one contact received it, once however many deliveries."""

    __tablename__ = "message"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "broadcast_id", "contact_id"),
        within_district("broadcast_id", "broadcast"),
        within_district("contact_id", "contact"),
        sa.Index("ix_message_history", "district_id", "contact_id", "sent_at", "id"),
    )

    broadcast_id: Mapped[UUID]
    contact_id: Mapped[UUID]
    sent_at: Mapped[datetime] = mapped_column(comment="the broadcast's; here for the keyset")
    read_at: Mapped[datetime | None]


class MessageStudent(DistrictRow, Base):
    """Whom a message is about."""

    __tablename__ = "message_student"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "message_id", "student_id"),
        within_district("message_id", "message"),
        within_district("student_id", "student"),
    )

    message_id: Mapped[UUID]
    student_id: Mapped[UUID]


class Delivery(DistrictRow, Base):
    """One message to one destination."""

    __tablename__ = "delivery"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "source_id"),
        within_district("message_id", "message"),
        within_district("destination_id", "destination"),
        within_district("why_event_id", "consent_event"),
        sa.Index(None, "district_id", "message_id"),
    )

    source_id: Mapped[str]
    message_id: Mapped[UUID]
    destination_id: Mapped[UUID | None] = mapped_column(comment="NULL when not on file")
    channel: Mapped[Channel] = mapped_column(words(Channel))
    sent_to: Mapped[str]
    status: Mapped[DeliveryStatus] = mapped_column(words(DeliveryStatus))
    at: Mapped[datetime]
    why_allowed: Mapped[bool | None] = mapped_column(comment="NULL = nobody knows any more")
    why_reason: Mapped[DecisionReason | None] = mapped_column(words(DecisionReason))
    why_not_before: Mapped[datetime | None]
    why_event_id: Mapped[UUID | None]
