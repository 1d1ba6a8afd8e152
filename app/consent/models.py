"""Tables of what was said about each destination, and the ledger of how it came about."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, DistrictRow, within_district, words
from app.vocabulary import Channel, ConsentAction, ConsentStatus, OptOutScope, Source


class Consent(DistrictRow, Base):
    """One row for each destination and channel that anybody spoke about; none = UNKNOWN."""

    __tablename__ = "consent"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "destination_id", "channel"),
        within_district("destination_id", "destination"),
        within_district("event_id", "consent_event"),
    )

    destination_id: Mapped[UUID]
    channel: Mapped[Channel] = mapped_column(words(Channel))
    status: Mapped[ConsentStatus] = mapped_column(words(ConsentStatus))
    since: Mapped[datetime]
    source: Mapped[Source] = mapped_column(words(Source))
    contact_id: Mapped[UUID | None] = mapped_column(comment="who said it, where a contact did")
    opt_in_until: Mapped[datetime | None] = mapped_column(comment="a YES is awaited until then")
    event_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(comment="sequence of the newest event about it")


class ConsentGiver(DistrictRow, Base):
    """Who stands behind a grant; when the last one loses the destination it lapses."""

    __tablename__ = "consent_giver"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "link_id", "channel"),
        within_district("link_id", "link"),
    )

    link_id: Mapped[UUID]
    channel: Mapped[Channel] = mapped_column(words(Channel))
    given_at: Mapped[datetime]
    confirmed_at: Mapped[datetime]


class OptOut(DistrictRow, Base):
    """A standing opt-out: a type, or all but emergencies. ALL is a revoked consent."""

    __tablename__ = "opt_out"
    __table_args__ = (
        within_district("destination_id", "destination"),
        within_district("broadcast_type_id", "broadcast_type"),
        within_district("event_id", "consent_event"),
        sa.CheckConstraint("scope <> 'ALL'", name="all_is_a_revocation"),
        sa.CheckConstraint(
            "(scope = 'BROADCAST_TYPE') = (broadcast_type_id IS NOT NULL)", name="type_named"
        ),
        sa.Index(None, "district_id", "destination_id"),
        sa.Index(
            "uq_opt_out_type",
            "district_id",
            "destination_id",
            "channel",
            "broadcast_type_id",
            unique=True,
            sqlite_where=sa.text("broadcast_type_id IS NOT NULL"),
            postgresql_where=sa.text("broadcast_type_id IS NOT NULL"),
        ),
        sa.Index(
            "uq_opt_out_non_emergency",
            "district_id",
            "destination_id",
            "channel",
            unique=True,
            sqlite_where=sa.text("broadcast_type_id IS NULL"),
            postgresql_where=sa.text("broadcast_type_id IS NULL"),
        ),
    )

    destination_id: Mapped[UUID]
    channel: Mapped[Channel] = mapped_column(words(Channel))
    scope: Mapped[OptOutScope] = mapped_column(words(OptOutScope))
    broadcast_type_id: Mapped[UUID | None]
    since: Mapped[datetime]
    source: Mapped[Source] = mapped_column(words(Source))
    contact_id: Mapped[UUID | None] = mapped_column(comment="who said it, where a contact did")
    event_id: Mapped[UUID]


class Block(DistrictRow, Base):
    """The district itself will not use this destination; channel NULL = none of them."""

    __tablename__ = "block"
    __table_args__ = (
        within_district("destination_id", "destination"),
        within_district("event_id", "consent_event"),
        sa.Index(None, "district_id", "destination_id"),
        sa.Index(
            "uq_block_channel",
            "district_id",
            "destination_id",
            "channel",
            unique=True,
            sqlite_where=sa.text("channel IS NOT NULL"),
            postgresql_where=sa.text("channel IS NOT NULL"),
        ),
        sa.Index(
            "uq_block_all",
            "district_id",
            "destination_id",
            unique=True,
            sqlite_where=sa.text("channel IS NULL"),
            postgresql_where=sa.text("channel IS NULL"),
        ),
    )

    destination_id: Mapped[UUID]
    channel: Mapped[Channel | None] = mapped_column(words(Channel))
    note: Mapped[str]
    since: Mapped[datetime]
    event_id: Mapped[UUID]


class Preference(DistrictRow, Base):
    """A contact's own choice for one of her destinations; a row exists only where she chose."""

    __tablename__ = "preference"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "link_id", "channel", "broadcast_type_id"),
        within_district("link_id", "link"),
        within_district("broadcast_type_id", "broadcast_type"),
        within_district("event_id", "consent_event"),
    )

    link_id: Mapped[UUID]
    channel: Mapped[Channel] = mapped_column(words(Channel))
    broadcast_type_id: Mapped[UUID]
    wanted: Mapped[bool]
    event_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(comment="sequence of the newest event about it")


