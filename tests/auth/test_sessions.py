"""Refresh tokens: each works once, a copy ends the session, a lost answer does not."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.actor import Guardian, Visitor
from app.errors import Unauthenticated
from auth.models import Account, RefreshToken
from auth.sessions import SignedIn, forget_successors, refresh
from tests.auth.people import Door
from tests.world import SetClock, World, a_contact

ADDRESS = "marge@example.org"


@pytest.fixture
def door(world: World) -> Door:
    with world.database.write(world.service) as db:
        a_contact(db, world.district, with_email=ADDRESS)
    return Door(world.database)


def refreshed(door: Door, token: str) -> Any:
    return door.post("/auth/refresh", {"refresh_token": token})


def test_a_refresh_token_gives_the_next_one_of_the_same_session(door: Door) -> None:
    first = door.sign_in(ADDRESS)
    second = refreshed(door, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    before, after = door.actor(first), door.actor(second)
    assert isinstance(before, Guardian)
    assert isinstance(after, Guardian)
    assert before.session_id == after.session_id


def test_a_lost_answer_is_given_again_within_ten_seconds(door: Door, clock: SetClock) -> None:
    token = door.sign_in(ADDRESS)["refresh_token"]
    first = refreshed(door, token).json()
    clock.advance(timedelta(seconds=10))
    again = refreshed(door, token).json()
    assert again["refresh_token"] == first["refresh_token"]
    assert refreshed(door, again["refresh_token"]).status_code == 200


@pytest.mark.parametrize("replayed", [0, 1])
def test_a_copy_used_later_ends_the_whole_session(
    door: Door, clock: SetClock, replayed: int
) -> None:
    credentials = [door.sign_in(ADDRESS)]
    for _ in range(2):
        credentials.append(refreshed(door, credentials[-1]["refresh_token"]).json())
    clock.advance(timedelta(seconds=11))
    assert refreshed(door, credentials[replayed]["refresh_token"]).status_code == 401
    assert refreshed(door, credentials[-1]["refresh_token"]).status_code == 401
    with pytest.raises(Unauthenticated):
        door.actor(credentials[-1])


def test_only_hashes_are_kept_and_the_successor_is_sealed_and_forgotten(
    door: Door, clock: SetClock
) -> None:
    token = door.sign_in(ADDRESS)["refresh_token"]
    successor = refreshed(door, token).json()["refresh_token"]

    def rows() -> str:
        with door.database.read(Visitor()) as db:
            return str(db.all(sa.select(RefreshToken.__table__)))

    assert token not in rows()
    assert successor not in rows()
    clock.advance(timedelta(seconds=11))
    with door.database.write(Visitor()) as db:
        forget_successors(db)
    with door.database.read(Visitor()) as db:
        assert db.scalar(sa.select(sa.func.count(RefreshToken.successor))) == 0


def test_of_many_at_once_all_get_the_same_successor(door: Door) -> None:
    token = door.sign_in(ADDRESS)["refresh_token"]
    answers: list[SignedIn | None] = []
    start = threading.Barrier(8)

    def one() -> None:
        start.wait()
        with door.database.write(Visitor()) as db:
            answers.append(refresh(db, token))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer.refresh_token for answer in answers if answer}) == 1
    assert None not in answers
    with door.database.read(Visitor()) as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(RefreshToken)) == 2


def test_signing_out_ends_the_session_at_once(door: Door) -> None:
    credentials = door.sign_in(ADDRESS)
    answer = door.post("/auth/sign-out", {"refresh_token": credentials["refresh_token"]})
    assert answer.status_code == 204
    assert refreshed(door, credentials["refresh_token"]).status_code == 401
    with pytest.raises(Unauthenticated):
        door.actor(credentials)


def test_signing_out_with_nonsense_tells_nothing(door: Door) -> None:
    assert door.post("/auth/sign-out", {"refresh_token": "x"}).status_code == 204


def test_one_sign_out_leaves_her_other_device_signed_in(door: Door) -> None:
    phone, tablet = door.sign_in(ADDRESS), door.sign_in(ADDRESS)
    door.post("/auth/sign-out", {"refresh_token": phone["refresh_token"]})
    assert isinstance(door.actor(tablet), Guardian)


def test_a_session_ends_after_ninety_days(door: Door, clock: SetClock) -> None:
    token = door.sign_in(ADDRESS)["refresh_token"]
    clock.advance(timedelta(days=89))
    token = refreshed(door, token).json()["refresh_token"]
    clock.advance(timedelta(days=1))
    assert refreshed(door, token).status_code == 401


def test_a_disabled_account_refreshes_nothing(door: Door) -> None:
    token = door.sign_in(ADDRESS)["refresh_token"]
    with door.database.write(Visitor()) as db:
        db.session.execute(sa.update(Account).values(disabled_at=db.now))
    assert refreshed(door, token).status_code == 401


@pytest.mark.parametrize("token", ["", "x", "é", "\x00", "a" * 5000])
def test_nonsense_refreshes_nothing(door: Door, token: str) -> None:
    assert refreshed(door, token).status_code == 401
