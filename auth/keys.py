"""The keys that sign access tokens: the newest signs, older ones verify until nothing needs them."""

import base64
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from uuid_utils.compat import uuid7

from app.actor import Service, Visitor
from app.database import Database, Db
from app.sealing import seal, unseal
from auth.models import SigningKey

PURPOSE = "signing-key"
TOKEN_LIFETIME = timedelta(minutes=5)
REREAD_AFTER = timedelta(minutes=1)
REREAD_FOR_UNKNOWN_AFTER = timedelta(seconds=5)
# Another process may sign with a retired key until it reads again; its tokens then live on.
VERIFIES_AFTER_RETIRING = TOKEN_LIFETIME + REREAD_AFTER

USABLE = (
    sa.select(SigningKey.id, SigningKey.private, SigningKey.public, SigningKey.retired_at)
    .where(
        SigningKey.retired_at.is_(None) | (SigningKey.retired_at > sa.bindparam("still_verifying"))
    )
    .order_by(SigningKey.created_at.desc(), SigningKey.id.desc())
)
RETIRE = (
    sa.update(SigningKey)
    .where(SigningKey.retired_at.is_(None))
    .values(retired_at=sa.bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Key:
    """`private` is None where the secret it was sealed with is no longer the portal's."""

    id: str
    public: Ed25519PublicKey
    private: Ed25519PrivateKey | None
    retired_at: datetime | None

    def verifies_at(self, now: datetime) -> bool:
        return self.retired_at is None or now < self.retired_at + VERIFIES_AFTER_RETIRING


class SigningKeys:
    """The keys as this process knows them, read again every minute."""

    def __init__(self, database: Database, secret_key: str) -> None:
        self._database = database
        self._secret_key = secret_key
        self._keys: dict[str, Key] = {}
        self._read_at: datetime | None = None
        self._reading = threading.Lock()

    def verifying(self, key_id: str) -> Ed25519PublicKey | None:
        """The key a token names, if it still counts.

        An unknown name reads the table again, but only once in a while: forged tokens are cheap.
        """
        known = key_id in self._keys
        self._read_when_older_than(REREAD_AFTER if known else REREAD_FOR_UNKNOWN_AFTER)
        key = self._keys.get(key_id)
        return key.public if key and key.verifies_at(self._database.clock()) else None

    def signing(self) -> tuple[str, Ed25519PrivateKey]:
        """The newest key and its id; the first one is made here. Not inside a transaction."""
        self._read_when_older_than(REREAD_AFTER)
        found = self._newest()
        if found is None:
            with self._database.write(Service("keys")) as db:
                rotate_keys(db, self._secret_key)
            self._read()
            found = self._newest()
        assert found is not None, "a key was just made"
        return found

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public keys as a JSON Web Key Set (RFC 7517, RFC 8037)."""
        self._read_when_older_than(REREAD_AFTER)
        now = self._database.clock()
        return {"keys": [_jwk(key) for key in self._keys.values() if key.verifies_at(now)]}

    def _newest(self) -> tuple[str, Ed25519PrivateKey] | None:
        signing = (
            (key.id, key.private)
            for key in self._keys.values()
            if key.private is not None and key.retired_at is None
        )
        return next(signing, None)

    def _read_when_older_than(self, age: timedelta) -> None:
        if self._is_older_than(age):
            with self._reading:  # one reads, the others wait for its answer
                if self._is_older_than(age):
                    self._read()

    def _is_older_than(self, age: timedelta) -> bool:
        return self._read_at is None or self._database.clock() - self._read_at >= age

    def _read(self) -> None:
        with self._database.read(Visitor()) as db:
            rows = db.all(USABLE, still_verifying=db.now - VERIFIES_AFTER_RETIRING)
        self._keys = {row.id: _opened(row, self._secret_key) for row in rows}
        self._read_at = db.now


def rotate_keys(db: Db, secret_key: str) -> str:
    """A new key signs from now on; gives its id. Tokens of the others stay good: nobody is out."""
    private = Ed25519PrivateKey.generate()
    db.execute(RETIRE, now=db.now)
    key = SigningKey(
        id=str(uuid7()),
        private=seal(secret_key, PURPOSE, _text(private.private_bytes_raw())),
        public=_text(private.public_key().public_bytes_raw()),
        created_at=db.now,
    )
    db.add(key)
    return key.id


def _opened(row: Any, secret_key: str) -> Key:
    try:
        raw = _bytes(unseal(secret_key, PURPOSE, row.private))
        private = Ed25519PrivateKey.from_private_bytes(raw)
    except InvalidToken:
        private = None
    public = Ed25519PublicKey.from_public_bytes(_bytes(row.public))
    return Key(row.id, public, private, row.retired_at)


def _jwk(key: Key) -> dict[str, str]:
    x = _text(key.public.public_bytes_raw())
    return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.id, "x": x}


def _text(raw: bytes) -> str:
    """Base64url without padding, as in a JWK."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
