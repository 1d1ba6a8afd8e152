"""All that a database holds, to see that nothing has changed."""

from typing import Any

import sqlalchemy as sa

from app.actor import Visitor
from app.database import Base, Database


def everything(database: Database, *, but: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    """Every row of every table, without those named in `but`."""
    with database.read(Visitor()) as db:
        return {
            table.name: sorted(map(repr, db.all(sa.select(table))))
            for table in Base.metadata.sorted_tables
            if table.name not in but
        }
