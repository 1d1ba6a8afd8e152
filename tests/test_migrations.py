"""The migrations: there and back, no drift from the models, guards put back."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.exc import DBAPIError

import migrations
from app.actor import Visitor
from app.consent import ledger
from app.database import Base, Database
from app.directory.models import District
from app.vocabulary import ConsentAction, Source
from tests.world import World, a_phone, a_world


def test_migrations_run_down_and_up_again(own_database: Database):
    engine = own_database.engine
    newest = shape(engine)
    migrations.downgrade(engine, "base")
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]
    assert not migrations.is_current(engine)
    migrations.upgrade(engine)
    assert migrations.is_current(engine)
    assert shape(engine) == newest
    a_world(own_database)


def test_migrating_the_newest_schema_changes_nothing(world: World, database: Database):
    before = shape(database.engine)
    migrations.upgrade(database.engine)
    assert shape(database.engine) == before
    with database.read(world.service) as db:
        assert db.scalar(sa.select(District.key)) == "springfield"


def test_the_models_ask_for_no_other_migration(database: Database):
    command.check(migrations.configuration(database.engine))


def test_migrations_and_models_make_the_same_tables(own_database: Database):
    """Alembic's own comparison looks at neither checks nor conditions of indexes."""
    engine = own_database.engine
    migrated = shape(engine)
    migrations.downgrade(engine, "base")  # which imports all models, too
    Base.metadata.create_all(engine)
    assert migrated == shape(engine)


def shape(engine: sa.Engine) -> dict[str, Any]:
    """What the database itself says about every table."""
    inspector = sa.inspect(engine)
    parts: tuple[Callable[..., Any], ...] = (
        inspector.get_columns,
        inspector.get_pk_constraint,
        inspector.get_foreign_keys,
        inspector.get_unique_constraints,
        inspector.get_check_constraints,
        inspector.get_indexes,
    )
    tables = (table for table in inspector.get_table_names() if table != "alembic_version")
    return {
        table: {part.__name__: sorted(map(spelled, listed(part(table)))) for part in parts}
        for table in tables
    }


def listed(part: Any) -> list[dict[str, Any]]:
    return part if isinstance(part, list) else [part]


def spelled(part: Any) -> str:
    if isinstance(part, dict):
        return str(sorted((key, spelled(value)) for key, value in part.items()))
    return str(part)


def test_a_guard_that_was_lost_is_put_back_by_the_next_migration(own_database: Database):
    of_table = "" if own_database.sqlite else "ON consent_event"
    guard = "consent_event_no_DELETE" if own_database.sqlite else "consent_event_no_change"
    with own_database.write(Visitor()) as db:
        db.execute(sa.text(f"DROP TRIGGER {guard} {of_table}"))
    migrations.upgrade(own_database.engine)
    world = a_world(own_database)
    with own_database.write(world.service) as db:
        saying = ledger.Saying(world.service, db.now, Source.IMPORT)
        ledger.append(db, a_phone(db, world.district), ConsentAction.IMPORTED, saying)
    with (
        pytest.raises(DBAPIError, match="append-only"),
        own_database.write(world.service) as db,
    ):
        db.execute(sa.text("DELETE FROM consent_event"))
