"""The triggers that refuse to change what is only ever added to.

SQLite's batch migrations drop a table's triggers silently, so they are put back after each run.
"""

import sqlalchemy as sa

APPEND_ONLY = ("consent_event", "checkpoint", "disclosure")


def install_guards(connection: sa.Connection) -> None:
    present = set(sa.inspect(connection).get_table_names())
    for table in present.intersection(APPEND_ONLY):
        for statement in guards_for(table, connection.dialect.name):
            connection.execute(sa.text(statement))


def guards_for(table: str, dialect: str) -> list[str]:
    """The statements that guard one table."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER IF NOT EXISTS {table}_no_{act} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for act in ("UPDATE", "DELETE")
        ]
    return [
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
        f"CREATE OR REPLACE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]
