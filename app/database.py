"""Engine and transactions; what differs between SQLite and PostgreSQL lives here only."""

import contextlib
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar, cast
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import Connection, Dialect, Engine, Row
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, SessionTransaction, mapped_column
from uuid_utils.compat import uuid7

from app.actor import Actor
from app.clock import Clock, system_clock
from app.errors import Unavailable

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
# None is NULL, not the null of JSON: what was erased is gone for SQL too.
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
BUSY_SECONDS = 10
ROWS_AT_ONCE = 5_000
POOL_SIZE = 8
KEYS_KEPT = 10_000
SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "recursive_triggers=ON",  # or REPLACE gets past the guards of what is only added to
)
# What SQLite says when the disk, the file or another writer is the trouble, not the statement.
SQLITE_UNAVAILABLE = (
    "disk is full",
    "readonly database",
    "disk i/o error",
    "unable to open",
    "is locked",
    "not a database",
    "malformed",
)
READ_ONLY_TRANSACTION = "25006"  # PostgreSQL's word on a standby
Model = TypeVar("Model", bound="Base")


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite keeps it as text that sorts as time does."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)  # type: ignore[no-any-return]


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it from the class)
        datetime: Instant(),
        dict[str, Any]: JSON,
        list[Any]: JSON,
        str: sa.Text(),
    }


