"""T17: six digits are enough, because nobody may guess often."""

import threading
from collections.abc import Callable
from random import Random

import pytest
import sqlalchemy as sa

from app.actor import Visitor
from auth.codes import make_code, redeem_code
from auth.models import LoginCode, LoginSession
from tests.auth.people import SETTINGS, Door
from tests.world import World, a_contact

pytestmark = pytest.mark.threat("T17")
ADDRESS = "marge@example.org"
SECRET = SETTINGS.secret_key


@pytest.fixture
def door(world: World) -> Door:
    with world.database.write(world.service) as db:
        a_contact(db, world.district, with_email=ADDRESS)
    return Door(world.database)


def test_of_ten_thousand_guesses_from_everywhere_ten_are_looked_at(
    door: Door, scale: Callable[[int], int], rng: Random
) -> None:
    door.ask(ADDRESS)
    right = door.code_for(ADDRESS)
    wrong = [code for n in range(10**6) if (code := f"{n:06}") != right]
    statuses = [
        door.post(
            "/auth/token",
            {"email": ADDRESS, "code": code},
            host=f"203.0.{n // 250}.{n % 250}",
        ).status_code
        for n, code in enumerate(rng.sample(wrong, scale(10_000)))
    ]
    assert statuses[:10] == [401] * 10
    assert set(statuses[10:]) == {429}
    assert door.post("/auth/token", {"email": ADDRESS, "code": right}).status_code == 429
    with door.database.read(Visitor()) as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(LoginSession)) == 0


def test_guessing_at_several_servers_gives_no_more_tries_of_a_code(door: Door, rng: Random) -> None:
    door.ask(ADDRESS)
    right = door.code_for(ADDRESS)
    for _ in range(5):
        guess = {"email": ADDRESS, "code": f"{(int(right) + rng.randrange(1, 9)) % 10**6:06}"}
        assert Door(door.database).post("/auth/token", guess).status_code == 401
    answer = Door(door.database).post("/auth/token", {"email": ADDRESS, "code": right})
    assert answer.status_code == 401


def test_guesses_at_the_same_moment_are_all_counted(
    world: World, scale: Callable[[int], int]
) -> None:
    rounds, threads = scale(200), 8
    for _ in range(rounds):
        with world.database.write(Visitor()) as db:
            code = int(make_code(db, SECRET, ADDRESS, staff=False))
        start = threading.Barrier(threads)

        def guess(n: int, code: int = code, start: threading.Barrier = start) -> None:
            start.wait()
            with world.database.write(Visitor()) as db:
                redeem_code(db, SECRET, ADDRESS, f"{(code + n) % 10**6:06}")

        guessing = [threading.Thread(target=guess, args=(n + 1,)) for n in range(threads)]
        for thread in guessing:
            thread.start()
        for thread in guessing:
            thread.join()
        with world.database.write(Visitor()) as db:
            assert redeem_code(db, SECRET, ADDRESS, f"{code:06}") is None
            assert db.scalar(sa.select(sa.func.max(LoginCode.tries))) == 5
            db.execute(sa.delete(LoginCode))


def test_of_many_right_answers_at_once_one_counts(
    world: World, scale: Callable[[int], int]
) -> None:
    for _ in range(scale(200)):
        with world.database.write(Visitor()) as db:
            code = make_code(db, SECRET, ADDRESS, staff=False)
        start, accepted = threading.Barrier(4), []

        def answer(
            code: str = code, start: threading.Barrier = start, accepted: list[object] = accepted
        ) -> None:
            start.wait()
            with world.database.write(Visitor()) as db:
                accepted.append(redeem_code(db, SECRET, ADDRESS, code))

        answering = [threading.Thread(target=answer) for _ in range(4)]
        for thread in answering:
            thread.start()
        for thread in answering:
            thread.join()
        assert len([one for one in accepted if one]) == 1
