"""T22: an access token is ours in every part, or it is refused and nothing is fetched for it."""

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cached_property
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.types import ASGIApp
from uuid_utils.compat import uuid7

from app.actor import Visitor
from app.errors import Unauthenticated
from app.main import create_app
from auth.bearer import identify
from auth.models import LoginSession
from auth.sessions import end_session, issue_refresh_token, start_session
from auth.tokens import AccessTokens
from tests.graphql_schema.asking import GRAPHQL_JSON, PRODUCTION, codes, run
from tests.world import World, a_contact, an_account

pytestmark = pytest.mark.threat("T22")
Forgery = Callable[["Forge"], str]


class Forge:
    """What an attacker has (a real token, the public keys, keys of her own), and a little more:
    tokens with our own signature that say something wrong."""

    def __init__(self, world: World, keys_at: str) -> None:
        self.keys_at = keys_at
        self.database = world.database
        self.tokens = AccessTokens(world.database, PRODUCTION)
        with world.database.write(world.service) as db:
            contact = a_contact(db, world.district, with_email="marge@example.org")
            self.account_id = an_account(db, "marge@example.org", opens=[contact]).id
            self.other_id = an_account(db, "ned@example.org").id
            self.session_id = self._session(db)
            self.ended_id = self._session(db)
            end_session(db, self.ended_id)
            self.refresh_token = issue_refresh_token(db, self.session_id)
        self.now = world.database.clock()
        self.real = self.tokens.mint(self.account_id, self.session_id, self.now)
        self.kid, self.key = self.tokens.keys.signing()
        self.claims = jwt.decode(self.real, options={"verify_signature": False})
        self.own_key = Ed25519PrivateKey.generate()

    def _session(self, db: Any) -> Any:
        return start_session(db, self.account_id, staff=False, lifetime=timedelta(hours=1))

    @cached_property
    def pem(self) -> bytes:
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def signed(self, *, header: dict[str, Any] | None = None, drop: str = "", **claims: Any) -> str:
        """By our own key; None drops a header."""
        said = {k: v for k, v in (self.claims | claims).items() if k != drop}
        headers = {"typ": "at+jwt", "kid": self.kid} | (header or {})
        return jwt.encode(said, self.key, "EdDSA", headers=headers)

    def by(self, key: Any, algorithm: str, **header: Any) -> str:
        headers = {"typ": "at+jwt", "kid": self.kid} | header
        return jwt.encode(self.claims, key, algorithm, headers=headers)

    def raw(self, header: Any, payload: Any, signature: bytes = b"") -> str:
        """Put together by hand; a text stands as it is, and our key signs what has no signature."""
        parts = [p if isinstance(p, str) else json.dumps(p) for p in (header, payload)]
        signing = ".".join(_base64(part.encode()) for part in parts)
        return f"{signing}.{_base64(signature or self.key.sign(signing.encode()))}"

    @property
    def header(self) -> dict[str, Any]:
        return {"alg": "EdDSA", "typ": "at+jwt", "kid": self.kid}

    @property
    def own_jwk(self) -> dict[str, str]:
        x = _base64(self.own_key.public_key().public_bytes_raw())
        return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "own"}

    def at(self, **delta: float) -> int:
        return int((self.now + timedelta(**delta)).timestamp())

    @property
    def parts(self) -> list[str]:
        return self.real.split(".")


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _hmac(forge: Forge, key: bytes) -> str:
    """PyJWT itself refuses to sign with a public key; an attacker does not use PyJWT."""
    header = forge.header | {"alg": "HS256"}
    signing = ".".join(_base64(json.dumps(part).encode()) for part in (header, forge.claims))
    return f"{signing}.{_base64(hmac.digest(key, signing.encode(), hashlib.sha256))}"


