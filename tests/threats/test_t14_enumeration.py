"""T14: whoever asks for a code learns nothing about who is on file."""

import asyncio
import re
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from app.main import create_app
from app.outbox.queue import newest_items
from app.vocabulary import Feature
from tests.graphql_schema.asking import PRODUCTION
from tests.world import World, a_contact, a_grant, an_account

pytestmark = pytest.mark.threat("T14")
MOST_SECONDS = 0.005
DIFFER_BY_NATURE = {"x-request-id", "date"}
# The mail to an unknown address is taken back.
ENDED_SAVEPOINT = re.compile(r"(RELEASE|ROLLBACK TO) SAVEPOINT")
Answer = tuple[int, bytes, list[tuple[str, str]]]


def on_file(n: int) -> str:
    return f"parent{n:05}@example.org"


def unknown(n: int) -> str:
    return f"nobody{n:05}@example.org"


@pytest.fixture
def statements(world: World) -> Iterator[list[str]]:
    """The text of every statement that is run."""
    run: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        run.append(ENDED_SAVEPOINT.sub("END SAVEPOINT", statement))

    event.listen(world.database.engine, "before_cursor_execute", note)
    yield run
    event.remove(world.database.engine, "before_cursor_execute", note)


class Stranger:
    """Asks from a new network address each time, and looks at the answer and the watch."""

    def __init__(self, world: World) -> None:
        self.app = create_app(PRODUCTION, world.database)
        self.asked = 0

    async def ask(self, path: str, body: dict[str, Any]) -> tuple[Answer, float]:
        self.asked += 1
        host = f"198.51.{self.asked // 250}.{self.asked % 250}"
        transport = httpx.ASGITransport(self.app, client=(host, 50_000))
        async with httpx.AsyncClient(transport=transport, base_url=PRODUCTION.public_url) as client:
            began = time.perf_counter()
            answer = await client.post(path, json=body)
            took = time.perf_counter() - began
        headers = [pair for pair in answer.headers.items() if pair[0] not in DIFFER_BY_NATURE]
        return (answer.status_code, answer.content, headers), took

    def compare(self, path: str, pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        """One pair after the other: the same answers, and no difference in time."""

        async def ask_all() -> list[list[tuple[Answer, float]]]:
            return [[await self.ask(path, body) for body in pair] for pair in pairs]

        asked = asyncio.run(ask_all())
        answers = {str(answer) for pair in asked for answer, _ in pair}
        assert len(answers) == 1, answers
        known, not_known = (statistics.median(pair[side][1] for pair in asked) for side in (0, 1))
        assert abs(known - not_known) < MOST_SECONDS


@pytest.fixture
def stranger(world: World) -> Stranger:
    return Stranger(world)


@pytest.mark.parametrize("staff", [False, True])
def test_a_known_and_an_unknown_address_get_the_same_answer_in_the_same_time(
    world: World, stranger: Stranger, scale: Callable[[int], int], staff: bool
) -> None:
    count = scale(1000)
    with world.database.write(world.service) as db:
        for n in range(count):
            if staff:
                a_grant(db, an_account(db, on_file(n)), world.district, Feature.VIEW_CONTACTS)
            else:
                a_contact(db, world.district, with_email=on_file(n))
    stranger.compare(
        "/auth/code",
        [
            ({"email": on_file(n), "staff": staff}, {"email": unknown(n), "staff": staff})
            for n in range(count)
        ],
    )
    stranger.compare(
        "/auth/token",
        [
            ({"email": on_file(n), "code": "no code"}, {"email": unknown(n), "code": "no code"})
            for n in range(count)
        ],
    )


def test_the_database_does_the_same_work_for_both(
    world: World, stranger: Stranger, statements: list[str]
) -> None:
    with world.database.write(world.service) as db:
        for n in range(2):
            a_contact(db, world.district, with_email=on_file(n))
    done = []
    for address in (on_file(0), unknown(0), on_file(1), unknown(1)):
        statements.clear()
        asyncio.run(stranger.ask("/auth/code", {"email": address}))
        asyncio.run(stranger.ask("/auth/token", {"email": address, "code": "000000"}))
        done.append(list(statements))
    assert done[0] == done[1]
    assert done[2] == done[3]
    assert any("INSERT INTO outbox_item" in statement for statement in done[1])


def test_only_who_is_on_file_gets_a_mail(world: World, stranger: Stranger) -> None:
    with world.database.write(world.service) as db:
        a_contact(db, world.district, with_email=on_file(0))
    for address in (on_file(0), unknown(0)):
        asyncio.run(stranger.ask("/auth/code", {"email": address}))
    with world.database.read(world.service) as db:
        assert [item.recipient for item in newest_items(db)] == [on_file(0)]
