"""Somebody with access to the database itself: no trigger and no foreign key holds him."""

import contextlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.consent.checkpoints import HOLDERS
from app.consent.ledger import BEFORE_THE_FIRST, chain_name, line_hash
from app.consent.models import Checkpoint, ConsentEvent, Evidence
from app.database import Database

EVENTS: Any = ConsentEvent.__table__
EVIDENCE: Any = Evidence.__table__
CHECKPOINTS: Any = Checkpoint.__table__
LEDGER = (EVENTS, EVIDENCE, CHECKPOINTS, *HOLDERS.values())


class Insider:
    """`with insider.at_work() as db: ...` changes what he likes."""

    def __init__(self, database: Database) -> None:
        url = database.engine.url
        self.sqlite = database.sqlite
        self.engine = sa.create_engine(url if self.sqlite else url.set(username="postgres"))
        if self.sqlite:
            self._drop_triggers()

    def _drop_triggers(self) -> None:
        with self.engine.begin() as connection:
            triggers = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for name in connection.execute(triggers).scalars().all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")

    @contextlib.contextmanager
    def at_work(self) -> Iterator[sa.Connection]:
        with self.engine.begin() as connection:
            if not self.sqlite:
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            yield connection

    def saved(self) -> dict[Any, list[dict[str, Any]]]:
        """The whole ledger as it is, to be put back."""
        with self.engine.begin() as connection:
            return {
                table: [dict(row._mapping) for row in connection.execute(sa.select(table))]
                for table in LEDGER
            }

    def put_back(self, saved: dict[Any, list[dict[str, Any]]]) -> None:
        with self.at_work() as connection:
            for table, rows in saved.items():
                connection.execute(sa.delete(table))
                connection.execute(sa.insert(table), rows)

    def leave(self) -> None:
        self.engine.dispose()


class Chain:
    """One chain as the insider sees it."""

    def __init__(self, lines: list[Any]) -> None:
        self.lines = lines
        self.name = chain_name(lines[0])
        self.kind, _, holder = self.name.partition(":")
        self.holder = UUID(holder)
        self.column = EVENTS.c[f"{self.kind}_id"]

    def __len__(self) -> int:
        return len(self.lines)

    def change(self, db: sa.Connection, place: int, values: dict[str, Any]) -> None:
        line = self.lines[place - 1]
        db.execute(sa.update(EVENTS).where(EVENTS.c.id == line.id).values(values))

    def delete_after(self, db: sa.Connection, sequence: int) -> None:
        cut = [line.id for line in self.lines[sequence:]]
        db.execute(sa.delete(EVENTS).where(EVENTS.c.id.in_(cut)))

    def set_head(self, db: sa.Connection, **values: Any) -> None:
        table = HOLDERS[self.kind]
        db.execute(sa.update(table).where(table.c.id == self.holder).values(values))

    def shift(self, db: sa.Connection, first: int) -> None:
        """Make room before the line `first`."""
        for by in (10_000, 1 - 10_000):  # past the unique constraint
            moved = (self.column == self.holder, EVENTS.c.sequence >= first)
            db.execute(sa.update(EVENTS).where(*moved).values(sequence=EVENTS.c.sequence + by))

    def hash_again(self, db: sa.Connection, first: int) -> None:
        """From that line on make every hash right, and the head with them."""
        statement = sa.select(EVENTS).where(self.column == self.holder).order_by(EVENTS.c.sequence)
        previous = self.lines[first - 2].hash if first > 1 else BEFORE_THE_FIRST
        for line in db.execute(statement).all()[first - 1 :]:
            forged = Forged(line, previous_hash=previous)
            previous = line_hash(forged)
            db.execute(
                sa.update(EVENTS)
                .where(EVENTS.c.id == line.id)
                .values(previous_hash=forged.previous_hash, hash=previous)
            )
        self.set_head(db, chain_hash=previous)


class Forged:
    """A line with some columns changed."""

    def __init__(self, line: Any, **changed: Any) -> None:
        self.values = dict(line._mapping) | changed

    def __getattr__(self, name: str) -> Any:
        return self.values[name]


def chains_of(lines: list[Any]) -> list[Chain]:
    by_name: dict[str, list[Any]] = {}
    for line in lines:
        by_name.setdefault(chain_name(line), []).append(line)
    return [Chain(its) for its in by_name.values()]
