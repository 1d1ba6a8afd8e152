"""Access tokens: what they say and when they count (RFC 9068, signed with Ed25519)."""

import functools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from uuid_utils.compat import uuid7

from app.config import Settings
from app.database import Database
from app.errors import Unauthenticated
from auth.keys import TOKEN_LIFETIME, SigningKeys

TYPE = "at+jwt"
ALGORITHM = "EdDSA"
CLIENT = "portal"  # the portal's own sign-in; clients of others have names of their own
HEADER = {"alg", "typ", "kid"}  # anything else (jku, x5u, jwk, crit) is refused unread
REQUIRED = ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "client_id"]
# The clock is the portal's own; PyJWT would ask the machine's.
OPTIONS: Any = {
    "require": REQUIRED,
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "strict_aud": True,
}
LONGEST = 2048
SKEW = timedelta(seconds=5)  # between the clocks of two of our servers
REMEMBERED = 4096
REFUSED = "Please sign in again."


@dataclass(frozen=True, slots=True)
class Claims:
    account_id: UUID
    session_id: UUID
    client_id: str


@dataclass(frozen=True, slots=True)
class _Signed:
    """What a well-signed token says, before anybody asks what time it is."""

    key_id: str
    claims: Claims
    not_before: int
    expires: int


class AccessTokens:
    """Makes and checks the tokens of one portal."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.keys = SigningKeys(database, settings.secret_key)
        self.issuer = settings.public_url
        self.audience = f"{settings.public_url}/graphql"
        # A parent's app shows one token many times; its signature is worth checking once.
        self._signed = functools.lru_cache(maxsize=REMEMBERED)(self._check_signature)

    def mint(
        self,
        account_id: UUID,
        session_id: UUID,
        now: datetime,
        lifetime: timedelta = TOKEN_LIFETIME,
    ) -> str:
        """A token for this session. Not inside a transaction: the first one makes a key."""
        key_id, key = self.keys.signing()
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": str(account_id),
            "sid": str(session_id),
            "jti": str(uuid7()),
            "iat": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
            "client_id": CLIENT,
        }
        return jwt.encode(claims, key, ALGORITHM, headers={"typ": TYPE, "kid": key_id})

    def verify(self, token: str, now: datetime) -> Claims:
        """What the token says; raises Unauthenticated, with one text for every flaw.

        Reads no database unless the token names a key this process has not seen.
        """
        try:
            signed = self._signed(token)
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Unauthenticated(REFUSED) from error
        current = self.keys.verifying(signed.key_id) is not None
        started = signed.not_before <= (now + SKEW).timestamp()
        if not (current and started and now.timestamp() < signed.expires):
            raise Unauthenticated(REFUSED)
        return signed.claims

    def _check_signature(self, token: str) -> _Signed:
        if len(token) > LONGEST:
            raise jwt.InvalidTokenError("too long")
        header = jwt.get_unverified_header(token)
        if set(header) != HEADER or header["typ"] != TYPE:
            raise jwt.InvalidTokenError("not an access token")
        key = self.keys.verifying(header["kid"])
        if key is None:
            raise jwt.InvalidTokenError("unknown key")
        said = jwt.decode(
            token, key, [ALGORITHM], OPTIONS, audience=self.audience, issuer=self.issuer
        )
        return _Signed(
            key_id=header["kid"],
            claims=Claims(UUID(str(said["sub"])), UUID(str(said["sid"])), str(said["client_id"])),
            not_before=max(_seconds(said["iat"]), _seconds(said.get("nbf", 0))),
            expires=_seconds(said["exp"]),
        )


def _seconds(value: Any) -> int:
    """A NumericDate (RFC 7519), whole seconds only."""
    if type(value) is not int:
        raise jwt.InvalidTokenError("not a time")
    return value
