"""Tables of who may be messaged: districts, schools, people, and where they are reached."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from app.database import Base, DistrictRow, within_district, words
from app.vocabulary import ContactEditMode, DestinationKind, LineType, OptOutHandling, Rights


class District(Base):
    """The customer; every other row of a district carries its id."""

    __tablename__ = "district"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    key: Mapped[str] = mapped_column(unique=True, comment="stable, used by commands")
    name: Mapped[str]
    timezone: Mapped[str] = mapped_column(comment="IANA name")
    region: Mapped[str] = mapped_column(comment="of numbers written without a country")
    opt_out_handling: Mapped[OptOutHandling] = mapped_column(words(OptOutHandling))
    consent_required: Mapped[list[Any]] = mapped_column(comment="channels")
    contact_edit: Mapped[ContactEditMode] = mapped_column(words(ContactEditMode))
    voice_stop_covers: Mapped[list[Any]] = mapped_column(comment="channels")
    quiet_hours: Mapped[dict[str, Any]] = mapped_column(comment="channel -> [from, to], HH:MM")
    version: Mapped[int] = mapped_column(default=1)


class Sender(DistrictRow, Base):
    """A number the district sends from; inbound texts are placed by it."""

    __tablename__ = "sender"
    __table_args__ = (sa.UniqueConstraint("district_id", "provider", "number"),)

    provider: Mapped[str]
    number: Mapped[str] = mapped_column(index=True, comment="E.164")
    provider_confirms: Mapped[bool] = mapped_column(comment="the provider answers STOP itself")


class BroadcastType(DistrictRow, Base):
    """One kind of message; the list is the district's own."""

    __tablename__ = "broadcast_type"
    __table_args__ = (sa.UniqueConstraint("district_id", "code"),)

    code: Mapped[str]
    name: Mapped[dict[str, Any]] = mapped_column(comment="language -> name")
    description: Mapped[dict[str, Any]] = mapped_column(comment="language -> one sentence")
    emergency: Mapped[bool]
    default: Mapped[dict[str, Any]] = mapped_column(comment="channel -> sent when nobody chose")
    locked: Mapped[list[Any]] = mapped_column(comment="channels a parent cannot turn off")
    position: Mapped[int]
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class School(DistrictRow, Base):
    __tablename__ = "school"
    __table_args__ = (sa.UniqueConstraint("district_id", "source_id"),)

    source_id: Mapped[str]
    name: Mapped[str]
    brought_by: Mapped[str]
    retired_at: Mapped[datetime | None]


class Student(DistrictRow, Base):
    __tablename__ = "student"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "source_id"),
        within_district("school_id", "school"),
        sa.Index(None, "district_id", "school_id"),
    )

    source_id: Mapped[str]
    school_id: Mapped[UUID]
    given_name: Mapped[str]
    family_name: Mapped[str]
    grade: Mapped[str | None]
    brought_by: Mapped[str]
    retired_at: Mapped[datetime | None]


class Chain:
    """The head of a ledger chain; taken under its row's lock."""

    chain_sequence: Mapped[int] = mapped_column(default=0)
    chain_hash: Mapped[str] = mapped_column(default="", comment="of the newest line; hex")
    chain_signed: Mapped[int] = mapped_column(default=0, comment="sequence of the last checkpoint")


class Contact(DistrictRow, Chain, Base):
    """A person the district may message."""

    __tablename__ = "contact"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "source_id"),
        sa.Index(
            "ix_contact_unsigned",
            "district_id",
            sqlite_where=sa.text("chain_sequence > chain_signed"),
            postgresql_where=sa.text("chain_sequence > chain_signed"),
        ),
    )

    source_id: Mapped[str]
    given_name: Mapped[str]
    family_name: Mapped[str]
    language: Mapped[str] = mapped_column(comment="BCP 47")
    address: Mapped[str | None]
    sis: Mapped[dict[str, Any]] = mapped_column(
        default=dict, comment="field -> what the SIS said last"
    )
    unusable: Mapped[list[Any]] = mapped_column(
        default=list, comment="the school's text that is no number and no address"
    )
    paused_until: Mapped[datetime | None]
    pause_event_id: Mapped[UUID | None]
    brought_by: Mapped[str]
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, comment="of the contact data, not of choices")


class Guardianship(DistrictRow, Base):
    __tablename__ = "guardianship"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "contact_id", "student_id"),
        within_district("contact_id", "contact"),
        within_district("student_id", "student"),
        sa.Index(None, "district_id", "student_id"),
    )

    contact_id: Mapped[UUID]
    student_id: Mapped[UUID]
    relation: Mapped[str]
    rights: Mapped[Rights] = mapped_column(words(Rights))
    brought_by: Mapped[str]
    retired_at: Mapped[datetime | None]


class Destination(DistrictRow, Chain, Base):
    """Where a message goes; one per district and normalised value, whoever shares it."""

    __tablename__ = "destination"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "kind", "value"),
        sa.Index(None, "value"),  # sign-in asks in every district at once
        sa.Index(
            "ix_destination_unsigned",
            "district_id",
            sqlite_where=sa.text("chain_sequence > chain_signed"),
            postgresql_where=sa.text("chain_sequence > chain_signed"),
        ),
    )

    kind: Mapped[DestinationKind] = mapped_column(words(DestinationKind))
    value: Mapped[str] = mapped_column(comment="E.164, a normalised address, or a push endpoint")
    line_type: Mapped[LineType] = mapped_column(words(LineType), default=LineType.UNKNOWN)
    bounced_at: Mapped[datetime | None] = mapped_column(comment="mail or push no longer arrives")


class Link(DistrictRow, Base):
    """A contact holds a destination. What the GraphQL schema calls a Destination is this row."""

    __tablename__ = "link"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "contact_id", "destination_id"),
        within_district("contact_id", "contact"),
        within_district("destination_id", "destination"),
        sa.Index(None, "district_id", "destination_id"),
    )

    contact_id: Mapped[UUID]
    destination_id: Mapped[UUID]
    label: Mapped[str] = mapped_column(comment="mobile, home, work, ... as the school says it")
    extension: Mapped[str | None]
    display: Mapped[str] = mapped_column(comment="as it was typed")
    priority: Mapped[int] = mapped_column(default=0)
    slot: Mapped[str | None] = mapped_column(comment="the place in the source that held it")
    brought_by: Mapped[str | None] = mapped_column(comment="import source; NULL = a request")
    verified_at: Mapped[datetime | None] = mapped_column(comment="proven by a code")
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
