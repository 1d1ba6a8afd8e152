"""Who a request speaks for, by its bearer token (RFC 6750)."""

import sqlalchemy as sa

from app.actor import Actor, Guardian, Staff, Visitor
from app.database import Database, Db
from app.errors import Unauthenticated
from auth.models import Account, LoginSession
from auth.reach import held_grants, opened_contacts, own_contacts
from auth.tokens import REFUSED, AccessTokens, Claims

LIVE_SESSION = (
    sa.select(LoginSession.staff, Account.email, Account.language)
    .join(Account, Account.id == LoginSession.account_id)
    .where(
        LoginSession.id == sa.bindparam("session_id"),
        LoginSession.ended_at.is_(None),
        LoginSession.expires_at > sa.bindparam("now"),
        Account.id == sa.bindparam("account_id"),
        Account.disabled_at.is_(None),
    )
)


def identify(database: Database, tokens: AccessTokens, authorization: str | None) -> Actor:
    """The Actor of a request with this Authorization header; None is a Visitor.

    Session, grants and opened contacts are read anew each time, so that what was taken back
    is gone with the next request. Raises Unauthenticated.
    """
    if authorization is None:
        return Visitor()
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated(REFUSED)
    claims = tokens.verify(token.strip(), database.clock())
    with database.read(Visitor()) as db:
        return _actor(db, claims)


def _actor(db: Db, claims: Claims) -> Actor:
    session = db.one(
        LIVE_SESSION, session_id=claims.session_id, account_id=claims.account_id, now=db.now
    )
    if session is None:
        raise Unauthenticated(REFUSED)
    if not session.staff:
        return Guardian(
            claims.account_id,
            opened_contacts(db, claims.account_id),
            email=session.email,
            session_id=claims.session_id,
            language=session.language,
        )
    return Staff(
        claims.account_id,
        held_grants(db, claims.account_id),
        email=session.email,
        own_contacts=own_contacts(db, claims.account_id, session.email),
        session_id=claims.session_id,
        language=session.language,
    )
