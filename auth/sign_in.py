"""Signing in by a mailed code: what is asked, and what a right answer opens."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import cast
from uuid import UUID

import sqlalchemy as sa

from app.actor import Actor, Service, Visitor
from app.config import Settings
from app.database import Database, Db
from app.directory.addresses import normalised_address
from app.directory.models import Link
from app.errors import Invalid
from app.outbox.queue import enqueue_mail
from auth.accounts import account_for, bind_contacts
from auth.codes import LIFETIME, make_code, redeem_code
from auth.letters import code_letter
from auth.models import AccessGrant, Account
from auth.reach import Holder, districts_holding, holders_of
from auth.sessions import (
    PARENT_LIFETIME,
    STAFF_LIFETIME,
    SignedIn,
    issue_refresh_token,
    start_session,
)
from auth.tokens import AccessTokens

STAFF_LANGUAGE = sa.select(Account.language).where(
    Account.email == sa.bindparam("address"),
    Account.disabled_at.is_(None),
    sa.exists().where(AccessGrant.account_id == Account.id),
)
PROVE = (
    sa.update(Link)
    .where(
        Link.district_id == sa.bindparam("of_district"),
        Link.id == sa.bindparam("proven_id"),
        Link.verified_at.is_(None),
    )
    .values(verified_at=sa.bindparam("now"))
)


def request_code(db: Db, settings: Settings, address: str, *, staff: bool) -> None:
    """Mail a code to this (normalised) address if somebody on file may sign in with it.

    For an unknown address the same statements run and the mail is taken back, so that neither
    the answer nor its time tells who is known.
    """
    language = _language_on_file(db, address, holders_of(db, address), staff=staff)
    code = make_code(db, settings.secret_key, address, staff=staff)
    minutes = LIFETIME // timedelta(minutes=1)
    letter = code_letter(language or "en", code, minutes, settings.public_url)
    with db.savepoint() as mail:
        enqueue_mail(
            db, kind="sign-in-code", recipient=address, subject=letter.subject, text=letter.text
        )
        db.flush()
        if language is None:
            mail.rollback()


def sign_in(database: Database, settings: Settings, address: str, code: str) -> SignedIn | None:
    """The session that a right code opens, or None. A wrong guess is counted either way."""
    with _writing_for(database, address) as (db, actor):
        challenge = redeem_code(db, settings.secret_key, address, code)
        if challenge is None:
            return None
        holders = holders_of(db, address)
        account_id = _open_account(db, actor, settings, address, holders, staff=challenge.staff)
        if account_id is None:
            return None
        _prove(db, holders)
        lifetime = STAFF_LIFETIME if challenge.staff else PARENT_LIFETIME
        session_id = start_session(db, account_id, staff=challenge.staff, lifetime=lifetime)
        return SignedIn(account_id, session_id, issue_refresh_token(db, session_id))


def token_for(
    database: Database, settings: Settings, email: str, *, staff: bool = False, minutes: int = 5
) -> str:
    """An access token for one person on file, or at the desk for one with grants.

    For operators and development: opens what her own sign-in would, but proves no mailbox.
    Raises Invalid where nobody may sign in with the address.
    """
    address, lifetime = normalised_address(email), timedelta(minutes=minutes)
    with _writing_for(database, address) as (db, actor):
        holders = holders_of(db, address)
        account_id = _open_account(db, actor, settings, address, holders, staff=staff)
        if account_id is None:
            raise Invalid("Nobody can sign in with this address.", path=("email",))
        session_id = start_session(db, account_id, staff=staff, lifetime=lifetime)
    return AccessTokens(database, settings).mint(account_id, session_id, db.now, lifetime)


@contextlib.contextmanager
def _writing_for(database: Database, address: str) -> Iterator[tuple[Db, Actor]]:
    """A transaction in the districts where the address is on file."""
    with database.read(Visitor()) as db:
        actor = Service("sign-in", districts_holding(db, address))
    with database.write(actor) as db:
        yield db, actor


def _open_account(
    db: Db, actor: Actor, settings: Settings, address: str, holders: list[Holder], *, staff: bool
) -> UUID | None:
    """The account with what the address opens; None if nobody may sign in with it this way.

    Staff are bound to their own contacts as well: nobody decides about her own family.
    """
    language = _language_on_file(db, address, holders, staff=staff)
    if language is None:
        return None
    account = account_for(db, address, language)
    if account.disabled_at is not None:
        return None
    bind_contacts(db, actor, settings, account, _unshared(holders))
    return account.id


def _language_on_file(db: Db, address: str, holders: list[Holder], *, staff: bool) -> str | None:
    """The language of whoever may sign in with this address; None if nobody may."""
    if staff:
        return cast("str | None", db.scalar(STAFF_LANGUAGE, address=address))
    return holders[0].language if holders else None


def _prove(db: Db, holders: list[Holder]) -> None:
    for holder in _unshared(holders):
        db.execute(PROVE, of_district=holder.district_id, proven_id=holder.link_id, now=db.now)


def _unshared(holders: list[Holder]) -> list[Holder]:
    """Those for whom the mailbox speaks: two contacts on one mailbox, and neither opens."""
    return [holder for holder in holders if not holder.shared]