class QuietHours(DistrictRow, Base):
    """Local minutes of the district's zone: from inclusive, to exclusive, may span midnight."""

    __tablename__ = "quiet_hours"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "link_id", "channel"),
        within_district("link_id", "link"),
        within_district("event_id", "consent_event"),
        sa.CheckConstraint("from_minute <> to_minute", name="not_empty"),
        sa.CheckConstraint("from_minute BETWEEN 0 AND 1439", name="from_a_minute_of_the_day"),
        sa.CheckConstraint("to_minute BETWEEN 0 AND 1439", name="to_a_minute_of_the_day"),
        sa.CheckConstraint("channel <> 'EMAIL'", name="not_for_mail"),
    )

    link_id: Mapped[UUID]
    channel: Mapped[Channel] = mapped_column(words(Channel))
    from_minute: Mapped[int]
    to_minute: Mapped[int]
    event_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(comment="sequence of the newest event about it")


class ConsentEvent(DistrictRow, Base):
    """A line of the ledger. It holds no personal value: those stand in Evidence.

    What concerns a number or an address (consent, opt-outs, blocks, holds) is chained on the
    destination; a person's own choices (preferences, quiet hours, pauses) on the contact, so
    that whoever shares a phone cannot count the other's choices.
    """

    __tablename__ = "consent_event"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "destination_id", "sequence"),
        sa.UniqueConstraint("district_id", "contact_id", "sequence"),
        within_district("destination_id", "destination"),
        within_district("contact_id", "contact"),
        within_district("link_id", "link"),
        within_district("broadcast_type_id", "broadcast_type"),
        sa.CheckConstraint(
            "(destination_id IS NULL) <> (contact_id IS NULL)", name="exactly_one_chain"
        ),
        sa.Index(None, "district_id", "link_id"),
    )

    destination_id: Mapped[UUID | None] = mapped_column(comment="whose chain, or ...")
    contact_id: Mapped[UUID | None] = mapped_column(comment="... whose chain")
    sequence: Mapped[int]
    at: Mapped[datetime]
    action: Mapped[ConsentAction] = mapped_column(words(ConsentAction))
    channel: Mapped[Channel | None] = mapped_column(words(Channel))
    source: Mapped[Source] = mapped_column(words(Source))
    actor: Mapped[str] = mapped_column(comment="kind:id, never a name")
    actor_contact_id: Mapped[UUID | None]
    scope: Mapped[OptOutScope | None] = mapped_column(words(OptOutScope))
    broadcast_type_id: Mapped[UUID | None]
    link_id: Mapped[UUID | None]
    disclosure_version: Mapped[str | None]
    disclosure_language: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    evidence_hash: Mapped[str | None]
    previous_hash: Mapped[str]
    hash: Mapped[str]


class Evidence(DistrictRow, Base):
    """What a line's hash covers and may one day be erased; its id is the event's."""

    __tablename__ = "evidence"
    __table_args__ = (within_district("id", "consent_event"),)

    salt: Mapped[str]
    content: Mapped[dict[str, Any] | None] = mapped_column(comment="NULL = erased")


class Checkpoint(DistrictRow, Base):
    """The heads that moved since the one before, signed; written outside the database too."""

    __tablename__ = "checkpoint"
    __table_args__ = (sa.UniqueConstraint("district_id", "number"),)

    number: Mapped[int]
    at: Mapped[datetime]
    heads: Mapped[list[Any]] = mapped_column(comment="[chain, sequence, hash]")
    previous_hash: Mapped[str]
    hash: Mapped[str]
    signature: Mapped[str] = mapped_column(comment="Ed25519 over the hash, hex")
    public_key: Mapped[str] = mapped_column(comment="hex")


class Disclosure(DistrictRow, Base):
    """The text somebody agreed to. The version is made from the text, so it never changes."""

    __tablename__ = "disclosure"
    __table_args__ = (sa.UniqueConstraint("district_id", "version", "language"),)

    version: Mapped[str]
    language: Mapped[str]
    channel: Mapped[Channel] = mapped_column(words(Channel))
    text: Mapped[str]
