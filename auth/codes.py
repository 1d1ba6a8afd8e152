"""One-time codes: six digits, ten minutes, five tries; the newest two of an address count."""

import hmac
import secrets
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.database import Db
from app.sealing import keyed_hash
from auth.models import LoginCode

LIFETIME = timedelta(minutes=10)
TRIES = 5
NEWEST = 2  # a slow mail may be overtaken by the one asked for after it
KEPT = timedelta(days=1)

LATEST = (
    sa.select(LoginCode.id, LoginCode.staff, LoginCode.code_hash, LoginCode.tries)
    .where(
        LoginCode.address_hash == sa.bindparam("address_hash"),
        LoginCode.expires_at > sa.bindparam("now"),
        LoginCode.used_at.is_(None),
    )
    .order_by(LoginCode.created_at.desc(), LoginCode.id.desc())
    .limit(NEWEST)
    .with_for_update()
)
COUNT_TRY = (
    sa.update(LoginCode)
    .where(LoginCode.id.in_(sa.bindparam("tried", expanding=True)))
    .values(tries=LoginCode.tries + 1)
)
USE_UP = (
    sa.update(LoginCode)
    .where(LoginCode.address_hash == sa.bindparam("address_hash_used"), LoginCode.used_at.is_(None))
    .values(used_at=sa.bindparam("now"))
)
FORGET = sa.delete(LoginCode).where(LoginCode.expires_at < sa.bindparam("before"))


class Challenge(NamedTuple):
    """A code that waits for its answer; `staff` tells what was asked for: the desk or not."""

    id: UUID
    staff: bool
    code_hash: str
    tries: int


def make_code(db: Db, secret: str, address: str, *, staff: bool) -> str:
    """A new code for this (normalised) address. Only keyed hashes of both are kept."""
    code = f"{secrets.randbelow(10**6):06}"
    db.add(
        LoginCode(
            address_hash=_address_hash(secret, address),
            code_hash=_code_hash(secret, address, code),
            staff=staff,
            created_at=db.now,
            expires_at=db.now + LIFETIME,
        )
    )
    return code


def redeem_code(db: Db, secret: str, address: str, code: str) -> Challenge | None:
    """The challenge that this code answers, used up with all others of the address; else None.

    A wrong guess counts against each code that it could have hit: let the transaction commit.
    """
    address_hash = _address_hash(secret, address)
    given = _code_hash(secret, address, "".join(code.split()))
    latest = [Challenge._make(row) for row in db.all(LATEST, address_hash=address_hash, now=db.now)]
    tried = [challenge for challenge in latest if challenge.tries < TRIES]
    matching = [one for one in tried if hmac.compare_digest(one.code_hash, given)]
    db.execute(COUNT_TRY, tried=[challenge.id for challenge in tried])
    if not matching:
        return None
    db.execute(USE_UP, address_hash_used=address_hash, now=db.now)
    return matching[0]


def forget_codes(db: Db) -> None:
    """Delete what has run out more than a day ago."""
    db.execute(FORGET, before=db.now - KEPT)


def _address_hash(secret: str, address: str) -> str:
    return keyed_hash(secret, "login-address", address)


def _code_hash(secret: str, address: str, code: str) -> str:
    return keyed_hash(secret, "login-code", f"{address} {code}")
