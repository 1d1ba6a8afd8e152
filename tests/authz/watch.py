"""What an answer did to the database."""

import contextlib
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from app.database import Base, Database, Db


@contextlib.contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The texts of all statements run meanwhile, in their order."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def all_rows(db: Db, *, but: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    """Every row of every table but those named: equal twice = nothing was changed."""
    return {
        table.name: sorted(map(repr, db.all(sa.select(table))))
        for table in Base.metadata.sorted_tables
        if table.name not in but
    }
