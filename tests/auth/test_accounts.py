"""One address, one account, however many ask for it at once."""

import threading
from collections.abc import Callable
from uuid import UUID

from app.actor import Service
from app.database import Database
from auth.accounts import account_for


def test_many_at_once_get_the_same_account(database: Database, scale: Callable[[int], int]) -> None:
    for n in range(scale(200)):
        found: list[UUID] = []
        start = threading.Barrier(4)

        def find(n: int = n, start: threading.Barrier = start, found: list[UUID] = found) -> None:
            start.wait()
            with database.write(Service("test")) as db:
                found.append(account_for(db, f"marge{n}@example.org", "es").id)

        finding = [threading.Thread(target=find) for _ in range(4)]
        for thread in finding:
            thread.start()
        for thread in finding:
            thread.join()
        assert len(found) == 4
        assert len(set(found)) == 1