class DistrictRow:
    """The key of every table of a district: no row can point into another district."""

    district_id: Mapped[UUID] = mapped_column(sa.ForeignKey("district.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)


def within_district(column: str, table: str) -> sa.ForeignKeyConstraint:
    """A foreign key that carries the district."""
    return sa.ForeignKeyConstraint(["district_id", column], [f"{table}.district_id", f"{table}.id"])


def words(enum: type, *, length: int = 32) -> sa.Enum:
    """A closed list as text with a CHECK, the same on both databases."""
    return sa.Enum(
        enum, native_enum=False, create_constraint=True, length=length, name=enum.__name__.lower()
    )


class Db:
    """One transaction for one Actor: statements in, plain rows out."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self.connection = connection
        self.now = now
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The unit of work for writes; it flushes before every statement run here."""
        if self._session is None:
            self._session = Session(self.connection, expire_on_commit=False)
        return self._session

    def flush(self) -> None:
        if self._session is not None:
            self._session.flush()

    def execute(self, statement: sa.Executable, **parameters: Any) -> sa.CursorResult[Any]:
        self.flush()
        return self.connection.execute(statement, parameters)

    def all(self, statement: sa.Executable, **parameters: Any) -> Sequence[Row[Any]]:
        return self.execute(statement, **parameters).all()

    def one(self, statement: sa.Executable, **parameters: Any) -> Row[Any] | None:
        """The only row, or None."""
        return self.execute(statement, **parameters).one_or_none()

    def scalar(self, statement: sa.Executable, **parameters: Any) -> Any:
        return self.execute(statement, **parameters).scalar()

    def insert_many(self, table: Any, rows: Iterable[dict[str, Any]]) -> None:
        """Insert many rows, a few thousand at once; does nothing for none."""
        self.flush()
        waiting = iter(rows)
        while some := list(islice(waiting, ROWS_AT_ONCE)):
            self.connection.execute(sa.insert(table), some)

    def insert_missing(self, model: type[Base], rows: Iterable[dict[str, Any]]) -> None:
        """Insert those rows that do not stand there yet, even if somebody else is first now."""
        self.flush()
        dialect = sqlite if self.connection.dialect.name == "sqlite" else postgresql
        waiting = iter(rows)
        while some := list(islice(waiting, ROWS_AT_ONCE)):
            self.connection.execute(dialect.insert(model).on_conflict_do_nothing(), some)

    def update_many(
        self, model: type[Base], district_id: UUID, rows: Sequence[dict[str, Any]]
    ) -> None:
        """Set the named columns of many rows, each found by its `id`; counts `version` up."""
        self.flush()
        table = cast("sa.Table", model.__table__)
        alike: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            named = {f"new_{column}": value for column, value in row.items()}
            alike[tuple(sorted(row.keys() - {"id"}))].append(named)
        for columns, some in alike.items():
            values: dict[str, Any] = {c: sa.bindparam(f"new_{c}") for c in columns}
            if "version" in table.c:
                values["version"] = table.c.version + 1
            self.connection.execute(
                sa.update(table)
                .where(table.c.district_id == district_id, table.c.id == sa.bindparam("new_id"))
                .values(values),
                some,
            )

    def add(self, *rows: Base) -> None:
        self.session.add_all(rows)

    def get(self, model: type[Model], district_id: UUID, id: UUID) -> Model | None:
        return self.session.get(model, (district_id, id))

    def lock(self, model: type[Model], district_id: UUID, id: UUID) -> Model | None:
        """The row as it is now, held until this transaction ends.

        Rows that only point to it (a message for a contact) are written meanwhile.
        """
        return self.session.get(
            model, (district_id, id), with_for_update={"key_share": True}, populate_existing=True
        )

    def savepoint(self) -> SessionTransaction:
        """One item of a bulk act: what it did goes back when it fails, the rest stays."""
        return self.session.begin_nested()


class Database:
    """The engine, and the two ways to open a transaction: `read` and `write`."""

    def __init__(self, url: str, *, clock: Clock = system_clock) -> None:
        self.engine = create_engine(url)
        self.clock = clock
        self.sqlite = self.engine.dialect.name == "sqlite"
        event.listen(self.engine, "handle_error", self._as_unavailable)
        # One writer a process: waiting here is fair and quick, waiting in SQLite is neither.
        self._write_lock: contextlib.AbstractContextManager[Any] = (
            threading.Lock() if self.sqlite else contextlib.nullcontext()
        )

    @contextlib.contextmanager
    def read(self, actor: Actor) -> Iterator[Db]:
        """A transaction that changes nothing; all its statements see one instant."""
        with self.engine.connect() as connection:
            if not self.sqlite:  # which always reads so
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield self._db(connection, actor)

    @contextlib.contextmanager
    def write(self, actor: Actor) -> Iterator[Db]:
        """The transaction of one use case: commits on clean exit, else nothing was done."""
        with self._write_lock, self.engine.connect() as connection:
            writer = connection.execution_options(portal_write=True)
            with writer.begin():
                db = self._db(writer, actor)
                yield db
                db.flush()

    def _as_unavailable(self, context: sa.engine.ExceptionContext) -> Unavailable | None:
        """What is raised in place of the driver's error, in whichever statement it comes up."""
        error = context.sqlalchemy_exception
        if isinstance(error, sa.exc.DBAPIError) and self._is_unavailable(error):
            return Unavailable("the database cannot be used now")
        return None

    def _is_unavailable(self, error: sa.exc.DBAPIError) -> bool:
        if self.sqlite:
            said = str(error.orig).lower()
            return any(phrase in said for phrase in SQLITE_UNAVAILABLE)
        standby = getattr(error.orig, "sqlstate", None) == READ_ONLY_TRANSACTION
        return standby or isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)

    def _db(self, connection: Connection, actor: Actor) -> Db:
        if not self.sqlite:
            named = ",".join(str(district) for district in actor.districts)
            connection.execute(SET_DISTRICTS, {"districts": named})
        return Db(connection, self.clock())

    def dispose(self) -> None:
        self.engine.dispose()


SET_DISTRICTS = sa.text("SELECT set_config('app.districts', :districts, true)")


class KeyListCompiler(SQLiteCompiler):
    """`(district_id, id) IN (...)`: SQLite reads an index for a SELECT there, for bare VALUES it
    scans the table.
    """

    def _literal_execute_expanding_parameter(self, *asked: Any, **more: Any) -> tuple[Any, str]:
        parameters, rendered = super()._literal_execute_expanding_parameter(*asked, **more)  # type: ignore[no-untyped-call]
        if rendered.startswith("VALUES "):
            rendered = f"SELECT * FROM ({rendered})"  # noqa: S608 (only placeholders)
        return parameters, rendered


@lru_cache(KEYS_KEPT)
def _key(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


class KeyText(sa.Uuid[UUID]):
    """Keys as SQLite's text; an answer meets most of them several times, and makes each once."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return _key


def create_engine(url: str) -> Engine:
    """An engine for either database; SQLite gets WAL, full syncs and foreign keys."""
    if not url.startswith("sqlite"):
        return sa.create_engine(
            url, pool_size=POOL_SIZE, pool_pre_ping=True, json_serializer=_json_text
        )
    engine = sa.create_engine(
        url,
        pool_size=POOL_SIZE,
        json_serializer=_json_text,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
    )
    engine.dialect.statement_compiler = KeyListCompiler
    engine.dialect.colspecs = {**engine.dialect.colspecs, sa.Uuid: KeyText}
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _json_text(value: Any) -> str:
    return orjson.dumps(value).decode()


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy says BEGIN, not the driver
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("portal_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
