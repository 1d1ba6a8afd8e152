"""Fixtures of all tests: a database of either kind, a clock to set, a small world."""

import random
import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa

import migrations
from app.database import Base, Database, create_engine
from tests.postgresql import Cluster, cluster_for_this_run
from tests.world import SetClock, World, a_world

pytest_plugins = ["tests.threats.report"]

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
TWENTIETH = 20
CLUSTER = pytest.StashKey[Cluster]()

hypothesis.settings.register_profile(
    "normal", derandomize=True, deadline=None, database=None, max_examples=100
)
hypothesis.settings.register_profile(
    "long", parent=hypothesis.settings.get_profile("normal"), max_examples=2000
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the full figures: minutes to hours")


def pytest_configure(config: pytest.Config) -> None:
    hypothesis.settings.load_profile("long" if config.getoption("--long") else "normal")
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        config.stash[CLUSTER] = Cluster(Path(worker["cluster"]))
        return
    run = cluster_for_this_run()
    config.stash[CLUSTER] = run.__enter__()
    config.add_cleanup(lambda: run.__exit__(None, None, None))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Every worker uses the one server of the run."""
    node.workerinput["cluster"] = str(node.config.stash[CLUSTER].home)


@pytest.fixture
def scale(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """`scale(1000)`: 1000 with --long, else a twentieth."""
    long = request.config.getoption("--long")
    return lambda full: full if long else max(1, full // TWENTIETH)


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Chance that falls the same way in every run."""
    return random.Random(request.node.name)


@pytest.fixture
def clock() -> SetClock:
    """Stands at Friday, 2026-11-20T15:00Z until a test moves it."""
    return SetClock(START)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database(
    request: pytest.FixtureRequest, database_kind: str, clock: SetClock
) -> Iterator[Database]:
    """An empty database at the newest schema, of each kind; commits are real."""
    database: Database = request.getfixturevalue(f"_{database_kind}")
    database.clock = clock
    yield database
    database.clock = clock


@pytest.fixture
def own_database(
    request: pytest.FixtureRequest, database_kind: str, clock: SetClock, tmp_path: Path
) -> Iterator[Database]:
    """The same, for tests that break it: nobody else's before, removed afterwards."""
    if database_kind == "sqlite":
        file = shutil.copyfile(request.getfixturevalue("_sqlite_template"), tmp_path / "portal.db")
        database = Database(f"sqlite:///{file}", clock=clock)
        yield database
        database.dispose()
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    url = cluster.create_database()
    database = Database(url, clock=clock)
    yield database
    database.dispose()
    cluster.drop_database(url)


@pytest.fixture
def world(database: Database) -> World:
    """Springfield: one district, two schools, four types of message; nobody in it yet."""
    return a_world(database)


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """The PostgreSQL server, started by whoever needs it first."""
    cluster = request.config.stash[CLUSTER]
    cluster.start()
    return cluster


# One engine a worker and kind: it keeps the compiled statements from test to test.


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = create_engine(f"sqlite:///{file}")
    migrations.upgrade(engine)
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def _sqlite_engine(_sqlite_template: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{_sqlite_template.with_name('portal.db')}")
    yield database
    database.dispose()


@pytest.fixture
def _sqlite(_sqlite_engine: Database, _sqlite_template: Path) -> Iterator[Database]:
    file = Path(str(_sqlite_engine.engine.url.database))
    shutil.copyfile(_sqlite_template, file)
    yield _sqlite_engine
    _sqlite_engine.dispose()
    for beside in file.parent.glob(f"{file.name}*"):
        beside.unlink()


@pytest.fixture(scope="session")
def _postgresql_engine(cluster: Cluster) -> Iterator[Database]:
    database = Database(cluster.create_database())
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def _postgresql_emptying(
    _postgresql_engine: Database, cluster: Cluster
) -> Iterator[Callable[[], None]]:
    """Deletes all rows as the superuser, past the keys and the triggers that forbid it."""
    url = _postgresql_engine.engine.url.set(username="postgres")
    engine = sa.create_engine(url)
    tables = (f"DELETE FROM {table}" for table in Base.metadata.tables)
    statements = ";".join(
        (
            "SET LOCAL session_replication_role = replica",
            "SET LOCAL synchronous_commit = off",
            "SET LOCAL lock_timeout = '10s'",
            *tables,
        )
    )

    def empty() -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(statements)

    yield empty
    engine.dispose()


@pytest.fixture
def _postgresql(
    _postgresql_engine: Database, _postgresql_emptying: Callable[[], None]
) -> Iterator[Database]:
    yield _postgresql_engine
    _postgresql_emptying()


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """A test that talks to the world outside fails."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test wanted to reach {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_here)
        yield
