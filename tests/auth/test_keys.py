"""Signing keys: they change, and nobody is signed out by it."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
import sqlalchemy as sa
from sqlalchemy import event
from uuid_utils.compat import uuid7

from app.actor import Service, Visitor
from app.config import Settings
from app.database import Database
from app.errors import Unauthenticated
from auth.keys import SigningKeys, rotate_keys
from auth.models import SigningKey
from auth.tokens import AccessTokens, Claims
from tests.world import SetClock

SECRET = "s" * 32
SETTINGS = Settings(public_url="https://portal.example.org", secret_key=SECRET)


def a_token(tokens: AccessTokens, clock: SetClock) -> str:
    return tokens.mint(uuid7(), uuid7(), clock.now)


def verified(tokens: AccessTokens, token: str, clock: SetClock) -> Claims:
    return tokens.verify(token, clock.now)


def rotate(database: Database) -> str:
    with database.write(Service("keys")) as db:
        return rotate_keys(db, SECRET)


@pytest.fixture
def reads(database: Database) -> Any:
    """Counts the transactions opened on the database."""
    begun: list[object] = []

    def note(connection: object) -> None:
        begun.append(connection)

    event.listen(database.engine, "begin", note)
    yield begun
    event.remove(database.engine, "begin", note)


def test_the_first_key_is_made_when_it_is_needed(database: Database, clock: SetClock) -> None:
    tokens = AccessTokens(database, SETTINGS)
    assert verified(tokens, a_token(tokens, clock), clock)
    assert len(tokens.keys.jwks()["keys"]) == 1


def test_the_newest_key_signs_and_the_older_verifies_until_its_tokens_ran_out(
    database: Database, clock: SetClock
) -> None:
    tokens = AccessTokens(database, SETTINGS)
    before = a_token(tokens, clock)
    new = rotate(database)
    clock.advance(timedelta(minutes=1))
    after = a_token(tokens, clock)
    assert jwt.get_unverified_header(after)["kid"] == new
    assert verified(tokens, before, clock)
    assert verified(tokens, after, clock)
    assert len(tokens.keys.jwks()["keys"]) == 2
    clock.advance(timedelta(minutes=6))
    assert [key["kid"] for key in tokens.keys.jwks()["keys"]] == [new]


def test_a_process_that_has_not_read_the_new_key_yet_signs_out_nobody(
    database: Database, clock: SetClock
) -> None:
    one, other = (AccessTokens(database, SETTINGS) for _ in range(2))
    verified(other, a_token(one, clock), clock)
    rotate(database)
    clock.advance(timedelta(seconds=59))
    late = a_token(one, clock)  # still signed by the retired key
    clock.advance(timedelta(minutes=4, seconds=59))
    assert verified(other, late, clock)
    assert verified(one, a_token(other, clock), clock)


def test_an_unknown_key_is_looked_for_only_once_in_a_while(
    database: Database, clock: SetClock, reads: list[object]
) -> None:
    tokens = AccessTokens(database, SETTINGS)
    good = a_token(tokens, clock)
    stranger = jwt.encode({}, good[:32], "HS256", headers={"typ": "at+jwt", "kid": "stranger"})
    reads.clear()
    for _ in range(100):
        with pytest.raises(Unauthenticated):
            verified(tokens, stranger, clock)
    assert reads == []
    clock.advance(timedelta(seconds=5))
    for _ in range(100):
        with pytest.raises(Unauthenticated):
            verified(tokens, stranger, clock)
    assert len(reads) == 1


def test_checking_a_token_reads_no_database(
    database: Database, clock: SetClock, reads: list[object]
) -> None:
    tokens = AccessTokens(database, SETTINGS)
    many = [a_token(tokens, clock) for _ in range(10)]
    reads.clear()
    for token in many:
        verified(tokens, token, clock)
    assert reads == []


def test_a_remembered_token_ends_with_its_key(database: Database, clock: SetClock) -> None:
    tokens = AccessTokens(database, SETTINGS)
    long = tokens.mint(uuid7(), uuid7(), clock.now, timedelta(days=1))
    assert verified(tokens, long, clock)
    rotate(database)
    clock.advance(timedelta(minutes=7))
    with pytest.raises(Unauthenticated):
        verified(tokens, long, clock)


def test_the_private_part_is_not_kept_in_clear(database: Database, clock: SetClock) -> None:
    tokens = AccessTokens(database, SETTINGS)
    a_token(tokens, clock)
    _, private = tokens.keys.signing()
    with database.read(Visitor()) as db:
        (row,) = db.all(sa.select(SigningKey.__table__))
    assert private.private_bytes_raw().hex() not in str(row)
    assert row.private.startswith("gAAAA"), "a Fernet token"


def test_under_another_secret_old_tokens_still_count_and_a_new_key_signs(
    database: Database, clock: SetClock
) -> None:
    old = AccessTokens(database, SETTINGS)
    token = a_token(old, clock)
    new = AccessTokens(database, Settings(public_url=SETTINGS.public_url, secret_key="n" * 32))
    assert verified(new, token, clock)
    again = a_token(new, clock)
    assert jwt.get_unverified_header(again)["kid"] != jwt.get_unverified_header(token)["kid"]
    assert verified(new, again, clock)


def test_the_key_set_holds_nothing_private(database: Database, clock: SetClock) -> None:
    keys = SigningKeys(database, SECRET)
    key_id, private = keys.signing()
    (published,) = keys.jwks()["keys"]
    assert set(published) == {"kty", "crv", "use", "alg", "kid", "x"}
    assert published["kid"] == key_id
    signed = jwt.encode({"a": 1}, private, "EdDSA")
    assert jwt.decode(signed, jwt.PyJWK(published).key, ["EdDSA"]) == {"a": 1}
