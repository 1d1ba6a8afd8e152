"""Fixtures of all tests: a database of either kind, a clock to set, a small world."""

import contextlib
import logging
import random
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa

from app.clock import system_clock
from app.database import Database
from app.logs import configure_logging
from tests.postgresql import Cluster, cluster_for_this_run
from tests.sqlite import Files
from tests.world import SetClock, World, a_world

pytest_plugins = ["tests.threats.report", "tests.threats.canary"]

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
TWENTIETH = 20
LOOPBACK = ("127.0.0.1", "::1", "localhost")
CLUSTER = pytest.StashKey[Cluster]()
# For the few tests of what only one of them has.
on_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)

hypothesis.settings.register_profile("short", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile(
    "long", hypothesis.settings.get_profile("short"), max_examples=100 * TWENTIETH
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the full figures: minutes to hours")


def pytest_configure(config: pytest.Config) -> None:
    hypothesis.settings.load_profile("long" if config.getoption("--long") else "short")
    configure_logging()
    logging.getLogger("mail").setLevel(logging.WARNING)  # the mail server of the tests
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        config.stash[CLUSTER] = Cluster(Path(worker["cluster"]))
        return
    stack = contextlib.ExitStack()
    config.stash[CLUSTER] = stack.enter_context(cluster_for_this_run())
    config.add_cleanup(stack.close)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Every worker of xdist uses the one server of the run."""
    node.workerinput["cluster"] = str(node.config.stash[CLUSTER].home)


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def database_server(
    request: pytest.FixtureRequest, database_kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Files | Cluster]:
    """Makes databases of one kind; PostgreSQL starts when the first test asks for it."""
    server: Files | Cluster
    if database_kind == "sqlite":
        server = Files(tmp_path_factory.mktemp("sqlite"))
    else:
        server = request.config.stash[CLUSTER]
        server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def _kept_database(database_server: Files | Cluster) -> Iterator[Database]:
    """One for all tests of a worker: its engine keeps the statements it has compiled."""
    database = opened(database_server.create())
    yield database
    database_server.drop(database.engine)


@pytest.fixture
def database(
    _kept_database: Database, database_server: Files | Cluster, clock: SetClock
) -> Iterator[Database]:
    """An empty database of each kind at the newest schema; commits are real."""
    _kept_database.clock = clock
    yield _kept_database
    left_open = _kept_database.engine.pool.checkedout()  # type: ignore[attr-defined]
    database_server.empty(_kept_database.engine)
    assert not left_open, "a connection was not given back"


@pytest.fixture
def own_database(database_server: Files | Cluster, clock: SetClock) -> Iterator[Database]:
    """The same for a test that breaks it, or kills who uses it (0.4 s on PostgreSQL)."""
    database = opened(database_server.create(), clock)
    yield database
    database_server.drop(database.engine)


@pytest.fixture
def world(database: Database) -> World:
    """Springfield: one district, two schools, four types of message; nobody in it yet."""
    return a_world(database)


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """A test that talks to the world outside fails."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in LOOPBACK:
            self.close()
            raise AssertionError(f"a test wanted to reach {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_here)
        yield


def opened(url: sa.URL, clock: Callable[[], datetime] = system_clock) -> Database:
    return Database(url.render_as_string(hide_password=False), clock=clock)
