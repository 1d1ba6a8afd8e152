"""Runs the migrations in one transaction; one runner at a time on PostgreSQL."""

from typing import Literal

import sqlalchemy as sa
from alembic import context

# Each import brings its tables into the metadata.
import app.audit.models
import app.changes.models
import app.consent.models
import app.directory.models
import app.exchange.models
import app.messages.models
import app.optouts.models
import app.outbox.models  # noqa: F401
import auth.models  # noqa: F401
from app.database import Base, Instant
from migrations.guards import install_guards

ONE_RUNNER = 7_302_026  # an advisory lock of our own
LOCK_TIMEOUT = "5s"  # rather fail than stand in front of the traffic


def run() -> None:
    engine: sa.Engine = context.config.attributes["engine"]
    with engine.connect() as connection:
        writer = connection.execution_options(portal_write=True)
        if engine.dialect.name == "sqlite":
            # A batch on a table that others point to needs the keys off, which no transaction
            # allows; they are checked as a whole afterwards.
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with writer.begin():
                _migrate(writer)
        finally:
            if engine.dialect.name == "sqlite":
                connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]


def _migrate(connection: sa.Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    if not sqlite:
        connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({ONE_RUNNER})"))
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=_in_plain_words,
    )
    context.run_migrations()
    install_guards(connection)
    if sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
        raise RuntimeError(f"a foreign key points nowhere after the migration: {broken}")


def _in_plain_words(kind: str, item: object, _context: object) -> str | Literal[False]:
    """A migration names no type of the application: it must outlive them."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, sa.JSON):
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


run()
