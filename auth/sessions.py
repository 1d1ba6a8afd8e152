"""Sessions and their refresh tokens: each token works once, and a copy of one ends the session."""

import hashlib
import secrets
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.database import Db
from app.sealing import seal, unseal
from auth.models import Account, LoginSession, RefreshToken

PARENT_LIFETIME = timedelta(days=90)
STAFF_LIFETIME = timedelta(hours=12)
GRACE = timedelta(seconds=10)  # an answer lost on the way, or two tabs at once
PURPOSE = "refresh-successor"

USE_ONCE = (
    sa.update(RefreshToken)
    .where(
        RefreshToken.token_hash == sa.bindparam("used_hash"),
        RefreshToken.used_at.is_(None),
    )
    .values(used_at=sa.bindparam("now"), successor=sa.bindparam("sealed"))
    .returning(RefreshToken.session_id)
)
BY_HASH = sa.select(RefreshToken.session_id, RefreshToken.used_at, RefreshToken.successor).where(
    RefreshToken.token_hash == sa.bindparam("token_hash")
)
LIVE = (
    sa.select(LoginSession.account_id)
    .join(Account, Account.id == LoginSession.account_id)
    .where(
        LoginSession.id == sa.bindparam("session_id"),
        LoginSession.ended_at.is_(None),
        LoginSession.expires_at > sa.bindparam("now"),
        Account.disabled_at.is_(None),
    )
)
END = (
    sa.update(LoginSession)
    .where(LoginSession.id == sa.bindparam("ended_id"), LoginSession.ended_at.is_(None))
    .values(ended_at=sa.bindparam("now"))
)
FORGET_SUCCESSORS = (
    sa.update(RefreshToken)
    .where(RefreshToken.successor.is_not(None), RefreshToken.used_at < sa.bindparam("before"))
    .values(successor=None)
)


class SignedIn(NamedTuple):
    """A session to make access tokens for, and what renews them."""

    account_id: UUID
    session_id: UUID
    refresh_token: str


def start_session(db: Db, account_id: UUID, *, staff: bool, lifetime: timedelta) -> UUID:
    """A sign-in for the desk or for a parent's view; one never turns into the other."""
    session = LoginSession(
        account_id=account_id,
        staff=staff,
        created_at=db.now,
        expires_at=db.now + lifetime,
    )
    db.add(session)
    db.flush()
    return session.id


def issue_refresh_token(db: Db, session_id: UUID) -> str:
    token = secrets.token_urlsafe(32)
    _keep(db, session_id, token)
    return token


def refresh(db: Db, token: str) -> SignedIn | None:
    """The next refresh token for this one, or None: not ours, or its session has ended.

    Let the transaction commit in either case. A token used before answers the same successor
    for ten seconds; after that somebody holds a copy, and the session ends.
    """
    successor = secrets.token_urlsafe(32)
    sealed = seal(token, PURPOSE, successor)  # only who holds the old token can open it
    used = db.one(USE_ONCE, used_hash=_hash(token), now=db.now, sealed=sealed)
    if used is None:
        return _used_before(db, token)
    signed_in = _live(db, used.session_id, successor)
    if signed_in is not None:
        _keep(db, used.session_id, successor)
    return signed_in


def end_session(db: Db, session_id: UUID) -> None:
    db.execute(END, ended_id=session_id, now=db.now)


def sign_out(db: Db, token: str) -> None:
    """End the session this refresh token belongs to; nothing happens for one that is not ours."""
    row = db.one(BY_HASH, token_hash=_hash(token))
    if row is not None:
        end_session(db, row.session_id)


def forget_successors(db: Db) -> None:
    """Drop the sealed successors whose ten seconds are over."""
    db.execute(FORGET_SUCCESSORS, before=db.now - GRACE)


def _used_before(db: Db, token: str) -> SignedIn | None:
    row = db.one(BY_HASH, token_hash=_hash(token))
    if row is None:
        return None
    if row.successor is not None and db.now - row.used_at <= GRACE:
        return _live(db, row.session_id, unseal(token, PURPOSE, row.successor))
    end_session(db, row.session_id)
    return None


def _live(db: Db, session_id: UUID, refresh_token: str) -> SignedIn | None:
    session = db.one(LIVE, session_id=session_id, now=db.now)
    return SignedIn(session.account_id, session_id, refresh_token) if session else None


def _keep(db: Db, session_id: UUID, token: str) -> None:
    db.add(RefreshToken(session_id=session_id, token_hash=_hash(token), issued_at=db.now))


def _hash(token: str) -> str:
    """A plain hash is enough: nobody guesses 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()