FORGED: dict[str, Forgery] = {
    # the algorithm
    "none": lambda f: jwt.encode(f.claims, None, "none", headers={"typ": "at+jwt", "kid": f.kid}),
    "none in odd capitals": lambda f: f.raw(f.header | {"alg": "nOnE"}, f.claims),
    "none with a real signature": lambda f: f.raw(f.header | {"alg": "none"}, f.claims),
    "HS256 with the public key, raw": lambda f: _hmac(f, f.key.public_key().public_bytes_raw()),
    "HS256 with the public key, PEM": lambda f: _hmac(f, f.pem),
    "HS256 with an empty key": lambda f: _hmac(f, b""),
    "RS256 with a key of her own": lambda f: f.by(
        rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256"
    ),
    "ES256 with a key of her own": lambda f: f.by(ec.generate_private_key(ec.SECP256R1()), "ES256"),
    "an algorithm that does not exist": lambda f: f.raw(f.header | {"alg": "X"}, f.claims),
    "no algorithm": lambda f: f.raw({"typ": "at+jwt", "kid": f.kid}, f.claims),
    # the key
    "her own key under our name": lambda f: f.by(f.own_key, "EdDSA"),
    "her own key under its name": lambda f: f.by(f.own_key, "EdDSA", kid="own"),
    "our key under another name": lambda f: f.signed(header={"kid": str(uuid7())}),
    "a path for a name": lambda f: f.signed(header={"kid": "../../dev/null"}),
    "SQL for a name": lambda f: f.signed(header={"kid": "' OR 1=1 --"}),
    "a number for a name": lambda f: f.raw(f.header | {"kid": 1}, f.claims),
    "no name": lambda f: f.raw({"alg": "EdDSA", "typ": "at+jwt"}, f.claims),
    "jku to her keys": lambda f: f.by(f.own_key, "EdDSA", kid="own", jku=f.keys_at),
    "jku beside our own signature": lambda f: f.signed(header={"jku": f.keys_at}),
    "x5u to her certificate": lambda f: f.by(f.own_key, "EdDSA", kid="own", x5u=f.keys_at),
    "her key inside": lambda f: f.by(f.own_key, "EdDSA", kid="own", jwk=f.own_jwk),
    "an extension we must understand": lambda f: f.signed(header={"crit": ["exp"], "exp": 1}),
    # what it is for
    "an ID token": lambda f: f.signed(header={"typ": "JWT"}, aud="parent-app", nonce="n"),
    "no type": lambda f: f.raw({"alg": "EdDSA", "kid": f.kid}, f.claims),
    "a refresh token": lambda f: f.refresh_token,
    "another audience": lambda f: f.signed(aud="https://elsewhere.example/graphql"),
    "our audience among others": lambda f: f.signed(aud=[f.claims["aud"], "https://elsewhere"]),
    "no audience": lambda f: f.signed(drop="aud"),
    "another issuer": lambda f: f.signed(iss="https://elsewhere.example"),
    "our issuer with a slash": lambda f: f.signed(iss=f.claims["iss"] + "/"),
    "no issuer": lambda f: f.signed(drop="iss"),
    # when
    "expired": lambda f: f.signed(exp=f.at(seconds=0)),
    "never expires": lambda f: f.signed(drop="exp"),
    "expires in words": lambda f: f.signed(exp="tomorrow"),
    "expires in a fraction": lambda f: f.signed(exp=f.at(minutes=5) + 0.5),
    "expires at infinity": lambda f: f.raw(
        f.header, json.dumps(f.claims | {"exp": 0}).replace('"exp": 0', '"exp": Infinity')
    ),
    "not yet valid": lambda f: f.signed(nbf=f.at(minutes=1)),
    "from the future": lambda f: f.signed(iat=f.at(minutes=1)),
    "of no time": lambda f: f.signed(drop="iat"),
    # who
    "a number for a person": lambda f: f.raw(f.header, f.claims | {"sub": 1}),
    "nobody": lambda f: f.signed(drop="sub"),
    "somebody else in her session": lambda f: f.signed(sub=str(f.other_id)),
    "no session": lambda f: f.signed(drop="sid"),
    "an unknown session": lambda f: f.signed(sid=str(uuid7())),
    "a session that has ended": lambda f: f.signed(sid=str(f.ended_id)),
    "a list for a session": lambda f: f.signed(sid=[str(f.session_id)]),
    "no token id": lambda f: f.signed(drop="jti"),
    # its form
    "changed words, kept signature": lambda f: ".".join(
        [f.parts[0], _base64(json.dumps(f.claims | {"sub": str(f.other_id)}).encode()), f.parts[2]]
    ),
    "one claim twice, kept signature": lambda f: ".".join(
        [
            f.parts[0],
            _base64(json.dumps(f.claims)[:-1].encode() + b', "sub": "' + b"x" * 36 + b'"}'),
            f.parts[2],
        ]
    ),
    "the signature of another token": lambda f: ".".join(
        [*f.parts[:2], f.tokens.mint(f.other_id, f.session_id, f.now).split(".")[2]]
    ),
    "cut off": lambda f: f.real[:-1],
    "no signature": lambda f: ".".join([*f.parts[:2], ""]),
    "two parts": lambda f: ".".join(f.parts[:2]),
    "five parts": lambda f: f"{f.real}.x.y",
    "a list for claims": lambda f: f.raw(f.header, "[]"),
    "no JSON": lambda f: f.raw(f.header, "{"),
    "no JSON before it": lambda f: f.raw("{", f.claims),
    "a deep header": lambda f: f.raw("[" * 1200, ""),
    "deep claims": lambda f: f.raw(f.header, "[" * 1200),
    "a long token": lambda f: f.signed(more="x" * 100_000),
    "letters of another alphabet": lambda f: f.real + "é",
    "nothing": lambda f: "",
}


@pytest.fixture
def fetched() -> Iterator[tuple[str, list[object]]]:
    """An address where the attacker's keys would be, and who came for them."""
    callers: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    connection, caller = server.accept()
                except OSError:
                    return
                callers.append(caller)
                connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/jwks.json", callers
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def asked(app: ASGIApp, token: str) -> Any:
    # As bytes: a header can hold what Python's own client would not send.
    authorization = b"Bearer " + token.encode("latin-1")
    headers: Any = [(b"authorization", authorization), (b"accept", GRAPHQL_JSON.encode())]
    return run(app, "{ viewer { email } }", headers=headers)


def test_no_forged_token_is_let_in_and_no_key_is_fetched(
    world: World, fetched: tuple[str, list[object]]
) -> None:
    keys_at, callers = fetched
    forge = Forge(world, keys_at)
    app = create_app(PRODUCTION, world.database)
    assert asked(app, forge.real).status_code == 200
    answers = {name: asked(app, forged(forge)) for name, forged in FORGED.items()}
    let_in = [name for name, answer in answers.items() if answer.status_code != 401]
    assert let_in == []
    for answer in answers.values():
        assert codes(answer) == ["UNAUTHENTICATED"]
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert len({answer.json()["errors"][0]["message"] for answer in answers.values()}) == 1
    assert callers == []
    assert len(FORGED) >= 30
    with world.database.read(Visitor()) as db:
        assert db.session.query(LoginSession).count() == 2


def test_the_real_token_still_counts_after_all_of_them(world: World) -> None:
    forge = Forge(world, "http://127.0.0.1:9/")
    for forged in FORGED.values():
        with pytest.raises(Unauthenticated):
            identify(world.database, forge.tokens, f"Bearer {forged(forge)}")
    assert identify(world.database, forge.tokens, f"Bearer {forge.real}")
