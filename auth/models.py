"""Tables of who may come in: accounts, what they open, codes, sessions, keys, grants."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from app.database import Base, DistrictRow, within_district, words
from app.vocabulary import Feature


class Account(Base):
    """A login. It opens contacts through bindings and the desk through grants."""

    __tablename__ = "account"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    email: Mapped[str] = mapped_column(unique=True, comment="normalised")
    language: Mapped[str] = mapped_column(default="en")
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class Binding(DistrictRow, Base):
    """This account opens this contact, on the proof of one of her mailboxes."""

    __tablename__ = "binding"
    __table_args__ = (
        sa.UniqueConstraint("district_id", "contact_id", "account_id"),
        within_district("contact_id", "contact"),
        within_district("link_id", "link"),
    )

    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    contact_id: Mapped[UUID]
    link_id: Mapped[UUID] = mapped_column(comment="the mailbox it rests on; gone = access gone")
    bound_at: Mapped[datetime]


class LoginCode(Base):
    """A mailed one-time code; neither the code nor the address is kept, only keyed hashes."""

    __tablename__ = "login_code"
    __table_args__ = (sa.Index(None, "address_hash", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    address_hash: Mapped[str]
    code_hash: Mapped[str]
    staff: Mapped[bool] = mapped_column(comment="asked for at the desk, not by a parent")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]


class LoginSession(Base):
    """One sign-in on one device. Refresh tokens hang on it; ending it ends them all."""

    __tablename__ = "login_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    staff: Mapped[bool]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class RefreshToken(Base):
    """One link of a refresh chain; only the hash is kept."""

    __tablename__ = "refresh_token"
    __table_args__ = (
        sa.Index(
            "ix_refresh_token_sealed",
            "used_at",
            sqlite_where=sa.text("successor IS NOT NULL"),
            postgresql_where=sa.text("successor IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    session_id: Mapped[UUID] = mapped_column(sa.ForeignKey("login_session.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    issued_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    successor: Mapped[str | None] = mapped_column(comment="encrypted, for the ten seconds' grace")


class SigningKey(Base):
    """An Ed25519 key pair that signs access tokens; the private part is encrypted."""

    __tablename__ = "signing_key"

    id: Mapped[str] = mapped_column(primary_key=True, comment="kid")
    private: Mapped[str]
    public: Mapped[str]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None] = mapped_column(comment="signs no more, still verifies")


class AccessGrant(DistrictRow, Base):
    """A feature for a staff member: of the whole district, or of one school."""

    __tablename__ = "access_grant"
    __table_args__ = (
        within_district("school_id", "school"),
        sa.Index(
            "uq_access_grant_school",
            "district_id",
            "account_id",
            "feature",
            "school_id",
            unique=True,
            sqlite_where=sa.text("school_id IS NOT NULL"),
            postgresql_where=sa.text("school_id IS NOT NULL"),
        ),
        sa.Index(
            "uq_access_grant_district",
            "district_id",
            "account_id",
            "feature",
            unique=True,
            sqlite_where=sa.text("school_id IS NULL"),
            postgresql_where=sa.text("school_id IS NULL"),
        ),
    )

    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    feature: Mapped[Feature] = mapped_column(words(Feature))
    school_id: Mapped[UUID | None]
    granted_by: Mapped[str]
    granted_at: Mapped[datetime]


class IdempotencyKey(Base):
    """What one mutation did, so that a repeat of it answers and acts only once."""

    __tablename__ = "idempotency_key"

    caller: Mapped[str] = mapped_column(primary_key=True, comment="account or client")
    key: Mapped[str] = mapped_column(primary_key=True, comment="clientMutationId")
    mutation: Mapped[str]
    input_hash: Mapped[str]
    outcome: Mapped[dict[str, Any]] = mapped_column(comment="ids of what changed, and errors")
    created_at: Mapped[datetime] = mapped_column(index=True)
